//! `/api/v1/rooms`.

use std::time::Duration;

use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use kaigi_protocol::{
    vocabulary::{self, ErrorCode, RoomName, Topology, limits},
    wire,
};
use kaigi_room::{Refusal, Reservation, RoomChange, RoomView};
use kaigi_worker::sfu::RoomMetrics;
use rand::Rng;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    operator::Operator,
    problem::{Json, Path, Problem, ProblemBody, Query, object, object_or_null},
};
use crate::http::Site;

/// Rooms on a page, unless asked for otherwise, and at most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1_000;

/// An open room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Room {
    /// Its name, normalized; its page is `/r/<name>`.
    #[schema(example = "team")]
    name: String,
    /// When the meeting in it began; null: nobody is there yet.
    started_at: Option<u64>,
    /// Participants, those in breakout rooms included.
    participants: usize,
    /// Viewers by WHEP.
    viewers: usize,
    /// Those who wait to be let in.
    waiting: usize,
    /// `direct`: media goes from one participant to the other. `routed`: through the server.
    #[schema(value_type = String, example = "direct")]
    topology: Topology,
    settings: Settings,
    /// How its media does; null where it goes directly.
    media: Option<Media>,
    /// How long it stays open while nobody is in it, seconds; null: it was opened by who came first, and closes with the last.
    empty_seconds: Option<u64>,
    /// How many it holds at most; null: as many as the server allows a room (--room-capacity).
    capacity: Option<usize>,
}

/// How a routed room's media does, since it is routed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Media {
    /// Peer connections to the server.
    sessions: usize,
    /// Tracks that are published.
    tracks: usize,
    /// Bytes sent to subscribers.
    forwarded_bytes: u64,
    /// Packets lost on the way to subscribers, of those sent, 0 to 1.
    lost_down: f64,
    /// Packets lost on the way from publishers, of those sent, 0 to 1.
    lost_up: f64,
    /// What the narrowest subscriber's network carries, bit/s; null without a subscriber.
    lowest_estimate: Option<u64>,
    /// What the widest one's carries.
    highest_estimate: Option<u64>,
}

impl From<&RoomMetrics> for Media {
    fn from(metrics: &RoomMetrics) -> Self {
        let counters = &metrics.counters;
        let share = |lost: u64, all: u64| lost as f64 / all.max(lost).max(1) as f64;
        Self {
            sessions: metrics.sessions,
            tracks: metrics.tracks,
            forwarded_bytes: counters.forwarded_bytes,
            lost_down: share(counters.lost_packets, counters.forwarded_packets),
            lost_up: share(
                counters.lost_upstream,
                counters.received_packets.saturating_add(counters.lost_upstream),
            ),
            lowest_estimate: metrics.estimates.map(|(lowest, _)| lowest),
            highest_estimate: metrics.estimates.map(|(_, highest)| highest),
        }
    }
}

/// Adds what the media threads know.
fn with_media(site: &Site, views: Vec<RoomView>) -> Vec<Room> {
    let rooms = site.worker.metrics().sfu.rooms;
    let media = |name: &RoomName| {
        let number = site.hub.number_of(name)?;
        rooms.iter().find(|room| room.room == number).map(Media::from)
    };
    let complete = |view: RoomView| {
        let media = media(&view.name);
        Room { media, ..Room::from(view) }
    };
    views.into_iter().map(complete).collect()
}

/// What hosts or the application have set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    /// Nobody new may come in.
    locked: bool,
    /// Who comes in has to give a password.
    password: bool,
    /// Media goes through the server even when two are here.
    routed: bool,
    /// Who comes waits until a host lets them in.
    waiting: bool,
    allowed: Allowed,
}

/// What those who are not hosts may do.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Allowed {
    /// Turn the microphone on.
    mic: bool,
    /// Turn the camera on.
    camera: bool,
    /// Share a screen.
    screen: bool,
    /// Write, react and ask polls.
    chat: bool,
    /// Share files.
    files: bool,
}

/// A change of settings; what is absent stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct SettingsChange {
    /// Nobody new may come in.
    locked: Option<bool>,
    /// Who comes in has to give this password, of 1 to 128 bytes; null takes it away.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1)]
    password: Option<Option<String>>,
    /// Media goes through the server even when two are here.
    routed: Option<bool>,
    /// Who comes waits until a host lets them in.
    waiting: Option<bool>,
    #[serde(deserialize_with = "object_or_null")]
    allowed: Option<Allowed>,
}

/// Tells `null` (`Some(None)`) from an absent field (`None`).
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A room to open.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewRoom {
    /// 1 to 64 letters, digits, `-`, `_` or `.` of any script; normalized to lower case. Absent: one that nobody guesses.
    name: Option<String>,
    #[serde(default, deserialize_with = "object")]
    settings: SettingsChange,
    /// How long it stays open while nobody is in it, 1 to 86,400 seconds.
    #[serde(default = "usual_empty_seconds")]
    #[schema(minimum = 1, maximum = 86_400, default = 300)]
    empty_seconds: u64,
    /// How many it holds at most; never more than --room-capacity.
    #[schema(minimum = 1)]
    capacity: Option<usize>,
}

const fn usual_empty_seconds() -> u64 {
    300
}

/// A page of rooms.
#[derive(Serialize, ToSchema)]
pub(super) struct Rooms {
    /// By name.
    rooms: Vec<Room>,
    /// Give it as `after` for the next page; null: there is none.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Rooms whose names come after this one.
    after: Option<String>,
    /// How many at most [default: 100].
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

impl From<RoomView> for Room {
    fn from(view: RoomView) -> Self {
        let RoomView { name, started_at, participants, viewers, waiting, topology, settings, reservation } =
            view;
        let kaigi_room::RoomSettings { locked, password, routed, waiting: waits, allowed } = settings;
        let vocabulary::Permissions { mic, camera, screen, chat, files } = allowed;
        let allowed = Allowed { mic, camera, screen, chat, files };
        Self {
            name: name.as_str().to_owned(),
            started_at,
            participants,
            viewers,
            waiting,
            topology,
            settings: Settings { locked, password, routed, waiting: waits, allowed },
            media: None,
            empty_seconds: reservation.map(|kept| kept.empty_for.as_secs()),
            capacity: reservation.and_then(|kept| kept.capacity),
        }
    }
}

/// The room that a path names: nothing is found under what is no name.
pub(super) fn named(name: &str) -> Result<RoomName, Problem> {
    RoomName::parse(name)
        .map_err(|why| Problem::new(StatusCode::NOT_FOUND, format!("no room can have this name: {why}")))
}

/// Room names as queries and bodies hold them.
pub(super) fn parse(name: &str) -> Result<RoomName, Problem> {
    RoomName::parse(name).map_err(|why| {
        wire::Error { code: ErrorCode::InvalidRoomName, message: format!("room name: {why}") }.into()
    })
}

impl SettingsChange {
    fn resolve(self, site: &Site, room: &RoomName) -> Result<RoomChange, Problem> {
        let Self { locked, password, routed, waiting, allowed } = self;
        if let Some(Some(password)) = &password
            && !(1..=limits::PASSWORD_BYTES).contains(&password.len())
        {
            let words = format!("a password takes 1 to {} bytes; null takes it away", limits::PASSWORD_BYTES);
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
        }
        let password = password.map(|password| Some(site.hub.password_digest(room, &password?)));
        let allowed = allowed.map(|Allowed { mic, camera, screen, chat, files }| vocabulary::Permissions {
            mic,
            camera,
            screen,
            chat,
            files,
        });
        Ok(RoomChange { locked, password, routed, waiting, allowed })
    }
}

/// All open rooms, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/rooms", tag = "rooms", operation_id = "listRooms", params(Page), security(("key" = [])),
    responses(
        (status = 200, description = "A page of rooms.", body = Rooms),
    )
)]
pub(super) async fn list(
    _: Operator,
    State(site): State<Site>,
    Query(page): Query<Page>,
) -> Result<Answer<Rooms>, Problem> {
    let after = page.after.as_deref().map(parse).transpose()?;
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        let words = format!("limit: 1 to {LARGEST_PAGE} rooms at a time");
        return Err(Problem::new(StatusCode::BAD_REQUEST, words));
    }
    // One more than asked for tells whether there is another page.
    let mut views = site.hub.operate(|rooms, _| Ok(rooms.views(after.as_ref(), limit + 1)))?;
    let more = views.len() > limit;
    views.truncate(limit);
    let next = views.last().filter(|_| more).map(|last| last.name.as_str().to_owned());
    Ok(Answer(Rooms { rooms: with_media(&site, views), next }))
}

/// Opens a room in which nobody is yet. Whoever knows its name may join it, without a key for opening rooms.
#[utoipa::path(
    post, path = "/api/v1/rooms", tag = "rooms", operation_id = "createRoom", request_body = NewRoom,
    security(("key" = [])),
    responses(
        (status = 201, description = "It is open.", body = Room, headers(("Location", description = "Its address."))),
        (status = 409, description = "A room of this name is open.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The server holds as many rooms as it may, or is stopping.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    _: Operator,
    State(site): State<Site>,
    Json(new): Json<NewRoom>,
) -> Result<impl IntoResponse, Problem> {
    let NewRoom { name, settings, empty_seconds, capacity } = new;
    let bad = |words: &str| Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words));
    if !(1..=86_400).contains(&empty_seconds) {
        return bad("emptySeconds: 1 to 86400");
    }
    if capacity == Some(0) {
        return bad("capacity: at least 1");
    }
    if site.hub.is_closing() {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is stopping; try again in a moment",
        ));
    }
    let name = parse(&name.unwrap_or_else(random_name))?;
    let change = settings.resolve(&site, &name)?;
    let reservation = Reservation { empty_for: Duration::from_secs(empty_seconds), capacity };
    let view = site.hub.operate(|rooms, now| {
        rooms.open(now, name.clone(), change, reservation)?;
        rooms.view(&name).ok_or(Refusal::NoSuchRoom)
    })?;
    let location = format!("/api/v1/rooms/{}", percent(name.as_str()));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(Room::from(view))))
}

/// One room.
#[utoipa::path(
    get, path = "/api/v1/rooms/{room}", tag = "rooms", operation_id = "getRoom", security(("key" = [])),
    params(("room" = String, Path, description = "Its name.")),
    responses(
        (status = 200, description = "The room.", body = Room),
    )
)]
pub(super) async fn show(
    _: Operator,
    State(site): State<Site>,
    Path(room): Path<String>,
) -> Result<Answer<Room>, Problem> {
    let name = named(&room)?;
    let view = site.hub.operate(|rooms, _| rooms.view(&name).ok_or(Refusal::NoSuchRoom))?;
    with_media(&site, vec![view]).pop().map(Answer).ok_or_else(gone)
}

/// Changes a room's settings, as a host would; all in it are told.
#[utoipa::path(
    patch, path = "/api/v1/rooms/{room}", tag = "rooms", operation_id = "changeRoom", security(("key" = [])),
    params(("room" = String, Path, description = "Its name.")), request_body = SettingsChange,
    responses(
        (status = 200, description = "The room as it is now.", body = Room),
    )
)]
pub(super) async fn change(
    _: Operator,
    State(site): State<Site>,
    Path(room): Path<String>,
    Json(change): Json<SettingsChange>,
) -> Result<Answer<Room>, Problem> {
    let name = named(&room)?;
    let change = change.resolve(&site, &name)?;
    let view = site.hub.operate(|rooms, now| {
        rooms.configure(now, &name, change)?;
        rooms.view(&name).ok_or(Refusal::NoSuchRoom)
    })?;
    Ok(Answer(view.into()))
}

/// Ends a meeting for all, and closes its room.
#[utoipa::path(
    delete, path = "/api/v1/rooms/{room}", tag = "rooms", operation_id = "endRoom", security(("key" = [])),
    params(("room" = String, Path, description = "Its name.")),
    responses(
        (status = 204, description = "It is over."),
    )
)]
pub(super) async fn end(
    _: Operator,
    State(site): State<Site>,
    Path(room): Path<String>,
) -> Result<StatusCode, Problem> {
    let name = named(&room)?;
    site.hub.operate(|rooms, now| rooms.end(now, &name))?;
    Ok(StatusCode::NO_CONTENT)
}

fn gone() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Refusal::NoSuchRoom.to_string())
}

/// Twelve letters that nobody guesses, in three groups.
fn random_name() -> String {
    let mut random = rand::rng();
    let mut group = || (0..4).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect::<String>();
    [group(), group(), group()].join("-")
}

/// A room's name in an address.
fn percent(name: &str) -> String {
    form_urlencoded::byte_serialize(name.as_bytes()).collect()
}
