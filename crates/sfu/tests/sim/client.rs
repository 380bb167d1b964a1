//! A participant: str0m as the WebRTC stack (its own ICE, DTLS, SRTP, NACK, TWCC and reports), simulated encoders
//! before it and simulated decoders behind it.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant, SystemTime},
};

use kaigi_sfu::{Layers, SlotState, Source};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use str0m::{
    Candidate, Event, Input, Output, Rtc,
    change::{SdpAnswer, SdpPendingOffer},
    channel::{ChannelConfig, ChannelId, Reliability},
    media::{
        Direction, ExtensionValues, KeyframeRequestKind, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer,
    },
    net::{Protocol, Receive},
    rtp::{RtpPacket, RtpWrite},
};

use crate::{
    camera::{Encoder, Microphone, Payload, QUALITIES, Quality, RATE, SCREEN},
    plan::Part,
    viewer::{Packet, Screen, Speaker},
};

/// How much faster than on average packets may leave: libwebrtc's pacing factor.
const PACING: f64 = 2.5;

pub struct Client {
    /// Its number in the plan's cast.
    pub number: usize,
    pub address: SocketAddr,
    pub joined: Instant,
    start: Instant,
    server: SocketAddr,
    rng: StdRng,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    lines: Option<Lines>,
    pub encoders: Vec<Encoder>,
    sharing: bool,
    /// What signaling said about the screen's layers.
    screen_layers: [bool; 3],
    microphone: Option<Microphone>,
    /// Packets that wait for their turn, as libwebrtc's pacer has them wait.
    paced: VecDeque<Paced>,
    /// When the pacer has sent all that it has so far.
    paced_until: Instant,
    next_picture: Instant,
    /// Pictures so far.
    taken: u64,
    next_sound: Instant,
    timeout: Instant,
    pub connected: Option<Instant>,
    /// Keyframe requests per layer.
    pub requests: [u32; QUALITIES.len()],
    pub screens: BTreeMap<String, Screen>,
    pub speakers: BTreeMap<String, Speaker>,
    /// Slots by SSRC, as the answer declares them.
    pub ssrcs: HashMap<u32, Mid>,
    /// The last sender report of each slot: what its RTP time is in real time.
    reports: HashMap<Mid, (SystemTime, u32)>,
    /// For each publisher, how far real time lies from when pictures (0) and sounds (1) were captured.
    pub offsets: HashMap<u16, [Option<f64>; 2]>,
    /// The farthest that pictures were from sounds, in seconds, and when.
    pub apart: (f64, Duration),
    /// What signaling said about the slots.
    pub slots: Vec<(Instant, Vec<SlotState>)>,
    /// What signaling said about its own layers.
    pub layers: Vec<(Instant, [bool; 3])>,
    pub messages: Vec<(u16, Vec<u8>)>,
    /// Broken rules.
    pub errors: Vec<String>,
    pub closed: bool,
    /// Datagrams to send.
    pub out: Vec<Vec<u8>>,
}

/// A picture's packet and when it leaves.
struct Paced {
    at: Instant,
    layer: usize,
    /// When the picture was captured, for the timestamp.
    captured: Instant,
    payload: Payload,
}

#[derive(Clone, Copy)]
struct Lines {
    microphone: Mid,
    camera: Mid,
    screen: Mid,
    channels: [ChannelId; 2],
}

impl Client {
    pub fn new(
        number: usize,
        part: &Part,
        seed: u64,
        start: Instant,
        now: Instant,
        server: SocketAddr,
    ) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let address = SocketAddr::from(([10, 1, (number >> 8) as u8, number as u8], 40_000 + number as u16));
        let config =
            Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, false).enable_vp8(true);
        let mut rtc = config.build(now);
        let candidate = Candidate::host(address, "udp").expect("a plain address is a candidate");
        rtc.add_local_candidate(candidate).expect("it is the first");
        let layers = if part.camera { QUALITIES.len() } else { 0 };
        let encoders = (0..layers)
            .map(|layer| Encoder::new(number as u16, layer, part.temporal_layers, &mut rng))
            .collect();
        let microphone = part.microphone.then(|| Microphone::new(number as u16, &mut rng));
        Self {
            number,
            address,
            joined: now,
            start,
            server,
            paced: VecDeque::new(),
            paced_until: now,
            taken: 0,
            next_picture: now + Duration::from_micros(rng.random_range(0..33_000)),
            next_sound: now + Duration::from_micros(rng.random_range(0..20_000)),
            rng,
            rtc,
            pending: None,
            lines: None,
            encoders,
            sharing: false,
            screen_layers: [true; 3],
            microphone,
            timeout: now,
            connected: None,
            requests: [0; QUALITIES.len()],
            screens: BTreeMap::new(),
            speakers: BTreeMap::new(),
            ssrcs: HashMap::new(),
            reports: HashMap::new(),
            offsets: HashMap::new(),
            apart: (0.0, Duration::ZERO),
            slots: vec![],
            layers: vec![],
            messages: vec![],
            errors: vec![],
            closed: false,
            out: vec![],
        }
    }

    /// The m-lines of the web client, in its order.
    pub fn offer(&mut self, video_slots: usize, audio_slots: usize) -> String {
        let mut changes = self.rtc.sdp_api();
        let simulcast = |qualities: &[Quality]| {
            let mut simulcast = Simulcast::new();
            qualities.iter().for_each(|one| simulcast.add_send_layer(SimulcastLayer::new(one.rid)));
            Some(simulcast)
        };
        let (send, receive) = (Direction::SendOnly, Direction::RecvOnly);
        let microphone = changes.add_media(MediaKind::Audio, send, None, None, None);
        let camera = changes.add_media(MediaKind::Video, send, None, None, simulcast(&QUALITIES[..SCREEN]));
        let screen = changes.add_media(MediaKind::Video, send, None, None, simulcast(&QUALITIES[SCREEN..]));
        changes.add_media(MediaKind::Audio, send, None, None, None);
        for _ in 0..video_slots {
            let mid = changes.add_media(MediaKind::Video, receive, None, None, None);
            self.screens.insert(mid.to_string(), Screen::default());
        }
        for _ in 0..audio_slots {
            let mid = changes.add_media(MediaKind::Audio, receive, None, None, None);
            self.speakers.insert(mid.to_string(), Speaker::default());
        }
        let reliable = ChannelConfig { negotiated: Some(0), label: "0".into(), ..Default::default() };
        let lossy = ChannelConfig {
            negotiated: Some(2),
            label: "2".into(),
            ordered: false,
            reliability: Reliability::MaxRetransmits { retransmits: 0 },
            ..Default::default()
        };
        let channels = [reliable, lossy].map(|config| changes.add_channel_with_config(config));
        self.lines = Some(Lines { microphone, camera, screen, channels });
        let (offer, pending) = changes.apply().expect("there are changes");
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub fn answer(&mut self, now: Instant, text: &str) {
        self.ssrcs = slot_ssrcs(text);
        let answer = match SdpAnswer::from_sdp_string(text) {
            Ok(answer) => answer,
            Err(error) => return self.errors.push(format!("the answer cannot be read: {error}\n{text}")),
        };
        let Some(pending) = self.pending.take() else { return };
        if let Err(error) = self.rtc.sdp_api().accept_answer(pending, answer) {
            return self.errors.push(format!("the answer is refused: {error}\n{text}"));
        }
        // After a restart those of before are gone; the first is there already.
        let candidate = Candidate::host(self.address, "udp").expect("a plain address is a candidate");
        self.rtc.add_local_candidate(candidate);
        for layer in 0..QUALITIES.len() {
            let Some((mid, rid)) = self.line(layer) else { continue };
            if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, rid) {
                stream.set_rtx_cache(1024, Duration::from_secs(3), None);
            }
        }
        self.handle_timeout(now);
    }

    /// The m-line and the RID of a quality.
    fn line(&self, layer: usize) -> Option<(Mid, Option<Rid>)> {
        let lines = self.lines?;
        let mid = if layer < SCREEN { lines.camera } else { lines.screen };
        Some((mid, Some(QUALITIES[layer].rid.into())))
    }

    /// Begins or ends the shared screen.
    pub fn share(&mut self, sharing: bool) {
        self.sharing = sharing;
        let layers = self.screen_layers.map(|active| active && sharing);
        self.encoders.iter_mut().skip(SCREEN).zip(layers).for_each(|(encoder, on)| encoder.set_active(on));
    }

    /// Sends from another address from now on, and offers to restart ICE.
    pub fn restart(&mut self, now: Instant, address: SocketAddr) -> String {
        self.address = address;
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(false);
        let (offer, pending) = changes.apply().expect("there are changes");
        self.pending = Some(pending);
        self.drive(now, Input::Timeout(now));
        offer.to_sdp_string()
    }

    /// The next time that [`Client::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Instant {
        let paced = self.paced.front().map_or(self.timeout, |next| next.at);
        self.timeout.min(self.next_picture).min(self.next_sound).min(paced)
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        while self.next_picture <= now {
            self.take_picture(now);
            self.next_picture += Duration::from_nanos(1_000_000_000 / RATE);
        }
        while self.next_sound <= now {
            self.send_sound(now);
            self.next_sound += Duration::from_millis(Microphone::FRAME_MS);
        }
        while self.paced.front().is_some_and(|next| next.at <= now) {
            self.paced.pop_front().into_iter().for_each(|next| self.send_picture(next));
        }
        self.ask_for_keyframes(now);
        self.drive(now, Input::Timeout(now));
    }

    pub fn receive(&mut self, now: Instant, datagram: &[u8]) {
        let Ok(contents) = datagram.try_into() else {
            return self.errors.push(format!("a datagram is none of WebRTC's: {:?}", datagram.first()));
        };
        let input =
            Receive { proto: Protocol::Udp, source: self.server, destination: self.address, contents };
        self.drive(now, Input::Receive(now, input));
    }

    pub fn speak(&mut self, speaking: bool) {
        self.microphone.iter_mut().for_each(|microphone| microphone.speak(speaking));
    }

    pub fn set_layers(&mut self, now: Instant, source: Source, layers: Layers) {
        if source == Source::Camera {
            self.layers.push((now, layers.0));
            self.encoders.iter_mut().zip(layers.0).for_each(|(encoder, active)| encoder.set_active(active));
        } else if source == Source::Screen {
            self.screen_layers = layers.0;
            self.share(self.sharing);
        }
    }

    /// Sends a message over one of the two channels.
    pub fn say(&mut self, now: Instant, channel: usize, message: &[u8]) {
        let Some(Lines { channels, .. }) = self.lines else { return };
        match self.rtc.channel(channels[channel]).map(|mut channel| channel.write(true, message)) {
            Some(Ok(true)) => {}
            result => self.errors.push(format!("channel {channel} does not take a message: {result:?}")),
        }
        self.drive(now, Input::Timeout(now));
    }

    fn payload_type(&self, mid: Mid) -> Option<Pt> {
        self.rtc.media(mid)?.remote_pts().first().copied()
    }

    /// Encodes a picture and has the pacer spread it: a burst of a whole keyframe would be a queue somewhere.
    fn take_picture(&mut self, now: Instant) {
        if self.connected.is_none() {
            return;
        }
        let captured_us = (now - self.start).as_micros() as u64;
        self.taken += 1;
        let active = self.encoders.iter().filter(|encoder| encoder.is_active());
        let rate = PACING * active.map(|encoder| encoder.quality.bits_per_second as f64).sum::<f64>();
        for (layer, encoder) in self.encoders.iter_mut().enumerate() {
            if !self.taken.is_multiple_of(encoder.quality.every) {
                continue;
            }
            for payload in encoder.encode(captured_us, &mut self.rng) {
                let at = self.paced_until.max(now);
                self.paced_until = at + Duration::from_secs_f64(payload.bytes.len() as f64 * 8.0 / rate);
                self.paced.push_back(Paced { at, layer, captured: now, payload });
            }
        }
    }

    fn send_picture(&mut self, Paced { layer, captured, payload, .. }: Paced) {
        let Some((mid, rid)) = self.line(layer) else { return };
        let Some(pt) = self.payload_type(mid) else { return };
        let encoder = &mut self.encoders[layer];
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, rid) else {
            return self.errors.push(format!("the answer refuses layer {}", encoder.quality.rid));
        };
        let time = ((captured - self.start).as_nanos() * 90_000 / 1_000_000_000) as u32;
        let timestamp = encoder.timestamp_offset.wrapping_add(time);
        let sequence = encoder.sequence.into();
        encoder.sequence += 1;
        let write = RtpWrite::new(pt, sequence, timestamp, captured, payload.bytes);
        stream.write_rtp(write.marker(payload.marker).nackable(true));
    }

    fn send_sound(&mut self, now: Instant) {
        let (Some(_), Some(Lines { microphone: mid, .. })) = (self.connected, self.lines) else { return };
        let Some(pt) = self.payload_type(mid) else { return };
        let Some(microphone) = &mut self.microphone else { return };
        let elapsed = now - self.start;
        let Some(sound) = microphone.encode(elapsed.as_micros() as u64, &mut self.rng) else { return };
        let time = (elapsed.as_nanos() * 48_000 / 1_000_000_000) as u32;
        let timestamp = microphone.timestamp_offset.wrapping_add(time);
        let sequence = microphone.sequence.into();
        microphone.sequence += 1;
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else { return };
        let levels = ExtensionValues {
            audio_level: Some(-(sound.level as i8)),
            voice_activity: Some(sound.level < 127),
            ..Default::default()
        };
        stream.write_rtp(RtpWrite::new(pt, sequence, timestamp, now, sound.bytes).ext_vals(levels));
    }

    fn ask_for_keyframes(&mut self, now: Instant) {
        for (mid, screen) in &mut self.screens {
            if screen.poll_request(now)
                && let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid.as_str().into(), None)
            {
                stream.request_keyframe(KeyframeRequestKind::Pli);
            }
        }
    }

    fn drive(&mut self, now: Instant, input: Input<'_>) {
        if let Err(error) = self.rtc.handle_input(input) {
            self.errors.push(format!("str0m refuses what came: {error}"));
        }
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.timeout = at.max(now + Duration::from_micros(500));
                    return;
                }
                // What leaves from an address of before is for a network that is no more.
                Ok(Output::Transmit(transmit)) if transmit.source != self.address => {}
                Ok(Output::Transmit(transmit)) => self.out.push(transmit.contents.to_vec()),
                Ok(Output::Event(event)) => self.handle_event(now, event),
                Err(error) => return self.errors.push(format!("str0m fails: {error}")),
            }
        }
    }

    fn handle_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Connected => self.connected = Some(now),
            Event::KeyframeRequest(request) => {
                let asked = Some((request.mid, request.rid));
                let layer = (0..QUALITIES.len()).find(|layer| self.line(*layer) == asked);
                let Some(layer) = layer.filter(|layer| *layer < self.encoders.len()) else {
                    return self.errors.push(format!("a keyframe is asked of {request:?}"));
                };
                self.requests[layer] += 1;
                self.encoders[layer].want_keyframe();
            }
            Event::RtpPacket(packet) => {
                if let Err(error) = self.take(now, &packet) {
                    let at = (now - self.start).as_secs_f64();
                    self.errors.push(format!("{at:.3} s, SSRC {}: {error}", *packet.header.ssrc));
                }
            }
            Event::SenderFeedback(report) => {
                let info = report.sender_info;
                self.reports.insert(report.mid, (info.ntp_time, info.rtp_time.numer() as u32));
            }
            Event::ChannelData(data) => {
                let stream = self.rtc.direct_api().sctp_stream_id_by_channel_id(data.id).unwrap_or(u16::MAX);
                self.messages.push((stream, data.data));
            }
            Event::Closed => self.closed = true,
            _ => {}
        }
    }

    fn take(&mut self, now: Instant, packet: &RtpPacket) -> Result<(), String> {
        let mid = *self.ssrcs.get(&packet.header.ssrc).ok_or("the answer does not declare this SSRC")?;
        let name = mid.to_string();
        let received = Packet {
            at: now,
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: &packet.payload,
        };
        let (rate, kind, latest) = if let Some(screen) = self.screens.get_mut(&name) {
            screen.receive(&received)?;
            (90_000.0, 0, screen.shown.last().copied())
        } else {
            let speaker = self.speakers.get_mut(&name).ok_or("media came on a line that receives none")?;
            speaker.receive(&received)?;
            (48_000.0, 1, speaker.heard.last().copied())
        };
        if let (Some(latest), Some((ntp, rtp))) =
            (latest.filter(|latest| latest.at == now), self.reports.get(&mid))
        {
            let since = f64::from(latest.timestamp.wrapping_sub(*rtp) as i32) / rate;
            let at = ntp.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64() + since;
            let offset = at - latest.mark.captured_us as f64 / 1e6;
            let offsets = self.offsets.entry(latest.mark.publisher).or_default();

            offsets[kind] = Some(offset);
            if let [Some(picture), Some(sound)] = offsets
                && (*picture - *sound).abs() > self.apart.0
            {
                self.apart = ((*picture - *sound).abs(), now - self.start);
            }
        }
        Ok(())
    }
}

/// The slots' SSRCs in an answer (RFC 5576), those of their retransmissions left out.
fn slot_ssrcs(answer: &str) -> HashMap<u32, Mid> {
    let mut ssrcs = HashMap::new();
    let mut repairs = vec![];
    let mut mid = None;
    for line in answer.lines() {
        if line.starts_with("m=") {
            mid = None;
        } else if let Some(name) = line.strip_prefix("a=mid:") {
            mid = Some(Mid::from(name));
        } else if let Some(pair) = line.strip_prefix("a=ssrc-group:FID ") {
            repairs.extend(pair.split(' ').nth(1).and_then(|ssrc| ssrc.parse::<u32>().ok()));
        }
        let ssrc = line.strip_prefix("a=ssrc:").and_then(|rest| rest.split(' ').next()?.parse().ok());
        ssrcs.extend(ssrc.zip(mid));
    }
    ssrcs.retain(|ssrc, _| !repairs.contains(ssrc));
    ssrcs
}
