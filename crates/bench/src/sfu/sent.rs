//! What publishers have sent lately, so that receivers can be checked against it.

use std::{collections::VecDeque, rc::Rc};

use crate::clip::{Clip, Layer};

/// Packets of a layer that are remembered: some seconds even at the highest rates.
const REMEMBERED: usize = 1 << 15;

/// One layer of a publisher.
pub struct Log {
    clip: Rc<Clip>,
    source: Source,
    first: u64,
    sent: VecDeque<Sent>,
    /// Where each packet of the clip was sent last, plus one.
    last: Vec<u64>,
}

/// What a layer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The microphone.
    Audio,
    /// A layer of the camera, 0 the lowest.
    Video(usize),
}

/// A packet that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Which one of the clip.
    pub packet: u32,
    /// RTP's.
    pub timestamp: u32,
    /// VP8's.
    pub picture: u16,
    /// VP8's TL0PICIDX.
    pub tl0: u8,
    /// When it was handed to the kernel, by [`real_ns`](kaigi_bench::sys::real_ns).
    pub at_ns: u64,
}

impl Log {
    /// Empty.
    pub fn new(clip: Rc<Clip>, source: Source) -> Self {
        let packets = layer_of(&clip, source).packets.len();
        Self { clip, source, first: 0, sent: VecDeque::with_capacity(REMEMBERED), last: vec![0; packets] }
    }

    /// What it carries.
    pub fn source(&self) -> Source {
        self.source
    }

    /// The media itself.
    pub fn layer(&self) -> &Layer {
        layer_of(&self.clip, self.source)
    }

    /// Notes one more; returns its position.
    pub fn push(&mut self, sent: Sent) -> u64 {
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
            self.first += 1;
        }
        let position = self.end();
        self.last[sent.packet as usize] = position + 1;
        self.sent.push_back(sent);
        position
    }

    /// The position of the next one.
    pub fn end(&self) -> u64 {
        self.first + self.sent.len() as u64
    }

    /// A packet that was sent lately.
    pub fn at(&self, position: u64) -> Option<&Sent> {
        self.sent.get(usize::try_from(position.checked_sub(self.first)?).ok()?)
    }

    /// The moment at which it left has come.
    pub fn set_time(&mut self, position: u64, at_ns: u64) {
        let index = position.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(sent) = index.and_then(|index| self.sent.get_mut(index)) {
            sent.at_ns = at_ns;
        }
    }

    /// Where this payload was sent last.
    pub fn find(&self, payload: &[u8]) -> Option<u64> {
        let packet = self.layer().find(payload)?;
        self.last[packet as usize].checked_sub(1).filter(|position| *position >= self.first)
    }

    /// How many left in this time.
    pub fn count(&self, times: &std::ops::Range<u64>) -> u64 {
        self.sent
            .iter()
            .rev()
            .skip_while(|sent| sent.at_ns >= times.end)
            .take_while(|sent| sent.at_ns >= times.start)
            .count() as u64
    }
}

fn layer_of(clip: &Clip, source: Source) -> &Layer {
    match source {
        Source::Audio => &clip.audio,
        Source::Video(layer) => &clip.video[layer],
    }
}
