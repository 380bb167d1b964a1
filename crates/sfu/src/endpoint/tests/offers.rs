//! Offers that are not what they should be.

use proptest::prelude::*;

use super::pair::{Offers, Pair, candidates, credentials};
use super::*;
use crate::model::OfferError;

fn offer() -> (Setup, String) {
    let pair = Pair::new(Offers { sends: true, slots: 1 });
    (pair.setup.clone(), pair.offer)
}

fn refused(setup: &Setup, offer: &str) -> OfferError {
    let result = Endpoint::accept(setup, credentials("07first"), Instant::now(), offer, &candidates());
    result.err().unwrap_or_else(|| panic!("it was answered: {offer}"))
}

#[test]
fn what_is_no_offer_is_refused() {
    let (setup, offer) = offer();
    for bad in ["", "v=0", "m=video", "hello", "\0", "a=mid:0\r\n"] {
        assert!(matches!(refused(&setup, bad), OfferError::Malformed(_)), "{bad}");
    }
    assert!(matches!(
        refused(&setup, &offer.replace("a=fingerprint", "a=footprint")),
        OfferError::Malformed(_)
    ));
    assert!(matches!(refused(&setup, &offer.replace("a=ice-pwd", "a=ice-pwt")), OfferError::Malformed(_)));
    assert!(matches!(refused(&setup, &offer.replace("a=mid:", "a=mid:-")), OfferError::Malformed(_)));
    assert!(matches!(
        refused(&setup, &offer.replace("a=simulcast:send q;", "a=simulcast:send q;r;")),
        OfferError::Malformed(_)
    ));
    assert!(matches!(refused(&setup, &offer.replace("m=audio", "m=smell")), OfferError::Malformed(_)));
    let long = format!("{offer}a=x:{}\r\n", "y".repeat(128 * 1024));
    assert!(matches!(refused(&setup, &long), OfferError::Malformed(_)));
}

#[test]
fn too_many_lines_are_refused() {
    let (setup, offer) = offer();
    let many = format!("{offer}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n".repeat(90));
    assert!(matches!(refused(&setup, &many), OfferError::TooManyLines { most: 88, count: 90.. }));
}

#[test]
fn an_offer_without_our_codecs_is_refused() {
    let (setup, offer) = offer();
    let other = offer.replace(" opus/", " speex/").replace(" VP8/", " VP7/").replace(" H264/", " H263/");
    assert_eq!(refused(&setup, &other), OfferError::NoCodec);
}

#[test]
fn a_refused_offer_changes_nothing() {
    let mut pair = Pair::connected(Offers { sends: true, slots: 1 });
    let (lines, ufrag) = (pair.server.lines().to_vec(), pair.server.credentials().ufrag.clone());
    // Its m-lines change places: str0m notices that late, after the credentials.
    let mut sections: Vec<_> = pair.offer.split("m=").map(str::to_owned).collect();
    sections.swap(1, 2);
    let swapped = sections.join("m=").replace("a=ice-ufrag:", "a=ice-ufrag:x");
    assert!(pair.server.reoffer(pair.now, credentials("07second"), &swapped, &candidates()).is_err());
    assert!(pair.server.reoffer(pair.now, credentials("07second"), "nonsense", &candidates()).is_err());
    assert_eq!((pair.server.lines(), &pair.server.credentials().ufrag), (&lines[..], &ufrag));
    pair.send_media(Some("f"), 1, b"high");
    pair.until(|pair| pair.count(|output| matches!(output, Output::Media { line: 1, layer: 2, .. })) == 1);
    pair.run(Duration::from_secs(40));
    assert_eq!(pair.count(|output| matches!(output, Output::Closed(_))), 0);
}

#[test]
fn the_answer_is_ours() {
    let pair = Pair::new(Offers { sends: true, slots: 2 });
    let answer = &pair.answer;
    let count = |line: &str| answer.lines().filter(|other| *other == line).count();
    assert_eq!(count("a=ice-lite"), 1);
    assert_eq!(count("a=candidate:1 1 udp 2130706431 198.51.100.1 8443 typ host"), 1);
    assert!(!answer.contains("192.0.2.1"));
    assert!(count("a=end-of-candidates") >= 1);
    assert_eq!(count("a=ice-ufrag:07first"), 6);
    assert_eq!(count("a=simulcast:recv q;h;f"), 1);
    // Firefox pairs media and retransmissions by this; one per video slot.
    assert_eq!(answer.lines().filter(|line| line.starts_with("a=ssrc-group:FID ")).count(), 2);
    assert!(!answer.to_ascii_lowercase().contains("red/"));
    assert!(!answer.contains("packetization-mode=0"));
    assert!(!answer.contains("abs-send-time"));
}

/// What a line of the client's own says it could also receive is struck out.
#[test]
fn a_line_that_sends_is_no_slot() {
    let (setup, offer) = offer();
    let both = offer.replace("a=sendonly", "a=sendrecv");
    let (endpoint, answer) =
        Endpoint::accept(&setup, credentials("07first"), Instant::now(), &both, &candidates()).unwrap();
    assert!(matches!(&endpoint.lines()[1].role, Role::Sends(sends) if sends.source == Source::Camera));
    assert!(!answer.contains("a=sendrecv"));
}

/// A source stays what it was when one before it stops.
#[test]
fn sources_keep_their_places() {
    let line = |mid: &str, direction: &str| {
        format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:{mid}\r\na={direction}\r\na=rtpmap:111 opus/48000/2\r\n"
        )
    };
    let source = |line: &Line| match &line.role {
        Role::Sends(sends) => Some(sends.source),
        _ => None,
    };
    let sources = |lines: &[Line]| lines.iter().map(source).collect::<Vec<_>>();
    let first = description::lines(&(line("0", "recvonly") + &line("1", "recvonly")), &[]);
    assert_eq!(sources(&first), [Some(Source::Microphone), Some(Source::ScreenAudio)]);
    let second = description::lines(
        &(line("0", "inactive") + &line("1", "recvonly") + &line("2", "recvonly")),
        &first,
    );
    assert_eq!(sources(&second), [None, Some(Source::ScreenAudio), Some(Source::Microphone)]);
}

#[derive(Clone, Debug)]
enum Edit {
    Drop(usize),
    Twice(usize, usize),
    Swap(usize, usize),
    /// One token of a line becomes one of another.
    Graft(usize, usize, usize, usize),
    Byte(usize, char),
    Cut(usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let n = any::<usize>;
    let edit = prop_oneof![
        n().prop_map(Edit::Drop),
        (n(), n()).prop_map(|(a, b)| Edit::Twice(a, b)),
        (n(), n()).prop_map(|(a, b)| Edit::Swap(a, b)),
        (n(), n(), n(), n()).prop_map(|(a, b, c, d)| Edit::Graft(a, b, c, d)),
        (n(), any::<char>()).prop_map(|(a, c)| Edit::Byte(a, c)),
        n().prop_map(Edit::Cut),
    ];
    prop::collection::vec(edit, 0..12)
}

fn apply(offer: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = offer.lines().map(str::to_owned).collect();
    for edit in edits {
        let count = lines.len().max(1);
        let split = |line: &str| {
            line.split_inclusive([' ', ':', ';', '=', '/']).map(str::to_owned).collect::<Vec<_>>()
        };
        if lines.is_empty() {
            break;
        }
        match edit {
            Edit::Drop(a) => _ = lines.remove(a % count),
            Edit::Twice(a, b) => lines.insert(b % count, lines[a % count].clone()),
            Edit::Swap(a, b) => lines.swap(a % count, b % count),
            Edit::Graft(a, b, c, d) => {
                let from = split(&lines[a % count]);
                let mut to = split(&lines[b % count]);
                if !from.is_empty() && !to.is_empty() {
                    let at = d % to.len();
                    to[at] = from[c % from.len()].clone();
                    lines[b % count] = to.concat();
                }
            }
            Edit::Byte(a, c) => {
                let line = &mut lines[a % count];
                let at = line.char_indices().map(|(at, _)| at).nth(a / count % line.chars().count().max(1));
                line.insert(at.unwrap_or(0), *c);
            }
            Edit::Cut(a) => lines.truncate(1 + a % count),
        }
    }
    lines.join("\r\n") + "\r\n"
}

/// What Chromium 156 offers who wants camera and microphone with simulcast and a data channel.
const CHROMIUM: &str = include_str!("chromium.sdp");

#[test]
fn a_browser_s_offer_is_answered() {
    let now = Instant::now();
    let setup = Setup::new().unwrap();
    let (endpoint, answer) =
        Endpoint::accept(&setup, credentials("07first"), now, CHROMIUM, &candidates()).unwrap();
    let [microphone, camera] = endpoint.lines() else { panic!("{:?}", endpoint.lines()) };
    let Role::Sends(microphone) = &microphone.role else { panic!() };
    assert_eq!(microphone.codecs, [PayloadType { codec: Codec::Opus, pt: 111, rtx: None }]);
    let Role::Sends(camera) = &camera.role else { panic!() };
    assert_eq!(camera.codecs[0], PayloadType { codec: Codec::Vp8, pt: 96, rtx: Some(97) });
    assert!(camera.codecs.iter().skip(1).all(|other| other.codec == Codec::H264 && other.rtx.is_some()));
    assert!(answer.contains("m=application") && !answer.contains("red/"));
}

#[test]
fn codecs_on_the_wrong_lines_are_refused() {
    let setup = Setup::new().unwrap();
    // It made str0m panic.
    let stray = CHROMIUM.replacen("a=mid:0\r\n", "a=mid:0\r\na=rtpmap:102 H264/90000\r\n", 1);
    assert_ne!(stray, CHROMIUM);
    assert!(matches!(refused(&setup, &stray), OfferError::Malformed(_)));
}

/// Two m-lines have two formats share a payload type for retransmissions.
#[test]
fn what_makes_str0m_panic_ends_one_session() {
    let contradicts = OfferError::Malformed("its payload types contradict each other".to_owned());
    let pair = Pair::new(Offers { sends: false, slots: 1 });
    let setup = &pair.setup;
    let one = pair.offer.replace(" H264/", " H263/");
    let slot = pair.offer.split("m=").find(|section| section.starts_with("video")).unwrap();
    let mid = slot.lines().find_map(|line| line.strip_prefix("a=mid:")).unwrap();
    let other = slot
        .replace(&format!("a=mid:{mid}"), "a=mid:more")
        .replace("a=fmtp:97 apt=96", "a=fmtp:97 apt=127")
        .replace("a=fmtp:121 apt=127", "a=fmtp:121 apt=96");
    let bundle = one.lines().find(|line| line.starts_with("a=group:BUNDLE")).unwrap();
    let both = format!("{}m={other}", one.replace(bundle, &format!("{bundle} more")));
    assert_eq!(refused(setup, &both), contradicts);

    // In a later offer the session ends with it; str0m is not asked anything any more.
    let now = Instant::now();
    let (mut endpoint, _) =
        Endpoint::accept(setup, credentials("07first"), now, &one, &candidates()).unwrap();
    assert_eq!(endpoint.reoffer(now, credentials("07second"), &both, &candidates()), Err(contradicts));
    assert!(matches!(endpoint.poll(), Some(Output::Closed(CloseReason::Failed))));
    assert_eq!(endpoint.send(now, 0, true, b"x"), Err(NotSent::NotOpen));
    assert!(endpoint.reoffer(now, credentials("07third"), &one, &candidates()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_offer_panics(edits in edits(), more in edits()) {
        static OFFER: std::sync::OnceLock<(Setup, String)> = std::sync::OnceLock::new();
        let (setup, offer) = OFFER.get_or_init(offer);
        let now = Instant::now();
        let first = apply(offer, &edits);
        if let Ok((mut endpoint, _)) = Endpoint::accept(setup, credentials("07first"), now, &first, &candidates()) {
            let _ = endpoint.reoffer(now, credentials("07second"), &apply(&first, &more), &candidates());
            let _ = endpoint.reoffer(now, credentials("07third"), &apply(offer, &more), &candidates());
            let _ = endpoint.reoffer(now, credentials("07third"), &first, &candidates());
            endpoint.handle_timeout(now);
            while endpoint.poll().is_some() {}
        }
    }
}

#[test]
fn str0m_knows_nothing_of_slots() {
    let pair = Pair::new(Offers { sends: true, slots: 3 });
    let slots = pair.server.lines().iter().filter(|line| matches!(line.role, Role::Slot(_)));
    assert!(slots.clone().count() > 2);
    assert!(slots.clone().all(|line| pair.server.rtc.media(Mid::from(line.mid.as_str())).is_none()));
}

#[test]
fn who_only_receives_has_a_first_line_all_the_same() {
    let mut pair = Pair::connected(Offers { sends: false, slots: 2 });
    assert!(pair.server.lines().iter().all(|line| matches!(line.role, Role::Slot(_))));
    pair.run(Duration::from_secs(40));
    assert_eq!(pair.count(|output| matches!(output, Output::Closed(_))), 0);
}

#[test]
fn what_is_sent_keeps_its_name_in_all_answers() {
    let mut pair = Pair::connected(Offers { sends: true, slots: 2 });
    let named = |answer: &str| -> Vec<String> {
        let names = ["o=", "a=ssrc:", "a=ssrc-group:", "a=msid:"];
        let named = answer.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
        named.map(str::to_owned).collect()
    };
    let before = (named(&pair.answer), pair.server.lines().to_vec());
    let again = pair.server.reoffer(pair.now, credentials("07second"), &pair.offer, &candidates());
    let answer = again.unwrap_or_else(|error| panic!("{error}"));
    assert!(before.0.len() > 8, "{:?}", before.0);
    assert_eq!((named(&answer), pair.server.lines().to_vec()), before);
}
