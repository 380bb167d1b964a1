//! The SFU with simulated participants on simulated networks, on virtual time: what viewers see and hear is judged,
//! not what the code says of itself. `make sim` runs many seeds, `make sim PLAN=name SEED=7` one
//! again.

#![allow(clippy::expect_used)]

mod camera;
mod checks;
mod client;
mod mark;
mod plan;
mod plans;
mod viewer;
mod world;

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use rand::{SeedableRng as _, rngs::StdRng};

use plans::{Entry, PLANS};
use world::World;

/// Runs one plan with one seed; what was wrong.
fn run((_, make): Entry, seed: u64) -> World {
    let mut world = World::new(make(&mut StdRng::seed_from_u64(seed)), seed);
    world.run();
    world
}

/// One plan with a few seeds.
fn holds(name: &str, seeds: impl IntoIterator<Item = u64>) {
    let entry = PLANS.into_iter().find(|(known, _)| *known == name).expect("a plan of this name");
    for seed in seeds {
        let wrong = run(entry, seed).verdict();
        assert!(wrong.is_empty(), "{name} with seed {seed}:\n{}", wrong.join("\n"));
    }
}

macro_rules! plans_hold {
    ($($name:ident: $seeds:expr;)*) => { $(
        #[test]
        fn $name() {
            holds(stringify!($name), $seeds);
        }
    )* };
}

plans_hold! {
    good_lines: 0..2;
    a_screen_is_shared: 0..2;
    another_network: 0..2;
    ten_seconds_without_network: 0..2;
    five_cameras_over_one_megabit: 0..2;
    a_speaker_change: 0..2;
    a_viewer_from_outside: 0..1;
    a_publisher_vanishes: 0..2;
    bursts_of_loss: 0..2;
    one_three_two: 0..2;
    a_dip: 0..2;
    a_tile_is_enlarged: 0..2;
    jitter_and_reordering: 0..2;
    data_messages: 0..2;
    two_hundred_subscribers: 0..1;
}

// Seeds that failed once, by what was wrong.

#[test]
fn jitter_is_no_alarm() {
    holds("jitter_and_reordering", [0]);
}

#[test]
fn the_first_keyframe_of_a_layer_does_not_take_it_away_again() {
    holds("a_tile_is_enlarged", [3, 4]);
}

#[test]
fn what_a_dip_took_is_probed_for_soon() {
    holds("a_dip", [2, 5]);
}

#[test]
fn a_screen_gives_way_to_its_smaller_layer_and_not_to_nothing() {
    holds("a_screen_is_shared", [3, 5, 10]);
}

#[test]
fn after_an_outage_there_is_room_for_pictures_at_once() {
    holds("ten_seconds_without_network", [4, 5]);
}

/// `make sim`: `SIM_SEEDS` runs in all, a seed of every plan in turn, for at most `SIM_MINUTES`.
#[test]
#[ignore = "takes as long as one likes; make sim"]
fn many_seeds() {
    let number =
        |name: &str, default: u64| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let only = env::var("SIM_PLAN").ok();
    let plans: Vec<_> =
        PLANS.into_iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)).collect();
    assert!(!plans.is_empty(), "there is no plan {only:?}");
    let first = number("SIM_SEED", 0);
    let count = if env::var("SIM_SEED").is_ok() { plans.len() as u64 } else { number("SIM_SEEDS", 1000) };
    let (began, limit) = (Instant::now(), Duration::from_secs(60 * number("SIM_MINUTES", 60)));
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let runs = AtomicU64::new(0);
    let failed: Vec<String> = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let mut failed = vec![];
            for at in (thread..count).step_by(threads as usize).take_while(|_| began.elapsed() < limit) {
                let entry = plans[at as usize % plans.len()];
                let seed = first + at / plans.len() as u64;
                let wrong = run(entry, seed).verdict();
                runs.fetch_add(1, Ordering::Relaxed);
                if !wrong.is_empty() {
                    println!("{}, seed {seed}:\n  {}", entry.0, wrong.join("\n  "));
                    failed.push(format!("make sim PLAN={} SEED={seed}", entry.0));
                }
            }
            failed
        };
        let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a simulation panicked")).collect()
    });
    let runs = runs.into_inner();
    println!(
        "{runs} of {count} runs of {} plans in {:.0?}, {} failed",
        plans.len(),
        began.elapsed(),
        failed.len()
    );
    assert!(failed.is_empty(), "again with:\n{}", failed.join("\n"));
}
