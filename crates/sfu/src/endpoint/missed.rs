//! What a client is told that it has sent and we miss.

use std::collections::HashMap;

use super::{Output, Stream};
use crate::rtcp::{self, Packet};

/// Counts what str0m says in a compound, if that is anything.
pub(super) fn of<S: std::hash::BuildHasher>(
    compound: &[u8],
    streams: &mut HashMap<u32, Stream, S>,
) -> Option<Output> {
    let (mut asked, mut lost) = (0, 0);
    for packet in rtcp::packets(compound) {
        match packet {
            Packet::Nack { entries, .. } => asked += entries.sequences().count() as u64,
            Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => {
                for block in blocks.iter() {
                    let Some(stream) = streams.get_mut(&block.ssrc) else { continue };
                    // The sum falls when what was late came after all.
                    lost += u64::from(block.lost.saturating_sub(stream.lost).max(0).unsigned_abs());
                    stream.lost = stream.lost.max(block.lost);
                }
            }
            _ => {}
        }
    }
    (asked + lost > 0).then_some(Output::Missed { asked, lost })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_and_what_is_lost_is_counted_once() {
        let mut streams = HashMap::from([(7, Stream { line: 0, layer: 0, newest: 0, lost: 0 })]);
        // A receiver report (RFC 3550 §6.4.2) about SSRC 7 with so much lost, and a NACK (RFC 4585 §6.2.1) of 3 and 5.
        let mut compound = |lost: u8| {
            let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 7, 9, 0, 0, lost];
            report.extend([0; 16]);
            report.extend([0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 7, 0, 3, 0, 2]);
            match of(&report, &mut streams) {
                Some(Output::Missed { asked, lost }) => (asked, lost),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([compound(4), compound(4), compound(2), compound(5)], [(2, 4), (2, 0), (2, 0), (2, 1)]);
        assert!(of(b"nonsense", &mut streams).is_none());
    }
}
