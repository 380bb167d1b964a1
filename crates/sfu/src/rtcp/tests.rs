use proptest::prelude::*;

use super::*;

fn only(compound: &[u8]) -> Packet<'_> {
    let mut packets = packets(compound);
    let first = packets.next().unwrap();
    assert!(packets.next().is_none());
    first
}

#[test]
fn our_sender_reports_are_read_as_they_were_written() {
    let report =
        SenderReport { ssrc: 0x1234_5678, ntp: 0x0102_0304_0506_0708, rtp: 99, packets: 7, bytes: 8000 };
    let mut out = vec![0xaa];
    write_sender_report(&mut out, &report, "slot-1");
    let parts: Vec<_> = packets(&out[1..]).collect();
    let [Packet::SenderReport { ssrc, ntp, rtp, blocks }, Packet::Description] = parts[..] else {
        panic!("{parts:?}")
    };
    assert_eq!((ssrc, ntp, rtp), (report.ssrc, report.ntp, report.rtp));
    assert_eq!(blocks.iter().count(), 0);
    assert_eq!(out.len(), 1 + 28 + 20);
}

#[test]
fn report_blocks_have_signs() {
    let mut packet = vec![0x81, RECEIVER_REPORT, 0, 7, 0, 0, 0, 1];
    packet.extend([0, 0, 0, 9, 64, 0xff, 0xff, 0xfe, 0, 1, 0, 5, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5]);
    let Packet::ReceiverReport { blocks } = only(&packet) else { panic!() };
    let block = blocks.iter().next().unwrap();
    let expected = ReportBlock {
        ssrc: 9,
        fraction_lost: 64,
        lost: -2,
        highest_sequence: 0x1_0005,
        jitter: 3,
        last_report: 4,
        delay: 5,
    };
    assert_eq!(block, expected);
}

#[test]
fn a_nack_names_the_first_and_those_of_its_mask() {
    let packet = [0x81, TRANSPORT_FEEDBACK, 0, 3, 0, 0, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 0x80, 0x03];
    let Packet::Nack { ssrc: 9, entries } = only(&packet) else { panic!() };
    assert_eq!(entries.sequences().collect::<Vec<_>>(), [65535, 0, 1, 15]);
}

#[test]
fn keyframe_requests_name_their_streams() {
    let pli = [0x81, PAYLOAD_FEEDBACK, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9];
    assert!(matches!(only(&pli), Packet::PictureLoss { ssrc: 9 }));
    let fir = [0x84, PAYLOAD_FEEDBACK, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 3, 0, 0, 0];
    let Packet::FullIntraRequest { entries } = only(&fir) else { panic!() };
    assert_eq!(entries.intra_requests().collect::<Vec<_>>(), [7]);
}

#[test]
fn an_estimate_is_mantissa_and_exponent() {
    let mut remb = vec![0x8f, PAYLOAD_FEEDBACK, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0];
    remb.extend(b"REMB");
    remb.extend([1, 4 << 2 | 1, 0, 0]);
    remb.extend([0, 0, 0, 9]);
    assert!(matches!(only(&remb), Packet::EstimatedBitrate(bits) if bits == 65_536 << 4));
    // More than 64 bits of it is nonsense.
    remb[17] = 63 << 2 | 1;
    assert!(packets(&remb).next().is_none());
}

fn feedback(base: u16, count: u16, reference: u32, chunks_and_deltas: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x8f, TRANSPORT_FEEDBACK, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    packet.extend(base.to_be_bytes());
    packet.extend(count.to_be_bytes());
    packet.extend((reference << 8 | 5).to_be_bytes());
    packet.extend(chunks_and_deltas);
    packet.resize(packet.len().next_multiple_of(4), 0);
    let words = (packet.len() / 4 - 1) as u16;
    packet[2..4].copy_from_slice(&words.to_be_bytes());
    packet
}

fn arrivals(packet: &[u8]) -> (Vec<Arrival>, bool) {
    let Packet::Transport(feedback) = only(packet) else { panic!() };
    let mut out = Vec::new();
    let complete = feedback.arrivals(&mut out);
    (out, complete)
}

#[test]
fn arrivals_of_all_kinds_of_chunks() {
    // A run of 3 received with small deltas; a vector of single bits; a vector of pairs with a large, negative delta.
    let run = 0b0010_0000_0000_0011u16;
    let bits = 0b1010_1000_0000_0000u16;
    let pairs = 0b1101_1000_0000_0000u16;
    let mut body = Vec::new();
    for chunk in [run, bits, pairs] {
        body.extend(chunk.to_be_bytes());
    }
    body.extend([4, 8, 0, 1, 2, 3]);
    body.extend((-40i16).to_be_bytes());
    let (out, complete) = arrivals(&feedback(65_534, 3 + 14 + 2, 2, &body));
    assert!(complete);
    let start = 2 * 256;
    let came: Vec<_> = out.iter().filter_map(|(sequence, at)| Some((*sequence, (*at)? - start))).collect();
    assert_eq!(came, [(65_534, 4), (65_535, 12), (0, 12), (1, 13), (3, 15), (15, 18), (16, -22)]);
    assert_eq!(out.len(), 19);
}

#[test]
fn a_reference_before_zero_is_negative() {
    let (out, _) = arrivals(&feedback(1, 1, 0xff_ffff, &[0x20, 1, 7]));
    assert_eq!(out, [(1, Some(-256 + 7))]);
}

#[test]
fn feedback_that_ends_early_keeps_what_it_said() {
    let packet = feedback(10, 3, 0, &[0x20, 3, 4, 8]);
    // The padding makes up the third delta; without chunks there is nothing.
    assert_eq!(arrivals(&packet[..]).0.len(), 2);
    assert!(!arrivals(&packet[..]).1);
    assert_eq!(arrivals(&feedback(10, 3, 0, &[])), (vec![], false));
    // Runs of nothing, and more numbers than anybody sends between two reports.
    assert_eq!(arrivals(&feedback(10, 3, 0, &[0; 64])), (vec![], false));
    assert_eq!(arrivals(&feedback(10, 60_000, 0, &[0xff; 64])), (vec![], false));
}

proptest! {
    #[test]
    fn whatever_comes_does_not_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 4..300),
        kind in prop::option::of((SENDER_REPORT..=EXTENDED_REPORT, 0u8..32)),
    ) {
        // Most of it would not get past the header.
        if let Some((kind, count)) = kind {
            bytes.truncate(bytes.len() / 4 * 4);
            let words = (bytes.len() / 4 - 1) as u16;
            bytes[0] = 0x80 | count;
            bytes[1] = kind;
            bytes[2..4].copy_from_slice(&words.to_be_bytes());
        }
        let mut out = Vec::new();
        for packet in packets(&bytes) {
            match packet {
                Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => {
                    prop_assert!(blocks.iter().count() <= 31);
                }
                Packet::Nack { entries, .. } => prop_assert!(entries.sequences().count() <= 17 * 75),
                Packet::FullIntraRequest { entries } => prop_assert!(entries.intra_requests().count() <= 75),
                Packet::Transport(feedback) => _ = feedback.arrivals(&mut out),
                _ => {}
            }
        }
        prop_assert!(out.len() <= MOST_ARRIVALS);
    }
}
