//! `bench-sfu`: Kaigi's SFU, Janus's VideoRoom, and a floor that only encrypts and sends, side by side. How each
//! figure is measured: docs/benchmarks.md.

mod check;
mod client;
mod clip;
mod floor;
mod floor_load;
mod generator;
mod janus;
mod kaigi;
mod meeting;
mod network;
mod plan;
mod publisher;
mod report;
mod run;
mod sent;
mod servers;
mod websocket;

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    rc::Rc,
    time::Instant,
};

use clap::{Parser, Subcommand};
use kaigi_bench::sys;
use servers::{Kind, Setup};

/// File descriptors of a server with some hundred participants, and of the load generator.
const OPEN_FILES: u64 = 16_384;

/// Measures forwarding through Kaigi, Janus and a floor that only encrypts and sends
#[derive(Parser)]
#[command(name = "bench-sfu")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The binary under test
    #[arg(long, value_name = "FILE", default_value = "target/release/kaigi", overrides_with = "kaigi")]
    kaigi: PathBuf,
    /// Janus's server
    #[arg(long, value_name = "FILE", default_value = "janus")]
    janus: PathBuf,
    /// Fewer cells and repetitions: less than three minutes
    #[arg(long)]
    quick: bool,
    /// Only these servers
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    only: Vec<Kind>,
    /// Only these parts
    #[arg(long, value_name = "PART", value_enum, value_delimiter = ',')]
    parts: Vec<plan::Part>,
    /// Put the results into this document, between its markers
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// The floor's server, which this program starts itself
    #[command(hide = true)]
    Floor {
        /// UDP port
        port: u16,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Floor { port }) => floor::run(port).map(|()| true),
        None => bench(&cli),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-sfu: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures everything. False: Kaigi has sent something that nobody sent to it.
fn bench(cli: &Cli) -> io::Result<bool> {
    let begin = Instant::now();
    let mut plan = if cli.quick { plan::Plan::quick() } else { plan::Plan::full() };
    if !cli.parts.is_empty() {
        plan.parts.clone_from(&cli.parts);
    }
    let setup = setup(&cli.kaigi, &cli.janus)?;
    let clip = Rc::new(clip::Clip::encode()?);
    println!("VP8 at {:?} bits a second, lowest layer first", clip.bitrates());
    println!("Precedence: {:?}; load average at the start: {}", sys::take_precedence(), load_average());
    let kinds = Kind::ALL.into_iter().filter(|kind| cli.only.is_empty() || cli.only.contains(kind));
    let mut all = Vec::new();
    for kind in kinds {
        let since = Instant::now();
        all.push(run::run(kind, &setup, &plan, &clip)?);
        println!("{}: {} s", kind.name(), since.elapsed().as_secs());
    }
    let text = format!(
        "{}\nLoad average at the end: {}; took {} s.\n\n{}",
        machine()?,
        load_average(),
        begin.elapsed().as_secs(),
        report::report(&all)
    );
    println!("\n{text}");
    if let Some(document) = &cli.record {
        report::record(document, &text)?;
    }
    let kaigi = all.iter().filter(|results| results.kind == Kind::Kaigi);
    Ok(kaigi.flat_map(|results| &results.cells).all(|cell| cell.corrupt == 0))
}

fn setup(kaigi: &Path, janus: &Path) -> io::Result<Setup> {
    let missing = || io::Error::other(format!("{} is not there: `make build` makes it", kaigi.display()));
    let kaigi = kaigi.canonicalize().map_err(|_| missing())?;
    sys::raise_open_files(OPEN_FILES);
    let cores = sys::cores()?;
    let [load_core, .., server_core] = cores[..] else {
        return Err(io::Error::other("two cores are needed, one for the servers and one for the load"));
    };
    network::enter()?;
    sys::pin(load_core)?;
    println!("Servers on core {server_core}, load on core {load_core}; Kaigi: {}", kaigi.display());
    Ok(Setup { kaigi, janus: janus.into(), server_core, load_core })
}

fn machine() -> io::Result<String> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let processors = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    Ok(format!("Linux {}, {} cores, {model}.", kernel.trim(), sys::cores()?.len()))
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
