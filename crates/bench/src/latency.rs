//! How much later a packet arrives than without a server.

use std::io;

use crate::{
    aim::Judged,
    bench::{Bench, DIRECT},
    stats::{Spread, percentile},
    table::Table,
    traffic::Traffic,
};

/// Longer ones instead of more.
const REPETITIONS: usize = 3;

/// Measures all servers and the direct way, and prints. Returns Kaigi's p99 over coturn's, for each sample.
pub fn measure(bench: &mut Bench) -> io::Result<Vec<Judged>> {
    let rate = bench.plan.latency_rate;
    println!("\n## Added latency, {rate} packets a second, 100 allocations: µs, p50 / p99\n");
    println!("Above the median of the direct way, which is a client's own send to its peer.\n");
    let mut table = Table::new([
        "payload",
        "packets",
        "going",
        "kaigi",
        "coturn",
        "floor",
        "direct p50 / p99",
        "p99 ÷ coturn's",
    ]);
    let mut judged = Vec::new();
    for sample in bench.plan.samples() {
        let traffic = Traffic { rate, length: bench.plan.latency_length, ..sample };
        let mut percentiles = [const { [const { Vec::new() }; 2] }; DIRECT + 1];
        for _ in 0..REPETITIONS {
            for (index, values) in percentiles.iter_mut().enumerate() {
                let mut latencies = bench.run(index, &traffic, true)?.latencies_ns;
                for (values, percent) in values.iter_mut().zip([50, 99]) {
                    values.push(percentile(&mut latencies, percent) as f64 / 1000.0);
                }
            }
        }
        let median =
            |values: &Vec<f64>| Spread::of(values.iter().copied()).map_or(0.0, |spread| spread.median);
        let all = percentiles.each_ref().map(|values| values.each_ref().map(median));
        let direct = all[DIRECT];
        let added = |of: [f64; 2]| format!("{:.1} / {:.1}", of[0] - direct[0], of[1] - direct[0]);
        let ratio = Judged { figure: all[0][1] / all[1][1].max(f64::MIN_POSITIVE), aim: 1.0 };
        let [payload, shape, _, direction] = traffic.words();
        table.push([
            payload,
            shape,
            direction,
            added(all[0]),
            added(all[1]),
            added(all[2]),
            format!("{:.1} / {:.1}", direct[0], direct[1]),
            ratio.to_string(),
        ]);
        judged.push(ratio);
    }
    print!("{table}");
    Ok(judged)
}
