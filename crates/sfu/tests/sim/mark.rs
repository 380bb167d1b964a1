//! What a simulated publisher writes into every payload, so that a viewer can tell for each byte it gets whose it
//! is and whether it is what was sent.

/// Where a payload comes from and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The publisher's number in the plan's cast.
    pub publisher: u16,
    /// Simulcast layer, lowest first; [`Mark::AUDIO`] for sound.
    pub layer: u8,
    /// The frame's number within its layer, without gaps.
    pub frame: u32,
    /// The frame this one is predicted from; its own number for a keyframe.
    pub reference: u32,
    /// Which of the frame's packets this is, and of how many.
    pub index: u16,
    pub count: u16,
    /// Microseconds since the start of the simulation.
    pub captured_us: u64,
}

impl Mark {
    pub const LENGTH: usize = 26;
    pub const AUDIO: u8 = 255;

    /// Writes the mark, and filler that belongs to it up to this many bytes in all.
    pub fn write(&self, out: &mut Vec<u8>, length: usize) {
        let end = out.len() + length.max(Self::LENGTH);
        out.extend(self.publisher.to_be_bytes());
        out.push(self.layer);
        out.extend(self.frame.to_be_bytes());
        out.extend(self.reference.to_be_bytes());
        out.extend(self.index.to_be_bytes());
        out.extend(self.count.to_be_bytes());
        out.extend(self.captured_us.to_be_bytes());
        let check =
            out[out.len() - 23..].iter().fold(7u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
        out.extend([check, self.filler(), self.filler()]);
        out.resize(end, self.filler());
    }

    /// Reads what [`Mark::write`] wrote; an error if a single byte is another.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = bytes;
        let mut take = |count: usize| {
            let (taken, left) = rest.split_at_checked(count).ok_or("a payload is too short")?;
            rest = left;
            Ok::<u64, String>(taken.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        };
        let mark = Self {
            publisher: take(2)? as u16,
            layer: take(1)? as u8,
            frame: take(4)? as u32,
            reference: take(4)? as u32,
            index: take(2)? as u16,
            count: take(2)? as u16,
            captured_us: take(8)?,
        };
        let mut expected = Vec::with_capacity(bytes.len());
        mark.write(&mut expected, bytes.len());
        if expected == bytes { Ok(mark) } else { Err(format!("a payload was damaged: {mark:?}")) }
    }

    fn filler(&self) -> u8 {
        (self.frame as u8).wrapping_mul(31) ^ (self.index as u8).wrapping_mul(7) ^ self.layer
    }
}
