//! Memory of an idle allocation: growth of the server's resident memory, without what the kernel holds for its sockets.

use std::io;

use crate::{
    aim::{self, Judged},
    load::client_socket,
    servers::{Kind, PASSWORD, Server, Setup, user_name},
    stats::Spread,
    table::Table,
    turn::Client,
};

/// Fresh servers, so that nothing freed earlier is used again.
const REPETITIONS: usize = 3;

/// Measures Kaigi and coturn, and prints. Returns Kaigi's bytes per allocation.
pub fn measure(setup: &Setup, [few, many]: [usize; 2]) -> io::Result<Judged> {
    println!("\n## Memory per idle allocation, {few} to {many} allocations: bytes, median (least to most)\n");
    let mut table = Table::new(["server", "bytes", "resident at the end"]);
    let mut kaigi = f64::NAN;
    for kind in [Kind::Kaigi, Kind::Coturn] {
        let mut growth = Vec::new();
        let mut end = 0;
        for _ in 0..REPETITIONS {
            let server = Server::start(kind, setup)?;
            allocate(&server, 0..few)?;
            let before = server.resident_bytes()?;
            allocate(&server, few..many)?;
            end = server.resident_bytes()?;
            growth.push(end.saturating_sub(before) as f64 / (many - few) as f64);
        }
        let Some(spread) = Spread::of(growth) else { continue };
        if kind == Kind::Kaigi {
            kaigi = spread.median;
        }
        table.push([kind.name().into(), spread.to_string(), format!("{:.1} MB", end as f64 / 1e6)]);
    }
    print!("{table}");
    Ok(Judged { figure: kaigi, aim: aim::IDLE_BYTES })
}

/// The sockets are closed again: a server learns nothing of that, and each client has an address of its own.
fn allocate(server: &Server, clients: std::ops::Range<usize>) -> io::Result<()> {
    for index in clients {
        let socket = client_socket(index, server.address)?;
        Client::new(&user_name(index), PASSWORD).allocate(&socket)?;
    }
    Ok(())
}
