//! What sits behind a slot: jitter buffer and decoder, as far as they decide what a viewer sees and hears.
//! A rule of RTP or VP8 that is broken is an error at once; loss and its consequences are only recorded.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use crate::mark::Mark;

/// One packet as it comes out of the receiver's RTP stack.
pub struct Packet<'a> {
    pub at: Instant,
    /// Extended.
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: &'a [u8],
}

/// A picture that was shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub at: Instant,
    pub mark: Mark,
    pub timestamp: u32,
}

/// Sequence numbers of one slot: what is missing, and since when.
#[derive(Default)]
pub struct Continuity {
    highest: Option<u64>,
    pub missing: BTreeMap<u64, Instant>,
    /// How long the latest repair took, at most.
    pub slowest_repair: Duration,
    pub received: u64,
    pub repaired: u64,
}

impl Continuity {
    fn note(&mut self, at: Instant, sequence: u64) -> Result<(), String> {
        self.received += 1;
        match self.highest {
            Some(highest) if sequence <= highest => {
                let Some(since) = self.missing.remove(&sequence) else {
                    return Err(format!("sequence number {sequence} came twice"));
                };
                self.repaired += 1;
                self.slowest_repair = self.slowest_repair.max(at.saturating_duration_since(since));
            }
            Some(highest) if sequence - highest > 3000 => {
                return Err(format!("sequence numbers jump from {highest} to {sequence}"));
            }
            Some(highest) => {
                self.missing.extend((highest + 1..sequence).map(|sequence| (sequence, at)));
                self.highest = Some(sequence);
            }
            None => self.highest = Some(sequence),
        }
        Ok(())
    }
}

/// A video slot's receiver.
#[derive(Default)]
pub struct Screen {
    pub continuity: Continuity,
    packets: BTreeMap<u64, Piece>,
    complete: BTreeMap<u64, Frame>,
    last: Option<Frame>,
    /// The frames that can be referred to.
    decoded: HashSet<u32>,
    pub shown: Vec<Shown>,
    pub bytes: Vec<(Instant, usize)>,
    /// Packets come and nothing can be shown, since then.
    stuck: Option<Instant>,
    asked: Option<Instant>,
    /// Keyframes this viewer had to ask for.
    pub requests: u32,
}

struct Piece {
    timestamp: u32,
    marker: bool,
    descriptor: Descriptor,
    key: bool,
    mark: Mark,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    first: u64,
    end: u64,
    timestamp: u32,
    descriptor: Descriptor,
    key: bool,
    mark: Mark,
}

impl Screen {
    /// How long a viewer waits for a picture before it asks for a keyframe, and again.
    const PATIENCE: Duration = Duration::from_millis(300);
    const BETWEEN_REQUESTS: Duration = Duration::from_millis(500);
    /// What the buffer holds at most.
    const PACKETS: usize = 2000;

    pub fn receive(&mut self, packet: &Packet<'_>) -> Result<(), String> {
        self.continuity.note(packet.at, packet.sequence)?;
        self.bytes.push((packet.at, packet.payload.len()));
        let piece = Piece::read(packet)?;
        if self.last.is_none_or(|last| packet.sequence > last.end) {
            self.packets.insert(packet.sequence, piece);
            self.assemble(packet.sequence)?;
        }
        while self.packets.len() > Self::PACKETS {
            self.packets.pop_first();
        }
        if self.show(packet.at)? {
            self.stuck = None;
        } else {
            self.stuck.get_or_insert(packet.at);
        }
        Ok(())
    }

    /// Whether to ask for a keyframe now: packets come, and none of them makes a picture.
    pub fn poll_request(&mut self, now: Instant) -> bool {
        let stuck = self.stuck.is_some_and(|since| now >= since + Self::PATIENCE);
        let again = self.asked.is_none_or(|asked| now >= asked + Self::BETWEEN_REQUESTS);
        let alive = self.bytes.last().is_some_and(|(at, _)| now < *at + Self::PATIENCE);
        if stuck && again && alive {
            self.asked = Some(now);
            self.requests += 1;
            return true;
        }
        false
    }

    /// The frame this packet belongs to, if all of it is here.
    fn assemble(&mut self, sequence: u64) -> Result<(), String> {
        let Some(timestamp) = self.packets.get(&sequence).map(|piece| piece.timestamp) else { return Ok(()) };
        let piece = |at: u64| self.packets.get(&at).filter(|piece| piece.timestamp == timestamp);
        let mut first = sequence;
        while !piece(first).is_some_and(|piece| piece.descriptor.start) {
            let before = first.checked_sub(1).filter(|before| piece(*before).is_some());
            let Some(before) = before else { return Ok(()) };
            first = before;
        }
        let mut end = sequence;
        while !piece(end).is_some_and(|piece| piece.marker) {
            if piece(end + 1).is_none() {
                return Ok(());
            }
            end += 1;
        }
        let (Some(head), Some(tail)) = (piece(first), piece(end)) else { return Ok(()) };
        let whole = head.mark.index == 0 && tail.mark.index + 1 == tail.mark.count;
        if !whole || end - first + 1 != u64::from(head.mark.count) {
            return Err(format!("a frame is not what was sent: {:?} to {:?}", head.mark, tail.mark));
        }
        for at in first..=end {
            let mark = piece(at).map(|piece| Mark { index: 0, ..piece.mark });
            if mark != Some(head.mark)
                || piece(at).map(|piece| piece.descriptor.id) != Some(head.descriptor.id)
            {
                return Err(format!("frames are mixed up: {mark:?} in {:?}", head.mark));
            }
        }
        let frame =
            Frame { first, end, timestamp, descriptor: head.descriptor, key: head.key, mark: head.mark };
        self.complete.insert(first, frame);
        Ok(())
    }

    /// Shows what can be shown; whether that was anything.
    fn show(&mut self, at: Instant) -> Result<bool, String> {
        let mut any = false;
        loop {
            let next = self.complete.values().find(|frame| self.is_decodable(frame)).copied();
            let Some(frame) = next else { return Ok(any) };
            if let Some(last) = self.last {
                frame.follows(&last)?;
            }
            if frame.key {
                self.decoded.clear();
            }
            self.decoded.insert(frame.mark.frame);
            self.last = Some(frame);
            self.complete = self.complete.split_off(&(frame.end + 1));
            self.packets = self.packets.split_off(&(frame.end + 1));
            self.shown.push(Shown { at, mark: frame.mark, timestamp: frame.timestamp });
            any = true;
        }
    }

    fn is_decodable(&self, frame: &Frame) -> bool {
        let Some(last) = self.last else { return frame.key };
        let same = last.mark.publisher == frame.mark.publisher && last.mark.layer == frame.mark.layer;
        frame.key || same && self.decoded.contains(&frame.mark.reference)
    }
}

impl Frame {
    /// A decoder knows frames by picture id, TL0PICIDX and timestamp only: they go on without a gap where sequence
    /// numbers do, whoever's frames they are, and never back.
    fn follows(&self, last: &Self) -> Result<(), String> {
        let packets = self.first - last.end;
        let pictures = self.descriptor.id.wrapping_sub(last.descriptor.id) & 0x7FFF;
        let wrong = |what: &str| Err(format!("{what}: {last:?}, then {self:?}"));
        if packets == 1 && pictures != 1 {
            return wrong("picture ids do not go on");
        }
        if pictures == 0 || u64::from(pictures) > packets {
            return wrong("picture ids jump");
        }
        if let (1, Some((before, _)), Some((now, temporal))) =
            (packets, last.descriptor.temporal, self.descriptor.temporal)
            && now.wrapping_sub(before) != u8::from(temporal == 0)
        {
            return wrong("TL0PICIDX does not go on");
        }
        if (self.timestamp.wrapping_sub(last.timestamp) as i32) <= 0 {
            return wrong("timestamps go back");
        }
        Ok(())
    }
}

impl Piece {
    fn read(packet: &Packet<'_>) -> Result<Self, String> {
        let (descriptor, rest) =
            Descriptor::read(packet.payload).ok_or("a payload descriptor is cut short")?;
        let (header, key) = match (descriptor.start, rest.first()) {
            (true, Some(tag)) if tag & 1 == 0 => (10, true),
            (true, _) => (3, false),
            (false, _) => (0, false),
        };
        let mark = Mark::read(rest.get(header..).ok_or("a frame header is cut short")?)?;
        if key != (descriptor.start && mark.reference == mark.frame) {
            return Err(format!("the frame header does not fit {mark:?}"));
        }
        Ok(Self { timestamp: packet.timestamp, marker: packet.marker, descriptor, key, mark })
    }
}

/// What a VP8 payload descriptor says (RFC 7741 §4.2).
#[derive(Clone, Copy, Debug)]
struct Descriptor {
    start: bool,
    id: u16,
    /// TL0PICIDX and TID.
    temporal: Option<(u8, u8)>,
}

impl Descriptor {
    fn read(payload: &[u8]) -> Option<(Self, &[u8])> {
        let (&[flags, extension], mut rest) = payload.split_first_chunk()?;
        if flags & 0x80 == 0 || extension & 0x80 == 0 {
            return None;
        }
        let mut next = || {
            let (byte, left) = rest.split_first()?;
            rest = left;
            Some(*byte)
        };
        let id = u16::from(next()?) << 8 | u16::from(next()?);
        let index = if extension & 0x40 != 0 { Some(next()?) } else { None };
        let layer = if extension & 0x30 != 0 { Some(next()? >> 6) } else { None };
        // Picture ids of 15 bits only: both kinds in one stream would not be continuous.
        (id & 0x8000 != 0).then_some(())?;
        Some((Self { start: flags & 0x17 == 0x10, id: id & 0x7FFF, temporal: index.zip(layer) }, rest))
    }
}

/// An audio slot's receiver.
#[derive(Default)]
pub struct Speaker {
    pub continuity: Continuity,
    pub heard: Vec<Shown>,
    pub bytes: Vec<(Instant, usize)>,
    latest: Option<(u64, u32)>,
}

impl Speaker {
    pub fn receive(&mut self, packet: &Packet<'_>) -> Result<(), String> {
        self.continuity.note(packet.at, packet.sequence)?;
        self.bytes.push((packet.at, packet.payload.len()));
        let mark = Mark::read(packet.payload.get(1..).ok_or("an Opus packet without a byte")?)?;
        if let Some((sequence, timestamp)) = self.latest {
            let forward = packet.timestamp.wrapping_sub(timestamp) as i32;
            if (packet.sequence > sequence) != (forward > 0) {
                return Err(format!("audio timestamps go back: {forward} at {mark:?}"));
            }
        }
        if self.latest.is_none_or(|(sequence, _)| packet.sequence > sequence) {
            self.latest = Some((packet.sequence, packet.timestamp));
        }
        self.heard.push(Shown { at: packet.at, mark, timestamp: packet.timestamp });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;
    use crate::camera::Encoder;

    /// Everything one layer sends in ten seconds; a keyframe now and then.
    fn sent(temporal_layers: bool) -> Vec<(u64, u32, bool, Vec<u8>)> {
        let mut rng = StdRng::seed_from_u64(1);
        let mut encoder = Encoder::new(1, 1, temporal_layers, &mut rng);
        let mut packets = vec![];
        for number in 0..300u64 {
            if number % 100 == 99 {
                encoder.want_keyframe();
            }
            let timestamp = encoder.timestamp_offset.wrapping_add(number as u32 * 3000);
            for payload in encoder.encode(number * 33_333, &mut rng) {
                packets.push((packets.len() as u64, timestamp, payload.marker, payload.bytes));
            }
        }
        packets
    }

    fn watch(packets: &[(u64, u32, bool, Vec<u8>)]) -> (Screen, Result<(), String>) {
        let mut screen = Screen::default();
        let start = Instant::now();
        for (sequence, timestamp, marker, payload) in packets {
            let (sequence, timestamp, marker) = (*sequence, *timestamp, *marker);
            let at = start + Duration::from_millis(sequence);
            if let Err(error) = screen.receive(&Packet { at, sequence, timestamp, marker, payload }) {
                return (screen, Err(error));
            }
        }
        (screen, Ok(()))
    }

    fn frames(screen: &Screen) -> Vec<u32> {
        screen.shown.iter().map(|shown| shown.mark.frame).collect()
    }

    #[test]
    fn what_arrives_whole_is_shown() {
        for temporal_layers in [false, true] {
            let (screen, result) = watch(&sent(temporal_layers));
            assert_eq!(result, Ok(()));
            assert_eq!(frames(&screen), (1..=300).collect::<Vec<_>>());
            let bits: usize = screen.bytes.iter().map(|(_, bytes)| bytes * 8).sum();
            assert!((4_500_000..5_500_000).contains(&bits), "{bits} bits in 10 s of 500 kbit/s");
        }
    }

    #[test]
    fn a_lost_packet_stops_what_refers_to_it_until_the_next_keyframe() {
        let mut packets = sent(false);
        let lost = packets.iter().position(|packet| packet.2 && packet.0 > 150).unwrap_or(0);
        packets.remove(lost);
        let (screen, result) = watch(&packets);
        assert_eq!(result, Ok(()));
        let shown = frames(&screen);
        let gap = shown.windows(2).find(|pair| pair[1] != pair[0] + 1).map(|pair| (pair[0], pair[1]));
        assert!(gap.is_some_and(|(before, after)| before < 100 && after == 100), "{gap:?}");
        assert_eq!(screen.continuity.missing.len(), 1);
        // Sent again half a second later, it is shown, and all that waited for it.
        let (sequence, timestamp, marker, payload) = sent(false).swap_remove(lost);
        let (mut screen, _) = watch(&packets[..lost + 15]);
        let waiting = frames(&screen).len();
        let at = Instant::now();
        assert!(screen.poll_request(at + Duration::from_secs(600)) || screen.stuck.is_some());
        assert_eq!(screen.receive(&Packet { at, sequence, timestamp, marker, payload: &payload }), Ok(()));
        assert!(frames(&screen).len() > waiting + 5 && screen.continuity.missing.is_empty());
    }

    #[test]
    fn a_lost_frame_that_none_refers_to_is_only_skipped() {
        let mut packets = sent(true);
        // The second frame is of temporal layer 2.
        let second = packets[0].1.wrapping_add(3000);
        packets.retain(|packet| packet.1 != second);
        let (screen, result) = watch(&packets);
        assert_eq!(result, Ok(()));
        assert_eq!(frames(&screen).len(), 299);
    }

    #[test]
    fn order_does_not_matter_within_the_buffer() {
        let mut packets = sent(false);
        packets[20..].chunks_mut(7).for_each(|chunk| chunk.reverse());
        let (screen, result) = watch(&packets);
        assert_eq!(result, Ok(()));
        assert!(frames(&screen).len() > 290);
    }

    #[test]
    fn broken_streams_are_noticed() {
        type Break = fn(&mut Vec<(u64, u32, bool, Vec<u8>)>);
        let breaks: [(&str, Break); 8] = [
            ("came twice", |packets| packets[50].0 = packets[49].0),
            ("jump from", |packets| packets[50..].iter_mut().for_each(|packet| packet.0 += 9000)),
            ("damaged", |packets| packets[50].3[40] ^= 1),
            ("picture ids do not go on", |packets| {
                packets[50..].iter_mut().for_each(|packet| packet.3[3] ^= 64)
            }),
            ("TL0PICIDX", |packets| packets[50..].iter_mut().for_each(|packet| packet.3[4] ^= 1)),
            ("timestamps go back", |packets| {
                packets[50..].iter_mut().for_each(|packet| packet.1 = packet.1.wrapping_sub(90_000));
            }),
            ("not what was sent", |packets| {
                // A packet in the middle of the first frame vanishes, and numbers close up behind it.
                packets.remove(1);
                packets[1..].iter_mut().for_each(|packet| packet.0 -= 1);
            }),
            ("cut short", |packets| packets[50].3.truncate(1)),
        ];
        for (error, alter) in breaks {
            let mut packets = sent(true);
            alter(&mut packets);
            let (_, result) = watch(&packets);
            assert!(result.clone().is_err_and(|text| text.contains(error)), "{error}: {result:?}");
        }
    }
}
