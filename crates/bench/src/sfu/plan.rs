//! What is measured in a full and in a short run.

use std::{fmt, time::Duration};

use clap::ValueEnum;

/// Who sends what to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// One participant's camera and microphone, to so many.
    Video(usize),
    /// One participant's microphone, to so many.
    Audio(usize),
    /// So many participants who all send and watch each other.
    Meeting(usize),
}

impl Scenario {
    /// What it belongs to.
    pub fn part(self) -> Part {
        match self {
            Self::Video(_) => Part::Video,
            Self::Audio(_) => Part::Sound,
            Self::Meeting(_) => Part::Meeting,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Video(subscribers) => write!(f, "video, 1 → {subscribers}"),
            Self::Audio(listeners) => write!(f, "sound, 1 → {listeners}"),
            Self::Meeting(people) => write!(f, "meeting of {people}"),
        }
    }
}

/// What is run with a server of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// One publisher's video, to more and more.
    Video,
    /// One microphone to many.
    Sound,
    /// Everybody to everybody.
    Meeting,
    /// What a subscriber takes.
    Memory,
}

/// How much of everything.
pub struct Plan {
    /// What is run at all.
    pub parts: Vec<Part>,
    /// Subscribers of one publisher, rising. The first and the last tell whether the cost is flat.
    pub subscribers: &'static [usize],
    /// Listeners of one microphone.
    pub listeners: usize,
    /// In the meeting.
    pub people: usize,
    /// Subscribers before and after, where memory is measured.
    pub memory: [usize; 2],
    /// How often each cell is measured.
    pub repetitions: usize,
    /// How long each time.
    pub length: Duration,
    /// Sending before it is measured.
    pub settle: Duration,
    /// At this number of subscribers the highest rate is searched for.
    pub search_at: usize,
    /// How well it is to be known.
    pub resolution: f64,
}

/// At this number of subscribers latency is judged by itself.
pub const LATENCY_AT: usize = 50;

/// Up to this number, participants join while media flows at its full rate, and joining is timed.
pub const TIMED_JOINS: usize = 100;

impl Plan {
    /// Everything: less than a quarter of an hour.
    pub fn full() -> Self {
        Self {
            parts: Part::value_variants().to_vec(),
            subscribers: &[10, LATENCY_AT, 100, 300],
            listeners: 300,
            people: 20,
            memory: [20, 100],
            repetitions: 5,
            length: Duration::from_secs(1),
            settle: Duration::from_secs(3),
            search_at: 100,
            resolution: 1.08,
        }
    }

    /// What shows most: less than three minutes.
    pub fn quick() -> Self {
        Self {
            parts: Part::value_variants().to_vec(),
            subscribers: &[10, LATENCY_AT, 100],
            listeners: 100,
            people: 8,
            memory: [10, 50],
            repetitions: 2,
            length: Duration::from_millis(800),
            settle: Duration::from_millis(1500),
            search_at: 50,
            resolution: 1.3,
        }
    }
}
