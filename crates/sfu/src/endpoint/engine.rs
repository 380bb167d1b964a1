//! What goes into str0m and what comes out of it.

use std::time::Instant;

use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, Input};

use crate::endpoint::{Endpoint, LOCAL, Output, REMOTE, Role, Secured, Step, Stream, missed};
use crate::forward::Packet;
use crate::model::CloseReason;
use crate::srtp::{Opener, Sealer};

impl Endpoint {
    /// Gives str0m a datagram.
    pub(super) fn receive(&mut self, now: Instant, datagram: &[u8]) {
        if let Ok(receive) = Receive::new(Protocol::Udp, REMOTE, LOCAL, datagram) {
            self.drive(Input::Receive(now, receive));
        }
    }

    /// Gives str0m a packet of media and takes out that packet alone: it has room for one.
    pub(super) fn receive_media(&mut self, now: Instant, datagram: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, REMOTE, LOCAL, datagram) else { return };
        self.feed(Input::Receive(now, receive));
        while self.unfinished && !self.closed && self.step() != Step::Media {}
    }

    pub(super) fn drive(&mut self, input: Input<'_>) {
        self.feed(input);
        self.drain();
    }

    fn feed(&mut self, input: Input<'_>) {
        match self.rtc.handle_input(input) {
            Ok(()) => self.unfinished = true,
            Err(error) => {
                tracing::debug!(%error, "a session failed");
                self.end(CloseReason::Failed);
            }
        }
    }

    /// Takes everything out of str0m.
    pub(super) fn drain(&mut self) {
        while self.unfinished && !self.closed {
            self.step();
        }
    }

    /// Takes one thing out of str0m.
    fn step(&mut self) -> Step {
        match self.rtc.poll_output() {
            Ok(str0m::Output::Timeout(at)) => {
                self.wakes = at;
                self.unfinished = false;
            }
            Ok(str0m::Output::Transmit(transmit)) => {
                self.take_keys();
                self.transmit(transmit.contents.into());
            }
            Ok(str0m::Output::Event(Event::RtpPacket(packet))) => {
                self.take_keys();
                self.media(packet);
                return Step::Media;
            }
            Ok(str0m::Output::Event(event)) => {
                self.take_keys();
                self.event(event);
            }
            Err(error) => {
                tracing::debug!(%error, "a session failed");
                self.end(CloseReason::Failed);
            }
        }
        Step::Else
    }

    fn take_keys(&mut self) {
        if self.secured.is_some() {
            return;
        }
        let Some(keys) = self.captured.as_ref().and_then(|captured| captured.get()) else { return };
        self.secured = (|| {
            let theirs = Opener::new(keys).ok()?;
            Some(Secured {
                sealer: Sealer::new(keys).ok()?,
                theirs,
                substitute: Opener::of_substitute(keys).ok()?,
            })
        })();
        // Both have copied what they need.
        self.captured = None;
    }

    /// Sends what str0m would send.
    fn transmit(&mut self, mut datagram: Vec<u8>) {
        // Only before the first nomination; DTLS repeats what is lost.
        let Some(path) = self.ice.egress().copied() else { return };
        match datagram[..] {
            [20..=63, ..] => {}
            [128..=191, 192..=223, ..] => {
                let Some(secured) = &mut self.secured else { return };
                if secured.substitute.open_rtcp(&mut datagram).is_err() {
                    return;
                }
                self.outputs.extend(missed::of(&datagram, &mut self.streams));
                if secured.sealer.seal_rtcp(&mut datagram, 0).is_err() {
                    return;
                }
            }
            // STUN is ours to answer, RTP ours to send.
            _ => return,
        }
        self.outputs.push_back(Output::Transmit(path, datagram));
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => {
                if self.secured.is_none() {
                    // DTLS agreed on a profile that we do not have.
                    self.end(CloseReason::Failed);
                } else if !self.connected {
                    self.connected = true;
                    self.outputs.push_back(Output::Connected);
                }
            }
            Event::ChannelOpen(id, _) => match self.number(id) {
                Some(number) => self.outputs.push_back(Output::ChannelOpen(number)),
                // Ours are agreed on beforehand; none is opened by a message (RFC 8832).
                None => self.rtc.direct_api().close_data_channel(id),
            },
            Event::ChannelData(data) => {
                if let Some(channel) = self.number(data.id) {
                    self.outputs.push_back(Output::Data { channel, binary: data.binary, data: data.data });
                }
            }
            Event::Closed => self.end(CloseReason::Closed),
            // Among them ICE "disconnected": str0m sees no checks. How long a client may be silent is ours to say.
            _ => {}
        }
    }

    fn number(&self, id: ChannelId) -> Option<u16> {
        self.channels.iter().find(|(_, other)| *other == id).map(|(number, _)| *number)
    }

    fn media(&mut self, packet: RtpPacket) {
        let Some((line, layer)) = self.place(*packet.header.ssrc) else { return };
        if let Some(stream) = self.streams.get_mut(&*packet.header.ssrc)
            && *packet.seq_no >= stream.newest
        {
            stream.newest = *packet.seq_no;
            self.newest_media = true;
        }
        let Role::Sends(sends) = &self.lines[line].role else { return };
        let pt = *packet.header.payload_type;
        let Some(codec) = sends.codecs.iter().find(|known| known.pt == pt) else { return };
        let packet = Packet {
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
            // str0m has it as a number below zero.
            audio_level: packet.header.ext_vals.audio_level.map(|level| level.unsigned_abs().min(127)),
            received: packet.timestamp,
        };
        self.outputs.push_back(Output::Media { line, layer, codec: codec.codec, packet });
    }

    /// The line and the layer of an SSRC of the client.
    pub(super) fn place(&mut self, ssrc: u32) -> Option<(usize, usize)> {
        if let Some(stream) = self.streams.get(&ssrc) {
            return Some((stream.line, stream.layer));
        }
        let (mid, rid) = {
            let mut api = self.rtc.direct_api();
            let stream = api.stream_rx(&ssrc.into())?;
            (stream.mid(), stream.rid())
        };
        let line = self.lines.iter().position(|line| *line.mid == *mid)?;
        let Role::Sends(sends) = &self.lines[line].role else { return None };
        let layer = match rid {
            Some(rid) => sends.rids.iter().position(|name| **name == *rid)?,
            None => 0,
        };
        // A client may change its SSRCs as often as it likes.
        if self.streams.len() >= 64 {
            self.streams.clear();
        }
        self.streams.insert(ssrc, Stream { line, layer, newest: 0, lost: 0 });
        Some((line, layer))
    }
}
