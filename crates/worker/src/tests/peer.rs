//! A WebRTC peer (str0m) that sends one audio track, over whatever link a test gives it.

use std::{
    collections::VecDeque,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

use kaigi_packet::framing::{self, rfc4571};
use kaigi_turn::StreamId;
use str0m::{
    Candidate, Input as PeerInput, Output, Rtc,
    change::{SdpAnswer, SdpPendingOffer},
    media::{Direction, MediaKind},
    net::{Protocol, Receive},
};
use tokio::runtime::Runtime;

use super::client::{Client, Path as ClientPath};
use crate::{Input, Outbox, VIRTUAL_PORT, Worker};

/// What carries a peer's datagrams.
pub(super) enum Link {
    Udp(UdpSocket),
    /// A relay, by the channel bound to the server.
    Relay(Client),
    Stream {
        worker: Worker,
        id: Option<StreamId>,
        outbox: Arc<Outbox>,
        runtime: Runtime,
    },
}

pub(super) struct Peer {
    pub(super) link: Link,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    pub(super) offer: String,
    local: SocketAddr,
    /// Where it believes the server is.
    pub(super) remote: SocketAddr,
    inbox: VecDeque<Vec<u8>>,
    next: Instant,
}

impl Peer {
    pub(super) fn udp(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(server).unwrap();
        socket.set_nonblocking(true).unwrap();
        let local = socket.local_addr().unwrap();
        Self::new(Link::Udp(socket), local, server)
    }

    /// By a relay of the thread of this number, to the virtual candidate.
    pub(super) fn relay(worker: &Worker, thread: u64) -> Self {
        let mut client = Client::stream(worker, thread);
        let relayed = client.allocate();
        let remote = SocketAddr::new("127.0.0.1".parse().unwrap(), VIRTUAL_PORT);
        assert_eq!(client.bind(0x4000, remote), 0);
        Self::new(Link::Relay(client), relayed, remote)
    }

    pub(super) fn stream(worker: &Worker, server: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let link = Link::Stream { worker: worker.clone(), id: None, outbox: Arc::default(), runtime };
        Self::new(link, "127.0.0.1:40000".parse().unwrap(), server)
    }

    fn new(link: Link, local: SocketAddr, remote: SocketAddr) -> Self {
        let now = Instant::now();
        let mut rtc = Rtc::builder().build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap()).unwrap();
        let mut sdp = rtc.sdp_api();
        sdp.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let (offer, pending) = sdp.apply().unwrap();
        let offer = offer.to_sdp_string();
        Self { link, rtc, pending: Some(pending), offer, local, remote, inbox: VecDeque::new(), next: now }
    }

    pub(super) fn candidates(&self) -> Vec<String> {
        let SocketAddr::V4(remote) = self.remote else { panic!("IPv4 only") };
        vec![format!("candidate:1 1 udp 2130706431 {} {} typ host", remote.ip(), remote.port())]
    }

    pub(super) fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
    }

    pub(super) fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    /// Does all there is to do at the moment.
    pub(super) fn step(&mut self) {
        let now = Instant::now();
        while let Some(datagram) = self.receive() {
            let receive = Receive::new(Protocol::Udp, self.remote, self.local, &datagram)
                .expect("the server sends RTC");
            self.rtc.handle_input(PeerInput::Receive(now, receive)).unwrap();
            self.drain();
        }
        if self.next <= now {
            self.rtc.handle_input(PeerInput::Timeout(now)).unwrap();
        }
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => return self.next = at,
                Output::Transmit(transmit) => {
                    assert_eq!(transmit.destination, self.remote);
                    self.send(&transmit.contents);
                }
                Output::Event(_) => {}
            }
        }
    }

    fn send(&mut self, datagram: &[u8]) {
        match &mut self.link {
            Link::Udp(socket) => {
                socket.send(datagram).unwrap();
            }
            Link::Relay(client) => client.send_channel(0x4000, datagram),
            Link::Stream { worker, id, outbox, runtime } => {
                let frame = [&rfc4571::header(datagram.len()).unwrap()[..], datagram].concat();
                let frames = frame.into();
                let input = match *id {
                    Some(id) => Input::IceFrames { id, frames },
                    // As the listener does it: the first check names the thread.
                    None => {
                        let ufrag = kaigi_packet::stun::local_ufrag(datagram).expect("a check comes first");
                        let opened = worker.stream_on(worker.thread_of(ufrag).unwrap());
                        *id = Some(opened);
                        let (remote, local) = (self.local, self.remote.ip());
                        Input::IceOpened { id: opened, remote, local, outbox: outbox.clone(), frames }
                    }
                };
                runtime.block_on(worker.tell(input));
            }
        }
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        match &mut self.link {
            Link::Udp(socket) => socket.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec()),
            Link::Relay(client) => {
                let ClientPath::Stream { outbox, runtime, .. } = &client.path else { panic!("a stream") };
                let data = take(outbox, runtime);
                let mut rest = &data[..];
                while let Ok(Some(frame)) = framing::turn::next(rest) {
                    let [0x40, 0x00, _, _, payload @ ..] = frame.content(rest) else { panic!("ChannelData") };
                    self.inbox.push_back(payload.to_vec());
                    rest = &rest[frame.wire..];
                }
                self.inbox.pop_front()
            }
            Link::Stream { outbox, runtime, .. } => {
                let data = take(outbox, runtime);
                let mut rest = &data[..];
                while let Some(frame) = rfc4571::next(rest) {
                    self.inbox.push_back(frame.content(rest).to_vec());
                    rest = &rest[frame.wire..];
                }
                assert!(rest.is_empty(), "whole frames");
                self.inbox.pop_front()
            }
        }
    }
}

/// What waits, if anything.
fn take(outbox: &Outbox, runtime: &Runtime) -> Vec<u8> {
    let mut taken = Vec::new();
    runtime.block_on(async {
        let _ = tokio::time::timeout(Duration::from_millis(1), outbox.take(&mut taken)).await;
    });
    taken
}
