//! Session descriptions as text: what of an offer is let through to str0m, and what its answer says.

use std::collections::{HashMap, HashSet};

use str0m::IceCreds;

use crate::endpoint::{Kind, Line, PayloadType, Role, SlotLine, SourceLine};
use crate::forward::Codec;
use crate::model::{OfferError, Source};

/// The largest offer in bytes.
const LONGEST: usize = 128 * 1024;
/// A line of an offer: none a browser writes comes near.
const LONGEST_LINE: usize = 4096;
/// 49 and more video slots, some for audio, one's own sources and the data channels.
const MOST_LINES: usize = 64 + 16 + 8;
/// The layers of a simulcast: what the whole server counts with.
const MOST_LAYERS: usize = 3;

const TRANSPORT_SEQUENCE: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/// Checks an offer, and returns it as str0m is to see it: without candidates, which an ICE-lite agent does not
/// need, and with what the client could also receive on a line it sends on struck out: slots are lines of their own.
pub(super) fn admit(offer: &str) -> Result<Admitted, OfferError> {
    let malformed = |what: &str| OfferError::Malformed(what.to_owned());
    if offer.len() > LONGEST {
        return Err(malformed("it is longer than 128 kB"));
    }
    let count = offer.lines().filter(|line| line.starts_with("m=")).count();
    if count > MOST_LINES {
        return Err(OfferError::TooManyLines { count, most: MOST_LINES });
    }
    if count == 0 {
        return Err(malformed("it has no m-lines"));
    }

    let mut text = String::with_capacity(offer.len());
    let (mut ufrag, mut password) = (None, None);
    let mut mids = HashSet::new();
    let mut sections = 0;
    let mut any_media = false;
    let mut any_codec = false;
    let mut kind = None;
    for line in offer.lines() {
        if line.len() > LONGEST_LINE {
            return Err(malformed("one of its lines is longer than 4096 bytes"));
        }
        if let Some(media) = line.strip_prefix("m=") {
            if mids.len() != sections {
                return Err(malformed("each m-line needs an a=mid of its own"));
            }
            sections += 1;
            match media.split(' ').next() {
                Some("audio") => kind = Some(Kind::Audio),
                Some("video") => kind = Some(Kind::Video),
                Some("application") => kind = None,
                _ => return Err(malformed("its m-lines may be audio, video and application")),
            }
            any_media |= kind.is_some();
        }
        let (name, value) = attribute(line);
        match name {
            "candidate" | "end-of-candidates" | "remote-candidates" | "sctp-init" => continue,
            "sendrecv" => {
                text.push_str("a=sendonly\r\n");
                continue;
            }
            "ice-ufrag" => _ = ufrag.get_or_insert(value),
            "ice-pwd" => _ = password.get_or_insert(value),
            // str0m keeps 16 characters, and others than these as an underscore.
            "mid" => {
                let fits = is_name(value, 16) && sections > 0;
                if !fits || !mids.insert(value) || mids.len() != sections {
                    return Err(malformed(
                        "each m-line needs an a=mid of its own, of 1 to 16 letters and digits",
                    ));
                }
            }
            "rid" if !is_name(value.split(' ').next().unwrap_or_default(), 8) => {
                return Err(malformed("an a=rid must be of 1 to 8 letters and digits"));
            }
            "simulcast" if value.split(';').count() > MOST_LAYERS => {
                return Err(malformed("a simulcast may have at most 3 layers"));
            }
            "rtpmap" => {
                if let Some((_, Some(codec))) = codec_of(value) {
                    any_codec = true;
                    if kind.is_none_or(|kind| codec.is_video() != (kind == Kind::Video)) {
                        return Err(malformed(
                            "video codecs belong on video lines, audio codecs on audio lines",
                        ));
                    }
                }
            }
            _ => {}
        }
        text.push_str(line);
        text.push_str("\r\n");
    }
    if mids.len() != sections {
        return Err(malformed("each m-line needs an a=mid of its own"));
    }
    if any_media && !any_codec {
        return Err(OfferError::NoCodec);
    }
    match (ufrag, password) {
        (Some(ufrag), Some(password)) => {
            let remote = IceCreds { ufrag: ufrag.to_owned(), pass: password.to_owned() };
            Ok(Admitted { text, remote })
        }
        _ => Err(malformed("it has no a=ice-ufrag and a=ice-pwd")),
    }
}

/// An offer that may be shown to str0m.
pub(super) struct Admitted {
    pub text: String,
    /// What tells an ICE restart from another offer (RFC 8839 §4.4.3).
    pub remote: IceCreds,
}

/// An offer without the lines that the client only receives on: slots are ours alone. `known` says which lines str0m
/// has already, and those it keeps. So does the first, for the transport is said there: without a direction.
pub(super) fn own(offer: &str, known: impl Fn(&str) -> bool) -> String {
    let begin = offer.find("m=").unwrap_or(offer.len());
    let (session, rest) = offer.split_at(begin);
    let mut media = String::with_capacity(rest.len());
    let mut mids: Vec<&str> = Vec::new();
    for (at, section) in sections(rest).iter().enumerate() {
        let slot = section.has("recvonly");
        if slot && at > 0 && !known(section.mid()) {
            continue;
        }
        mids.push(section.mid());
        for line in &section.lines {
            media.extend([if slot && *line == "a=recvonly" { "a=inactive" } else { line }, "\r\n"]);
        }
    }
    let mut own = String::with_capacity(offer.len());
    for line in session.lines() {
        match line.strip_prefix("a=group:BUNDLE ") {
            Some(group) => {
                own.push_str("a=group:BUNDLE");
                group.split(' ').filter(|mid| mids.contains(mid)).for_each(|mid| own.extend([" ", mid]));
            }
            None => own.push_str(line),
        }
        own.push_str("\r\n");
    }
    own + &media
}

/// What an answer says about its origin and, in each section, the sender of its media: the same in all answers of one
/// session, for browsers take another sender for another stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    origin: String,
    /// By mid.
    senders: HashMap<Box<str>, Box<str>>,
}

impl Identity {
    /// Of an answer, keeping what was said `before`.
    pub(super) fn of(answer: &str, before: &Self) -> Self {
        let mut identity = before.clone();
        if identity.origin.is_empty() {
            identity.origin =
                answer.lines().find(|line| line.starts_with("o=")).unwrap_or_default().to_owned();
        }
        for section in sections(answer) {
            let lines = section.lines.iter().filter(|line| is_of_sender(line));
            let sender: String = lines.flat_map(|line| [line, "\r\n"]).collect();
            if !sender.is_empty() {
                identity.senders.entry(section.mid().into()).or_insert(sender.into());
            }
        }
        identity
    }

    /// The answer with this identity in place of its own.
    pub(super) fn put_into(&self, answer: &str) -> String {
        let mut text = String::with_capacity(answer.len());
        let begin = answer.find("m=").unwrap_or(answer.len());
        for line in answer[..begin].lines() {
            text.extend([if line.starts_with("o=") { &self.origin } else { line }, "\r\n"]);
        }
        for section in sections(&answer[begin..]) {
            let sends = section.lines.iter().any(|line| is_of_sender(line));
            let sender = self.senders.get(section.mid()).filter(|_| sends);
            for line in section.lines.iter().filter(|line| sender.is_none() || !is_of_sender(line)) {
                text.extend([line, "\r\n"]);
            }
            text.extend(sender.map(|lines| &**lines));
        }
        text
    }
}

/// Lines of a section that name what is sent on it (RFC 5576, RFC 8830).
fn is_of_sender(line: &str) -> bool {
    matches!(attribute(line).0, "ssrc" | "ssrc-group" | "msid")
}

/// Makes str0m's answer ours: our credentials, our candidates.
pub(super) fn answer(text: &str, ice: &IceCreds, candidates: &[String]) -> String {
    let mut answer = String::with_capacity(text.len() + 128 * candidates.len());
    let mut candidates = Some(candidates);
    for line in text.lines() {
        match attribute(line).0 {
            "candidate" | "end-of-candidates" => continue,
            "ice-ufrag" => answer.extend(["a=ice-ufrag:", &ice.ufrag]),
            "ice-pwd" => {
                answer.extend(["a=ice-pwd:", &ice.pass]);
                // Those of the first line of a bundle are those of all (RFC 9143 §7.3).
                for candidate in candidates.take().unwrap_or_default() {
                    answer.extend(["\r\na=", candidate.strip_prefix("a=").unwrap_or(candidate)]);
                }
                answer.push_str("\r\na=end-of-candidates");
            }
            _ => answer.push_str(line),
        }
        answer.push_str("\r\n");
    }
    answer
}

/// What an answer says about each audio and video line. `before` are the lines as they were: one that goes on sending
/// stays the source it was.
pub(super) fn lines(answer: &str, before: &[Line]) -> Vec<Line> {
    let sections: Vec<_> =
        sections(answer).into_iter().filter_map(|section| Some((section.kind()?, section))).collect();
    let known = |section: &Section<'_>| {
        let line = before.iter().find(|line| line.mid == section.mid())?;
        match &line.role {
            Role::Sends(sends) if section.has("recvonly") => Some(sends.source),
            _ => None,
        }
    };
    let mut taken: Vec<Source> = sections.iter().filter_map(|(_, section)| known(section)).collect();
    let mut lines = Vec::with_capacity(sections.len());
    for (kind, section) in &sections {
        let role = if section.has("recvonly") {
            let source = known(section).or_else(|| {
                let free = sources(*kind).into_iter().find(|source| !taken.contains(source))?;
                taken.push(free);
                Some(free)
            });
            source
                .map(|source| SourceLine { source, rids: section.rids(), codecs: section.codecs() })
                .map(Role::Sends)
        } else if section.has("sendonly") {
            section.slot().map(Role::Slot)
        } else {
            None
        };
        lines.push(Line { mid: section.mid().to_owned(), kind: *kind, role: role.unwrap_or(Role::Idle) });
    }
    lines
}

/// A client's lines in their order.
fn sources(kind: Kind) -> [Source; 2] {
    match kind {
        Kind::Audio => [Source::Microphone, Source::ScreenAudio],
        Kind::Video => [Source::Camera, Source::Screen],
    }
}

/// The part of an answer that is about one m-line.
struct Section<'a> {
    lines: Vec<&'a str>,
}

fn sections(answer: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section> = Vec::new();
    for line in answer.lines() {
        if line.starts_with("m=") {
            sections.push(Section { lines: Vec::new() });
        }
        if let Some(section) = sections.last_mut() {
            section.lines.push(line);
        }
    }
    sections
}

impl<'a> Section<'a> {
    fn attributes(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .map(|line| attribute(line))
            .filter(move |(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    fn has(&self, name: &str) -> bool {
        self.attributes(name).next().is_some()
    }

    fn media(&self) -> impl Iterator<Item = &'a str> {
        self.lines.first().and_then(|line| line.strip_prefix("m=")).unwrap_or_default().split(' ')
    }

    fn kind(&self) -> Option<Kind> {
        match self.media().next()? {
            "audio" => Some(Kind::Audio),
            "video" => Some(Kind::Video),
            _ => None,
        }
    }

    fn mid(&self) -> &'a str {
        self.attributes("mid").next().unwrap_or_default()
    }

    /// The layers that the client may send, in its order.
    fn rids(&self) -> Vec<String> {
        let simulcast = self.attributes("simulcast").next().and_then(|value| value.strip_prefix("recv "));
        simulcast.into_iter().flat_map(|list| list.split(';')).map(str::to_owned).collect()
    }

    fn codecs(&self) -> Vec<PayloadType> {
        let kinds: Vec<_> = self.attributes("rtpmap").filter_map(codec_of).collect();
        let repairs: Vec<(u8, u8)> = self
            .attributes("fmtp")
            .filter_map(|value| {
                let (pt, parameters) = value.split_once(' ')?;
                Some((parameters.strip_prefix("apt=")?.parse().ok()?, pt.parse().ok()?))
            })
            .collect();
        // The m-line has them in order of preference.
        self.media()
            .skip(3)
            .filter_map(|pt| pt.parse().ok())
            .filter_map(|pt: u8| {
                let codec = kinds.iter().find(|(other, _)| *other == pt)?.1?;
                let rtx = repairs.iter().find(|(of, _)| *of == pt).map(|(_, rtx)| *rtx);
                Some(PayloadType { codec, pt, rtx })
            })
            .collect()
    }

    fn slot(&self) -> Option<SlotLine> {
        let ssrc = |text: &str| text.parse().ok();
        let main = self.attributes("ssrc").find_map(|value| ssrc(value.split(' ').next()?))?;
        let group = self.attributes("ssrc-group").find_map(|value| value.strip_prefix("FID "));
        let rtx_ssrc = group.and_then(|pair| ssrc(pair.split(' ').nth(1)?));
        let cname = self.attributes("ssrc").find_map(|value| value.split_once(" cname:"))?.1;
        let extension = |uri: &str| {
            self.attributes("extmap").find_map(|value| {
                let (id, rest) = value.split_once(' ')?;
                (rest.split(' ').next() == Some(uri)).then(|| id.parse().ok())?
            })
        };
        Some(SlotLine {
            ssrc: main,
            rtx_ssrc,
            codecs: self.codecs(),
            mid_ext: extension(MID),
            twcc_ext: extension(TRANSPORT_SEQUENCE),
            level_ext: extension(AUDIO_LEVEL),
            cname: cname.to_owned(),
        })
    }
}

/// `a=name:value` or `a=name`.
fn attribute(line: &str) -> (&str, &str) {
    let attribute = line.strip_prefix("a=").unwrap_or_default();
    attribute.split_once(':').unwrap_or((attribute, ""))
}

/// A payload type and its codec, of an rtpmap's value; `None`: not one that is forwarded.
fn codec_of(value: &str) -> Option<(u8, Option<Codec>)> {
    let (pt, rest) = value.split_once(' ')?;
    let codec = match rest.split('/').next()? {
        name if name.eq_ignore_ascii_case("opus") => Some(Codec::Opus),
        name if name.eq_ignore_ascii_case("VP8") => Some(Codec::Vp8),
        name if name.eq_ignore_ascii_case("H264") => Some(Codec::H264),
        _ => None,
    };
    Some((pt.parse().ok()?, codec))
}

fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
