//! What somebody is told who is in a room from now on.

use std::sync::Arc;

use kaigi_protocol::{
    vocabulary::{Permissions, RoomName},
    wire,
};
use kaigi_room::{Joined, Limits, Now};

use crate::{
    minter::{self, Minter},
    secrets::Secrets,
    signaling::{convert, token::Tokens},
};

/// Adds to what the room core knows what the server does: credentials, tokens, versions.
pub(super) struct Greeter {
    pub(super) tokens: Tokens,
    pub(super) minter: Minter,
    pub(super) ice_servers: Vec<wire::IceServer>,
    resume_seconds: u32,
}

impl Greeter {
    pub(super) fn new(
        secrets: Arc<Secrets>,
        now: Now,
        limits: &Limits,
        minter: Minter,
        ice_servers: Vec<wire::IceServer>,
    ) -> Self {
        let resume_seconds = limits.resume_grace.as_secs() as u32;
        Self { tokens: Tokens::new(secrets, now.unix_ms), minter, ice_servers, resume_seconds }
    }

    /// A breakout room goes by the name of the room that it belongs to.
    pub(super) fn greet(&self, room: &RoomName, joined: Joined, now: Now) -> wire::Joined {
        let room = room.whole();
        wire::Joined {
            outcome: convert::outcome(joined.outcome),
            room: room.as_str().to_owned(),
            resume_token: self.tokens.make(&room, &joined.participant, now.unix_ms),
            turn: self.minter.mint(&joined.participant.id.0, minter::PARTICIPANT),
            participant: convert::participant(joined.participant),
            resume_seconds: self.resume_seconds,
            participants: joined.others.into_iter().map(convert::participant).collect(),
            chat: joined.chat.into_iter().map(convert::chat).collect(),
            ice_servers: self.ice_servers.clone(),
            same_device: joined.same_device,
            topology: joined.topology,
            settings: convert::settings(joined.settings),
            votes: joined.votes.into_iter().map(|(poll, options)| wire::Vote { poll, options }).collect(),
            waiting: joined.waiting.into_iter().map(convert::waiter).collect(),
            breakouts: convert::breakouts(joined.breakouts),
            publish: Some(joined.publish).filter(|publish| *publish != Permissions::ALL),
            media_limits: wire::MediaLimits::default(),
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
