use std::time::{Duration, Instant};

use proptest::prelude::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;

const AUDIO: u64 = 160_000;

/// A camera in three layers: 100, 350 and 1,200 kbit/s.
fn camera(key: u32, height: u16) -> Candidate<u32> {
    let layer = |bitrate, height| Some(Layer { bitrate, height: Some(height), active: true });
    Candidate {
        key,
        source: Source::Camera,
        preferred: false,
        speaking: false,
        height,
        layers: [layer(100_000, 180), layer(350_000, 360), layer(1_200_000, 720)],
    }
}

/// A screen in one layer.
fn screen(key: u32, bitrate: u64) -> Candidate<u32> {
    let layers = [Some(Layer { bitrate, height: Some(1080), active: true }), None, None];
    Candidate { source: Source::Screen, layers, ..camera(key, 1080) }
}

fn demand(estimate: u64, candidates: &[Candidate<u32>]) -> Demand<'_, u32> {
    let receive = Receive::Everything;
    Demand { estimate: Some(estimate), audio: AUDIO, receive, slots: 49, candidates }
}

fn layers(allocation: &Allocation<u32>) -> Vec<Option<usize>> {
    allocation.choices.iter().map(|choice| choice.layer).collect()
}

/// What somebody who has just come gets.
fn at_first(estimate: u64, candidates: &[Candidate<u32>]) -> Vec<Option<usize>> {
    layers(&Allocator::new().allocate(Instant::now(), &demand(estimate, candidates)))
}

#[test]
fn everybody_is_seen_before_anybody_is_seen_better() {
    let candidates: Vec<_> = (0..5).map(|key| camera(key, 720)).collect();
    // 160 of audio, five times 100, 250 for each step up; all times 1.15.
    assert_eq!(at_first(AUDIO + 575_000, &candidates), [Some(0); 5]);
    assert_eq!(at_first(AUDIO + 574_000, &candidates), [Some(0), Some(0), Some(0), Some(0), None]);
    assert_eq!(at_first(AUDIO + 1_150_000, &candidates), [Some(1), Some(1), Some(0), Some(0), Some(0)]);
    assert_eq!(at_first(50_000_000, &candidates), [Some(2); 5]);
}

#[test]
fn audio_comes_first() {
    let allocation = Allocator::new().allocate(Instant::now(), &demand(AUDIO - 1, &[camera(0, 180)]));
    assert_eq!(allocation.choices[0], Choice { key: 0, layer: None, asks: None, paused: true });
    assert_eq!(allocation.desired, AUDIO + 115_000);
}

#[test]
fn screens_then_speakers_then_the_tallest() {
    let speaking = Candidate { speaking: true, ..camera(2, 180) };
    let preferred = Candidate { preferred: true, ..camera(3, 90) };
    let candidates = [camera(0, 200), camera(1, 720), speaking, preferred, screen(4, 100_000)];
    for (served, who) in [4, 2, 3, 1, 0].into_iter().enumerate() {
        let got = at_first(AUDIO + 115_000 * (served as u64 + 1), &candidates);
        assert_eq!(got.iter().flatten().count(), served + 1);
        assert_eq!(got[who], Some(0));
    }
}

#[test]
fn what_does_not_fit_is_paused_and_starves_nobody_behind_it() {
    let candidates = [screen(0, 2_000_000), camera(1, 180), camera(2, 180)];
    let allocation = Allocator::new().allocate(Instant::now(), &demand(1_000_000, &candidates));
    assert_eq!(layers(&allocation), [None, Some(0), Some(0)]);
    assert!(allocation.choices[0].paused);
    assert!(allocation.desired > 2_000_000);
}

#[test]
fn no_layer_is_larger_than_useful() {
    // 0.85 of the picture is enough.
    for (height, layer) in [(1, 0), (180, 0), (211, 0), (212, 1), (423, 1), (424, 2), (4000, 2)] {
        assert_eq!(at_first(50_000_000, &[camera(0, height)]), [Some(layer)], "{height}");
    }
    // Unknown heights are assumed.
    let mut unknown = camera(0, 300);
    unknown.layers.iter_mut().flatten().for_each(|layer| layer.height = None);
    assert_eq!(at_first(50_000_000, &[unknown]), [Some(1)]);
}

#[test]
fn a_layer_that_is_not_sent_is_replaced_by_the_next_below_or_the_lowest_above() {
    for (active, height, layer) in [
        ([true, false, true], 360, Some(0)),
        ([false, true, true], 180, Some(1)),
        ([false, false, true], 180, Some(2)),
        ([true, true, false], 720, Some(1)),
        ([false, false, false], 720, None),
    ] {
        let mut candidate = camera(0, height);
        for (layer, active) in candidate.layers.iter_mut().flatten().zip(active) {
            layer.active = active;
        }
        let allocation = Allocator::new().allocate(Instant::now(), &demand(50_000_000, &[candidate]));
        let useful = if height == 180 { 0 } else { usize::from(height / 360) };
        // The publisher is asked for the right one all the same.
        assert_eq!(
            allocation.choices,
            [Choice { key: 0, layer, asks: Some(useful), paused: false }],
            "{active:?}"
        );
    }
}

#[test]
fn the_receive_modes_limit_what_is_sent() {
    let candidates = [camera(0, 720), camera(1, 720)];
    let with = |receive| {
        let demand = Demand { receive, ..demand(50_000_000, &candidates) };
        Allocator::new().allocate(Instant::now(), &demand)
    };
    let low = with(Receive::Low);
    assert_eq!(layers(&low), [Some(0); 2]);
    assert_eq!(low.desired, AUDIO + 230_000);
    let none = with(Receive::AudioOnly);
    assert!(
        none.choices.iter().all(|choice| choice.layer.is_none() && choice.asks.is_none() && !choice.paused)
    );
    assert_eq!(none.desired, AUDIO);
}

#[test]
fn the_first_in_order_get_the_slots() {
    let candidates = [camera(0, 180), camera(1, 720), camera(2, 360)];
    let demand = Demand { slots: 2, ..demand(50_000_000, &candidates) };
    let allocation = Allocator::new().allocate(Instant::now(), &demand);
    assert_eq!(layers(&allocation), [None, Some(2), Some(1)]);
    assert!(!allocation.choices[0].paused);
}

#[test]
fn nothing_known_is_one_megabit() {
    let candidates = [camera(0, 720)];
    let unknown = Demand { estimate: None, ..demand(0, &candidates) };
    assert_eq!(layers(&Allocator::new().allocate(Instant::now(), &unknown)), [Some(1)]);
}

#[test]
fn down_at_once_and_up_again_only_after_a_while() {
    let start = Instant::now();
    let candidates = [camera(0, 720)];
    let mut allocator = Allocator::new();
    let mut at = |seconds: f64, estimate: u64| {
        let now = start + Duration::from_secs_f64(seconds);
        let allocation = allocator.allocate(now, &demand(AUDIO + estimate, &candidates));
        let again = allocation.again.map(|again| (again - start).as_secs_f64());
        (allocation.choices[0].layer, again)
    };
    assert_eq!(at(0.0, 1_380_000), (Some(2), None));
    // Held without headroom, and a little beyond the estimate, but no further.
    assert_eq!(at(1.0, 1_100_000), (Some(2), None));
    assert_eq!(at(2.0, 1_090_000), (Some(1), None));
    assert_eq!(at(2.1, 1_380_000), (Some(1), Some(4.0)));
    assert_eq!(at(4.0, 1_379_000), (Some(1), None));
    assert_eq!(at(4.1, 1_380_000), (Some(2), None));
    // The second time it takes longer, the third longer still, and after a while it is forgiven.
    assert_eq!(at(5.0, 1_000_000), (Some(1), None));
    assert_eq!(at(5.1, 1_380_000), (Some(1), Some(9.0)));
    assert_eq!(at(9.0, 1_380_000), (Some(2), None));
    assert_eq!(at(10.0, 1_000_000), (Some(1), None));
    assert_eq!(at(10.1, 1_380_000), (Some(1), Some(18.0)));
    assert_eq!(at(18.0, 1_380_000), (Some(2), None));
    assert_eq!(at(41.0, 1_000_000), (Some(1), None));
    assert_eq!(at(41.1, 1_380_000), (Some(1), Some(43.0)));
}

#[test]
fn what_has_to_wait_keeps_its_place_against_newcomers() {
    let start = Instant::now();
    let mut allocator = Allocator::new();
    let speaking = Candidate { speaking: true, ..camera(0, 720) };
    allocator.allocate(start, &demand(AUDIO + 1_400_000, &[speaking]));
    allocator.allocate(start, &demand(AUDIO + 1_000_000, &[speaking]));
    let mut newcomer = camera(1, 720);
    newcomer.layers[2] = Some(Layer { bitrate: 400_000, height: Some(720), active: true });
    let both = [speaking, newcomer];
    // The newcomer's last step costs little, but the speaker's, for which he has to wait, comes before it.
    let mut at = |now| layers(&allocator.allocate(now, &demand(AUDIO + 1_800_000, &both)));
    assert_eq!(at(start), [Some(1), Some(1)]);
    assert_eq!(at(start + HOLD), [Some(2), Some(1)]);
    assert_eq!(at_first(AUDIO + 1_800_000, &both), [Some(2), Some(1)]);
}

#[test]
fn a_new_speaker_takes_over_at_once_and_back() {
    let now = Instant::now();
    let mut allocator = Allocator::new();
    let mut with = |speaker: u32, estimate: u64| {
        let height = |key| if key == speaker { 720 } else { 180 };
        let candidates = [0, 1].map(|key| Candidate { speaking: key == speaker, ..camera(key, height(key)) });
        layers(&allocator.allocate(now, &demand(AUDIO + estimate, &candidates)))
    };
    assert_eq!(with(0, 1_500_000), [Some(2), Some(0)]);
    // Nothing more is sent in sum, so it needs no headroom.
    assert_eq!(with(1, 1_310_000), [Some(0), Some(2)]);
    assert_eq!(with(0, 1_310_000), [Some(2), Some(0)]);

    // Giving way is no loss that would have to be waited out.
    let mut allocator = Allocator::new();
    for (speaker, expected) in [(0, [Some(2), Some(1)]), (1, [Some(1), Some(2)]), (0, [Some(2), Some(1)])] {
        let candidates = [0, 1].map(|key| Candidate { speaking: key == speaker, ..camera(key, 720) });
        let allocation = allocator.allocate(now, &demand(AUDIO + 1_800_000, &candidates));
        assert_eq!(layers(&allocation), expected);
    }
}

#[test]
fn a_taller_picture_gets_its_layer_at_once_and_a_smaller_one_gives_it_up() {
    let now = Instant::now();
    let mut allocator = Allocator::new();
    for (height, layer) in [(180, 0), (720, 2), (360, 1), (720, 2), (180, 0)] {
        let allocation = allocator.allocate(now, &demand(5_000_000, &[camera(0, height)]));
        assert_eq!(layers(&allocation), [Some(layer)]);
    }
}

fn layer() -> impl Strategy<Value = Option<Layer>> {
    let height = prop::option::of(prop_oneof![Just(90u16), Just(180), Just(360), Just(720), 1u16..2000]);
    let bitrate = prop_oneof![1 => Just(0u64), 9 => 1_000u64..3_000_000];
    prop::option::weighted(
        0.8,
        (bitrate, height, prop::bool::weighted(0.8)).prop_map(|(bitrate, height, active)| Layer {
            bitrate,
            height,
            active,
        }),
    )
}

prop_compose! {
    fn candidate()(
        source in prop_oneof![1 => Just(Source::Screen), 4 => Just(Source::Camera)],
        preferred in prop::bool::weighted(0.2),
        speaking in prop::bool::weighted(0.2),
        height in prop_oneof![Just(180u16), Just(360), Just(720), any::<u16>()],
        layers in [layer(), layer(), layer()],
    ) -> Candidate<u32> {
        Candidate { key: 0, source, preferred, speaking, height, layers }
    }
}

fn candidates() -> impl Strategy<Value = Vec<Candidate<u32>>> {
    prop::collection::vec(candidate(), 0..12).prop_map(|mut candidates| {
        (0..).zip(&mut candidates).for_each(|(key, candidate)| candidate.key = key);
        candidates
    })
}

fn receive() -> impl Strategy<Value = Receive> {
    prop_oneof![8 => Just(Receive::Everything), 1 => Just(Receive::Low), 1 => Just(Receive::AudioOnly)]
}

/// What a layer of a candidate costs, by the rule that a higher layer costs no less than a lower one it builds on.
fn cost(candidate: &Candidate<u32>, layer: Option<usize>) -> u64 {
    let ladder = Ladder::of(candidate, Receive::Everything, true);
    let low = Ladder::of(candidate, Receive::Low, true);
    ladder.cost(ladder.steps_to(layer)).max(low.cost(low.steps_to(layer)))
}

fn in_order(candidates: &[Candidate<u32>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|at| (rank(&candidates[*at]), *at));
    order
}

/// What must hold whatever came before.
fn check(demand: &Demand<'_, u32>, allocation: &Allocation<u32>) -> Result<(), TestCaseError> {
    let (candidates, chosen) = (demand.candidates, layers(allocation));
    prop_assert_eq!(allocation.choices.len(), candidates.len());
    let sum: u64 = candidates.iter().zip(&chosen).map(|(candidate, layer)| cost(candidate, *layer)).sum();
    let budget = demand.estimate.unwrap_or(START_BITRATE).saturating_sub(demand.audio);
    prop_assert!(sum <= kept(budget), "{} of {}", sum, budget);
    for (candidate, choice) in candidates.iter().zip(&allocation.choices) {
        let Some(layer) = choice.layer else { continue };
        prop_assert!(!choice.paused);
        let active = |at: usize| candidate.layers[at].is_some_and(|layer| layer.active);
        prop_assert!(active(layer));
        let assumed = if candidate.source == Source::Screen { ASSUMED_SCREEN } else { ASSUMED_CAMERA };
        for below in (0..layer).filter(|below| active(*below)) {
            let height = candidate.layers[below].and_then(|layer| layer.height).unwrap_or(assumed[below].1);
            let fills = f64::from(height) >= 0.85 * f64::from(candidate.height);
            prop_assert!(!fills && demand.receive == Receive::Everything, "{} would do", below);
        }
        prop_assert!(demand.receive != Receive::AudioOnly);
    }
    Ok(())
}

#[test]
fn a_step_is_kept_while_it_costs_a_tenth_too_much_and_is_not_taken_then() {
    let one = [camera(0, 720)];
    let cost = cost(&one[0], Some(2));
    let mut allocator = Allocator::new();
    let mut at = |share: f64| {
        let estimate = AUDIO + (cost as f64 * share) as u64;
        layers(&allocator.allocate(Instant::now(), &demand(estimate, &one)))[0]
    };
    assert_eq!([1.1, 1.2, 0.95, 0.92, 0.85].map(&mut at), [Some(1), Some(2), Some(2), Some(2), Some(1)]);
}

/// Nobody paused stands before one who is served and costs no less.
fn check_order(demand: &Demand<'_, u32>, allocation: &Allocation<u32>) -> Result<(), TestCaseError> {
    let candidates = demand.candidates;
    let chosen = layers(allocation);
    let lowest = |at: usize| {
        let ladder = Ladder::of(&candidates[at], demand.receive, true);
        (ladder.len > 0).then(|| ladder.cost(1))
    };
    let order = in_order(candidates);
    for (place, before) in order.iter().enumerate() {
        let Some(cheapest) = lowest(*before).filter(|_| chosen[*before].is_none()) else { continue };
        for behind in &order[place + 1..] {
            let served = chosen[*behind].is_some() && lowest(*behind).is_some_and(|cost| cost >= cheapest);
            prop_assert!(!served, "{} is paused, {} is not", before, behind);
        }
    }
    Ok(())
}

/// Who has reached which round, in the order in which that is decided.
fn reached(candidates: &[Candidate<u32>], chosen: &[Option<usize>]) -> Vec<bool> {
    let order = in_order(candidates);
    let steps = |at: &usize| Ladder::of(&candidates[*at], Receive::Everything, true).steps_to(chosen[*at]);
    (0..LAYERS).flat_map(|round| order.iter().map(move |at| steps(at) > round)).collect()
}

proptest! {
    #[test]
    fn whatever_happens_the_budget_is_kept_and_the_answer_stands(
        rounds in prop::collection::vec(
            (candidates(), prop::option::weighted(0.9, 0u64..8_000_000), receive(), 0u64..10_000),
            1..12,
        ),
        slots in 0usize..20,
    ) {
        let mut allocator = Allocator::new();
        let mut now = Instant::now();
        for (candidates, estimate, receive, pause_ms) in rounds {
            now += Duration::from_millis(pause_ms);
            let demand = Demand { estimate, audio: AUDIO, receive, slots, candidates: &candidates };
            let allocation = allocator.allocate(now, &demand);
            check(&demand, &allocation)?;
            prop_assert_eq!(&allocator.allocate(now, &demand), &allocation, "asked twice");
            prop_assert!(allocation.again.is_none_or(|again| again > now));
            // With all holds over nobody is passed over.
            now += Duration::from_secs(60);
            let allocation = allocator.allocate(now, &demand);
            check(&demand, &allocation)?;
            prop_assert_eq!(allocation.again, None);
            if slots >= candidates.len() && receive == Receive::Everything {
                check_order(&demand, &allocation)?;
            }
        }
    }

    #[test]
    fn more_helps_the_first_whom_it_concerns(
        candidates in candidates(), less in 0u64..8_000_000, more in 0u64..4_000_000,
    ) {
        let [poor, rich] = [less, less + more].map(|estimate| at_first(estimate, &candidates));
        // In the order of decisions, the first that differs is a gain.
        prop_assert!(reached(&candidates, &rich) >= reached(&candidates, &poor), "{:?}, {:?}", poor, rich);
    }

    #[test]
    fn among_equals_more_worsens_nobody(
        heights in prop::collection::vec(1u16..1500, 0..12), less in 0u64..8_000_000, more in 0u64..4_000_000,
    ) {
        let candidates: Vec<_> = (0..).zip(heights).map(|(key, height)| camera(key, height)).collect();
        let [poor, rich] = [less, less + more].map(|estimate| at_first(estimate, &candidates));
        prop_assert!(poor.iter().zip(&rich).all(|(poor, rich)| poor <= rich), "{:?}, {:?}", poor, rich);
    }

    #[test]
    fn what_is_desired_suffices_for_everything(candidates in candidates()) {
        let mut candidates = candidates;
        candidates.iter_mut().flat_map(|candidate| &mut candidate.layers).flatten().for_each(|layer| layer.active = true);
        let demand = |estimate| Demand { estimate: Some(estimate), ..demand(0, &candidates) };
        let desired = Allocator::new().allocate(Instant::now(), &demand(0)).desired;
        let enough = Allocator::new().allocate(Instant::now(), &demand(desired + 2));
        let plenty = Allocator::new().allocate(Instant::now(), &demand(u64::MAX / 1000));
        prop_assert_eq!(enough.choices, plenty.choices);
    }

    #[test]
    fn noise_does_not_flap(candidates in candidates(), estimate in 0u64..8_000_000, seed in any::<u64>()) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut allocator = Allocator::new();
        let mut now = Instant::now();
        let mut last = None;
        let mut changes = 0;
        for _ in 0..1000 {
            now += Duration::from_millis(100);
            let noisy = (estimate as f64 * random.random_range(0.95..1.05)) as u64;
            // What holds needs less than the headroom, audio aside.
            let demand = Demand { audio: 0, ..demand(noisy, &candidates) };
            let chosen = layers(&allocator.allocate(now, &demand));
            if last.replace(chosen.clone()).is_some_and(|last| last != chosen) {
                changes += 1;
            }
        }
        // Each step is taken once and kept.
        prop_assert!(changes <= candidates.len() * LAYERS, "{} changes", changes);
    }
}
