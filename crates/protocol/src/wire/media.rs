//! Media through the server.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::vocabulary::{ParticipantId, Receive, Source, Topology, VideoSource, limits};

/// What an offer for the server may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MediaLimits {
    /// Lines for receiving video that a first offer should have.
    pub video_slots: u16,
    /// Lines for receiving audio that an offer should have.
    pub audio_slots: u16,
    /// Lines for receiving video that an offer may have at most.
    pub most_video_slots: u16,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            video_slots: limits::VIDEO_SLOTS,
            audio_slots: limits::AUDIO_SLOTS,
            most_video_slots: limits::MOST_VIDEO_SLOTS,
        }
    }
}

/// An offer for the server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct MediaOffer {
    /// Numbers this participant's peer connections: the same number again is a new offer of the same one (an ICE
    /// restart, more slots), a higher one replaces it.
    pub connection: u32,
    /// The offer (RFC 9429). Its candidates are not needed: the server is ICE-lite (RFC 8445 §2.5).
    pub sdp: String,
}

/// The server's answer to [`MediaOffer`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct MediaAnswer {
    /// The answer, with all of the server's candidates.
    pub sdp: String,
}

/// What a participant shows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct View {
    /// How much it wants to receive.
    pub receive: Receive,
    /// The videos it shows, most important first. What is not listed is not sent.
    pub wants: Vec<Want>,
}

/// One video a participant shows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Want {
    /// Whose.
    pub participant: ParticipantId,
    /// Camera or screen.
    pub source: VideoSource,
    /// The picture's height on the participant's screen, in device pixels.
    pub height: u16,
    /// It was pinned or is otherwise preferred to others.
    pub preferred: bool,
}

/// How media goes from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct TopologyChange {
    /// Between the two participants, or through the server.
    pub mode: Topology,
}

/// What all slots of a client's peer connection carry.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Slots {
    /// One for each receiving m-line.
    pub slots: Vec<Slot>,
}

/// What a slot carries.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct Slot {
    /// The slot's m-line (RFC 9143).
    pub mid: String,
    /// Whose track fills it; absent while the slot is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Which of its tracks; absent while the slot is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The track is wanted but does not fit this client's network for now.
    pub paused: bool,
}

/// Which simulcast layers of one of this client's sources anybody watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct Layers {
    /// Camera or screen.
    pub source: VideoSource,
    /// One for each layer, lowest first; a source without layers counts the first only.
    pub active: [bool; 3],
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Speakers {
    /// Loudest first; empty when nobody does.
    pub participants: Vec<ParticipantId>,
}
