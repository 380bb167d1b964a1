//! `bench-turn`: Kaigi's TURN server, coturn, and a floor that only moves the packets, side by side. How each
//! figure is measured: docs/benchmarks.md.

mod aim;
mod bench;
mod capacity;
mod cells;
mod floor;
mod latency;
mod load;
mod memory;
mod payload;
mod plan;
mod servers;
mod traffic;
mod turn;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use kaigi_bench::{stats, sys, table};

/// Channels begin here (RFC 8656 §12).
const FIRST_CHANNEL: u16 = 0x4000;

/// Measures relaying through Kaigi, coturn and a floor that only moves the packets
#[derive(Parser)]
#[command(name = "bench-turn")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The binary under test
    #[arg(long, value_name = "FILE", default_value = "target/release/kaigi", overrides_with = "kaigi")]
    kaigi: PathBuf,
    /// Coturn's server
    #[arg(long, value_name = "FILE", default_value = "turnserver")]
    coturn: PathBuf,
    /// Fewer cells and repetitions: at most two minutes
    #[arg(long)]
    quick: bool,
    /// Packets a second, all allocations together
    #[arg(long, value_name = "N", default_value_t = 8000)]
    rate: u32,
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
        None => {
            let plan = if cli.quick { plan::Plan::quick(cli.rate) } else { plan::Plan::full(cli.rate) };
            bench::run(&cli.kaigi, &cli.coturn, plan)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-turn: {error}");
            ExitCode::FAILURE
        }
    }
}
