use super::*;

#[test]
fn a_steady_stream_is_measured_soon_and_stays_so() {
    let start = Instant::now();
    let mut rate = Rate::default();
    assert_eq!(rate.bits_per_second(start), 0);
    for step in 0..500u32 {
        let now = start + Duration::from_millis(10) * step;
        rate.add(now, 1250);
        if step >= 30 {
            let measured = rate.bits_per_second(now);
            assert!((900_000..=1_100_000).contains(&measured), "{measured} at {step}");
        }
    }
}

#[test]
fn silence_brings_it_down_within_a_second() {
    let start = Instant::now();
    let mut rate = Rate::default();
    for step in 0..200u32 {
        rate.add(start + Duration::from_millis(10) * step, 1250);
    }
    let after = |ms: u64| rate.bits_per_second(start + Duration::from_millis(2000 + ms));
    assert!(after(500) < after(0) && after(500) > 0);
    assert_eq!(after(1000), 0);
    assert_eq!(after(1_000_000), 0);
    rate.add(start + Duration::from_secs(1000), 1250);
    let alone = rate.bits_per_second(start + Duration::from_secs(1000));
    assert!((10_000..=12_000).contains(&alone), "{alone}: nothing of before counts");
}
