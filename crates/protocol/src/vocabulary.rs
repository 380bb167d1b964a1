//! Names, identifiers, limits and error codes. Values are parsed once, at the edge: a [`RoomName`] or a
//! [`DisplayName`] that exists is valid.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The version of the `/meet` protocol. A client whose major version differs is told to reload.
pub const PROTOCOL_VERSION: ProtocolVersion = ProtocolVersion { major: 1, minor: 3 };

/// Bounds on what a client may send; past one comes an error, never a silent cut.
pub mod limits {
    /// Characters (grapheme clusters) of a display name.
    pub const DISPLAY_NAME_GRAPHEMES: usize = 64;
    /// Bytes (UTF-8) of a display name: a single grapheme cluster may be arbitrarily long.
    pub const DISPLAY_NAME_BYTES: usize = 512;
    /// Characters (Unicode scalar values) of a room name.
    pub const ROOM_NAME_CHARS: usize = 64;
    /// Bytes (UTF-8) of one chat message.
    pub const CHAT_BYTES: usize = 8 * 1024;
    /// Chat entries a room keeps for those who come later.
    pub const CHAT_HISTORY: usize = 200;
    /// Participants from which on a room's comings, goings and changes are told together.
    pub const GATHERED_FROM: usize = 50;
    /// Bytes of an SDP offer or answer.
    pub const SDP_BYTES: usize = 128 * 1024;
    /// Bytes of one ICE candidate's text.
    pub const CANDIDATE_BYTES: usize = 4 * 1024;
    /// Bytes of one Socket.IO message, on either transport.
    pub const MESSAGE_BYTES: usize = 192 * 1024;
    /// Bytes (UTF-8) of a poll's question and of each of its options.
    pub const POLL_TEXT_BYTES: usize = 512;
    /// Options of a poll.
    pub const POLL_OPTIONS: usize = 20;
    /// Names of voters that are told for each option; further ones are counted only.
    pub const POLL_NAMES: usize = 30;
    /// Polls that take votes in one room at the same time.
    pub const OPEN_POLLS: usize = 10;
    /// Bytes (UTF-8) of a shared file's name.
    pub const FILE_NAME_BYTES: usize = 512;
    /// Bytes of a shared file: 2^53 - 1, what JavaScript counts exactly.
    pub const FILE_BYTES: u64 = (1 << 53) - 1;
    /// Breakout rooms of one room.
    pub const BREAKOUTS: usize = 50;
    /// Bytes (UTF-8) of a breakout room's title.
    pub const BREAKOUT_TITLE_BYTES: usize = 128;
    /// Minutes a breakout lasts at most.
    pub const BREAKOUT_MINUTES: u32 = 24 * 60;
    /// Those who wait in front of one room at the same time.
    pub const WAITING: usize = 200;
    /// Signals kept for a participant whose connection is lost, delivered when it resumes.
    pub const SIGNALS_KEPT: usize = 256;
    /// Bytes of signals kept for a participant whose connection is lost.
    pub const SIGNALS_KEPT_BYTES: usize = 256 * 1024;
    /// Bytes (UTF-8) of a room's password.
    pub const PASSWORD_BYTES: usize = 256;
    /// Videos a participant may ask for at once.
    pub const WANTS: usize = 128;
    /// Lines for receiving video that a first offer for the server should have.
    pub const VIDEO_SLOTS: u16 = 12;
    /// Lines for receiving audio that an offer for the server should have.
    pub const AUDIO_SLOTS: u16 = 4;
    /// Lines for receiving video that an offer for the server may have.
    pub const MOST_VIDEO_SLOTS: u16 = 49;
    /// Requests a connection may send per second in the long run.
    pub const REQUESTS_PER_SECOND: u32 = 40;
    /// Requests a connection may send in one burst (ICE candidates come in bursts).
    pub const REQUEST_BURST: u32 = 200;
    /// Bytes of requests a connection may send per second in the long run.
    pub const BYTES_PER_SECOND: u32 = 32 * 1024;
    /// Bytes of requests a connection may send in one burst: two of the largest messages.
    pub const BYTE_BURST: u32 = 384 * 1024;
}

/// Version of the signaling protocol: clients and servers of one major version understand each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProtocolVersion {
    /// Raised when older clients cannot go on.
    pub major: u16,
    /// Raised when something was added.
    pub minor: u16,
}

/// Why a request was refused, as the client's code reads it; the message beside it is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The message has not the documented form.
    BadRequest,
    /// No request of this name exists.
    UnknownRequest,
    /// The client speaks another major version of the protocol: reload the page.
    VersionMismatch,
    /// The room name is empty, too long or holds characters that are not allowed.
    InvalidRoomName,
    /// The display name is empty, too long or holds characters that are not allowed.
    InvalidDisplayName,
    /// The room holds as many participants as it may.
    RoomFull,
    /// Only holders of the key may open rooms, and this one is not open.
    RoomNotOpen,
    /// The key for opening rooms is wrong.
    WrongKey,
    /// The server holds as many rooms or participants as it may.
    ServerFull,
    /// The request needs a room that was joined before.
    NotJoined,
    /// This connection is in a room already.
    AlreadyJoined,
    /// The addressed participant is not in this room.
    NoSuchParticipant,
    /// The addressed participant has started anew since (a page reload): negotiate again.
    StaleParticipant,
    /// The addressed participant is unreachable and has as many messages waiting as are kept.
    ParticipantUnreachable,
    /// A text, SDP or candidate is longer than allowed.
    TooLarge,
    /// Too many requests in a short time: wait a second.
    RateLimited,
    /// The server is about to stop: come back in a moment.
    ShuttingDown,
    /// The host has locked the room: nobody new may come in.
    RoomLocked,
    /// The room has a password, and none was given.
    PasswordRequired,
    /// The password is wrong.
    WrongPassword,
    /// Only the host may do this.
    NotHost,
    /// The host has sent this participant away; it may not come back while the room is open.
    Removed,
    /// The server cannot answer this offer; the message says why.
    OfferRefused,
    /// The room's media does not go through the server now.
    NotRouted,
    /// The host lets people in one by one: wait for the event `admitted`, then join again.
    Waiting,
    /// The host does not allow this to participants now.
    NotAllowed,
    /// There is no such chat message, poll or breakout room (any more).
    NotFound,
    /// A room of this name is open already.
    RoomExists,
    /// Only who brings an access token comes in.
    TokenRequired,
    /// The access token is forged, expired or not for this room; the message says which.
    BadToken,
}

/// A room's name: 1 to 64 letters, digits, `-`, `_` or `.` of any script, in lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, TS)]
pub struct RoomName(String);

impl RoomName {
    /// Normalizes (NFKC, lower case, blanks to `-`) and checks a name a person typed or a link holds.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > limits::ROOM_NAME_CHARS * 16 {
            return Err(NameError::TooLong { max: limits::ROOM_NAME_CHARS });
        }
        let name: String = text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let name: String = name.split_whitespace().collect::<Vec<_>>().join("-");
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > limits::ROOM_NAME_CHARS {
            return Err(NameError::TooLong { max: limits::ROOM_NAME_CHARS });
        }
        if name == "." || name == ".." {
            return Err(NameError::Forbidden('.'));
        }
        match name.chars().find(|&c| !(c.is_alphanumeric() || is_mark(c) || matches!(c, '-' | '_' | '.'))) {
            Some(c) => Err(NameError::Forbidden(c)),
            None => Ok(Self(name)),
        }
    }

    /// The normalized name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A breakout room of this room: under a name that nobody can ask for.
    pub fn breakout(&self, number: u16) -> Self {
        Self(format!("{}/{number}", self.whole()))
    }

    /// The room that this one is a breakout room of, or the room itself.
    pub fn whole(&self) -> Self {
        Self(self.0.split('/').next().unwrap_or_default().to_owned())
    }

    /// Which breakout room this is, if it is one.
    pub fn breakout_number(&self) -> Option<u16> {
        self.0.split_once('/').and_then(|(_, number)| number.parse().ok())
    }
}

/// The name a participant shows: 1 to 64 characters, without control or text-direction characters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, TS)]
pub struct DisplayName(String);

impl DisplayName {
    /// Normalizes (NFC, outer blanks removed, inner ones single) and checks a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > limits::DISPLAY_NAME_BYTES {
            return Err(NameError::TooLong { max: limits::DISPLAY_NAME_GRAPHEMES });
        }
        if let Some(c) = text.chars().find(|&c| c.is_control() || is_format(c)) {
            return Err(NameError::Forbidden(c));
        }
        let name: String = text.nfc().collect();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.graphemes(true).count() > limits::DISPLAY_NAME_GRAPHEMES {
            return Err(NameError::TooLong { max: limits::DISPLAY_NAME_GRAPHEMES });
        }
        Ok(Self(name))
    }

    /// The normalized name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// A name in a log line is personal data: `{:?}` shows its length only.
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DisplayName({} bytes)", self.0.len())
    }
}

impl fmt::Debug for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left after trimming.
    #[error("the name is empty; give at least one character")]
    Empty,
    /// Longer than allowed.
    #[error("the name is too long; use at most {max} characters")]
    TooLong {
        /// The number of characters allowed.
        max: usize,
    },
    /// Holds a character that is not allowed.
    #[error("the name holds U+{:04X}, which is not allowed; remove it", u32::from(*.0))]
    Forbidden(char),
}

/// Names a participant inside its room; not secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct ParticipantId(pub String);

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a participant sends at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MediaState {
    /// The microphone is on.
    pub mic: bool,
    /// The camera is on.
    pub camera: bool,
    /// A screen is shared.
    pub screen: bool,
    /// The shared screen has sound.
    pub screen_audio: bool,
}

/// What participants who are not hosts may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Permissions {
    /// Turn the microphone on.
    pub mic: bool,
    /// Turn the camera on.
    pub camera: bool,
    /// Share a screen, with its sound.
    pub screen: bool,
    /// Write, react and ask polls.
    pub chat: bool,
    /// Share files.
    pub files: bool,
}

impl Permissions {
    /// Everything.
    pub const ALL: Self = Self { mic: true, camera: true, screen: true, chat: true, files: true };

    /// What both allow.
    pub fn and(self, other: Self) -> Self {
        Self {
            mic: self.mic && other.mic,
            camera: self.camera && other.camera,
            screen: self.screen && other.screen,
            chat: self.chat && other.chat,
            files: self.files && other.files,
        }
    }

    /// What of this media may be sent.
    pub fn mask(&self, media: MediaState) -> MediaState {
        MediaState {
            mic: media.mic && self.mic,
            camera: media.camera && self.camera,
            screen: media.screen && self.screen,
            screen_audio: media.screen_audio && self.screen,
        }
    }
}

impl Default for Permissions {
    fn default() -> Self {
        Self::ALL
    }
}

/// A short sign to all, shown for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Reaction {
    /// 👍
    ThumbsUp,
    /// 👏
    Clap,
    /// ❤️
    Heart,
    /// 😂
    Laugh,
    /// 😮
    Surprise,
    /// 🎉
    Party,
}

/// Why a participant is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum LeaveReason {
    /// Left by their own wish.
    Left,
    /// The connection was lost and did not come back in time.
    ConnectionLost,
    /// The host sent them away.
    Removed,
    /// Into a breakout room, or back.
    Moved,
}

/// How a room's media goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// From one participant to the other (by way of TURN where it must), encrypted end to end.
    #[default]
    Direct,
    /// Through the server's SFU.
    Routed,
}

/// What a participant can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
    /// A shared screen.
    Screen,
    /// The sound of a shared screen.
    ScreenAudio,
}

impl MediaState {
    /// The same without this source.
    pub fn without(mut self, source: Source) -> Self {
        match source {
            Source::Microphone => self.mic = false,
            Source::Camera => self.camera = false,
            Source::Screen => (self.screen, self.screen_audio) = (false, false),
            Source::ScreenAudio => self.screen_audio = false,
        }
        self
    }
}

/// The sources that have a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum VideoSource {
    /// The camera.
    Camera,
    /// A shared screen.
    Screen,
}

/// How much a participant wants to receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Receive {
    /// As much as fits its network and its screen.
    #[default]
    Everything,
    /// The lowest layer of each video.
    Low,
    /// No video at all.
    AudioOnly,
}

/// Zero-width, direction and other invisible format characters that make a name look like another
/// (U+200D, the joiner inside emoji, and U+200C, used by several scripts, are allowed).
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Combining marks, which Indic and other scripts need inside words.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn room_names_are_normalized() {
        for (typed, name) in [
            ("Weekly Sync", "weekly-sync"),
            ("  周会  ", "周会"),
            ("ＡＢＣ", "abc"),
            ("हिन्दी", "हिन्दी"),
            ("a.b_c-1", "a.b_c-1"),
        ] {
            assert_eq!(RoomName::parse(typed).unwrap().as_str(), name);
        }
    }

    #[test]
    fn bad_room_names_are_refused() {
        assert_eq!(RoomName::parse(" \t "), Err(NameError::Empty));
        assert_eq!(RoomName::parse("a/b"), Err(NameError::Forbidden('/')));
        assert_eq!(RoomName::parse(".."), Err(NameError::Forbidden('.')));
        assert_eq!(RoomName::parse("a\u{202E}b"), Err(NameError::Forbidden('\u{202E}')));
        assert_eq!(RoomName::parse(&"x".repeat(65)), Err(NameError::TooLong { max: 64 }));
        assert_eq!(RoomName::parse(&"x".repeat(10_000)), Err(NameError::TooLong { max: 64 }));
    }

    #[test]
    fn display_names_keep_every_script_and_emoji() {
        for name in ["Ann", "李雷", "José", "👩‍👩‍👧‍👦 family", "نور"] {
            assert_eq!(DisplayName::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(DisplayName::parse("  a \u{3000}  b\u{A0}").unwrap().as_str(), "a b");
    }

    #[test]
    fn display_names_that_deceive_are_refused() {
        for c in ['\u{202E}', '\u{2066}', '\u{200B}', '\n', '\u{7}', '\u{FEFF}'] {
            assert_eq!(DisplayName::parse(&format!("a{c}b")), Err(NameError::Forbidden(c)));
        }
        assert_eq!(DisplayName::parse("   "), Err(NameError::Empty));
        assert_eq!(DisplayName::parse(&"n".repeat(10_000)), Err(NameError::TooLong { max: 64 }));
        assert_eq!(DisplayName::parse(&"字".repeat(65)), Err(NameError::TooLong { max: 64 }));
    }

    #[test]
    fn names_do_not_print_in_debug_output() {
        assert!(!format!("{:?}", DisplayName::parse("Secret Ann").unwrap()).contains("Ann"));
    }

    proptest! {
        #[test]
        fn parsing_is_stable(text in "\\PC{0,80}") {
            if let Ok(name) = RoomName::parse(&text) {
                prop_assert_eq!(RoomName::parse(name.as_str()), Ok(name.clone()));
            }
            if let Ok(name) = DisplayName::parse(&text) {
                prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
