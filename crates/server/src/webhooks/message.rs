//! What a receiver is told.

use axum::body::Bytes;
use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId};
use kaigi_room::{Happening, Participant};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::secrets::random_id;

/// One event.
#[derive(Debug)]
pub(super) struct Message {
    /// The same at every attempt.
    pub(super) id: String,
    pub(super) body: Bytes,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it happened (RFC 3339).
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    room: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<Who<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<LeaveReason>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Who<'a> {
    id: &'a ParticipantId,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a str>,
    host: bool,
    /// Milliseconds since the Unix epoch.
    joined_at: u64,
}

impl<'a> From<&'a Participant> for Who<'a> {
    fn from(participant: &'a Participant) -> Self {
        let Participant { id, name, identity, host, joined_at, .. } = participant;
        Self { id, name: name.as_str(), identity: identity.as_deref(), host: *host, joined_at: *joined_at }
    }
}

impl Message {
    pub(super) fn new(happening: Happening, now: u64) -> Self {
        let (kind, room, participant, reason) = match &happening {
            Happening::Started { room } => ("room.started", room, None, None),
            Happening::Ended { room } => ("room.ended", room, None, None),
            Happening::Came { room, participant } => ("participant.joined", room, Some(participant), None),
            Happening::Went { room, participant, reason } => {
                ("participant.left", room, Some(participant), Some(*reason))
            }
        };
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(now) * 1_000_000);
        let timestamp = at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default();
        let data = Data { room: room.as_str(), participant: participant.map(Who::from), reason };
        let body = serde_json::to_vec(&Body { kind, timestamp, data }).unwrap_or_default();
        Self { id: format!("evt_{}", random_id()), body: body.into() }
    }
}
