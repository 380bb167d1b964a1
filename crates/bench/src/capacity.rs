//! The highest paced rate on one core without loss.

use std::io;

use kaigi_bench::search::{Bounds, Found, Trial, search};

use crate::{
    aim::{self, Judged},
    bench::Bench,
    table::Table,
    traffic::Traffic,
};

/// Packets a second.
const RATES: Bounds = Bounds { first: 40_000.0, slowest: 2000.0, fastest: f64::INFINITY, resolution: 1.06 };

/// A generator that sends less than this share of what it was asked for is the limit itself.
const ON_TIME: f64 = 0.95;

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
            let found = search(RATES, |rate| {
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
