use super::*;

const NTP: u64 = 0xe000_0000_8000_0000;

fn ntp(ms: u64) -> u64 {
    NTP + (ms << 32) / 1000
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn near(left: Instant, right: Instant, tolerance: Duration) -> bool {
    left.max(right) - left.min(right) <= tolerance
}

#[test]
fn reports_that_were_held_up_are_told_apart_from_those_that_were_not() {
    let start = Instant::now() + ms(10_000);
    let mut clock = Clock::default();
    let truth = |at: u64| start + ms(at);
    assert_eq!(clock.sample(truth(100), ntp(100)), truth(100), "the first sets the scale");
    let held_up = clock.sample(truth(1080), ntp(1000));
    assert!(near(held_up, truth(1000), ms(1)), "80 ms late");
    let faster = clock.sample(truth(1970), ntp(2000));
    assert_eq!(faster, truth(1970), "30 ms less than ever before");
    assert!(near(clock.sample(truth(3000), ntp(3000)), truth(2970), ms(1)));
}

#[test]
fn audio_and_video_of_one_publisher_share_one_scale() {
    let start = Instant::now() + ms(10_000);
    let mut clock = Clock::default();
    clock.sample(start, ntp(0));
    // Sent at the same moment; one of them took 60 ms longer.
    let audio = clock.sample(start + ms(5000), ntp(5000));
    let video = clock.sample(start + ms(5060), ntp(5000));
    assert!(near(audio, video, ms(2)));
}

#[test]
fn a_slow_clock_is_followed() {
    let start = Instant::now() + ms(10_000);
    let mut clock = Clock::default();
    clock.sample(start, ntp(0));
    // 100 parts in a million slow: after an hour it shows 360 ms less.
    for second in 1..=3600u64 {
        let told = clock.sample(start + ms(second * 1000), ntp(second * 1000) - ((second << 32) / 10_000));
        assert!(near(told, start + ms(second * 1000), ms(1)), "after {second} s");
    }
}

#[test]
fn a_clock_that_was_set_starts_a_new_scale() {
    let start = Instant::now() + ms(10_000);
    let mut clock = Clock::default();
    clock.sample(start, ntp(0));
    for wild in [ntp(3_600_000), 0, u64::MAX / 3, NTP ^ (1 << 63)] {
        assert_eq!(clock.sample(start + ms(1000), wild), start + ms(1000));
    }
}

#[test]
fn timestamps_are_compared_by_when_they_were_captured() {
    let at = Instant::now() + ms(10_000);
    let low = Mapping { at, timestamp: u32::MAX - 10 };
    let high = Mapping { at: at + ms(500), timestamp: 5_000 };
    // 100 ms after the one report and 300 ms before the other: 100 ms apart.
    assert_eq!(high.ticks_since(5_000u32.wrapping_sub(27_000), &low, 9_000 - 11, 90_000), 9_000);
    assert_eq!(low.ticks_since(9_000 - 11, &high, 5_000u32.wrapping_sub(27_000), 90_000), -9_000);
    assert_eq!(low.timestamp_at(at + ms(100), 90_000), 9_000 - 11);
    assert_eq!(high.timestamp_at(at, 90_000), 5_000u32.wrapping_sub(45_000));
}
