//! One participant's peer connection: str0m behind a seam of our own.
//!
//! Offer in, answer out; datagrams in, events and datagrams out. str0m does DTLS, SCTP and all that is about what the
//! participant sends; ICE ([`ice`]), egress encryption ([`crate::srtp`]) and RTCP about what it receives
//! ([`crate::rtcp`]) are ours, so a subscriber costs str0m nothing.

mod description;
mod engine;
mod ice;
mod lines;
mod missed;
mod negotiation;
mod output;
mod setup;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use str0m::channel::ChannelId;
use str0m::ice::{StunMessage, TransId};
use str0m::media::{KeyframeRequestKind, Mid, Rid};
use str0m::{IceCreds, Input, Rtc};

use crate::endpoint::ice::Lite;
use crate::keys::opening::{self, Opening};
use crate::keys::{self, Captured};
use crate::model::{CloseReason, Path};
use crate::rtcp;
use crate::srtp::{Freshness, Opener, Sealer};

pub(crate) use crate::endpoint::lines::{Kind, Line, PayloadType, Role, SlotLine, SourceLine};
pub(crate) use crate::endpoint::output::{Feedback, NotSent, Output, Refused};
pub(crate) use crate::endpoint::setup::Setup;

/// The one pair of addresses str0m knows. The real ones are in [`Path`]s (documentation addresses, RFC 5737).
const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);
const REMOTE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 9);

/// One participant's peer connection.
pub(crate) struct Endpoint {
    rtc: Rtc,
    setup: Setup,
    ice: Lite,
    /// What all its answers say of our side.
    identity: description::Identity,
    /// The client's ICE credentials: others in an offer mean a restart.
    remote: IceCreds,
    captured: Option<Captured>,
    secured: Option<Secured>,
    /// str0m knows that it may send.
    nominated: bool,
    connected: bool,
    lines: Vec<Line>,
    streams: HashMap<u32, Stream, foldhash::fast::RandomState>,
    /// The packet at hand was the newest of its stream.
    newest_media: bool,
    channels: Vec<(u16, ChannelId)>,
    outputs: VecDeque<Output>,
    /// str0m may have more to say than was asked of it.
    unfinished: bool,
    /// When str0m wants to be called.
    wakes: Instant,
    last_heard: Instant,
    closed: bool,
    scratch: Vec<u8>,
}

/// An SSRC of the client.
struct Stream {
    line: usize,
    layer: usize,
    /// The highest extended sequence number that came.
    newest: u64,
    /// Packets lost on the way, as the client was told last.
    lost: i32,
}

/// What came out of str0m.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Media,
    Else,
}

/// What is there once DTLS is up.
struct Secured {
    sealer: Sealer,
    /// For SRTCP of the client.
    theirs: Opener,
    /// For SRTCP of str0m.
    substitute: Opener,
}

impl Endpoint {
    /// The audio and video lines in the order of the offer.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What the client sends on a line.
    pub(crate) fn source(&self, line: usize) -> Option<crate::model::Source> {
        match &self.lines.get(line)?.role {
            Role::Sends(sends) => Some(sends.source),
            _ => None,
        }
    }

    /// Our credentials, which checks must have.
    pub(crate) fn credentials(&self) -> &IceCreds {
        self.ice.credentials()
    }

    /// Where datagrams to the client go.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.ice.egress()
    }

    /// The path is no more, as when its TCP connection was closed.
    pub(crate) fn forget_path(&mut self, path: &Path) {
        self.ice.forget(path);
    }

    /// When the client was last heard: an authenticated check, SRTCP, or media.
    #[cfg(test)]
    pub(crate) fn last_heard(&self) -> Instant {
        self.last_heard
    }

    /// What encrypts for the client, once [`Output::Connected`] was there.
    pub(crate) fn sealer(&mut self) -> Option<&mut Sealer> {
        self.secured.as_mut().map(|secured| &mut secured.sealer)
    }

    /// STUN, DTLS, SRTP or SRTCP that came for this session.
    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        path: &Path,
        datagram: &[u8],
    ) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        // RFC 7983 §7, and RFC 5761 §4 for RTP and RTCP.
        match datagram {
            [0..=3, ..] => return self.handle_stun(now, path, datagram),
            _ if !self.ice.knows(path) => return Err(Refused::UnknownPath),
            [20..=63, ..] => {
                self.ice.handshake(path);
                self.receive(now, datagram);
            }
            [128..=191, 192..=223, ..] => return self.handle_srtcp(now, path, datagram),
            [128..=191, _, ..] => return self.handle_srtp(now, path, datagram),
            _ => return Err(Refused::Malformed),
        }
        Ok(())
    }

    /// Due when [`Endpoint::poll_timeout`] says so.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.closed {
            return;
        }
        if now >= self.given_up_at() {
            self.end(CloseReason::TimedOut);
        } else if now >= self.wakes {
            self.drive(Input::Timeout(now));
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        (!self.closed).then(|| self.wakes.min(self.given_up_at()))
    }

    /// When the session is over, if its client says nothing until then.
    fn given_up_at(&self) -> Instant {
        self.last_heard + if self.connected { self.setup.most_silence } else { self.setup.most_patience }
    }

    /// What comes out, until there is nothing more; to be called at the end of a batch at the latest.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        if self.outputs.is_empty() && self.unfinished {
            self.drain();
        }
        self.outputs.pop_front()
    }

    /// As [`Endpoint::poll`], but only what is known without asking str0m, which costs more than a packet of media
    /// does: what it says to a client can wait for the end of a batch.
    pub(crate) fn poll_known(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Asks the client for a keyframe of a layer; does nothing if it sends none yet.
    pub(crate) fn request_keyframe(&mut self, now: Instant, line: usize, layer: usize) {
        let Some(line) = self.lines.get(line).filter(|_| !self.closed) else { return };
        let Role::Sends(sends) = &line.role else { return };
        let rid = sends.rids.get(layer).map(|rid| Rid::from(rid.as_str()));
        let mid = Mid::from(line.mid.as_str());
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, rid) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            self.drive(Input::Timeout(now));
        }
    }

    /// Sends a message on a data channel.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        channel: u16,
        binary: bool,
        data: &[u8],
    ) -> Result<(), NotSent> {
        let mut open = self.channel(channel).ok_or(NotSent::NotOpen)?;
        match open.write(binary, data) {
            Ok(true) => {}
            Ok(false) => return Err(NotSent::Full),
            Err(_) => return Err(NotSent::TooLarge),
        }
        self.drive(Input::Timeout(now));
        Ok(())
    }

    /// What waits on a data channel for the client to read it, in bytes.
    pub(crate) fn buffered(&mut self, channel: u16) -> usize {
        self.channel(channel).map_or(0, |mut open| open.buffered_amount())
    }

    /// Tells the client that the session is over; what says so is still to be [polled](Self::poll).
    pub(crate) fn close(&mut self) {
        if self.closed {
            return;
        }
        // It can fail where there is nobody to tell yet.
        if self.rtc.close().is_ok() {
            self.unfinished = true;
            self.drain();
        }
        self.closed = true;
        self.outputs.retain(|output| matches!(output, Output::Transmit(..)));
    }

    fn channel(&mut self, number: u16) -> Option<str0m::channel::Channel<'_>> {
        let (_, id) = self.channels.iter().find(|(other, _)| *other == number && !self.closed)?;
        self.rtc.channel(*id)
    }

    fn handle_stun(&mut self, now: Instant, path: &Path, message: &[u8]) -> Result<(), Refused> {
        let Some(response) = self.ice.handle(now, path, message)? else { return Ok(()) };
        self.last_heard = now;
        // An answer goes back where its question came from (RFC 8445 §7.3.1.3).
        self.outputs.push_back(Output::Transmit(*path, response));
        if self.ice.egress().is_some() && !self.nominated {
            self.nominated = true;
            self.nominate(now);
        }
        Ok(())
    }

    /// Lets str0m believe in its one pair of addresses: it sends nothing before its own agent was asked to.
    fn nominate(&mut self, now: Instant) {
        let mut api = self.rtc.direct_api();
        // An offer that was refused may have changed what it has.
        api.set_remote_ice_credentials(self.remote.clone());
        let local = api.local_ice_credentials();
        let username = format!("{}:{}", local.ufrag, self.remote.ufrag);
        let check = StunMessage::binding_request(&username, TransId::new(), true, 1, 1, true);
        let hmac = keys::provider().sha1_hmac_provider;
        let mut buffer = vec![0; 512];
        let written =
            check.to_bytes(Some(local.pass.as_bytes()), &mut buffer, |key, parts| hmac.sha1_hmac(key, parts));
        if let Ok(len) = written {
            self.receive(now, &buffer[..len]);
        }
    }

    fn handle_srtp(&mut self, now: Instant, path: &Path, packet: &[u8]) -> Result<(), Refused> {
        let secured = self.secured.as_mut().ok_or(Refused::NoKeys)?;
        // str0m gives an SSRC its place before it looks whether the packet is authentic.
        secured.theirs.vouch(packet, &mut self.scratch)?;
        let _ = opening::take();
        self.newest_media = false;
        self.receive_media(now, packet);
        match opening::take() {
            Opening::Opened => {
                self.last_heard = now;
                if self.newest_media {
                    self.ice.media(now, path);
                }
                Ok(())
            }
            Opening::Failed => Err(Refused::Forged),
            Opening::Untried => Err(Refused::Unwanted),
        }
    }

    fn handle_srtcp(&mut self, now: Instant, path: &Path, packet: &[u8]) -> Result<(), Refused> {
        let secured = self.secured.as_mut().ok_or(Refused::NoKeys)?;
        let mut compound = std::mem::take(&mut self.scratch);
        compound.clear();
        compound.extend_from_slice(packet);
        let opened = secured.theirs.open_rtcp(&mut compound);
        let mut for_str0m = false;
        if let Ok(freshness) = opened {
            self.last_heard = now;
            if freshness == Freshness::Newest {
                self.ice.media(now, path);
            }
            for part in rtcp::packets(&compound) {
                for_str0m |= self.handle_rtcp(part);
            }
        }
        self.scratch = compound;
        if for_str0m {
            self.receive(now, packet);
        }
        opened?;
        Ok(())
    }

    /// Returns whether any of it is str0m's business too. Apart, so that the fuzzer needs no keys.
    #[cfg(fuzzing)]
    pub(crate) fn handle_plain_rtcp(&mut self, compound: &[u8]) -> bool {
        rtcp::packets(compound).fold(false, |for_str0m, part| self.handle_rtcp(part) | for_str0m)
    }

    /// Returns whether it is about what the client sends, and so str0m's business too. Descriptions and extended
    /// reports come along with such; alone they come from those who only receive.
    fn handle_rtcp(&mut self, packet: rtcp::Packet<'_>) -> bool {
        use rtcp::Packet as P;
        let mut feedback = |feedback| self.outputs.push_back(Output::Feedback(feedback));
        match packet {
            P::SenderReport { ssrc, ntp, rtp, blocks } => {
                blocks.iter().for_each(|block| feedback(Feedback::Report(block)));
                if let Some((line, layer)) = self.place(ssrc) {
                    self.outputs.push_back(Output::SenderReport { line, layer, ntp, rtp });
                    return true;
                }
            }
            P::Bye => return true,
            P::ReceiverReport { blocks, .. } => {
                blocks.iter().for_each(|block| feedback(Feedback::Report(block)))
            }
            P::Nack { ssrc, entries } => {
                feedback(Feedback::Nack { ssrc, sequences: entries.sequences().collect() })
            }
            P::PictureLoss { ssrc } => feedback(Feedback::KeyframeRequest { ssrc }),
            P::FullIntraRequest { entries } => {
                entries.intra_requests().for_each(|ssrc| feedback(Feedback::KeyframeRequest { ssrc }));
            }
            P::Transport(transport) => {
                let mut arrivals = Vec::with_capacity(usize::from(transport.count).min(256));
                transport.arrivals(&mut arrivals);
                feedback(Feedback::Arrivals(arrivals));
            }
            P::EstimatedBitrate(bits) => feedback(Feedback::EstimatedBitrate(bits)),
            P::Description | P::ExtendedReport => {}
        }
        false
    }

    fn end(&mut self, reason: CloseReason) {
        if !self.closed {
            self.closed = true;
            self.outputs.push_back(Output::Closed(reason));
        }
    }
}
