//! Offers of publishers and viewers: what is fine in them, and how the media threads are to see them.

use std::collections::HashSet;

use kaigi_protocol::vocabulary::MediaState;

/// The m-lines an offer may have: a publisher's camera, microphone, screen and its sound, or some slots.
const MOST_LINES: usize = 16;
/// Of each kind, for one who publishes.
const MOST_SOURCES: usize = 2;

/// What is forwarded, as an rtpmap names it (RFC 8866 §6.6).
const CODECS: [&str; 3] = ["opus/48000/2", "VP8/90000", "H264/90000"];

/// What an offer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// WHIP: its client sends.
    Publish,
    /// WHEP: its client receives.
    Watch,
}

/// An offer in which every line goes one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) text: String,
    /// What its client sends.
    pub(crate) media: MediaState,
}

/// Why an offer is refused, for its sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is not a session description, or not one of this protocol.
    #[error("{0}")]
    Malformed(&'static str),
    /// A line of it has nothing that is forwarded.
    #[error(
        "an m={0} line of the offer has no codec this server forwards; offer Opus for audio, VP8 or H.264 \
         (packetization-mode 1) for video"
    )]
    NoCodec(&'static str),
}

/// Checks an offer, and makes its lines go the one way its purpose says: what could go both ways (RFC 9725 §4.2)
/// does not.
pub(crate) fn admit(body: &[u8], purpose: Purpose) -> Result<Offer, Refused> {
    use Refused::Malformed;
    let text = std::str::from_utf8(body).map_err(|_| Malformed("the offer is not UTF-8"))?;
    if !text.starts_with("v=0") {
        return Err(Malformed("the body is not a session description (RFC 8866): it begins with v=0"));
    }
    let mut sections = sections(text);
    let session = sections.remove(0);
    if sections.is_empty() || sections.len() > MOST_LINES {
        return Err(Malformed("the offer needs at least one m-line, and may have 16"));
    }
    let bundle: HashSet<&str> = session
        .attributes("group")
        .find_map(|group| group.strip_prefix("BUNDLE "))
        .map_or_else(HashSet::new, |mids| mids.split(' ').collect());

    let mut offer = Offer { text: session.without_direction(), media: MediaState::default() };
    let (mut audio, mut video) = (0, 0);
    for section in &sections {
        let kind = section.kind().ok_or(Malformed(
            "only m=audio and m=video lines are taken; leave data channels out of the offer",
        ))?;
        let bundled = section.attributes("mid").next().is_some_and(|mid| bundle.contains(mid));
        // A port of 0 is a line that is not used (RFC 3264 §6), unless it only counts in a bundle (RFC 9143 §6).
        let unused = section.port() == Some("0") && !bundled;
        if !bundled && !unused && sections.len() > 1 {
            return Err(Malformed("all m-lines must be in one BUNDLE group (RFC 9725 §4.4.1)"));
        }
        let direction = match section.direction().or(session.direction()).unwrap_or("sendrecv") {
            _ if unused => "inactive",
            "inactive" => "inactive",
            "sendrecv" if purpose == Purpose::Watch => "recvonly",
            "sendrecv" => "sendonly",
            "recvonly" if purpose == Purpose::Publish => {
                return Err(Malformed("a publisher's m-lines are sendonly; watch by POST to /whep/<room>"));
            }
            "sendonly" if purpose == Purpose::Watch => {
                return Err(Malformed("a viewer's m-lines are recvonly; publish by POST to /whip/<room>"));
            }
            one_way => one_way,
        };
        offer.text.push_str(&section.without_direction());
        offer.text.extend(["a=", direction, "\r\n"]);
        if direction == "inactive" {
            continue;
        }
        if !section.has_codec() {
            return Err(Refused::NoCodec(kind));
        }
        // In the order in which the media threads count a client's sources.
        let (count, first, second) = match kind {
            "audio" => (&mut audio, &mut offer.media.mic, &mut offer.media.screen_audio),
            _ => (&mut video, &mut offer.media.camera, &mut offer.media.screen),
        };
        *count += 1;
        *(if *count == 1 { first } else { second }) = true;
    }
    match purpose {
        _ if audio + video == 0 => Err(Malformed("no m-line of the offer is in use")),
        Purpose::Publish if audio.max(video) > MOST_SOURCES => Err(Malformed(
            "a publisher has at most two m=audio and two m=video lines: microphone and camera, a screen and its sound",
        )),
        Purpose::Publish => Ok(offer),
        Purpose::Watch => Ok(Offer { media: MediaState::default(), ..offer }),
    }
}

/// The same offer with other ICE credentials: what an ICE restart without an offer comes to (RFC 9725 §4.3.3).
pub(crate) fn with_credentials(offer: &str, ufrag: &str, password: &str) -> String {
    let mut text = String::with_capacity(offer.len() + 64);
    for line in offer.lines() {
        if line.starts_with("a=ice-ufrag:") {
            text.extend(["a=ice-ufrag:", ufrag]);
        } else if line.starts_with("a=ice-pwd:") {
            text.extend(["a=ice-pwd:", password]);
        } else {
            text.push_str(line);
        }
        text.push_str("\r\n");
    }
    text
}

/// The first attribute of this name in a session description.
pub(crate) fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}

/// The session's own lines, or those of an m-line.
struct Section<'a> {
    lines: Vec<&'a str>,
}

/// What is about the session, then what is about each m-line.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections = vec![Section { lines: Vec::new() }];
    for line in text.lines().filter(|line| !line.is_empty()) {
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
    fn attributes(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter_map(move |line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
    }

    fn kind(&self) -> Option<&'static str> {
        let media = self.lines.first()?.strip_prefix("m=")?;
        ["audio", "video"].into_iter().find(|kind| media.split(' ').next() == Some(kind))
    }

    fn port(&self) -> Option<&'a str> {
        self.lines.first()?.split(' ').nth(1)
    }

    fn direction(&self) -> Option<&'a str> {
        self.lines.iter().find_map(|line| as_direction(line))
    }

    fn has_codec(&self) -> bool {
        self.attributes("rtpmap").any(|map| {
            let codec = map.split(' ').nth(1).unwrap_or_default();
            CODECS.iter().any(|known| known.eq_ignore_ascii_case(codec))
        })
    }

    fn without_direction(&self) -> String {
        let lines = self.lines.iter().filter(|line| as_direction(line).is_none());
        lines.fold(String::new(), |text, line| text + line + "\r\n")
    }
}

fn as_direction(line: &str) -> Option<&str> {
    line.strip_prefix("a=").filter(|name| ["sendrecv", "sendonly", "recvonly", "inactive"].contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERA: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=rtpmap:111 opus/48000/2\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=bundle-only\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=rtpmap:96 VP8/90000\r\n";

    fn publish(offer: &str) -> Result<Offer, Refused> {
        admit(offer.as_bytes(), Purpose::Publish)
    }

    fn watch(offer: &str) -> Result<Offer, Refused> {
        admit(offer.as_bytes(), Purpose::Watch)
    }

    fn directions(offer: &str) -> Vec<&str> {
        offer.lines().filter_map(as_direction).collect()
    }

    #[test]
    fn every_line_goes_one_way() {
        let published = publish(CAMERA).unwrap();
        assert_eq!(directions(&published.text), ["sendonly", "sendonly"]);
        assert_eq!(published.media, MediaState { mic: true, camera: true, ..MediaState::default() });
        let watched = watch(CAMERA).unwrap();
        assert_eq!(directions(&watched.text), ["recvonly", "recvonly"]);
        assert_eq!(watched.media, MediaState::default());
        let by_session = CAMERA.replace("a=sendrecv\r\n", "").replace("t=0 0\r\n", "t=0 0\r\na=recvonly\r\n");
        assert_eq!(directions(&watch(&by_session).unwrap().text), ["recvonly", "recvonly"]);
        assert!(matches!(publish(&by_session), Err(Refused::Malformed(_))));
        assert!(matches!(watch(&CAMERA.replace("sendrecv", "sendonly")), Err(Refused::Malformed(_))));
    }

    #[test]
    fn what_is_not_sent_is_not_shown_as_on() {
        let silent = publish(&CAMERA.replace("sendrecv", "inactive")).unwrap();
        assert_eq!(silent.media, MediaState { camera: true, ..MediaState::default() });
        let unused = CAMERA.replace("BUNDLE 0 1", "BUNDLE 0").replace("a=bundle-only\r\n", "");
        assert_eq!(publish(&unused).unwrap().media, MediaState { mic: true, ..MediaState::default() });
    }

    #[test]
    fn a_second_video_is_a_screen_and_a_third_is_too_many() {
        let video = |mid: &str| {
            format!(
                "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{mid}\r\na=sendonly\r\na=rtpmap:96 H264/90000\r\n"
            )
        };
        let two = CAMERA.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + &video("2");
        assert!(publish(&two).unwrap().media.screen);
        let three = two.replace("BUNDLE 0 1 2", "BUNDLE 0 1 2 3") + &video("3");
        assert!(matches!(publish(&three), Err(Refused::Malformed(words)) if words.contains("at most two")));
    }

    #[test]
    fn what_cannot_be_forwarded_is_said_so() {
        assert_eq!(publish(&CAMERA.replace("VP8", "AV1")), Err(Refused::NoCodec("video")));
        assert_eq!(publish(&CAMERA.replace("opus/48000/2", "PCMU/8000")), Err(Refused::NoCodec("audio")));
    }

    #[test]
    fn other_things_are_no_offers() {
        let channel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\na=sctp-port:5000\r\n";
        for offer in ["", "{}", "v=0\r\n", "v=1\r\nm=audio", &(CAMERA.to_owned() + channel)] {
            assert!(matches!(publish(offer), Err(Refused::Malformed(_))), "{offer}");
        }
        assert!(matches!(admit(&[0xFF, 0xFE], Purpose::Watch), Err(Refused::Malformed(_))));
        let apart = CAMERA.replace("a=group:BUNDLE 0 1\r\n", "").replace("m=video 0", "m=video 9");
        assert!(matches!(publish(&apart), Err(Refused::Malformed(words)) if words.contains("BUNDLE")));
    }

    #[test]
    fn a_restart_changes_the_credentials_of_every_line_and_nothing_else() {
        let before = publish(CAMERA).unwrap().text;
        let after = with_credentials(&before, "wxyz", "zyxwvutsrqponmlkjihgfedc");
        assert_eq!(after.matches("a=ice-ufrag:wxyz\r\n").count(), 2);
        assert_eq!(attribute(&after, "ice-pwd"), Some("zyxwvutsrqponmlkjihgfedc"));
        assert_eq!(with_credentials(&after, "abcd", "abcdefghijklmnopqrstuvwx"), before);
    }

    proptest::proptest! {
        #[test]
        fn no_body_is_a_panic(body: Vec<u8>, lines in "(v=0\r\n)?([amc]=[ -~]{0,20}\r\n){0,20}") {
            let _ = admit(&body, Purpose::Publish);
            let _ = admit(lines.as_bytes(), Purpose::Watch);
        }
    }
}
