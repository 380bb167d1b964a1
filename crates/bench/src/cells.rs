//! Processor time per relayed packet, cell by cell; the servers take turns, so that what disturbs one disturbs all.

use std::io;

use crate::{
    aim::{self, Judged},
    bench::Bench,
    stats::Spread,
    table::Table,
    traffic::{Shape, Traffic},
};

/// Kaigi, coturn, floor.
type Costs = [Spread; 3];

/// What the cells have shown so far.
#[derive(Default)]
pub struct Cells(Vec<(Traffic, Costs)>);

impl Cells {
    /// Measures every cell of so many allocations, and prints them.
    pub fn measure(&mut self, bench: &mut Bench, flows: usize) -> io::Result<()> {
        println!(
            "\n## Processor time per relayed packet, allocations: {flows}; ns, median (least to most)\n"
        );
        let mut table = Table::new([
            "payload",
            "packets",
            "arriving",
            "going",
            "kaigi",
            "coturn",
            "floor",
            "kaigi ÷ floor",
            "kaigi ÷ coturn",
        ]);
        for traffic in bench.plan.cells(flows) {
            let Some(costs) = cost(bench, &traffic)? else { continue };
            let [a, b, c, d] = traffic.words();
            let [kaigi, coturn, floor] = costs.map(|cost| cost.to_string());
            let [to_floor, to_coturn] = ratios(&traffic, &costs);
            table.push([a, b, c, d, kaigi, coturn, floor, to_floor.to_string(), to_coturn.to_string()]);
            self.0.push((traffic, costs));
        }
        print!("{table}");
        Ok(())
    }

    /// The aims, over all cells.
    pub fn print_aims(&self) {
        let to_floor: Vec<Judged> = self.0.iter().map(|(t, costs)| ratios(t, costs)[0]).collect();
        println!("- at most {} × the floor: {}", aim::FLOOR, aim::summary(&to_floor));
        for (name, shape) in
            [("singles", Shape::Single), ("bursts of 8", Shape::Burst), ("trains of 8", Shape::Offloaded)]
        {
            let aim = aim::coturn(shape);
            let costs = || self.0.iter().filter(|(t, _)| t.shape == shape).map(|(_, costs)| costs);
            let to_coturn = |which: usize| -> Vec<Judged> {
                costs().map(|costs| Judged { figure: costs[which].median / costs[1].median, aim }).collect()
            };
            println!("- {name}, at most {aim} × coturn: {}", aim::summary(&to_coturn(0)));
            println!("  - what the floor itself has: {}", aim::summary(&to_coturn(2)));
        }
        for (which, name) in ["kaigi", "coturn", "floor"].into_iter().enumerate() {
            let flat = aim::summary(&self.flatness(which));
            println!("- most ÷ fewest allocations, at most {}, {name}: {flat}", aim::FLAT);
        }
    }

    /// The cost with the most allocations over that with the fewest, of cells that are otherwise the same.
    fn flatness(&self, which: usize) -> Vec<Judged> {
        let flows = |t: &Traffic| t.flows;
        let Some(fewest) = self.0.iter().map(|(t, _)| flows(t)).min() else { return Vec::new() };
        let Some(most) = self.0.iter().map(|(t, _)| flows(t)).max() else { return Vec::new() };
        let of = |flows: usize| self.0.iter().filter(move |(t, _)| t.flows == flows && t.together == 1);
        let pairs = of(fewest).filter_map(|(few, low)| {
            let (_, high) = of(most).find(|(many, _)| Traffic { flows: few.flows, ..*many } == *few)?;
            Some(Judged { figure: high[which].median / low[which].median, aim: aim::FLAT })
        });
        pairs.collect()
    }
}

fn ratios(traffic: &Traffic, [kaigi, coturn, floor]: &Costs) -> [Judged; 2] {
    [
        Judged { figure: kaigi.median / floor.median, aim: aim::FLOOR },
        Judged { figure: kaigi.median / coturn.median, aim: aim::coturn(traffic.shape) },
    ]
}

fn cost(bench: &mut Bench, traffic: &Traffic) -> io::Result<Option<Costs>> {
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..bench.plan.repetitions {
        for (index, costs) in costs.iter_mut().enumerate() {
            costs.push(bench.run(index, traffic, false)?.cpu_ns_per_packet());
        }
    }
    let [kaigi, coturn, floor] = costs.map(Spread::of);
    Ok(kaigi.zip(coturn).zip(floor).map(|((kaigi, coturn), floor)| [kaigi, coturn, floor]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    #[test]
    fn flatness_compares_only_what_differs_in_allocations_alone() {
        let plan = Plan::full(8000);
        let spread = |median| Spread { median, least: 0.0, most: 0.0 };
        let mut cells = Cells::default();
        for (flows, cost) in [(1, 100.0), (100, 700.0), (1000, 110.0)] {
            cells.0.extend(plan.cells(flows).into_iter().map(|traffic| {
                let own = cost + traffic.payload as f64;
                (traffic, [spread(own), spread(2.0 * own), spread(own)])
            }));
        }
        let flat = cells.flatness(0);
        assert_eq!(flat.len(), plan.cells(1).len());
        assert!(flat.iter().all(|judged| judged.is_met() && judged.figure > 1.0), "{flat:?}");
    }
}
