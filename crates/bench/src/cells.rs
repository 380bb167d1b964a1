//! Processor time per relayed packet, cell by cell.

use std::{io, path::Path, time::Duration};

use crate::{
    load::{Direction, Generator, Shape, Target, Traffic},
    servers::{Kind, Server, Setup},
    stats::Spread,
    sys,
};

/// False: something was lost or corrupted.
pub fn run(kaigi: &Path, coturn: &Path, quick: bool, rate: u32) -> io::Result<bool> {
    let cores = sys::cores()?;
    let [load_core, .., server_core] = cores[..] else {
        return Err(io::Error::other("two cores are needed: one for the servers, one for the load"));
    };
    let kaigi = kaigi.canonicalize()?;
    let setup = Setup { kaigi, turnserver: coturn.into(), server_core, load_core };
    println!("open files: {}, precedence: {}", sys::raise_open_files(65_536), sys::take_precedence());
    sys::pin(load_core)?;
    let mut targets = Vec::new();
    for kind in Kind::ALL {
        targets.push(Target::new(Server::start(kind, &setup)?)?);
    }
    let mut generator = Generator::new()?;
    let repetitions = if quick { 3 } else { 5 };
    let mut clean = true;
    for flows in [1, 100, 1000] {
        for target in &mut targets {
            generator.grow(target, flows)?;
        }
        for payload in [1200, 160] {
            for shape in [Shape::Single, Shape::Burst, Shape::Offloaded] {
                for direction in [Direction::Up, Direction::Down] {
                    let traffic = Traffic {
                        flows,
                        payload,
                        shape,
                        direction,
                        rate,
                        warm_up: Duration::from_millis(100),
                        length: Duration::from_millis(500),
                    };
                    let mut costs = vec![Vec::new(); targets.len()];
                    let mut faults = String::new();
                    for _ in 0..repetitions {
                        for (target, costs) in targets.iter_mut().zip(&mut costs) {
                            let outcome = generator.run(target, &traffic, false)?;
                            if outcome.lost + outcome.corrupt + outcome.duplicate + outcome.reordered > 0 {
                                faults += &format!(
                                    " {}: lost {} corrupt {} twice {} late {};",
                                    target.server.kind.name(),
                                    outcome.lost,
                                    outcome.corrupt,
                                    outcome.duplicate,
                                    outcome.reordered
                                );
                                clean = false;
                            }
                            costs.push(outcome.cpu_ns_per_packet());
                        }
                    }
                    let spreads: Vec<Spread> = costs.into_iter().filter_map(Spread::of).collect();
                    let [kaigi, coturn, floor] = spreads[..] else { continue };
                    let show = |s: Spread| format!("{:>5.0} ({:.0}-{:.0})", s.median, s.least, s.most);
                    println!(
                        "{flows:>5} {payload:>5} {shape:?} {direction:?} kaigi {} coturn {} floor {} k/f {:.2} k/c {:.2}{faults}",
                        show(kaigi),
                        show(coturn),
                        show(floor),
                        kaigi.median / floor.median,
                        kaigi.median / coturn.median,
                    );
                }
            }
        }
    }
    Ok(clean)
}
