//! Checks what a client receives: every payload byte by byte against what the publisher sent, sequence numbers,
//! order, timestamps, markers and VP8's picture ids.

use std::ops::Range;

use crate::sent::{Log, Source};

/// Sequence numbers behind the highest one that are told apart from those seen.
const WINDOW: u64 = 1024;

/// One incoming RTP stream.
pub struct Track {
    /// Whose it is: indexes of the logs it may carry. `None` as long as signaling has not said so.
    logs: Option<Range<usize>>,
    /// The last so many packets were wrong, unless signaling says now that they are another's: it goes another way than
    /// media, and may come later.
    suspect: u64,
    highest: Option<u64>,
    seen: [u64; (WINDOW / 64) as usize],
    segment: Option<Segment>,
    newest_timestamp: u32,
    /// What came in the time that is measured.
    pub counts: Counts,
}

/// From one switch to the next, everything differs from what was sent by a constant.
#[derive(Clone, Copy)]
struct Segment {
    log: usize,
    sequence: u64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
}

/// What came, and what was wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Packets that were sent in the time that is measured.
    pub received: u64,
    /// All packets, whenever they were sent.
    pub packets: u64,
    /// Came twice.
    pub duplicate: u64,
    /// Came after one that was sent later.
    pub late: u64,
    /// Not what was sent, or with a wrong timestamp, marker or picture id.
    pub corrupt: u64,
    /// Of another layer than before.
    pub switches: u64,
    /// Switched at something else than a keyframe's first packet, or with a gap in the sequence numbers.
    pub unclean: u64,
    /// Nobody knows whose it is.
    pub unknown: u64,
    /// Came just before signaling said whose they are.
    pub ahead: u64,
    /// From before the publisher's send call to arrival in the receiver's socket.
    pub latencies_ns: Vec<u64>,
}

/// An RTP packet as it came.
pub struct Arrived<'a> {
    /// Extended sequence number.
    pub sequence: u64,
    /// RTP's.
    pub timestamp: u32,
    /// RTP's.
    pub marker: bool,
    /// RTP's.
    pub payload: &'a [u8],
    /// When the kernel had it.
    pub at_ns: u64,
}

/// What is measured.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Packets that were sent in this time count.
    pub times: Range<u64>,
    /// Keep how long each took.
    pub latencies: bool,
}

impl Counts {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.received += other.received;
        self.packets += other.packets;
        self.duplicate += other.duplicate;
        self.late += other.late;
        self.corrupt += other.corrupt;
        self.switches += other.switches;
        self.unclean += other.unclean;
        self.unknown += other.unknown;
        self.ahead += other.ahead;
        self.latencies_ns.extend(other.latencies_ns);
    }
}

impl Track {
    /// Nothing has come.
    pub fn new(logs: Option<Range<usize>>) -> Self {
        let counts = Counts::default();
        Self { logs, suspect: 0, highest: None, seen: [0; 16], segment: None, newest_timestamp: 0, counts }
    }

    /// Signaling has said whose it is.
    pub fn assign(&mut self, logs: Option<Range<usize>>) {
        if logs != self.logs {
            self.counts.ahead += std::mem::take(&mut self.suspect);
            self.logs = logs;
        }
    }

    /// What has been counted. Signaling has come by now.
    pub fn finish(&mut self) -> Counts {
        self.counts.corrupt += std::mem::take(&mut self.suspect);
        std::mem::take(&mut self.counts)
    }

    /// Nothing has been counted.
    pub fn restart(&mut self) {
        (self.counts, self.suspect) = (Counts::default(), 0);
    }

    /// Which log it carries now.
    pub fn carries(&self) -> Option<usize> {
        self.segment.map(|segment| segment.log)
    }

    /// One more packet.
    pub fn take(&mut self, arrived: &Arrived<'_>, logs: &[Log], window: &Window) {
        self.counts.packets += 1;
        let Some(ours) = self.logs.clone() else {
            self.counts.unknown += 1;
            return;
        };
        let newest = self.highest.is_none_or(|highest| arrived.sequence > highest);
        let gap = self.highest.is_some_and(|highest| arrived.sequence > highest + 1);
        if !self.note(arrived.sequence) {
            self.counts.duplicate += 1;
            return;
        }
        self.counts.late += u64::from(!newest);
        let is_video = ours.clone().any(|log| logs[log].source() != Source::Audio);
        let (picture, tl0, payload) = match is_video {
            false => (0, 0, arrived.payload),
            true => match descriptor(arrived.payload) {
                Some(parts) => parts,
                None => {
                    self.counts.corrupt += 1;
                    return;
                }
            },
        };
        // What the present segment says of it: what was sent, and whether this is it in everything.
        let told = self.segment.and_then(|segment| {
            let sent = logs[segment.log].at(arrived.sequence.wrapping_sub(segment.sequence))?;
            let packet = &logs[segment.log].layer().packets[sent.packet as usize];
            let right = arrived.timestamp == sent.timestamp.wrapping_add(segment.timestamp)
                && (!is_video || arrived.marker == packet.last)
                && picture == sent.picture.wrapping_add(segment.picture) & 0x7fff
                && tl0 == sent.tl0.wrapping_add(segment.tl0);
            (packet.payload == payload).then_some((sent, right))
        });
        let left = self.segment.is_some_and(|segment| !ours.contains(&segment.log));
        if let Some((sent, right)) = told
            && (right || !left)
        {
            match right {
                true => self.counts.corrupt += std::mem::take(&mut self.suspect),
                false => self.suspect += 1,
            }
            if window.times.contains(&sent.at_ns) {
                self.counts.received += 1;
                if window.latencies {
                    self.counts.latencies_ns.push(arrived.at_ns.saturating_sub(sent.at_ns));
                }
            }
        } else if newest {
            self.begin(arrived, ours, logs, (picture, tl0, payload), gap, window);
        } else {
            // Of a segment before this one: resent, or overtaken by a switch. Its payload was sent, at least.
            let was_sent = ours.clone().any(|log| logs[log].find(payload).is_some());
            self.counts.corrupt += u64::from(!was_sent);
        }
        if newest {
            self.newest_timestamp = arrived.timestamp;
        }
    }

    /// Something else than what should follow: another layer, or the publisher's next keyframe.
    fn begin(
        &mut self,
        arrived: &Arrived<'_>,
        ours: Range<usize>,
        logs: &[Log],
        (picture, tl0, payload): (u16, u8, &[u8]),
        gap: bool,
        window: &Window,
    ) {
        let found = ours.into_iter().find_map(|log| Some((log, logs[log].find(payload)?)));
        let Some((log, position)) = found else {
            self.suspect += 1;
            return;
        };
        let Some(sent) = logs[log].at(position) else { return };
        let packet = &logs[log].layer().packets[sent.packet as usize];
        if self.segment.is_some() {
            let at_keyframe = packet.keyframe && packet.first;
            let backwards = (arrived.timestamp.wrapping_sub(self.newest_timestamp) as i32) < 0;
            self.counts.switches += 1;
            self.counts.unclean += u64::from(!at_keyframe || gap || backwards);
        }
        self.counts.received += u64::from(window.times.contains(&sent.at_ns));
        self.segment = Some(Segment {
            log,
            sequence: arrived.sequence.wrapping_sub(position),
            timestamp: arrived.timestamp.wrapping_sub(sent.timestamp),
            picture: picture.wrapping_sub(sent.picture) & 0x7fff,
            tl0: tl0.wrapping_sub(sent.tl0),
        });
    }

    /// Marks it as seen; false if it was.
    fn note(&mut self, sequence: u64) -> bool {
        let highest = *self.highest.get_or_insert(sequence);
        if sequence + WINDOW <= highest {
            return false;
        }
        let slot = |sequence: u64| ((sequence % WINDOW / 64) as usize, 1 << (sequence % 64));
        if sequence > highest {
            for skipped in (highest + 1..=sequence).rev().take(WINDOW as usize) {
                let (word, bit) = slot(skipped);
                self.seen[word] &= !bit;
            }
            self.highest = Some(sequence);
        }
        let (word, bit) = slot(sequence);
        let new = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        new
    }
}

/// VP8's payload descriptor (RFC 7741 §4.2): picture id, TL0PICIDX, and what follows.
fn descriptor(payload: &[u8]) -> Option<(u16, u8, &[u8])> {
    let &[0x80 | 0x90, 0xe0, high, low, tl0, _, ref rest @ ..] = payload else { return None };
    (high & 0x80 != 0).then_some((u16::from_be_bytes([high & 0x7f, low]), tl0, rest))
}

/// The same, written: a picture id of 15 bits, TL0PICIDX, and the lowest temporal layer.
pub fn describe(first: bool, picture: u16, tl0: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = (picture & 0x7fff).to_be_bytes();
    let begin = if first { 0x90 } else { 0x80 };
    [&[begin, 0xe0, 0x80 | high, low, tl0, 0], payload].concat()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::{
        clip::{Clip, tests::layer},
        sent::Sent,
    };

    /// Logs of a publisher: sound, then three layers that have sent five frames of three packets each.
    fn logs() -> Vec<Log> {
        logs_since(0)
    }

    /// The same of one whose clock began elsewhere.
    fn logs_since(start: u32) -> Vec<Log> {
        let clip = Rc::new(Clip { video: [layer(2000), layer(2500), layer(3000)], audio: layer(100) });
        let sources = [Source::Audio, Source::Video(0), Source::Video(1), Source::Video(2)];
        let mut logs: Vec<Log> = sources.map(|source| Log::new(clip.clone(), source)).into();
        for log in &mut logs {
            for frame in 0..5 {
                let (range, _) = log.layer().frames[frame].clone();
                for packet in range {
                    let (timestamp, picture, tl0) = (start + 3000 * frame as u32, frame as u16, frame as u8);
                    log.push(Sent { packet, timestamp, picture, tl0, at_ns: 1000 });
                }
            }
        }
        logs
    }

    const VIDEO: Range<usize> = 1..4;
    const WINDOW: Window = Window { times: 0..2000, latencies: true };

    /// A server that adds constants to everything.
    struct Server {
        sequence: u64,
        timestamp: u32,
        picture: u16,
        tl0: u8,
    }

    const SERVER: Server = Server { sequence: 65_530, timestamp: 7_777, picture: 0x7ffe, tl0: 250 };

    /// Forwards a packet of a layer; `change` may spoil it.
    fn forward(track: &mut Track, logs: &[Log], log: usize, position: u64, change: impl Fn(&mut Vec<u8>)) {
        let sent = *logs[log].at(position).unwrap();
        let packet = &logs[log].layer().packets[sent.packet as usize];
        let picture = sent.picture.wrapping_add(SERVER.picture) & 0x7fff;
        let mut payload = describe(packet.first, picture, sent.tl0.wrapping_add(SERVER.tl0), &packet.payload);
        change(&mut payload);
        let arrived = Arrived {
            sequence: SERVER.sequence + position,
            timestamp: sent.timestamp.wrapping_add(SERVER.timestamp),
            marker: packet.last,
            payload: &payload,
            at_ns: 1500,
        };
        track.take(&arrived, logs, &WINDOW);
    }

    fn untouched(_: &mut Vec<u8>) {}

    #[test]
    fn what_differs_by_constants_only_is_right() {
        let (logs, mut track) = (logs(), Track::new(Some(VIDEO)));
        (0..15).for_each(|position| forward(&mut track, &logs, 3, position, untouched));
        let counts = &track.counts;
        assert_eq!((counts.received, counts.packets, track.carries()), (15, 15, Some(3)));
        assert_eq!((counts.corrupt, counts.late, counts.duplicate, counts.switches), (0, 0, 0, 0));
        // The first one establishes the constants.
        assert_eq!(counts.latencies_ns, vec![500; 14]);
        assert_eq!(logs[3].count(&WINDOW.times), 15);
    }

    #[test]
    fn every_wrong_byte_is_noticed() {
        for at in [2, 3, 4, 6, 500, 1005] {
            let (logs, mut track) = (logs(), Track::new(Some(VIDEO)));
            forward(&mut track, &logs, 3, 0, untouched);
            forward(&mut track, &logs, 3, 1, |payload| payload[at] ^= 1);
            assert_eq!(track.finish().corrupt, 1, "byte {at}");
        }
    }

    #[test]
    fn what_comes_late_twice_or_not_at_all_is_told_apart() {
        let (logs, mut track) = (logs(), Track::new(Some(VIDEO)));
        for position in [0, 1, 3, 2, 2, 5] {
            forward(&mut track, &logs, 3, position, untouched);
        }
        let counts = &track.counts;
        assert_eq!((counts.received, counts.late, counts.duplicate, counts.corrupt), (5, 1, 1, 0));
        assert_eq!(logs[3].count(&WINDOW.times) - counts.received, 10);
    }

    #[test]
    fn a_switch_is_clean_at_a_keyframe_only() {
        for (to, position, unclean) in [(1, 0, 0), (1, 1, 1), (1, 2, 1)] {
            let (logs, mut track) = (logs(), Track::new(Some(VIDEO)));
            forward(&mut track, &logs, 3, 0, untouched);
            let sent = logs[to].at(position).unwrap();
            let packet = &logs[to].layer().packets[sent.packet as usize];
            let payload = describe(packet.first, 5, 5, &packet.payload);
            let (sequence, timestamp) = (SERVER.sequence + 1, SERVER.timestamp + 3000);
            let arrived =
                Arrived { sequence, timestamp, marker: packet.last, payload: &payload, at_ns: 1500 };
            track.take(&arrived, &logs, &WINDOW);
            assert_eq!(
                (track.counts.switches, track.counts.unclean, track.carries()),
                (1, unclean, Some(to))
            );
            assert_eq!(track.counts.corrupt, 0);
        }
    }

    #[test]
    fn what_nobody_sent_is_noticed() {
        let (logs, mut track) = (logs(), Track::new(Some(VIDEO)));
        forward(&mut track, &logs, 3, 0, |payload| payload.truncate(500));
        assert_eq!(track.finish().corrupt, 1);
        let mut nobodys = Track::new(None);
        forward(&mut nobodys, &logs, 3, 0, untouched);
        assert_eq!(nobodys.counts.unknown, 1);
    }

    #[test]
    fn media_may_come_before_signaling_says_whose_it_is() {
        let (mut logs, mut track) = (logs(), Track::new(Some(VIDEO)));
        logs.extend(logs_since(70_000));
        forward(&mut track, &logs, 3, 0, untouched);
        forward(&mut track, &logs, 7, 1, untouched);
        track.assign(Some(5..8));
        let counts = track.finish();
        assert_eq!((counts.corrupt, counts.ahead), (0, 1));

        // What signaling never says was wrong.
        let mut track = Track::new(Some(VIDEO));
        forward(&mut track, &logs, 3, 0, untouched);
        forward(&mut track, &logs, 3, 1, |payload| payload.truncate(500));
        assert_eq!(track.finish().corrupt, 1);
    }
}
