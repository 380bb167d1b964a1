//! What applications and operators see of rooms and make of them.

use std::time::Duration;

use kaigi_protocol::vocabulary::{LeaveReason, RoomName, Topology};

use crate::model::{Participant, RoomSettings};

/// A room that an application keeps open while nobody is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// How long it stays open while nobody is in it.
    pub empty_for: Duration,
    /// How many it holds at most; `None`: as many as any room.
    pub capacity: Option<usize>,
}

/// An open room as its operator sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomView {
    /// Its name.
    pub name: RoomName,
    /// When its first participant came, milliseconds since the Unix epoch; `None`: nobody is there yet.
    pub started_at: Option<u64>,
    /// Everybody, those in its breakout rooms included.
    pub participants: usize,
    /// Those who watch from outside.
    pub viewers: usize,
    /// Those who wait to be let in.
    pub waiting: usize,
    /// How media goes in the room itself.
    pub topology: Topology,
    /// What hosts or the application have set.
    pub settings: RoomSettings,
    /// An application keeps it open.
    pub reservation: Option<Reservation>,
}

/// What a record of the rooms says. Going to breakout rooms and back is no coming or going.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The first one is in a room.
    Started {
        /// Which.
        room: RoomName,
    },
    /// Nobody is in it any more.
    Ended {
        /// Which.
        room: RoomName,
    },
    /// Somebody came.
    Came {
        /// Where.
        room: RoomName,
        /// Who.
        participant: Participant,
    },
    /// Somebody is gone.
    Went {
        /// From where.
        room: RoomName,
        /// Who, as it was.
        participant: Participant,
        /// Why.
        reason: LeaveReason,
    },
}
