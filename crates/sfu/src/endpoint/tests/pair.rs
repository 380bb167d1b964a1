//! An endpoint and a str0m client, on a network that is a queue, in virtual time.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::SdpAnswer;
use str0m::channel::{ChannelConfig, ChannelData, ChannelId, Reliability};
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, SeqNo};
use str0m::{Candidate, Event, IceCreds, Input, Rtc, RtcConfig};

use crate::endpoint::{Endpoint, Output, Refused, Role, Setup, SlotLine};
use crate::model::{Path, Via};

pub(super) const SERVER: &str = "198.51.100.1:8443";
pub(super) const CLIENT: &str = "203.0.113.5:50000";

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn udp(remote: &str) -> Path {
    Path { remote: address(remote), local: None, via: Via::Udp }
}

pub(super) fn candidates() -> Vec<String> {
    vec!["candidate:1 1 udp 2130706431 198.51.100.1 8443 typ host".to_owned()]
}

pub(super) fn credentials(ufrag: &str) -> IceCreds {
    IceCreds { ufrag: ufrag.to_owned(), pass: format!("{ufrag}-0123456789abcdefghijkl") }
}

/// Which m-lines the client offers, besides its channels.
pub(super) struct Offers {
    pub sends: bool,
    pub slots: usize,
}

pub(super) struct Pair {
    pub setup: Setup,
    pub offer: String,
    pub answer: String,
    pub now: Instant,
    pub client: Rtc,
    pub server: Endpoint,
    /// The camera's and the microphone's lines at the client.
    pub camera: Option<Mid>,
    pub microphone: Option<Mid>,
    pub reliable: ChannelId,
    /// How the server sees the client.
    pub path: Path,
    /// The network is gone in both directions.
    pub cut: bool,
    pub outputs: Vec<Output>,
    pub media: Vec<RtpPacket>,
    pub data: Vec<ChannelData>,
    pub opened: Vec<ChannelId>,
    pub refused: Vec<Refused>,
    /// What the client sent lately, for attacks.
    pub wire: VecDeque<Vec<u8>>,
    /// Where the server sent what was no STUN.
    pub sent_to: VecDeque<Path>,
    /// Timeouts the server asked for and got.
    pub wakes: usize,
    /// Layers the server asked the client for keyframes of.
    pub keyframes: Vec<Rid>,
    /// All SRTCP the server sent.
    pub srtcp: Vec<Vec<u8>>,
}

impl Pair {
    pub(super) fn new(offers: Offers) -> Self {
        Self::with(offers, |setup| setup)
    }

    pub(super) fn with(offers: Offers, change: impl FnOnce(Setup) -> Setup) -> Self {
        let setup = change(Setup::new().unwrap());
        let now = Instant::now();
        // With the profiles of H.264 a large offer of str0m would be longer than one may be.
        let config = RtcConfig::new().clear_codecs().enable_opus(true, true).enable_vp8(true);
        let mut client = config.enable_h264(offers.slots < 20).set_rtp_mode(true).build(now);
        client.add_local_candidate(Candidate::host(address(CLIENT), "udp").unwrap());
        let mut sdp = client.sdp_api();
        let mut microphone = None;
        let mut camera = None;
        if offers.sends {
            microphone = Some(sdp.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None));
            let layers = ["q", "h", "f"].map(SimulcastLayer::new).to_vec();
            let simulcast = Simulcast { send: layers, recv: vec![] };
            camera = Some(sdp.add_media(MediaKind::Video, Direction::SendOnly, None, None, Some(simulcast)));
        }
        for _ in 0..offers.slots {
            sdp.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        }
        sdp.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
        let channel = |number, ordered, reliability| ChannelConfig {
            ordered,
            reliability,
            negotiated: Some(number),
            ..ChannelConfig::default()
        };
        let reliable = sdp.add_channel_with_config(channel(0, true, Reliability::Reliable));
        sdp.add_channel_with_config(channel(2, false, Reliability::MaxRetransmits { retransmits: 0 }));
        let (offer, pending) = sdp.apply().unwrap();
        let offer = offer.to_sdp_string();
        let (server, answer) =
            Endpoint::accept(&setup, credentials("07first"), now, &offer, &candidates()).unwrap();
        client.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
        Self {
            setup,
            offer,
            answer,
            now,
            client,
            server,
            camera,
            microphone,
            reliable,
            path: udp(CLIENT),
            cut: false,
            outputs: Vec::new(),
            media: Vec::new(),
            data: Vec::new(),
            opened: Vec::new(),
            refused: Vec::new(),
            wire: VecDeque::new(),
            sent_to: VecDeque::new(),
            wakes: 0,
            keyframes: Vec::new(),
            srtcp: Vec::new(),
        }
    }

    /// Connected, with both data channels open.
    pub(super) fn connected(offers: Offers) -> Self {
        let mut pair = Self::new(offers);
        pair.until(|pair| {
            pair.opened.len() == 2 && pair.count(|output| matches!(output, Output::ChannelOpen(_))) == 2
        });
        pair
    }

    /// A new offer of the client; `change` adds to it.
    pub(super) fn reoffer(
        &mut self,
        ufrag: &str,
        change: impl FnOnce(&mut str0m::change::SdpApi<'_>),
    ) -> String {
        let mut sdp = self.client.sdp_api();
        change(&mut sdp);
        let (offer, pending) = sdp.apply().unwrap();
        let answer =
            self.server.reoffer(self.now, credentials(ufrag), &offer.to_sdp_string(), &candidates()).unwrap();
        self.client.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap()).unwrap();
        answer
    }

    /// Lets time pass until something is so; fails after a minute of virtual time.
    pub(super) fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let deadline = self.now + Duration::from_secs(60);
        while !done(self) {
            assert!(self.now < deadline, "it did not happen within a minute; outputs: {:?}", self.outputs);
            self.step(deadline);
        }
    }

    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step(end);
        }
    }

    /// Moves what is there to be moved, then goes to the next timeout.
    fn step(&mut self, end: Instant) {
        let mut next = end.min(self.now + Duration::from_secs(1));
        loop {
            let mut moved = false;
            while let Some(output) = self.server.poll() {
                moved = true;
                self.take(output);
            }
            loop {
                // Its handshake may fail; then it is silent.
                let Ok(output) = self.client.poll_output() else { break };
                match output {
                    str0m::Output::Timeout(at) => {
                        next = next.min(at);
                        break;
                    }
                    str0m::Output::Transmit(transmit) => {
                        moved = true;
                        self.send(&transmit.contents);
                    }
                    str0m::Output::Event(event) => self.heard(event),
                }
            }
            if !moved {
                break;
            }
        }
        let due = self.server.poll_timeout();
        self.now =
            next.min(due.unwrap_or(next)).max(self.now + Duration::from_micros(100)).min(end.max(self.now));
        if due.is_some_and(|due| self.now >= due) {
            self.wakes += 1;
        }
        self.server.handle_timeout(self.now);
        let _ = self.client.handle_input(Input::Timeout(self.now));
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Transmit(path, datagram) => {
                if datagram[0] > 3 {
                    self.sent_to.push_back(path);
                }
                if datagram[0] >= 128 {
                    self.srtcp.push(datagram.clone());
                }
                if !self.cut && path.remote == self.path.remote {
                    self.deliver(&datagram);
                }
            }
            other => self.outputs.push(other),
        }
    }

    /// To the client.
    pub(super) fn deliver(&mut self, datagram: &[u8]) {
        let receive = Receive::new(Protocol::Udp, address(SERVER), address(CLIENT), datagram).unwrap();
        self.client.handle_input(Input::Receive(self.now, receive)).unwrap();
    }

    /// To the server.
    fn send(&mut self, datagram: &[u8]) {
        self.wire.push_back(datagram.to_vec());
        if !self.cut
            && let Err(refused) = self.server.handle_datagram(self.now, &self.path, datagram)
        {
            self.refused.push(refused);
        }
    }

    fn heard(&mut self, event: Event) {
        match event {
            Event::RtpPacket(packet) => self.media.push(packet),
            Event::ChannelData(data) => self.data.push(data),
            Event::ChannelOpen(id, _) => self.opened.push(id),
            Event::KeyframeRequest(request) => self.keyframes.extend(request.rid),
            _ => {}
        }
    }

    /// The client sends a packet of a layer.
    pub(super) fn send_media(&mut self, rid: Option<&str>, sequence: u64, payload: &[u8]) {
        let mid = if rid.is_some() { self.camera } else { self.microphone }.unwrap();
        let pt = self.client.media(mid).unwrap().remote_pts().first().copied().unwrap();
        let mut api = self.client.direct_api();
        let stream = api.stream_tx_by_mid(mid, rid.map(Rid::from)).unwrap();
        let level = ExtensionValues {
            audio_level: Some(-30),
            voice_activity: Some(true),
            ..ExtensionValues::default()
        };
        let packet = RtpWrite::new(pt, SeqNo::from(sequence), 960 * sequence as u32, self.now, payload);
        stream.write_rtp(packet.ext_vals(if rid.is_some() { ExtensionValues::default() } else { level }));
    }

    pub(super) fn count(&self, matching: impl Fn(&Output) -> bool) -> usize {
        self.outputs.iter().filter(|output| matching(output)).count()
    }

    pub(super) fn slots(&self) -> Vec<SlotLine> {
        let slots = self.server.lines().iter().filter_map(|line| match &line.role {
            Role::Slot(slot) => Some(slot.clone()),
            _ => None,
        });
        slots.collect()
    }
}

/// A plain RTP packet with the MID as a one-byte header extension (RFC 8285 §4.2).
pub(super) fn rtp(slot: &SlotLine, mid: &str, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x90, slot.codecs[0].pt];
    packet.extend(sequence.to_be_bytes());
    packet.extend(1000u32.to_be_bytes());
    packet.extend(slot.ssrc.to_be_bytes());
    let mut extension = vec![slot.mid_ext.unwrap() << 4 | (mid.len() as u8 - 1)];
    extension.extend(mid.bytes());
    extension.resize(extension.len().next_multiple_of(4), 0);
    packet.extend([0xbe, 0xde, 0, (extension.len() / 4) as u8]);
    packet.extend(extension);
    packet.extend(payload);
    packet
}
