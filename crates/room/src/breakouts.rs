//! Breakout rooms: rooms of their own, under names that nobody can ask for, which belong to a whole room. Media, chat
//! and signals stay within each; roles, settings and bans are those of the whole room.

use std::time::Instant;

use kaigi_protocol::vocabulary::{DisplayName, ParticipantId, limits};

use crate::model::Refusal;

/// The breakout rooms of a room as its people see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakouts {
    /// None while there are none.
    pub rooms: Vec<Breakout>,
    /// In which of them one is.
    pub own: Option<u16>,
    /// When everybody is called back, milliseconds since the Unix epoch.
    pub until: Option<u64>,
    /// Who is in the whole room.
    pub main: Vec<Person>,
}

/// A breakout room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakout {
    /// What it is called.
    pub title: String,
    /// Who is in it, in the order they came to the whole room.
    pub people: Vec<Person>,
}

/// Somebody in one of these rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The participant.
    pub id: ParticipantId,
    /// What it shows as its name.
    pub name: DisplayName,
}

/// What a host wants of breakout rooms.
#[derive(Clone, Debug)]
pub struct BreakoutPlan {
    /// What they are called.
    pub titles: Vec<String>,
    /// Who goes where at once.
    pub people: Vec<(ParticipantId, u16)>,
    /// After how long everybody is called back.
    pub minutes: Option<u32>,
}

impl BreakoutPlan {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let count = self.titles.len();
        if count == 0 || count > limits::BREAKOUTS {
            return Err(Refusal::BreakoutCount { given: count });
        }
        let fits = |title: &String| !title.trim().is_empty() && title.len() <= limits::BREAKOUT_TITLE_BYTES;
        if !self.titles.iter().all(fits) {
            return Err(Refusal::BreakoutTitle);
        }
        if self.minutes.is_some_and(|minutes| !(1..=limits::BREAKOUT_MINUTES).contains(&minutes)) {
            return Err(Refusal::BreakoutMinutes);
        }
        if self.people.iter().any(|(_, room)| usize::from(*room) >= count) {
            return Err(Refusal::NoSuchBreakout);
        }
        Ok(())
    }
}

/// The breakout rooms that are open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) titles: Vec<String>,
    pub(crate) until: Option<Until>,
}

/// When everybody is called back, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    pub(crate) instant: Instant,
    pub(crate) unix_ms: u64,
}
