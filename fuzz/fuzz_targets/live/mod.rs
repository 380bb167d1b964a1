//! A room of two live sessions, on a network without distance and in virtual time: str0m clients that send a camera
//! and a microphone and receive each other's.

// Not every target uses all of it.
#![allow(dead_code)]

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::LazyLock,
    time::{Duration, Instant},
};

use kaigi_sfu::{Config, Identity, Path, RoomId, SessionId, Sfu, Sink, Source, Via, View, Want};
use rand::{SeedableRng, rngs::StdRng};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::SdpAnswer,
    channel::{ChannelConfig, Reliability},
    media::{Direction, MediaKind, Mid, Simulcast, SimulcastLayer},
    net::{Protocol, Receive},
    rtp::RtpWrite,
};

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity::generate().expect("a certificate"));

pub struct Live {
    pub sfu: Sfu,
    pub now: Instant,
    pub clients: Vec<Client>,
}

pub struct Client {
    pub path: Path,
    pub connected: bool,
    rtc: Rtc,
    lines: [Mid; 2],
    sequence: u64,
    /// What it sent and the SFU has not got yet.
    pub wire: VecDeque<Vec<u8>>,
}

struct Datagrams(Vec<(Path, Vec<u8>)>);

impl Sink for Datagrams {
    fn datagram(&mut self, path: &Path, write: impl FnOnce(&mut Vec<u8>)) {
        let mut datagram = vec![];
        write(&mut datagram);
        self.0.push((*path, datagram));
    }
}

pub fn sfu(now: Instant) -> Sfu {
    let config = Config { identity: IDENTITY.clone(), thread: 0, sessions: 8 };
    Sfu::new(config, Box::new(StdRng::seed_from_u64(1)), now)
}

impl Live {
    /// Two that are connected and see each other.
    pub fn new() -> Self {
        let now = Instant::now();
        let mut live = Self { sfu: sfu(now), now, clients: vec![] };
        for number in 0..2 {
            let client = live.join(number);
            live.clients.push(client);
        }
        for _ in 0..40 {
            live.pass(25);
            live.deliver_all();
        }
        assert!(live.clients.iter().all(|client| client.connected), "sessions come up");
        live
    }

    fn join(&mut self, number: u8) -> Client {
        let address = SocketAddr::from(([203, 0, 113, number + 1], 50_000));
        let config = Rtc::builder().clear_codecs().enable_opus(true, false).enable_vp8(true);
        let mut rtc = config.set_rtp_mode(true).build(self.now);
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
        let mut sdp = rtc.sdp_api();
        let layers = ["q", "h", "f"].map(SimulcastLayer::new).to_vec();
        let simulcast = Simulcast { send: layers, recv: vec![] };
        let lines = [
            sdp.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None),
            sdp.add_media(MediaKind::Video, Direction::SendOnly, None, None, Some(simulcast)),
        ];
        sdp.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        sdp.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        for (id, ordered, reliability) in
            [(0, true, Reliability::Reliable), (2, false, Reliability::MaxRetransmits { retransmits: 0 })]
        {
            let (label, negotiated, protocol) = (String::new(), Some(id), String::new());
            sdp.add_channel_with_config(ChannelConfig { label, ordered, reliability, negotiated, protocol });
        }
        let (offer, pending) = sdp.apply().expect("there are changes");
        let (session, name) = (SessionId(u64::from(number) + 1), number.to_string());
        let candidates = ["candidate:1 1 udp 2130706431 198.51.100.1 8443 typ host".to_owned()];
        let answer = self
            .sfu
            .connect(self.now, session, RoomId(1), &name, &offer.to_sdp_string(), &candidates)
            .expect("its offer is in order");
        let answer = SdpAnswer::from_sdp_string(&answer).expect("an answer that can be read");
        rtc.sdp_api().accept_answer(pending, answer).expect("an answer to its offer");
        let want = Want {
            participant: (1 - number).to_string(),
            source: Source::Camera,
            height: 720,
            preferred: false,
        };
        self.sfu.set_view(session, View { wants: vec![want], ..View::default() });
        let path = Path { remote: address, local: None, via: Via::Udp };
        Client { path, connected: false, rtc, lines, sequence: 1, wire: VecDeque::new() }
    }

    /// Lets time pass: clients send a picture and a sound, timeouts come.
    pub fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
        for client in &mut self.clients {
            client.send(self.now);
            client.drive(Input::Timeout(self.now));
        }
        if self.sfu.poll_timeout().is_some_and(|due| due <= self.now) {
            self.sfu.handle_timeout(self.now);
        }
        self.drain();
    }

    pub fn deliver(&mut self, client: usize, datagram: &[u8]) {
        let path = self.clients[client].path;
        self.sfu.handle_datagram(self.now, &path, datagram);
    }

    pub fn deliver_all(&mut self) {
        for client in 0..self.clients.len() {
            while let Some(datagram) = self.clients[client].wire.pop_front() {
                self.deliver(client, &datagram);
            }
        }
        self.drain();
    }

    pub fn drain(&mut self) {
        let mut sent = Datagrams(vec![]);
        self.sfu.flush(self.now, &mut sent);
        while self.sfu.poll_event().is_some() {}
        for (path, datagram) in sent.0 {
            assert!(datagram.len() <= 1500, "{} bytes do not fit a packet", datagram.len());
            if let Some(client) = self.clients.iter_mut().find(|client| client.path == path) {
                client.receive(self.now, &datagram);
            }
        }
    }
}

impl Client {
    fn send(&mut self, now: Instant) {
        if !self.connected {
            return;
        }
        let [microphone, camera] = self.lines;
        // A keyframe of one packet, 320 by 180 (RFC 7741 §4, RFC 6386 §9.1), and an Opus packet.
        let id = (self.sequence as u16 | 0x8000).to_be_bytes();
        let picture = [0x90, 0x80, id[0], id[1], 0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xB4, 0, 1, 2, 3];
        let sound = [0xF8, 1, 2, 3];
        let time = self.sequence as u32 * 2250;
        for (mid, rid, payload) in [
            (microphone, None, &sound[..]),
            (camera, Some("q"), &picture),
            (camera, Some("h"), &picture),
            (camera, Some("f"), &picture),
        ] {
            let Some(pt) = self.rtc.media(mid).and_then(|media| media.remote_pts().first().copied()) else { return };
            let mut direct = self.rtc.direct_api();
            let Some(stream) = direct.stream_tx_by_mid(mid, rid.map(Into::into)) else { return };
            stream.write_rtp(RtpWrite::new(pt, self.sequence.into(), time, now, payload).marker(true).nackable(true));
        }
        self.sequence += 1;
    }

    fn receive(&mut self, now: Instant, datagram: &[u8]) {
        let Ok(contents) = datagram.try_into() else { return };
        let source = SocketAddr::from(([198, 51, 100, 1], 8443));
        let receive = Receive { proto: Protocol::Udp, source, destination: self.path.remote, contents };
        self.drive(Input::Receive(now, receive));
    }

    fn drive(&mut self, input: Input<'_>) {
        // The client may fail on what the fuzzer made of its session; the server may not.
        if !self.rtc.is_alive() || self.rtc.handle_input(input).is_err() {
            return;
        }
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => self.wire.push_back(transmit.contents.to_vec()),
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(_)) | Err(_) => break,
            }
        }
        while self.wire.len() > 256 {
            self.wire.pop_front();
        }
    }
}
