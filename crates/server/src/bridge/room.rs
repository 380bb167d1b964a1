//! What the bridge knows of a room, and the words of both sides.

use std::{collections::HashMap, time::Instant};

use kaigi_protocol::{
    vocabulary::{MediaState, ParticipantId, Receive, Source, VideoSource},
    wire,
};
use kaigi_room::Sees;
use kaigi_worker::sfu::{self, RoomId, SessionId};

pub(super) struct Room {
    pub(super) number: RoomId,
    pub(super) members: HashMap<ParticipantId, Member>,
    /// Who speaks, loudest first.
    pub(super) speakers: Vec<ParticipantId>,
    /// When its sessions end, because its media goes directly.
    pub(super) closing: Option<Instant>,
}

impl Room {
    pub(super) fn new(number: RoomId) -> Self {
        Self { number, members: HashMap::new(), speakers: Vec::new(), closing: None }
    }
}

/// One who has, or had, a peer connection to the server.
#[derive(Default)]
pub(super) struct Member {
    /// The number of the last one that lives or has lived.
    pub(super) connection: Option<u32>,
    /// Its session, while that lives.
    pub(super) session: Option<SessionId>,
    /// The session was lost on our side.
    pub(super) lost: bool,
    pub(super) view: Option<sfu::View>,
    pub(super) sees: Sees,
    /// As told last.
    pub(super) slots: Vec<wire::Slot>,
    pub(super) layers: Vec<wire::Layers>,
}

pub(super) fn view(view: &wire::View) -> sfu::View {
    let wire::View { receive, wants } = view;
    let receive = match receive {
        Receive::Everything => sfu::Receive::Everything,
        Receive::Low => sfu::Receive::Low,
        Receive::AudioOnly => sfu::Receive::AudioOnly,
    };
    let want = |want: &wire::Want| sfu::Want {
        participant: want.participant.0.clone(),
        source: match want.source {
            VideoSource::Camera => sfu::Source::Camera,
            VideoSource::Screen => sfu::Source::Screen,
        },
        height: want.height,
        preferred: want.preferred,
    };
    sfu::View { receive, wants: wants.iter().map(want).collect(), ..sfu::View::default() }
}

/// What a participant wants to receive of what it may.
pub(super) fn masked(mut view: sfu::View, sees: Sees) -> sfu::View {
    view.wants.retain(|want| match want.source {
        sfu::Source::Screen => sees.screen,
        _ => sees.camera,
    });
    if !sees.audio {
        // The SFU lets one who listens to nobody who is there hear nobody.
        view.hears = Some(String::new());
    }
    view
}

/// What a participant may send: what it says it does.
pub(super) fn sources(media: MediaState) -> sfu::Sources {
    sfu::Sources::NONE
        .with(sfu::Source::Microphone, media.mic)
        .with(sfu::Source::Camera, media.camera)
        .with(sfu::Source::Screen, media.screen)
        .with(sfu::Source::ScreenAudio, media.screen_audio)
}

pub(super) fn source(source: sfu::Source) -> Source {
    match source {
        sfu::Source::Microphone => Source::Microphone,
        sfu::Source::Camera => Source::Camera,
        sfu::Source::Screen => Source::Screen,
        sfu::Source::ScreenAudio => Source::ScreenAudio,
    }
}

pub(super) fn video_source(source: sfu::Source) -> Option<VideoSource> {
    match source {
        sfu::Source::Camera => Some(VideoSource::Camera),
        sfu::Source::Screen => Some(VideoSource::Screen),
        sfu::Source::Microphone | sfu::Source::ScreenAudio => None,
    }
}
