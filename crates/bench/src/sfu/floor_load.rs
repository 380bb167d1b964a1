//! The floor's clients: the same packets at the same moments, without WebRTC.

use std::{
    io::{self, IoSlice},
    net::{SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    rc::Rc,
    time::{Duration, Instant},
};

use kaigi_bench::sys::{self, Events, Poll, Received};

use crate::{
    clip::{Clip, LAYERS},
    floor,
    generator::{NAP, Outcome, PATIENCE},
    network,
    publisher::{Line, Publisher},
    sent::{Log, Source},
};

/// All of them.
pub struct FloorLoad {
    clip: Rc<Clip>,
    server: SocketAddrV4,
    logs: Vec<Log>,
    publishers: Vec<(UdpSocket, Publisher)>,
    subscribers: Vec<UdpSocket>,
    poll: Poll,
    events: Events,
    received: Received,
    /// Copies that should arrive.
    sent: u64,
    everybody_sends: bool,
}

impl FloorLoad {
    /// Nobody yet.
    pub fn new(clip: Rc<Clip>, server: SocketAddrV4) -> io::Result<Self> {
        let (poll, events, received) = (Poll::new()?, Events::new(), Received::new());
        let (logs, publishers, subscribers) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self {
            clip,
            server,
            logs,
            publishers,
            subscribers,
            poll,
            events,
            received,
            sent: 0,
            everybody_sends: false,
        })
    }

    /// Somebody sends sound if `audio`, and this layer of a camera if any.
    pub fn publish(&mut self, audio: bool, layer: Option<usize>) -> io::Result<()> {
        let first = self.logs.len();
        let sources = [audio.then_some(Source::Audio), layer.map(Source::Video)];
        self.logs.extend(sources.into_iter().flatten().map(|source| Log::new(self.clip.clone(), source)));
        let lines = (first..self.logs.len()).map(|log| Line { log, mid: "0".into(), pt: 96.into() });
        let mut bitrates = [0; LAYERS];
        // The others are not sent, but the pace is that of somebody who encodes all.
        bitrates[layer.unwrap_or(0)] = self.clip.bitrates().iter().sum();
        let publisher = Publisher::new(lines.collect(), &self.logs, bitrates, 0, Instant::now());
        self.publishers.push((UdpSocket::bind((network::client(0), 0))?, publisher));
        Ok(())
    }

    /// So many receive all; the first ones are those who send, if they are to receive too.
    pub fn watch(&mut self, count: usize, publishers_too: bool) -> io::Result<()> {
        self.everybody_sends = publishers_too;
        while self.subscribers.len() < count {
            let number = self.subscribers.len();
            let socket = UdpSocket::bind((network::client(number), 0))?;
            sys::set_buffers(&socket, 2 << 20);
            sys::set_gro(&socket, true)?;
            sys::set_arrival_times(&socket, true)?;
            let sends_as = if publishers_too { number as u8 } else { floor::SILENT };
            floor::subscribe(&socket, self.server, sends_as)?;
            self.poll.add(&socket, number)?;
            self.subscribers.push(socket);
        }
        Ok(())
    }

    /// As the other generator's.
    pub fn measure<T>(
        &mut self,
        length: Duration,
        mut cpu: impl FnMut() -> io::Result<T>,
    ) -> io::Result<(Outcome, [T; 2])> {
        let (begin, own, sent) = (Instant::now(), sys::cpu_time(std::process::id())?, self.sent);
        let before = cpu()?;
        let mut packets = self.run_until(begin + length)?;
        let (elapsed, after) = (begin.elapsed(), cpu()?);
        let own = sys::cpu_time(std::process::id())? - own;
        let sent = self.sent - sent;
        // Nothing more is sent, and what is on its way arrives.
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            packets += self.receive()?;
        }
        let own_share = own.as_secs_f64() / elapsed.as_secs_f64();
        let mut outcome =
            Outcome { own_share, elapsed, lost: sent.saturating_sub(packets), ..Outcome::default() };
        outcome.counts.packets = packets;
        Ok((outcome, [before, after]))
    }

    /// Sends and receives until then; returns how many packets came.
    pub fn run_until(&mut self, end: Instant) -> io::Result<u64> {
        let mut packets = 0;
        loop {
            let now = Instant::now();
            let mut next = end;
            let receivers = self.subscribers.len();
            for (number, (socket, publisher)) in self.publishers.iter_mut().enumerate() {
                if publisher.due() <= now {
                    let mut burst: Vec<Vec<u8>> = Vec::new();
                    publisher.write(now, &mut self.logs, &mut |rtp| {
                        burst.push([&[number as u8][..], &rtp.payload].concat());
                    });
                    let slices: Vec<IoSlice<'_>> = burst.iter().map(|one| IoSlice::new(one)).collect();
                    sys::send_each(socket.as_raw_fd(), Some(self.server), &slices)?;
                    publisher.stamp(sys::real_ns(), &mut self.logs);
                    let others = receivers - usize::from(number < receivers && self.everybody_sends);
                    self.sent += burst.len() as u64 * others as u64;
                }
                next = next.min(publisher.due());
            }
            if now >= end {
                return Ok(packets);
            }
            let wait = next.saturating_duration_since(Instant::now()).min(NAP);
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
            packets += self.receive()?;
        }
    }

    fn receive(&mut self) -> io::Result<u64> {
        let mut packets = 0;
        for ready in self.poll.wait(&mut self.events, Some(Duration::ZERO))? {
            self.received.read(self.subscribers[ready].as_raw_fd())?;
            packets += self
                .received
                .trains()
                .map(|(_, bytes, stride)| bytes.len().div_ceil(stride) as u64)
                .sum::<u64>();
        }
        Ok(packets)
    }
}
