//! The estimator in a closed loop with simulated networks, on virtual time; each claim for several seeds.

mod link;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use self::link::{Conditions, Flow, Network, PLAIN, Traffic};
use super::{Estimator, Limits, MIN_BITRATE};
use crate::{
    allocator::{Allocator, Candidate, Demand, Layer},
    model::{Receive, Source},
};

/// Sends whatever is estimated.
const GREEDY: Traffic = Traffic { desired: 10_000_000, source: u64::MAX, keyframes: None };
const SEEDS: std::ops::Range<u64> = 0..12;

/// One flow over this network for so many seconds.
fn alone(seed: u64, conditions: Conditions, traffic: Traffic, seconds: u64) -> Flow {
    let mut network = Network::new(seed, conditions);
    network.add(traffic);
    network.run(seconds);
    network.flows.remove(0)
}

#[track_caller]
fn assert_between(value: f64, low: f64, high: f64, seed: u64) {
    assert!((low..=high).contains(&value), "{value} is not within {low}..={high} (seed {seed})");
}

#[test]
fn it_finds_what_a_link_carries_within_three_seconds_and_keeps_to_it() {
    for (rate, jitter_us) in [(1e6, 2_000), (1e6, 15_000), (5e5, 2_000), (3e6, 2_000), (8e6, 5_000)] {
        for seed in SEEDS {
            let flow = alone(seed, Conditions { rate, jitter_us, ..PLAIN }, GREEDY, 40);
            assert_between(flow.mean_estimate(3, 4), 0.6 * rate, 1.1 * rate, seed);
            assert_between(flow.mean_estimate(5, 40), 0.8 * rate, 1.05 * rate, seed);
            for sample in flow.between(5, 40) {
                assert_between(sample.estimate as f64, 0.6 * rate, 1.3 * rate, seed);
            }
        }
    }
}

#[test]
fn keyframes_are_no_congestion() {
    for seed in SEEDS {
        let flow = alone(seed, PLAIN, Traffic { keyframes: Some(90), ..GREEDY }, 60);
        assert_between(flow.mean_received(5, 60), 0.7e6, 1e6, seed);
    }
}

#[test]
fn a_long_round_trip_is_no_congestion() {
    for seed in SEEDS {
        let flow = alone(seed, Conditions { delay_us: 200_000, ..PLAIN }, GREEDY, 60);
        assert_between(flow.mean_received(5, 60), 0.75e6, 1e6, seed);
    }
}

#[test]
fn no_queue_stands() {
    for (rate, jitter_us) in [(4e5, 2_000), (1e6, 2_000), (1e6, 15_000), (3e6, 2_000)] {
        for seed in SEEDS {
            let flow = alone(seed, Conditions { rate, jitter_us, ..PLAIN }, GREEDY, 60);
            // A link of less than half of what is assumed at first takes a while to drain.
            assert_between(flow.queued(5, 60, 300_000), 0.0, 0.0, seed);
            assert_between(flow.queued(5, 60, 100_000), 0.0, 0.1, seed);
        }
    }
}

#[test]
fn a_dip_is_followed_down_and_up_again() {
    for seed in SEEDS {
        let mut network = Network::new(seed, Conditions { rate: 2e6, ..PLAIN });
        network.add(GREEDY);
        network.run(20);
        network.conditions.rate = 4e5;
        network.run(20);
        network.conditions.rate = 2e6;
        network.run(30);
        let flow = &network.flows[0];
        assert_between(flow.mean_estimate(15, 20), 1.5e6, 2.2e6, seed);
        // Within four seconds what piled up is gone.
        assert_between(flow.queued(24, 40, 300_000), 0.0, 0.0, seed);
        assert_between(flow.mean_estimate(26, 40), 0.25e6, 0.44e6, seed);
        // Within fifteen it is back.
        assert_between(flow.mean_estimate(55, 70), 1.5e6, 2.2e6, seed);
    }
}

#[test]
fn loss_at_random_is_no_congestion() {
    for seed in SEEDS {
        let flow = alone(seed, Conditions { loss: 0.05, ..PLAIN }, GREEDY, 60);
        assert_between(flow.mean_estimate(5, 60), 0.7e6, 1.1e6, seed);
        // At ten per cent it lives on half of it: two pictures and all of the audio.
        let flow = alone(seed, Conditions { loss: 0.10, ..PLAIN }, GREEDY, 60);
        assert_between(flow.mean_estimate(5, 60), 0.4e6, 1.1e6, seed);
        let flow = alone(seed, Conditions { loss: 0.20, ..PLAIN }, GREEDY, 60);
        assert_between(flow.mean_estimate(5, 60), 0.3e6, 1.1e6, seed);
    }
}

#[test]
fn a_shallow_queue_is_told_by_its_loss() {
    for seed in SEEDS {
        let flow = alone(seed, Conditions { queue_us: 40_000, ..PLAIN }, GREEDY, 60);
        assert_between(flow.mean_received(5, 60), 0.75e6, 1e6, seed);
        assert_between(flow.mean_estimate(5, 60), 0.75e6, 1.12e6, seed);
    }
}

#[test]
fn two_flows_share() {
    for seed in SEEDS {
        let mut network = Network::new(seed, Conditions { rate: 2e6, ..PLAIN });
        network.add(GREEDY);
        network.run(10);
        network.add(GREEDY);
        network.run(110);
        let [first, second] = [0, 1].map(|at| network.flows[at].mean_received(60, 120));
        assert_between(first / second, 1.0 / 3.0, 3.0, seed);
        assert_between(first + second, 1.5e6, 2e6, seed);
        assert_between(network.flows[0].queued(30, 120, 300_000), 0.0, 0.02, seed);
    }
}

#[test]
fn what_was_not_sent_is_not_claimed_until_it_is_probed() {
    for seed in SEEDS {
        let mut network = Network::new(seed, Conditions { rate: 3e6, ..PLAIN });
        network.add(Traffic { desired: 300_000, source: 300_000, keyframes: None });
        network.run(20);
        // It stays at what was assumed: growing, it would never end.
        assert_between(network.flows[0].mean_estimate(1, 20), 0.5e6, 1e6, seed);
        network.flows[0].traffic = Traffic { desired: 2_500_000, source: 300_000, keyframes: None };
        network.run(10);
        assert_between(network.flows[0].mean_estimate(25, 30), 2.4e6, 2.9e6, seed);
        // More than there is, is not found.
        network.flows[0].traffic = Traffic { desired: 20_000_000, source: 300_000, keyframes: None };
        network.run(60);
        assert_between(network.flows[0].mean_estimate(40, 90), 2.4e6, 3.3e6, seed);
    }
}

#[test]
fn silence_from_the_receiver_is_answered_gently() {
    for seed in SEEDS {
        let mut network = Network::new(seed, PLAIN);
        network.add(GREEDY);
        network.run(10);
        let before = network.flows[0].estimator.estimate() as f64;
        network.flows[0].deaf = true;
        network.run(3);
        let after = network.flows[0].estimator.estimate() as f64;
        assert_between(after, 0.3 * before, 0.6 * before, seed);
        network.run(60);
        assert_eq!(network.flows[0].estimator.estimate(), MIN_BITRATE);
        network.flows[0].deaf = false;
        network.run(20);
        assert_between(network.flows[0].estimator.estimate() as f64, 0.6e6, 1.1e6, seed);
    }
}

#[test]
fn another_path_is_learnt_anew() {
    for seed in SEEDS {
        let mut network = Network::new(seed, Conditions { rate: 5e6, ..PLAIN });
        network.add(GREEDY);
        network.run(15);
        network.conditions = Conditions { rate: 8e5, delay_us: 150_000, ..PLAIN };
        let now = network.instant();
        network.flows[0].estimator.path_changed(now);
        assert!(network.flows[0].estimator.estimate() <= 1_000_000);
        network.run(25);
        assert_between(network.flows[0].mean_estimate(25, 40), 0.55e6, 0.88e6, seed);
    }
}

/// Five cameras in three layers through the allocator, as a subscriber on a weak network sees them.
#[test]
fn five_cameras_on_one_megabit_do_not_flap() {
    for seed in SEEDS {
        let mut network = Network::new(seed, PLAIN);
        let flow = network.add(Traffic { source: 0, ..GREEDY });
        let changes = std::rc::Rc::new(std::cell::RefCell::new(Vec::<Vec<Option<usize>>>::new()));
        let seen = changes.clone();
        let mut allocator = Allocator::new();
        network.flows[flow].choose = Some(Box::new(move |now, estimate| {
            let layer = |bitrate, height| Some(Layer { bitrate, height: Some(height), active: true });
            let candidates: Vec<Candidate<u32>> = (0..5)
                .map(|key| Candidate {
                    key,
                    source: Source::Camera,
                    preferred: false,
                    speaking: key == 2,
                    height: if key == 2 { 720 } else { 180 },
                    layers: [layer(100_000, 180), layer(350_000, 360), layer(1_200_000, 720)],
                })
                .collect();
            let demand = Demand {
                estimate: Some(estimate),
                audio: 40_000,
                receive: Receive::Everything,
                slots: 12,
                candidates: &candidates,
            };
            let allocation = allocator.allocate(now, &demand);
            let layers: Vec<Option<usize>> = allocation.choices.iter().map(|choice| choice.layer).collect();
            let cost = |(at, layer): (usize, &Option<usize>)| {
                layer.map_or(0, |layer| candidates[at].layers[layer].map_or(0, |layer| layer.bitrate))
            };
            let sum = layers.iter().enumerate().map(cost).sum();
            seen.borrow_mut().push(layers);
            (sum, allocation.desired)
        }));
        network.run(120);
        let seen = changes.borrow();
        // From the fifth second on all five are there, the speaker in the middle layer.
        let settled: &[Vec<Option<usize>>] = &seen[50..];
        let count = settled.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(count <= 2, "{count} changes (seed {seed})");
        let full = settled.iter().filter(|layers| layers[2] == Some(1) && !layers.contains(&None)).count();
        assert!(full * 10 >= settled.len() * 9, "{full} of {} (seed {seed})", settled.len());
        assert_between(network.flows[flow].queued(5, 120, 300_000), 0.0, 0.0, seed);
    }
}

#[test]
fn a_client_without_feedback_is_believed_its_remb() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start, Limits { start: 1_000_000, most: 5_000_000 });
    estimator.set_desired(4_000_000);
    for packet in 0..1000u16 {
        let now = start + Duration::from_millis(u64::from(packet) * 10);
        estimator.sent(now, packet, 1000, None);
        assert_eq!(estimator.poll_probe(now), None);
        assert_eq!(estimator.poll_timeout(), None);
    }
    assert_eq!(estimator.estimate(), 1_000_000);
    for (remb, estimate) in [(3_000_000, 3_000_000), (1_000, MIN_BITRATE), (u64::MAX, 5_000_000)] {
        estimator.handle_remb(remb);
        assert_eq!(estimator.estimate(), estimate);
    }
}

/// An estimator that has heard of a first packet and wants more.
fn wanting(start: Instant, desired: u64) -> Estimator {
    let mut estimator = Estimator::new(start, Limits { start: 1_000_000, most: 50_000_000 });
    estimator.set_desired(desired);
    estimator.sent(start + Duration::from_millis(1), 0, 1000, None);
    estimator.handle_feedback(start + Duration::from_millis(50), 1, [(0, Some(0))]);
    estimator
}

#[test]
fn a_probe_is_handed_out_when_it_is_due() {
    let start = Instant::now();
    for desired in [1_200_000, 2_000_000, 10_000_000] {
        let mut estimator = wanting(start, desired);
        let (mut now, mut sequence, mut sent) = (start + Duration::from_millis(50), 1, vec![]);
        let end = now + Duration::from_millis(300);
        while now < end {
            if let Some(probe) = estimator.poll_probe(now) {
                assert!(probe.bytes <= 1_300, "{probe:?} at once");
                estimator.sent(now, sequence, probe.bytes, Some(probe.cluster));
                sequence += 1;
                sent.push((now, probe.bytes));
            }
            now += Duration::from_micros(250);
        }
        let bytes: usize = sent.iter().skip(1).map(|(_, bytes)| bytes).sum();
        let rate = bytes as f64 * 8.0 / (sent[sent.len() - 1].0 - sent[0].0).as_secs_f64();
        let tried = (desired as f64 * 1.1).min(3e6);
        assert!((0.75 * tried..=1.15 * tried).contains(&rate), "{rate} of {tried}: {sent:?}");
        assert!(sent.len() >= 5);
    }
}

#[test]
fn media_counts_for_a_probe() {
    let start = Instant::now();
    let mut estimator = wanting(start, 2_000_000);
    let (mut now, mut padding, mut media) = (start + Duration::from_millis(50), 0, 0);
    for turn in 0..100 {
        now += Duration::from_millis(2);
        estimator.sent(now, 2 * turn + 1, 400, None);
        media += 400;
        let probe = estimator.poll_probe(now);
        let bytes = probe.map_or(100, |probe| probe.bytes);
        padding += probe.map_or(0, |probe| probe.bytes);
        estimator.sent(now, 2 * turn + 2, bytes, probe.map(|probe| probe.cluster));
    }
    // 11 kB at 2.2 Mbit/s, of which 2 are there already.
    assert!((1_000..7_000).contains(&padding) && media > 10_000, "{padding} bytes of padding");
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u32),
    Send(u16, u16),
    Feedback(u32, u16, Vec<Option<i32>>),
    Remb(u64),
    Desire(u64),
    Path,
}

fn step() -> impl Strategy<Value = Step> {
    let reference = prop_oneof![0u32..4, 0x00ff_fff0u32..0x0100_0000, any::<u32>()];
    let arrival = prop_oneof![Just(None), (-70_000i32..70_000).prop_map(Some), any::<i32>().prop_map(Some)];
    prop_oneof![
        (0u32..2_000_000).prop_map(Step::Pass),
        (any::<u16>(), 1u16..60).prop_map(|(bytes, count)| Step::Send(bytes, count)),
        (reference, any::<u16>(), prop::collection::vec(arrival, 0..40))
            .prop_map(|(reference, first, arrivals)| Step::Feedback(reference, first % 200, arrivals)),
        any::<u64>().prop_map(Step::Remb),
        any::<u64>().prop_map(Step::Desire),
        Just(Step::Path),
    ]
}

proptest! {
    /// What a receiver claims may be nonsense.
    #[test]
    fn no_feedback_breaks_it(steps in prop::collection::vec(step(), 1..200)) {
        let limits = Limits { start: 1_000_000, most: 20_000_000 };
        let mut now = Instant::now();
        let mut estimator = Estimator::new(now, limits);
        let (mut sequence, mut cluster) = (0u16, None);
        for step in steps {
            match step {
                Step::Pass(micros) => now += Duration::from_micros(u64::from(micros)),
                Step::Send(bytes, count) => for _ in 0..count {
                    estimator.sent(now, sequence, usize::from(bytes), cluster);
                    sequence = sequence.wrapping_add(1);
                },
                Step::Feedback(reference, back, arrivals) => {
                    let first = sequence.wrapping_sub(back);
                    let told = (0u16..).zip(arrivals).map(|(at, arrival)| (first.wrapping_add(at), arrival));
                    estimator.handle_feedback(now, reference, told);
                }
                Step::Remb(bitrate) => estimator.handle_remb(bitrate),
                Step::Desire(bitrate) => estimator.set_desired(bitrate),
                Step::Path => estimator.path_changed(now),
            }
            estimator.handle_timeout(now);
            if let Some(probe) = estimator.poll_probe(now) {
                prop_assert!(probe.bytes <= 1_000_000 && probe.packets <= 100);
                cluster = Some(probe.cluster);
            }
            prop_assert!((MIN_BITRATE..=limits.most).contains(&estimator.estimate()));
            // Whoever waits for it does not spin.
            prop_assert!(estimator.poll_timeout().is_none_or(|due| due > now));
        }
    }

    #[test]
    fn it_settles_wherever_the_link_is(
        seed in any::<u64>(),
        rate in 3e5..6e6f64,
        delay_us in 2_000u64..150_000,
        jitter_us in 0u64..10_000,
    ) {
        let flow = alone(seed, Conditions { rate, delay_us, jitter_us, ..PLAIN }, GREEDY, 30);
        let mean = flow.mean_estimate(10, 30);
        prop_assert!((0.7 * rate..=1.1 * rate).contains(&mean), "{mean} of {rate}");
        // A probe that jitter has flattered may fill the queue once.
        prop_assert!(flow.queued(10, 30, 300_000) <= 0.08);
    }
}
