//! What goes into the core and what comes out of it.

use std::net::{IpAddr, SocketAddr};

/// A room, numbered by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u64);

/// One participant's peer connection, numbered by the caller; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// What a participant sends, in the order of a client's m-lines of each kind: its first audio line is the
/// microphone, its second the screen's sound; its first video line is the camera, its second the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The microphone.
    Microphone,
    /// The camera, in up to three simulcast layers.
    Camera,
    /// A shared screen.
    Screen,
    /// The sound of a shared screen.
    ScreenAudio,
}

/// Which of its sources a participant may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources(u8);

impl Sources {
    /// All of them.
    pub const ALL: Self = Self(0b1111);
    /// None of them.
    pub const NONE: Self = Self(0);

    /// The same with this one, or without it.
    pub fn with(self, source: Source, may: bool) -> Self {
        let bit = 1 << source as u8;
        Self(if may { self.0 | bit } else { self.0 & !bit })
    }

    /// Is this one among them?
    pub fn has(self, source: Source) -> bool {
        self.0 & (1 << source as u8) != 0
    }
}

/// How a datagram came, and how one goes back: the two addresses and what carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The client's address as the server sees it; for [`Via::Relay`], its relayed address.
    pub remote: SocketAddr,
    /// Which of our addresses it uses, where the system tells.
    pub local: Option<IpAddr>,
    /// What carries it.
    pub via: Via,
}

/// What carries a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// The shared UDP port.
    Udp,
    /// A TCP connection with RFC 4571 frames (ICE-TCP), by its number.
    Stream(u64),
    /// A TURN relay of this very server, inside the process; the port of ours that it talks to.
    Relay(u16),
}

/// Where [`Sfu::flush`](crate::Sfu::flush) writes datagrams.
pub trait Sink {
    /// Appends one datagram for this path; `write` adds exactly its bytes to what the buffer holds already.
    fn datagram(&mut self, path: &Path, write: impl FnOnce(&mut Vec<u8>));
}

/// What a participant wants to receive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// How much.
    pub receive: Receive,
    /// The videos it shows. What is not listed is not sent.
    pub wants: Vec<Want>,
    /// It shows one participant as well as it can.
    pub follow: Option<Follow>,
    /// It hears this participant alone; `None`: whoever is loudest.
    pub hears: Option<String>,
}

/// One participant's videos, as they come: a screen before a camera where there is a slot for one only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Whose, by the name it has in the room; `None`: whoever speaks.
    pub participant: Option<String>,
    /// The pictures' height on its screen, in device pixels.
    pub height: u16,
}

/// How much a participant wants to receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Receive {
    /// As much as fits its network and its screen.
    #[default]
    Everything,
    /// The lowest layer of each video.
    Low,
    /// No video at all.
    AudioOnly,
}

/// One video a participant shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Whose, by the name it has in the room; whoever is not there yet may come.
    pub participant: String,
    /// [`Source::Camera`] or [`Source::Screen`].
    pub source: Source,
    /// The picture's height on its screen, in device pixels.
    pub height: u16,
    /// It was pinned or is otherwise preferred to others of its kind.
    pub preferred: bool,
}

/// Which layers of a publisher's source are wanted by anybody, lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers(pub [bool; 3]);

/// What a slot carries now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The slot's m-line (RFC 9143).
    pub mid: String,
    /// Whose track fills it.
    pub track: Option<(SessionId, Source)>,
    /// The track is wanted but does not fit the subscriber's network for now.
    pub paused: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// ICE and DTLS are up.
    Connected(SessionId),
    /// The session has ended by itself; it is forgotten already.
    Closed(SessionId, CloseReason),
    /// What all of this subscriber's slots carry; sent whenever one changes.
    Slots(SessionId, Vec<SlotState>),
    /// This publisher may pause the layers that nobody watches.
    Layers(SessionId, Source, Layers),
    /// Who speaks, loudest first.
    Speakers(RoomId, Vec<SessionId>),
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The client closed its connection.
    Closed,
    /// Nothing came from it for too long.
    TimedOut,
    /// The handshake failed.
    Failed,
}

/// Why an offer was refused; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// It cannot be read.
    #[error("the offer is not a session description this server understands: {0}")]
    Malformed(String),
    /// It asks for more than a session may have.
    #[error("the offer has {count} m-lines, at most {most} are allowed")]
    TooManyLines {
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
    /// No line of it has a codec in common with the server.
    #[error("the offer has no codec this server forwards; it forwards Opus, VP8 and H.264")]
    NoCodec,
    /// The thread holds as many sessions as it may.
    #[error("the server forwards as many sessions as it may ({most}); try again later")]
    Full {
        /// How many it may hold.
        most: usize,
    },
}
