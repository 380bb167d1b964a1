mod offers;
mod pair;

use std::time::Duration;

use str0m::media::{Direction, MediaKind};

use self::pair::{CLIENT, Offers, Pair, rtp, udp};
use super::*;
use crate::forward::Codec;
use crate::model::Source;

const ALL: Offers = Offers { sends: true, slots: 2 };
const SUBSCRIBER: Offers = Offers { sends: false, slots: 12 };

#[test]
fn a_client_connects_and_its_lines_are_known() {
    let mut pair = Pair::connected(ALL);
    assert_eq!(pair.count(|output| matches!(output, Output::Connected)), 1);
    assert_eq!(pair.server.path(), Some(&udp(CLIENT)));
    assert!(pair.server.sealer().is_some());

    let roles: Vec<_> = pair.server.lines().iter().map(|line| &line.role).collect();
    let [
        Role::Sends(microphone),
        Role::Sends(camera),
        Role::Slot(first),
        Role::Slot(second),
        Role::Slot(audio),
    ] = roles[..]
    else {
        panic!("{roles:?}");
    };
    assert_eq!((microphone.source, microphone.layers()), (Source::Microphone, 1));
    assert_eq!(camera.source, Source::Camera);
    assert_eq!(camera.rids, ["q", "h", "f"]);
    assert_eq!(first.codecs[0].codec, Codec::Vp8);
    assert!(first.codecs.iter().all(|codec| codec.rtx.is_some()));
    assert!(first.rtx_ssrc.is_some() && first.twcc_ext.is_some() && first.mid_ext.is_some());
    assert_eq!((audio.codecs.len(), audio.codecs[0].codec, audio.rtx_ssrc), (1, Codec::Opus, None));
    assert!(audio.level_ext.is_some());
    assert!(first.ssrc != second.ssrc && first.cname != second.cname);
}

#[test]
fn media_arrives_by_line_and_layer() {
    let mut pair = Pair::connected(ALL);
    for n in 0..20 {
        pair.send_media(None, n, b"sound");
        pair.send_media(Some("q"), n, b"low");
        pair.send_media(Some("f"), n, b"high");
        pair.run(Duration::from_millis(20));
    }
    let came = |wanted: (usize, usize), text: &[u8], wants: Codec| {
        pair.count(|output| match output {
            Output::Media { line, layer, codec, packet } => {
                (*line, *layer) == wanted && *packet.payload == *text && *codec == wants
            }
            _ => false,
        })
    };
    assert_eq!(came((0, 0), b"sound", Codec::Opus), 20);
    assert_eq!(came((1, 0), b"low", Codec::Vp8), 20);
    assert_eq!(came((1, 2), b"high", Codec::Vp8), 20);
    let level = pair.outputs.iter().find_map(|output| match output {
        Output::Media { line: 0, packet, .. } => Some(packet.audio_level),
        _ => None,
    });
    assert_eq!(level, Some(Some(30)));
    assert_eq!(pair.refused, []);
}

#[test]
fn what_we_seal_arrives_on_its_slot() {
    let mut pair = Pair::connected(SUBSCRIBER);
    let line = pair.server.lines()[3].clone();
    let Role::Slot(slot) = &line.role else { panic!() };
    // Over the turn of the 16 bits.
    for sequence in 65_530..65_560u64 {
        let mut datagram = rtp(slot, &line.mid, sequence as u16, format!("frame {sequence}").as_bytes());
        pair.server.sealer().unwrap().seal_rtp(&mut datagram, 0, sequence).unwrap();
        pair.deliver(&datagram);
        pair.run(Duration::from_millis(1));
    }
    let came: Vec<_> =
        pair.media.iter().map(|packet| String::from_utf8_lossy(&packet.payload).into_owned()).collect();
    let sent: Vec<_> = (65_530..65_560).map(|sequence| format!("frame {sequence}")).collect();
    assert_eq!(came, sent);
    assert!(pair.media.iter().all(|packet| *packet.header.ssrc == slot.ssrc));
}

#[test]
fn data_goes_both_ways() {
    let mut pair = Pair::connected(SUBSCRIBER);
    let reliable = pair.reliable;
    assert!(pair.client.channel(reliable).unwrap().write(true, b"up").unwrap());
    pair.server.send(pair.now, 0, true, b"down").unwrap();
    pair.server.send(pair.now, 2, false, b"maybe").unwrap();
    pair.until(|pair| pair.data.len() == 2);
    pair.until(|pair| pair.count(|output| matches!(output, Output::Data { .. })) == 1);
    assert!(
        pair.outputs
            .iter()
            .any(|output| matches!(output, Output::Data { channel: 0, binary: true, data } if data == b"up"))
    );
    let mut down: Vec<_> = pair.data.iter().map(|data| data.data.clone()).collect();
    down.sort();
    assert_eq!(down, [b"down".to_vec(), b"maybe".to_vec()]);
    assert_eq!(pair.server.send(pair.now, 1, true, b""), Err(NotSent::NotOpen));
}

#[test]
fn feedback_about_slots_comes_out() {
    let mut pair = Pair::connected(SUBSCRIBER);
    let line = pair.server.lines()[0].clone();
    let Role::Slot(slot) = &line.role else { panic!() };
    for sequence in (0..40u16).filter(|n| *n != 20) {
        let mut datagram = rtp(slot, &line.mid, sequence, b"frame");
        pair.server.sealer().unwrap().seal_rtp(&mut datagram, 0, u64::from(sequence)).unwrap();
        pair.deliver(&datagram);
        pair.run(Duration::from_millis(5));
    }
    let mid = Mid::from(line.mid.as_str());
    pair.client.direct_api().stream_rx_by_mid(mid, None).unwrap().request_keyframe(KeyframeRequestKind::Pli);
    pair.until(|pair| {
        let feedback = |wanted: &dyn Fn(&Feedback) -> bool| {
            pair.count(|output| matches!(output, Output::Feedback(feedback) if wanted(feedback))) > 0
        };
        let ours = slot.ssrc;
        feedback(&|f| matches!(f, Feedback::Nack { ssrc, sequences } if *ssrc == ours && sequences == &[20]))
            && feedback(&|f| matches!(f, Feedback::KeyframeRequest { ssrc } if *ssrc == ours))
            && feedback(&|f| matches!(f, Feedback::Report(block) if block.ssrc == ours && block.highest_sequence == 39))
    });
    assert_eq!(pair.refused, []);
}

#[test]
fn a_publisher_s_sender_reports_and_keyframes_work() {
    let mut pair = Pair::connected(ALL);
    for n in 0..100 {
        pair.send_media(Some("h"), n, b"picture");
        pair.run(Duration::from_millis(33));
    }
    pair.until(|pair| {
        pair.count(|output| matches!(output, Output::SenderReport { line: 1, layer: 1, .. })) > 0
    });
    pair.server.request_keyframe(pair.now, 1, 1);
    pair.until(|pair| pair.keyframes == [Rid::from("h")]);
    // Nothing of a layer that was never sent.
    pair.server.request_keyframe(pair.now, 1, 0);
    pair.server.request_keyframe(pair.now, 9, 9);
}

/// str0m counts its own SRTCP; under the keys of a session only one side may.
#[test]
fn str0m_never_seals_what_is_sent() {
    let mut pair = Pair::connected(ALL);
    for n in 0..50 {
        pair.send_media(Some("q"), n, b"picture");
        pair.run(Duration::from_millis(33));
        let mut report = Vec::new();
        let slot = pair.slots()[0].clone();
        let fields = rtcp::SenderReport { ssrc: slot.ssrc, ntp: n << 32, rtp: 0, packets: 1, bytes: 1 };
        rtcp::write_sender_report(&mut report, &fields, &slot.cname);
        pair.server.sealer().unwrap().seal_rtcp(&mut report, 0).unwrap();
        pair.srtcp.push(report.clone());
        pair.deliver(&report);
    }
    // The index is in the last word with AES-GCM, which both prefer.
    let indices: Vec<_> = pair.srtcp.iter().map(|p| u32::from_be_bytes(*p.last_chunk().unwrap())).collect();
    let expected: Vec<_> = (0..indices.len() as u32).map(|index| 1 << 31 | index).collect();
    assert!(indices.len() > 50 + 20, "{} packets", indices.len());
    assert_eq!(indices, expected);
}

#[test]
fn replayed_and_forged_media_is_refused() {
    let mut pair = Pair::connected(ALL);
    pair.wire.clear();
    for n in 0..3 {
        pair.send_media(Some("q"), n, b"picture");
        pair.run(Duration::from_millis(20));
    }
    let path = pair.path;
    let is_rtp = |datagram: &&Vec<u8>| datagram[0] >= 128 && !(192..224).contains(&datagram[1]);
    let packet = pair.wire.iter().find(is_rtp).unwrap().clone();
    let before = pair.count(|output| matches!(output, Output::Media { .. }));
    assert_eq!(pair.server.handle_datagram(pair.now, &path, &packet), Err(Refused::Unwanted));
    // A later number, so that it is looked at.
    let mut forged = packet.clone();
    forged[3] = forged[3].wrapping_add(50);
    assert_eq!(pair.server.handle_datagram(pair.now, &path, &forged), Err(Refused::Forged));
    // Another SSRC claims the layer, by the MID and RID in its header: str0m alone would believe it.
    let mut thief = packet.clone();
    thief[8] ^= 0xff;
    assert_eq!(pair.server.handle_datagram(pair.now, &path, &thief), Err(Refused::Forged));
    assert_eq!(pair.server.handle_datagram(pair.now, &path, &packet[..16]), Err(Refused::Forged));
    pair.run(Duration::from_millis(20));
    assert_eq!(pair.count(|output| matches!(output, Output::Media { .. })), before);
    pair.send_media(Some("q"), 3, b"picture");
    pair.run(Duration::from_millis(20));
    assert_eq!(pair.count(|output| matches!(output, Output::Media { line: 1, layer: 0, .. })), before + 1);
}

#[test]
fn replayed_and_forged_srtcp_is_refused() {
    let mut pair = Pair::connected(ALL);
    pair.wire.clear();
    for n in 0..100 {
        pair.send_media(Some("q"), n, b"picture");
        pair.run(Duration::from_millis(33));
    }
    let path = pair.path;
    let is_rtcp = |datagram: &&Vec<u8>| datagram[0] >= 128 && (192..224).contains(&datagram[1]);
    let packet = pair.wire.iter().find(is_rtcp).unwrap().clone();
    assert_eq!(pair.server.handle_datagram(pair.now, &path, &packet), Err(Refused::Replayed));
    let mut forged = packet;
    let last = forged.len() - 1;
    forged[last] ^= 0x40;
    assert_eq!(pair.server.handle_datagram(pair.now, &path, &forged), Err(Refused::Forged));
}

#[test]
fn strangers_are_refused() {
    let mut pair = Pair::connected(ALL);
    pair.wire.clear();
    pair.send_media(Some("q"), 0, b"picture");
    pair.run(Duration::from_secs(6));
    let stranger = udp("192.0.2.77:4444");
    let mut seen = [false; 2];
    for datagram in std::mem::take(&mut pair.wire) {
        let result = pair.server.handle_datagram(pair.now, &stranger, &datagram);
        match datagram[0] {
            // Replayed from elsewhere, a check is still authentic (RFC 8445 §19.2): it is the one thing that may.
            0..=3 => continue,
            _ => assert_eq!(result, Err(Refused::UnknownPath)),
        }
        seen[usize::from(datagram[0] >= 128)] = true;
        break;
    }
    assert!(seen[1]);

    let mut pair = Pair::connected(ALL);
    pair.wire.clear();
    pair.run(Duration::from_secs(6));
    let check = pair.wire.iter().find(|datagram| datagram[0] == 0).unwrap().clone();
    // The USERNAME attribute's text begins with our fragment.
    let at = check.windows(7).position(|text| text == b"07first").unwrap();
    let mut other = check.clone();
    other[at..at + 7].copy_from_slice(b"08first");
    assert_eq!(pair.server.handle_datagram(pair.now, &stranger, &other), Err(Refused::Username));
    let mut forged = check.clone();
    forged[at + 8] ^= 1;
    assert_eq!(pair.server.handle_datagram(pair.now, &stranger, &forged), Err(Refused::Forged));
    for rubbish in [&[][..], &[0], &[0, 1, 0, 0], &[22], &[128], &[128, 200], &[70, 1, 2, 3], &[255; 40]] {
        assert!(pair.server.handle_datagram(pair.now, &stranger, rubbish).is_err());
    }
    let path = pair.path;
    for rubbish in [&[][..], &[0], &[0, 1, 0, 0], &[128], &[128, 200], &[70, 1, 2, 3], &[255; 40]] {
        assert!(pair.server.handle_datagram(pair.now, &path, rubbish).is_err());
    }
    assert_eq!(pair.server.path(), Some(&udp(CLIENT)));
}

#[test]
fn egress_follows_the_client() {
    let mut pair = Pair::connected(ALL);
    // The client's NAT gives it another port: the old path is dead.
    pair.path = udp("203.0.113.5:61111");
    pair.sent_to.clear();
    pair.until(|pair| pair.server.path() == Some(&pair.path));
    pair.server.send(pair.now, 0, true, b"here").unwrap();
    pair.until(|pair| !pair.data.is_empty());
    assert_eq!(pair.sent_to.back(), Some(&pair.path));
    // And to a TCP connection of the same address, which then is closed.
    pair.path = Path { via: crate::model::Via::Stream(9), ..pair.path };
    pair.until(|pair| pair.server.path() == Some(&pair.path));
    pair.data.clear();
    pair.server.send(pair.now, 0, true, b"and here").unwrap();
    pair.until(|pair| !pair.data.is_empty());
    assert_eq!(pair.sent_to.back(), Some(&pair.path));
    let stream = pair.path;
    pair.server.forget_path(&stream);
    assert_eq!(pair.server.path(), Some(&udp("203.0.113.5:61111")));
}

#[test]
fn only_so_many_paths_are_remembered() {
    let mut pair = Pair::connected(SUBSCRIBER);
    pair.wire.clear();
    pair.run(Duration::from_secs(6));
    let check = pair.wire.iter().find(|datagram| datagram[0] == 0).unwrap().clone();
    for port in 1000..2000 {
        let path = udp(&format!("203.0.113.9:{port}"));
        assert_eq!(pair.server.handle_datagram(pair.now, &path, &check), Ok(()));
        while pair.server.poll().is_some() {}
    }
    // DTLS by a path long forgotten.
    let dtls = [22; 30];
    assert_eq!(
        pair.server.handle_datagram(pair.now, &udp("203.0.113.9:1100"), &dtls),
        Err(Refused::UnknownPath)
    );
    assert_ne!(
        pair.server.handle_datagram(pair.now, &udp("203.0.113.9:1999"), &dtls),
        Err(Refused::UnknownPath)
    );
}

#[test]
fn an_ice_restart_keeps_the_slots() {
    let mut pair = Pair::connected(ALL);
    let (lines, slots) = (pair.server.lines().to_vec(), pair.slots());
    let answer = pair.reoffer("07second", |sdp| _ = sdp.ice_restart(true));
    assert!(answer.contains("a=ice-ufrag:07second"));
    assert_eq!(pair.server.credentials().ufrag, "07second");
    assert_eq!(pair.server.lines(), lines);
    pair.path = udp("203.0.113.5:62222");
    pair.until(|pair| pair.server.path() == Some(&pair.path));
    // Everything goes on: media both ways, data.
    pair.outputs.clear();
    pair.send_media(Some("f"), 1, b"high");
    let mut datagram = rtp(&slots[0], &lines[2].mid, 7, b"down");
    pair.server.sealer().unwrap().seal_rtp(&mut datagram, 0, 7).unwrap();
    pair.deliver(&datagram);
    pair.server.send(pair.now, 0, true, b"data").unwrap();
    pair.until(|pair| {
        pair.count(|output| matches!(output, Output::Media { line: 1, layer: 2, .. })) == 1
            && pair.media.len() == 1
            && pair.data.len() == 1
    });
    assert!(pair.refused.iter().all(|refused| *refused == Refused::Username), "{:?}", pair.refused);
}

#[test]
fn more_slots_leave_the_others_as_they_are() {
    let mut pair = Pair::connected(ALL);
    let before = pair.slots();
    let answer = pair.reoffer("07second", |sdp| {
        for _ in 0..3 {
            sdp.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
        }
    });
    assert!(answer.contains("a=ice-ufrag:07first"));
    let after = pair.slots();
    assert_eq!(after.len(), before.len() + 3);
    assert_eq!(after[..before.len()], before);
    let ssrcs: std::collections::HashSet<_> =
        after.iter().flat_map(|slot| [Some(slot.ssrc), slot.rtx_ssrc]).flatten().collect();
    assert_eq!(ssrcs.len(), after.len() * 2 - 1);
    let added = pair.server.lines().last().unwrap().clone();
    let Role::Slot(slot) = &added.role else { panic!() };
    let mut datagram = rtp(slot, &added.mid, 7, b"down");
    pair.server.sealer().unwrap().seal_rtp(&mut datagram, 0, 7).unwrap();
    pair.deliver(&datagram);
    pair.until(|pair| pair.media.len() == 1);
    pair.send_media(Some("f"), 1, b"high");
    pair.until(|pair| pair.count(|output| matches!(output, Output::Media { line: 1, layer: 2, .. })) == 1);
}

#[test]
fn a_client_without_network_comes_back_into_its_session() {
    for silence in [5, 12] {
        let mut pair = Pair::connected(ALL);
        pair.cut = true;
        pair.server.send(pair.now, 0, true, b"into the void").unwrap();
        pair.run(Duration::from_secs(silence));
        assert!(pair.now.duration_since(pair.server.last_heard()) >= Duration::from_secs(silence - 3));
        pair.cut = false;
        // What a browser does then: its checks go on, and the application restarts ICE.
        pair.reoffer("07second", |sdp| _ = sdp.ice_restart(true));
        pair.until(|pair| pair.data.len() == 1);
        pair.outputs.clear();
        pair.send_media(Some("f"), 1, b"high");
        pair.until(|pair| {
            pair.count(|output| matches!(output, Output::Media { line: 1, layer: 2, .. })) == 1
        });
        assert_eq!(pair.count(|output| matches!(output, Output::Closed(_))), 0);
    }
}

#[test]
fn a_client_that_is_gone_is_given_up() {
    let mut pair = Pair::connected(ALL);
    pair.cut = true;
    let began = pair.now;
    pair.until(|pair| pair.count(|output| matches!(output, Output::Closed(CloseReason::TimedOut))) == 1);
    let took = pair.now - began;
    assert!((11..=14).contains(&took.as_secs()), "{took:?}");
    assert_eq!(pair.server.poll_timeout(), None);
    let path = pair.path;
    assert_eq!(pair.server.handle_datagram(pair.now, &path, &[22]), Err(Refused::Closed));
}

#[test]
fn one_that_never_comes_is_given_up() {
    let mut pair = Pair::new(ALL);
    pair.cut = true;
    let began = pair.now;
    pair.until(|pair| pair.count(|output| matches!(output, Output::Closed(CloseReason::TimedOut))) == 1);
    assert!((pair.now - began).as_secs() >= 29, "a slow machine takes its time");
    assert!(pair.server.path().is_none());
}

#[test]
fn closing_tells_the_other_side() {
    let mut pair = Pair::connected(ALL);
    pair.client.close().unwrap();
    pair.until(|pair| pair.count(|output| matches!(output, Output::Closed(CloseReason::Closed))) == 1);

    let mut pair = Pair::connected(ALL);
    pair.server.close();
    pair.run(Duration::from_secs(1));
    assert!(!pair.client.is_alive());
    assert_eq!(pair.count(|output| matches!(output, Output::Closed(_))), 0);
}

/// A session that only watches leaves str0m alone: nothing it says is str0m's business.
#[test]
fn a_silent_session_wants_few_timeouts() {
    let mut pair = Pair::connected(Offers { sends: false, slots: 49 });
    pair.run(Duration::from_secs(10));
    (pair.wakes, pair.wire) = Default::default();
    pair.run(Duration::from_secs(60));
    // str0m's ICE agent looks at its watch every 3 s.
    assert_eq!(pair.wakes, 20);
    // The client said something all the while.
    assert!(pair.wire.iter().filter(|datagram| datagram[0] >= 128).count() >= 10);
    assert_eq!(pair.refused, []);
}
