//! A plan as data: who is there under which conditions, what happens when, and what must be true of it.

use std::time::Duration;

use kaigi_sfu::Receive;
use kaigi_testkit::Conditions;

pub struct Plan {
    pub length: Duration,
    /// Participants, by their number.
    pub cast: Vec<Part>,
    pub script: Vec<(Duration, Step)>,
    pub checks: Vec<Check>,
}

/// One participant.
#[derive(Clone)]
pub struct Part {
    pub joins: Duration,
    pub camera: bool,
    pub microphone: bool,
    /// The camera's encoder makes three temporal layers, as Chromium's does; else one, as Firefox's.
    pub temporal_layers: bool,
    pub layout: Layout,
    pub up: Conditions,
    pub down: Conditions,
    pub video_slots: usize,
    pub audio_slots: usize,
}

/// What a participant shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// All others, this high.
    Everyone(u16),
    /// These, this high; the first is preferred.
    These(Vec<(usize, u16)>),
    /// Whoever speaks, 720 lines high.
    Speaker,
    /// One, 720 lines high, and nothing is heard but it.
    Only(usize),
}

#[derive(Clone, Debug)]
pub enum Step {
    /// Says goodbye.
    Leave(usize),
    /// Begins to share a screen, or ends it.
    Share(usize, bool),
    /// Has another address from now on, as after a change from Wi-Fi to mobile, and restarts ICE.
    Move(usize),
    /// Is killed: nothing more comes. The server notices after 15 s.
    Vanish(usize),
    Up(usize, Conditions),
    Down(usize, Conditions),
    Show(usize, Layout),
    Receive(usize, Receive),
    Speak(usize, bool),
    /// A data message of this many bytes, over the reliable (0) or the lossy (1) channel; to all where `to` is empty.
    Say {
        from: usize,
        to: Vec<usize>,
        channel: usize,
        bytes: usize,
    },
}

/// A stretch of time since the start.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub Duration, pub Duration);

/// What must be true. Rules that hold always (RTP's and VP8's continuity, truthful slots, nothing lost that the
/// network did not lose) are checked without being listed.
#[derive(Clone, Debug)]
pub enum Check {
    /// The first picture comes this soon after both are there and it is shown.
    FirstPicture { viewer: usize, of: usize, within: Duration },
    /// No time without a picture is longer, and at most so many are longer than 500 ms.
    Picture { viewer: usize, of: usize, span: Span, longest: Duration, freezes: usize },
    /// A shared screen comes this soon after the span's start, and from then on no time without it is longer.
    Screen { viewer: usize, of: usize, span: Span, within: Duration, longest: Duration },
    /// Pictures change their height, or come back after a freeze, at most so many times.
    Changes { viewer: usize, of: usize, span: Span, most: usize },
    /// No time without any picture at all, whosever it is, is longer.
    Followed { viewer: usize, span: Span, longest: Duration },
    /// The viewer is never told of another slot for its camera, once it has one.
    SameSlot { viewer: usize, of: usize },
    /// No time without a sound is longer. Whoever is heard has to speak all the while.
    Sound { viewer: usize, of: usize, span: Span, longest: Duration },
    /// 95 of 100 sounds take at most this long from mouth to ear.
    Delay { viewer: usize, of: usize, span: Span, most: Duration },
    /// All pictures of the span have a height in this range.
    Height { viewer: usize, of: usize, span: Span, least: u16, most: u16 },
    /// A picture of this height comes within the span, and the rest of the span is not lower.
    Grows { viewer: usize, of: usize, span: Span, height: u16 },
    /// What comes in the span, in bits per second.
    Rate { viewer: usize, span: Span, least: f64, most: f64 },
    /// Of what was lost on the way to this viewer, at most this share of all packets is never repaired.
    Repaired { viewer: usize, unrepaired: f64 },
    /// From then on no slot of the viewer's holds anything of it.
    Emptied { viewer: usize, of: usize, from: Duration },
    /// In every two seconds of the span the viewer sees pictures of at least so many.
    Seen { viewer: usize, span: Span, least: usize },
    /// No layer of this camera was asked for more keyframes than this a second.
    KeyframeRequests { of: usize, per_second: f64 },
    /// The publisher was told to pause its layers so that in the span these are on.
    Layers { of: usize, span: Span, active: [bool; 3] },
    /// The last word about who speaks loudest before this time.
    Loudest { at: Duration, speaker: usize },
    /// Every reliable message came to whom it was for, once and in order, and none to others.
    Delivered,
    /// At least this share of the lossy channel's messages came.
    DeliveredLossy(f64),
}

impl Part {
    /// A participant on a good line, who shows all others at 360 lines.
    pub fn new() -> Self {
        let line = Conditions::delay(Duration::from_millis(20));
        Self {
            joins: Duration::ZERO,
            camera: true,
            microphone: true,
            temporal_layers: true,
            layout: Layout::Everyone(360),
            up: line,
            down: line,
            video_slots: 12,
            audio_slots: 4,
        }
    }

    /// Shows and hears others, and sends nothing.
    pub fn audience() -> Self {
        Self { camera: false, microphone: false, ..Self::new() }
    }
}

pub const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn span(from_s: f64, to_s: f64) -> Span {
    Span(Duration::from_secs_f64(from_s), Duration::from_secs_f64(to_s))
}
