//! A network namespace of our own: nothing outside sees the benchmark, and it sees nothing outside. Janus does not
//! offer loopback addresses, so the server's address is on one end of a virtual cable. What is sent to it stays on
//! the loopback interface all the same, as everything does that goes to an address of the system itself.

use std::{io, net::Ipv4Addr, process::Command};

use kaigi_bench::sys;

/// The servers'.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 1);

const STEPS: &[&str] = &[
    "link set lo up",
    "link add kaigi-bench0 type veth peer name kaigi-bench1",
    "addr add 10.10.0.1/32 dev kaigi-bench0",
    "link set kaigi-bench0 addrgenmode none up",
    "link set kaigi-bench1 addrgenmode none up",
    // All of these are the system's own, so that each client can have one; on the cable, because Janus's sockets
    // insist on sending there (IP_UNICAST_IF).
    "route add local 10.10.0.0/16 dev kaigi-bench0",
];

/// Each client has an address of its own, because servers count some things per source address.
pub fn client(index: usize) -> Ipv4Addr {
    let [_, _, high, low] = (index as u32 + 256).to_be_bytes();
    Ipv4Addr::new(10, 10, high, low)
}

/// This process and what it starts from now on is in it. To be called before there is a second thread.
pub fn enter() -> io::Result<()> {
    let refused =
        |error| io::Error::other(format!("no network namespace of our own ({error}); run it as root"));
    sys::own_network().map_err(refused)?;
    for step in STEPS {
        let done = Command::new("ip").args(step.split(' ')).status();
        let done = done.map_err(|error| io::Error::other(format!("ip: {error}; iproute2 has it")))?;
        if !done.success() {
            return Err(io::Error::other(format!("`ip {step}` failed in a network namespace")));
        }
    }
    Ok(())
}
