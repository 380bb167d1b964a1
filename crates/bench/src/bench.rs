//! The whole run: what is there, the servers, the measurements in turn, the aims.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::{
    aim, capacity,
    cells::Cells,
    latency,
    load::{Generator, Target},
    memory,
    plan::{Plan, SAMPLE_FLOWS},
    servers::{Kind, Server, Setup},
    sys,
    traffic::{Outcome, Traffic},
};

/// The target without a server, after those of [`Kind::ALL`].
pub const DIRECT: usize = Kind::ALL.len();

/// File descriptors of a server with a thousand allocations, and of the generator with three of them.
const OPEN_FILES: u64 = 32_768;

/// All targets, and what went wrong with them.
pub struct Bench {
    /// How much of everything.
    pub plan: Plan,
    generator: Generator,
    targets: Vec<Target>,
    faults: Vec<String>,
}

/// Measures everything. False: something was lost or corrupted where nothing may be.
pub fn run(kaigi: &Path, coturn: &Path, mut plan: Plan) -> io::Result<bool> {
    let setup = setup(kaigi, coturn)?;
    let begin = Instant::now();
    let open_files = sys::raise_open_files(OPEN_FILES);
    // Coturn has two descriptors per allocation.
    plan.idle[1] = plan.idle[1].min((open_files.saturating_sub(1000) / 2) as usize);
    plan.idle[0] = plan.idle[0].min(plan.idle[1] / 2);
    describe(&setup, &plan)?;

    let servers = Kind::ALL.map(|kind| Server::start(kind, &setup).map(Some));
    let targets = servers.into_iter().chain([Ok(None)]).map(|server| Target::new(server?));
    let targets = targets.collect::<io::Result<Vec<_>>>()?;
    let mut bench = Bench { plan, generator: Generator::new()?, targets, faults: Vec::new() };
    let mut cells = Cells::default();
    for &flows in bench.plan.flows {
        (0..DIRECT).try_for_each(|target| bench.grow(target, flows))?;
        cells.measure(&mut bench, flows)?;
    }
    (0..=DIRECT).try_for_each(|target| bench.grow(target, SAMPLE_FLOWS))?;
    let [busy_to_floor, busy_to_coturn] = capacity::measure(&mut bench)?;
    let tails = latency::measure(&mut bench)?;
    let (idle, faults) = (bench.plan.idle, std::mem::take(&mut bench.faults));
    drop(bench);
    let bytes = memory::measure(&setup, idle)?;

    println!("\n## Aims\n");
    cells.print_aims();
    println!("- at the highest rate, at most {} × the floor: {}", aim::FLOOR, aim::summary(&busy_to_floor));
    println!("- at the highest rate, × coturn, by the same aims: {}", aim::summary(&busy_to_coturn));
    println!("- latency p99 ÷ coturn's, at most 1: {}", aim::summary(&tails));
    println!("- bytes per idle allocation: {bytes}");
    println!("\nLoad average at the end: {}; took {} s", load_average(), begin.elapsed().as_secs());
    if faults.is_empty() {
        println!("Every packet of the paced cells arrived once, in order and unchanged.");
    } else {
        eprintln!("\nLost or changed in paced cells:\n{}", faults.join("\n"));
    }
    Ok(faults.is_empty())
}

impl Bench {
    /// A run in which nothing may go wrong.
    pub fn run(&mut self, target: usize, traffic: &Traffic, latencies: bool) -> io::Result<Outcome> {
        let outcome = self.generator.run(&mut self.targets[target], traffic, latencies)?;
        if let Some(fault) = outcome.fault() {
            let name = self.targets[target].name();
            self.faults.push(format!(
                "{name}, {} allocations, {}: {fault}",
                traffic.flows,
                traffic.words().join(", ")
            ));
        }
        Ok(outcome)
    }

    /// A run that may be too fast.
    pub fn try_run(&mut self, target: usize, traffic: &Traffic) -> io::Result<Outcome> {
        self.generator.run(&mut self.targets[target], traffic, false)
    }

    fn grow(&mut self, target: usize, flows: usize) -> io::Result<()> {
        self.generator.grow(&mut self.targets[target], flows)
    }
}

fn setup(kaigi: &Path, coturn: &Path) -> io::Result<Setup> {
    let missing = |what: &str, how: &str| io::Error::other(format!("{what} is not there: {how}"));
    let kaigi =
        kaigi.canonicalize().map_err(|_| missing(&kaigi.display().to_string(), "`make build` makes it"))?;
    let version =
        version(coturn).ok_or_else(|| missing("coturn", "`apt-get install coturn`, or --coturn FILE"))?;
    let cores = sys::cores()?;
    let [load_core, .., server_core] = cores[..] else {
        return Err(io::Error::other("two cores are needed, one for the servers and one for the load"));
    };
    sys::pin(load_core)?;
    println!(
        "coturn {version}; {} cores, servers on core {server_core}, load on core {load_core}",
        cores.len()
    );
    Ok(Setup { kaigi, turnserver: PathBuf::from(coturn), server_core, load_core })
}

fn version(coturn: &Path) -> Option<String> {
    let said = Command::new(coturn).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    text.lines().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned())
}

fn describe(setup: &Setup, plan: &Plan) -> io::Result<()> {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    println!("Linux {}, {}", kernel.trim(), model.map_or("unknown processor", |(_, model)| model));
    println!("Kaigi: {}", setup.kaigi.display());
    println!("Precedence: {:?}; load average at the start: {}", sys::take_precedence(), load_average());
    println!("{} packets a second in cells, each measured {} times", plan.rate, plan.repetitions);
    Ok(())
}

fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
