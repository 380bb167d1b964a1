//! `/api/v1/rooms/{room}/participants`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use kaigi_protocol::vocabulary::{MediaState, ParticipantId, Source};
use kaigi_room::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    operator::Operator,
    problem::{Json, Path, Problem, Query},
    rooms::named,
};
use crate::http::Site;

/// Somebody in a room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Participant {
    /// Its name in the room's signaling.
    #[schema(example = "jX6uT3nCp9vMf5Rg")]
    id: String,
    /// Its display name.
    #[schema(example = "Ann")]
    name: String,
    /// The `sub` of its access token.
    identity: Option<String>,
    /// It is a host.
    host: bool,
    /// Its signaling connection lives; if not, it is waited for.
    connected: bool,
    /// When it came.
    joined_at: u64,
    /// When it raised its hand.
    hand: Option<u64>,
    /// It publishes by WHIP and takes part in nothing else.
    media_only: bool,
    /// What it sends.
    media: Media,
    /// The breakout room it is in, counted from 0; null: in the room itself.
    breakout: Option<u16>,
}

/// What is sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Media {
    mic: bool,
    camera: bool,
    screen: bool,
    screen_audio: bool,
}

/// Everybody in a room, in the order they came.
#[derive(Serialize, ToSchema)]
pub(super) struct Participants {
    participants: Vec<Participant>,
}

impl From<(kaigi_room::Participant, Option<u16>)> for Participant {
    fn from((who, breakout): (kaigi_room::Participant, Option<u16>)) -> Self {
        let kaigi_room::Participant {
            id,
            name,
            media,
            connected,
            joined_at,
            host,
            hand,
            media_only,
            identity,
            incarnation: _,
        } = who;
        let MediaState { mic, camera, screen, screen_audio } = media;
        Self {
            id: id.0,
            name: name.as_str().to_owned(),
            identity,
            host,
            connected,
            joined_at,
            hand,
            media_only,
            media: Media { mic, camera, screen, screen_audio },
            breakout,
        }
    }
}

/// Who is in a room.
#[utoipa::path(
    get, path = "/api/v1/rooms/{room}/participants", tag = "participants", operation_id = "listParticipants",
    security(("key" = [])), params(("room" = String, Path, description = "The room's name.")),
    responses(
        (status = 200, description = "Everybody.", body = Participants),
    )
)]
pub(super) async fn list(
    _: Operator,
    State(site): State<Site>,
    Path(room): Path<String>,
) -> Result<Answer<Participants>, Problem> {
    let name = named(&room)?;
    let everybody = site.hub.operate(|rooms, _| rooms.everybody_in(&name).ok_or(Refusal::NoSuchRoom))?;
    Ok(Answer(Participants { participants: everybody.into_iter().map(Participant::from).collect() }))
}

/// One participant.
#[utoipa::path(
    get, path = "/api/v1/rooms/{room}/participants/{participant}", tag = "participants",
    operation_id = "getParticipant", security(("key" = [])),
    params(("room" = String, Path, description = "The room's name."), ("participant" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The participant.", body = Participant),
    )
)]
pub(super) async fn show(
    _: Operator,
    State(site): State<Site>,
    Path((room, participant)): Path<(String, String)>,
) -> Result<Answer<Participant>, Problem> {
    let name = named(&room)?;
    let one = site.hub.operate(|rooms, _| {
        let everybody = rooms.everybody_in(&name).ok_or(Refusal::NoSuchRoom)?;
        everybody.into_iter().find(|(who, _)| who.id.0 == participant).ok_or(Refusal::NoSuchParticipant)
    })?;
    Ok(Answer(one.into()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Removal {
    /// It may not come back while the room is open.
    #[serde(default)]
    ban: bool,
}

/// Sends a participant away.
#[utoipa::path(
    delete, path = "/api/v1/rooms/{room}/participants/{participant}", tag = "participants",
    operation_id = "removeParticipant", security(("key" = [])),
    params(
        ("room" = String, Path, description = "The room's name."), ("participant" = String, Path, description = "Its id."),
        Removal
    ),
    responses(
        (status = 204, description = "It is out."),
    )
)]
pub(super) async fn remove(
    _: Operator,
    State(site): State<Site>,
    Path((room, participant)): Path<(String, String)>,
    Query(Removal { ban }): Query<Removal>,
) -> Result<StatusCode, Problem> {
    let (name, id) = (named(&room)?, ParticipantId(participant));
    site.hub.operate(|rooms, now| rooms.expel(now, &name, &id, ban))?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to turn off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Muting {
    source: Sound,
}

/// A source of a participant.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Sound {
    Microphone,
    Camera,
    Screen,
}

/// Turns a source of a participant off; it may turn it on again itself. Nobody's is ever turned on.
#[utoipa::path(
    post, path = "/api/v1/rooms/{room}/participants/{participant}/mute", tag = "participants",
    operation_id = "muteParticipant", security(("key" = [])), request_body = Muting,
    params(("room" = String, Path, description = "The room's name."), ("participant" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "It is off."),
    )
)]
pub(super) async fn mute(
    _: Operator,
    State(site): State<Site>,
    Path((room, participant)): Path<(String, String)>,
    Json(Muting { source }): Json<Muting>,
) -> Result<StatusCode, Problem> {
    let (name, id) = (named(&room)?, ParticipantId(participant));
    let source = match source {
        Sound::Microphone => Source::Microphone,
        Sound::Camera => Source::Camera,
        Sound::Screen => Source::Screen,
    };
    site.hub.operate(|rooms, _| rooms.silence(&name, &id, source))?;
    Ok(StatusCode::NO_CONTENT)
}
