//! The load generator: allocations on a server, and paced runs of packets through them. One thread sends by the
//! clock and reads in between; every packet is checked, whole.

use std::{
    io::{self, IoSlice},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use crate::{
    FIRST_CHANNEL, floor,
    payload::{Head, Payloads},
    servers::{Kind, PASSWORD, Server, user_name},
    sys::{self, Events, Poll, Received},
    traffic::{BURST, Check, Direction, Outcome, Shape, Traffic},
    turn,
};

/// The most allocations of one server that data flows through.
pub const MOST_FLOWS: usize = 1000;

/// The longest payload.
const MOST_PAYLOAD: usize = 1400;

/// Sockets that are the allocations' peers, in turn.
const PEERS: usize = 64;

/// Receive buffers that do not lose a packet while this thread sends.
const BUFFERS: i32 = 8 << 20;

/// What a server has not delivered this long after the last packet was sent is lost.
const PATIENCE: Duration = Duration::from_millis(300);

/// Later than this, the schedule moves instead of being caught up with.
const LATE: Duration = Duration::from_millis(1);

/// Longer than this no call takes: the system has run something else on this core.
const PAUSE: Duration = Duration::from_millis(3);

/// Channels and permissions are bound again before they are this old (RFC 8656: permissions last 300 s).
const REBIND: Duration = Duration::from_secs(180);

/// An allocation with a channel to a peer.
struct Flow {
    socket: UdpSocket,
    client: turn::Client,
    relay: SocketAddrV4,
    channel: u16,
}

/// A server with its allocations; or none, and the clients talk to their peers directly.
pub struct Target {
    server: Option<Server>,
    flows: Vec<Flow>,
    clients: Poll,
    bound: Instant,
}

impl Target {
    /// No allocations yet.
    pub fn new(server: Option<Server>) -> io::Result<Self> {
        Ok(Self { server, flows: Vec::new(), clients: Poll::new()?, bound: Instant::now() })
    }

    /// In the tables' words.
    pub fn name(&self) -> &'static str {
        self.server.as_ref().map_or("direct", |server| server.kind.name())
    }

    fn cpu_time(&self) -> io::Result<Duration> {
        self.server.as_ref().map_or(Ok(Duration::ZERO), Server::cpu_time)
    }

    /// Bytes before a payload between client and server.
    fn head(&self) -> usize {
        if self.server.is_some() { 4 } else { 0 }
    }
}

/// The thread's sockets and buffers.
pub struct Generator {
    peers: Vec<UdpSocket>,
    peer_poll: Poll,
    events: Events,
    received: Received,
    payloads: Payloads,
    begin: Instant,
    runs: u32,
}

impl Generator {
    /// Opens the peers' sockets.
    pub fn new() -> io::Result<Self> {
        let peer_poll = Poll::new()?;
        let peers = (0..PEERS).map(|index| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            sys::set_buffers(&socket, BUFFERS);
            peer_poll.add(&socket, index)?;
            Ok(socket)
        });
        Ok(Self {
            peers: peers.collect::<io::Result<_>>()?,
            peer_poll,
            events: Events::new(),
            received: Received::new(),
            payloads: Payloads::new(),
            begin: Instant::now(),
            runs: 0,
        })
    }

    /// Opens allocations until there are so many.
    pub fn grow(&self, target: &mut Target, flows: usize) -> io::Result<()> {
        while target.flows.len() < flows.min(MOST_FLOWS) {
            let index = target.flows.len();
            let channel = FIRST_CHANNEL + index as u16;
            let peer = self.peer_address(index)?;
            let socket = client_socket(index, target.server.as_ref().map_or(peer, |server| server.address))?;
            sys::set_buffers(&socket, BUFFERS);
            let mut client = turn::Client::new(&user_name(index), PASSWORD);
            let relay = match target.server.as_ref().map(|server| server.kind) {
                None => local_address(&socket)?,
                Some(Kind::Floor) => floor::request(&socket, channel, peer)?,
                Some(Kind::Kaigi | Kind::Coturn) => {
                    let relay = client.allocate(&socket)?;
                    client.bind(&socket, channel, peer)?;
                    relay
                }
            };
            target.clients.add(&socket, index)?;
            target.flows.push(Flow { socket, client, relay, channel });
        }
        Ok(())
    }

    /// Keeps permissions and channels alive, if it is time to.
    fn keep_alive(&self, target: &mut Target) -> io::Result<()> {
        let is_turn = target.server.as_ref().is_some_and(|server| server.kind != Kind::Floor);
        if target.bound.elapsed() < REBIND || !is_turn {
            return Ok(());
        }
        for (index, flow) in target.flows.iter_mut().enumerate() {
            flow.client.bind(&flow.socket, flow.channel, self.peer_address(index)?)?;
        }
        target.bound = Instant::now();
        Ok(())
    }

    fn peer_address(&self, flow: usize) -> io::Result<SocketAddrV4> {
        local_address(&self.peers[flow % PEERS])
    }

    /// Sends, receives and checks; warm-up first, until all of it has come through or is lost.
    pub fn run(&mut self, target: &mut Target, traffic: &Traffic, latencies: bool) -> io::Result<Outcome> {
        self.keep_alive(target)?;
        for socket in target.flows.iter().map(|flow| &flow.socket).chain(&self.peers) {
            sys::set_gro(socket, traffic.shape == Shape::Offloaded)?;
        }
        self.runs += 1;
        let warm_up = self.packets(traffic, traffic.warm_up);
        let all = warm_up + self.packets(traffic, traffic.length);
        let mut check = Check::new(self.runs, traffic, warm_up, all, latencies);
        self.send_paced(target, traffic, &mut check, 0..warm_up)?;
        let cpu = target.cpu_time()?;
        let sending = self.send_paced(target, traffic, &mut check, warm_up..all)?;
        let cpu = target.cpu_time()? - cpu;
        Ok(Outcome { cpu, elapsed: sending, ..check.outcome() })
    }

    fn packets(&self, traffic: &Traffic, length: Duration) -> u64 {
        let run = (traffic.shape.run() * traffic.together) as u64;
        ((f64::from(traffic.rate) * length.as_secs_f64()) as u64 / run).max(1) * run
    }

    /// Sends packets of these numbers by the clock, and waits for the last. Returns how long sending took, pauses left out.
    fn send_paced(
        &mut self,
        target: &Target,
        traffic: &Traffic,
        check: &mut Check,
        numbers: std::ops::Range<u64>,
    ) -> io::Result<Duration> {
        let run = traffic.shape.run();
        let at_once = run * traffic.together;
        let interval = Duration::from_secs_f64(at_once as f64 / f64::from(traffic.rate));
        let mut datagrams = vec![0; BURST * (MOST_PAYLOAD + 4)];
        let begin = Instant::now();
        let (mut due, mut paused) = (begin, Duration::ZERO);
        for first in numbers.clone().step_by(at_once) {
            loop {
                self.receive(target, traffic, check)?;
                if Instant::now() >= due {
                    break;
                }
            }
            for number in (first..first + at_once as u64).step_by(run) {
                self.send_run(target, traffic, number, &mut datagrams)?;
            }
            due += interval;
            // A delay of this thread must not become a burst; and if it was the system that ran something else
            // meanwhile, it does not tell how fast this thread is.
            let late = Instant::now().saturating_duration_since(due);
            if late > LATE {
                due += late - LATE;
                paused += if late > PAUSE { late - LATE } else { Duration::ZERO };
            }
        }
        let elapsed = begin.elapsed().saturating_sub(paused);
        let deadline = Instant::now() + PATIENCE;
        while check.received < numbers.end && Instant::now() < deadline {
            self.receive(target, traffic, check)?;
        }
        Ok(elapsed)
    }

    fn send_run(&self, target: &Target, traffic: &Traffic, number: u64, buffer: &mut [u8]) -> io::Result<()> {
        let index = (number / traffic.shape.run() as u64) as usize % traffic.flows;
        let flow = &target.flows[index];
        let head = if traffic.direction == Direction::Up { target.head() } else { 0 };
        let size = head + traffic.payload;
        let buffer = &mut buffer[..size * traffic.shape.run()];
        let sent_ns = self.begin.elapsed().as_nanos() as u64;
        for (number, datagram) in (number..).zip(buffer.chunks_exact_mut(size)) {
            let (channel_data, payload) = datagram.split_at_mut(head);
            if head > 0 {
                channel_data[..2].copy_from_slice(&flow.channel.to_be_bytes());
                channel_data[2..].copy_from_slice(&(traffic.payload as u16).to_be_bytes());
            }
            self.payloads.fill(Head { run: self.runs, flow: index as u32, number, sent_ns }, payload);
        }
        let (socket, to) = match traffic.direction {
            Direction::Up => (&flow.socket, None),
            Direction::Down => (&self.peers[index % PEERS], Some(flow.relay)),
        };
        let socket = socket.as_raw_fd();
        // What the kernel does not take now is lost, and counted as such.
        let sent = match traffic.shape {
            Shape::Single => sys::send(socket, to, &[IoSlice::new(buffer)], None),
            Shape::Offloaded => sys::send(socket, to, &[IoSlice::new(buffer)], Some(size as u16)),
            Shape::Burst => {
                let mut slices = [IoSlice::new(&[]); BURST];
                for (slice, datagram) in slices.iter_mut().zip(buffer.chunks_exact(size)) {
                    *slice = IoSlice::new(datagram);
                }
                sys::send_each(socket, to, &slices).map(drop)
            }
        };
        match sent {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes what is there.
    fn receive(&mut self, target: &Target, traffic: &Traffic, check: &mut Check) -> io::Result<()> {
        let poll = match traffic.direction {
            Direction::Up => &self.peer_poll,
            Direction::Down => &target.clients,
        };
        for ready in poll.wait(&mut self.events, Some(Duration::ZERO))? {
            let socket = match traffic.direction {
                Direction::Up => &self.peers[ready],
                Direction::Down => &target.flows[ready].socket,
            };
            self.received.read(socket.as_raw_fd())?;
            let now_ns = self.begin.elapsed().as_nanos() as u64;
            for (source, bytes, stride) in self.received.trains() {
                for datagram in bytes.chunks(stride) {
                    let payload = match traffic.direction {
                        Direction::Up => datagram,
                        Direction::Down => {
                            let flow = &target.flows[ready];
                            let [a, b] = flow.channel.to_be_bytes();
                            let [c, d] = (traffic.payload as u16).to_be_bytes();
                            datagram.strip_prefix(&[a, b, c, d][..target.head()]).unwrap_or_default()
                        }
                    };
                    let head = self.payloads.check(payload, traffic.payload);
                    check.take(head, now_ns, |flow| match traffic.direction {
                        Direction::Up => target.flows.get(flow).is_some_and(|flow| flow.relay == source),
                        Direction::Down => flow == ready,
                    });
                }
            }
        }
        Ok(())
    }
}

fn local_address(socket: &UdpSocket) -> io::Result<SocketAddrV4> {
    match socket.local_addr()? {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

/// A client's socket, connected to the server. Each has a loopback address of its own, because servers count
/// bandwidth and challenges per source address.
pub fn client_socket(index: usize, server: SocketAddrV4) -> io::Result<UdpSocket> {
    let [_, _, high, low] = (index as u32 + 1).to_be_bytes();
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 1 + high / 64, high, low), 0))?;
    socket.connect(server)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(shape: Shape, together: usize, direction: Direction) -> Traffic {
        let (warm_up, length) = (Duration::from_millis(5), Duration::from_millis(20));
        Traffic { flows: 8, payload: 160, shape, direction, together, rate: 4000, warm_up, length }
    }

    #[test]
    fn without_a_server_everything_arrives_in_every_shape_and_direction() {
        let mut generator = Generator::new().unwrap();
        let mut direct = Target::new(None).unwrap();
        generator.grow(&mut direct, 8).unwrap();
        for shape in [Shape::Single, Shape::Burst, Shape::Offloaded] {
            for (direction, together) in [(Direction::Up, 1), (Direction::Down, 4)] {
                let outcome = generator.run(&mut direct, &traffic(shape, together, direction), true).unwrap();
                assert_eq!(outcome.fault(), None, "{shape:?} {direction:?}");
                assert!(outcome.sent >= 64 && outcome.latencies_ns.len() as u64 == outcome.sent);
            }
        }
    }
}
