//! The highest paced rate on one core without loss.

use std::io;

use crate::{
    aim::{self, Judged},
    bench::Bench,
    table::Table,
    traffic::Traffic,
};

/// Packets a second to begin with.
const FIRST: f64 = 40_000.0;

/// Slower than this is not searched for.
const SLOWEST: f64 = 2000.0;

/// The search ends when it knows the rate this well.
const RESOLUTION: f64 = 1.06;

/// A generator that sends less than this share of what it was asked for is the limit itself.
const ON_TIME: f64 = 0.95;

/// What a trial at some rate has shown.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trial {
    /// Everything came through.
    Clean,
    /// Something was lost.
    Loss,
    /// The generator did not keep up; it sent so many a second.
    Late(f64),
}

/// A rate, in packets a second.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    /// A little more is lost.
    Limit(f64),
    /// The generator cannot send more.
    AtLeast(f64),
}

/// Searches for every server, and prints. Returns Kaigi's processor time per packet there, over the floor's and
/// over coturn's.
pub fn measure(bench: &mut Bench) -> io::Result<[Vec<Judged>; 2]> {
    println!(
        "\n## Highest rate without loss, one core, 100 allocations: packets a second (ns per packet there)\n"
    );
    println!("≥: the load generator's core was the limit.\n");
    let mut table = Table::new([
        "payload",
        "packets",
        "going",
        "kaigi",
        "coturn",
        "floor",
        "ns ÷ floor's",
        "ns ÷ coturn's",
        "rate ÷ coturn's",
    ]);
    let mut judged = [const { Vec::new() }; 2];
    for traffic in bench.plan.samples() {
        let mut shown = [const { String::new() }; 3];
        let (mut rates, mut costs) = ([0.0; 3], [0.0; 3]);
        for (index, shown) in shown.iter_mut().enumerate() {
            let mut cost = 0.0;
            let found = search(|rate| {
                let outcome = bench.try_run(index, &Traffic { rate: rate as u32, ..traffic })?;
                if outcome.fault().is_some() {
                    return Ok(Trial::Loss);
                }
                cost = outcome.cpu_ns_per_packet();
                let sent = outcome.rate();
                Ok(if sent < rate * ON_TIME { Trial::Late(sent) } else { Trial::Clean })
            })?;
            let (sign, rate) = match found {
                Found::Limit(rate) => ("", rate),
                Found::AtLeast(rate) => ("≥ ", rate),
            };
            (rates[index], costs[index]) = (rate, cost);
            *shown = format!("{sign}{rate:.0} ({cost:.0})");
        }
        let [payload, shape, _, direction] = traffic.words();
        let [kaigi, coturn, floor] = shown;
        let to_floor = Judged { figure: costs[0] / costs[2], aim: aim::FLOOR };
        let to_coturn = Judged { figure: costs[0] / costs[1], aim: aim::coturn(traffic.shape) };
        let rate = format!("{:.2}", rates[0] / rates[1]);
        table.push([
            payload,
            shape,
            direction,
            kaigi,
            coturn,
            floor,
            to_floor.to_string(),
            to_coturn.to_string(),
            rate,
        ]);
        judged[0].push(to_floor);
        judged[1].push(to_coturn);
    }
    print!("{table}");
    Ok(judged)
}

/// Raises the rate until something is lost twice in a row, then halves the interval.
fn search(mut trial: impl FnMut(f64) -> io::Result<Trial>) -> io::Result<Found> {
    let mut twice = |rate| match trial(rate)? {
        Trial::Loss => trial(rate),
        other => Ok(other),
    };
    let (mut good, mut bad) = (0.0, f64::INFINITY);
    let mut next = FIRST;
    loop {
        match twice(next)? {
            Trial::Clean => good = next,
            Trial::Loss => bad = next,
            Trial::Late(rate) => return Ok(Found::AtLeast(rate.max(good))),
        }
        if bad <= good.max(SLOWEST) * RESOLUTION {
            return Ok(Found::Limit(good));
        }
        next = if bad.is_finite() { good.max(SLOWEST).midpoint(bad) } else { good * 1.7 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_ends_just_below_what_is_lost() {
        for limit in [3000.0, 7000.0, 123_456.0] {
            let found = search(|rate| Ok(if rate > limit { Trial::Loss } else { Trial::Clean })).unwrap();
            let Found::Limit(rate) = found else { panic!("{found:?}") };
            assert!(rate <= limit && rate > limit / RESOLUTION, "{rate} of {limit}");
        }
    }

    #[test]
    fn one_loss_by_chance_does_not_end_it() {
        let mut trials = 0;
        let found = search(|rate| {
            trials += 1;
            Ok(if rate > 50_000.0 || trials == 1 { Trial::Loss } else { Trial::Clean })
        });
        let Found::Limit(rate) = found.unwrap() else { panic!() };
        assert!(rate > 50_000.0 / RESOLUTION, "{rate}");
    }

    #[test]
    fn a_generator_that_cannot_keep_up_is_not_the_servers_limit() {
        let found = search(|rate| Ok(if rate > 60_000.0 { Trial::Late(58_000.0) } else { Trial::Clean }));
        assert_eq!(found.unwrap(), Found::AtLeast(58_000.0));
    }

    #[test]
    fn a_server_that_delivers_nothing_is_found_out() {
        assert_eq!(search(|_| Ok(Trial::Loss)).unwrap(), Found::Limit(0.0));
    }
}
