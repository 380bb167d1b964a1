//! What stands in the chat: messages, polls and offered files; hands and reactions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::vocabulary::{ParticipantId, Reaction};

/// Write to the room.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Chat {
    /// Plain text; line breaks are kept.
    pub text: String,
    /// For this one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ParticipantId>,
    /// The entry it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub reply_to: Option<u64>,
}

/// Change one's own message.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct ChatEdit {
    /// The entry.
    #[ts(type = "number")]
    pub id: u64,
    /// Its new text.
    pub text: String,
}

/// Take a message back.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct ChatDelete {
    /// The entry.
    #[ts(type = "number")]
    pub id: u64,
}

/// Ask all in the room.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct NewPoll {
    /// What is asked.
    pub question: String,
    /// What can be chosen: at least two.
    pub options: Vec<String>,
    /// Several may be chosen.
    pub multiple: bool,
    /// Nobody is told who has chosen what.
    pub anonymous: bool,
}

/// Choose in a poll.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct Vote {
    /// The poll's entry in the chat.
    #[ts(type = "number")]
    pub poll: u64,
    /// Which options, counted from 0; none takes the vote back.
    pub options: Vec<u16>,
}

/// End a poll.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct PollClose {
    /// The poll's entry in the chat.
    #[ts(type = "number")]
    pub poll: u64,
}

/// Offer a file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct FileOffer {
    /// The file.
    pub file: SharedFile,
    /// For this one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ParticipantId>,
}

/// A file that its sender passes on to whoever asks for it over the data channels.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SharedFile {
    /// The sender's name for this transfer.
    pub key: String,
    /// The file's name, without a path.
    pub name: String,
    /// Its length in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Its media type (RFC 6838), empty if unknown.
    pub media_type: String,
}

/// Raise one's hand.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[ts(optional_fields)]
pub struct Hand {
    /// Up or down.
    pub raised: bool,
    /// Whose; oneself if absent. Hosts may lower another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// Show a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
pub struct React {
    /// Which.
    pub reaction: Reaction,
}

/// Somebody shows a sign.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct ReactionFrom {
    /// Who.
    pub from: ParticipantId,
    /// Which.
    pub reaction: Reaction,
}

/// A chat message was taken.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct ChatSent {
    /// The entry's number.
    #[ts(type = "number")]
    pub id: u64,
}

/// One line of the chat.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct ChatEntry {
    /// Grows within a room, over restarts too.
    #[ts(type = "number")]
    pub id: u64,
    /// Milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub at: u64,
    /// Who wrote, came or left.
    pub from: ParticipantId,
    /// Their name at that time.
    pub name: String,
    /// The only one beside `from` who gets it; absent if it is for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ParticipantId>,
    /// The entry it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub reply_to: Option<u64>,
    /// When it was last edited, milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub edited: Option<u64>,
    /// What happened.
    pub body: ChatBody,
}

/// A message or a notice.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ChatBody {
    /// Someone wrote.
    Message {
        /// Plain text.
        text: String,
    },
    /// Someone asks.
    Poll(Poll),
    /// Someone shares a file.
    File(SharedFile),
    /// It was taken back.
    Deleted,
    /// Someone joined.
    Joined,
    /// Someone left.
    Left,
}

/// A poll and how it stands.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct Poll {
    /// What is asked.
    pub question: String,
    /// What can be chosen.
    pub options: Vec<PollOption>,
    /// Several may be chosen.
    pub multiple: bool,
    /// Nobody is told who has chosen what.
    pub anonymous: bool,
    /// How many have voted.
    pub voters: u32,
    /// No more votes are taken.
    pub closed: bool,
}

/// What can be chosen in a poll.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, TS)]
pub struct PollOption {
    /// Its text.
    pub text: String,
    /// How many have chosen it.
    pub votes: u32,
    /// The names of those who have, in the order they did and not all of many; none in an anonymous poll.
    pub names: Vec<String>,
}
