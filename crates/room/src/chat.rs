//! A room's chat: the last lines, with the comings and goings among them.

use std::collections::VecDeque;

use kaigi_protocol::vocabulary::{DisplayName, ParticipantId, limits};

use crate::{model::Refusal, poll::Poll};

/// One line of the chat.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatLine {
    /// Grows within a room; starts at the time in milliseconds, so that it grows over restarts too.
    pub id: u64,
    /// Milliseconds since the Unix epoch.
    pub at: u64,
    /// Who wrote, came or left.
    pub from: ParticipantId,
    /// Their name at that time.
    pub name: DisplayName,
    /// The only one beside `from` who is told.
    pub to: Option<ParticipantId>,
    /// The line it answers.
    pub reply_to: Option<u64>,
    /// When it was last edited, milliseconds since the Unix epoch.
    pub edited: Option<u64>,
    /// What happened.
    pub body: ChatBody,
}

/// A message or a notice.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatBody {
    /// Plain text.
    Message(String),
    /// A question to all.
    Poll(Poll),
    /// A file that its sender passes on to whoever asks for it.
    File(SharedFile),
    /// It was taken back.
    Deleted,
    /// They came.
    Joined,
    /// They left.
    Left,
}

/// A file that somebody offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedFile {
    /// The sender's name for this transfer.
    pub key: String,
    /// The file's name, without a path.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its media type (RFC 6838), empty if unknown.
    pub media_type: String,
}

/// What is written, by whom and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) from: ParticipantId,
    pub(crate) name: DisplayName,
    pub(crate) to: Option<ParticipantId>,
    pub(crate) reply_to: Option<u64>,
    pub(crate) body: ChatBody,
}

impl Draft {
    /// For all, in answer to nothing.
    pub(crate) fn new(from: ParticipantId, name: DisplayName, body: ChatBody) -> Self {
        Self { from, name, to: None, reply_to: None, body }
    }
}

impl ChatLine {
    /// May this one read it?
    pub(crate) fn is_for(&self, who: &ParticipantId) -> bool {
        self.to.as_ref().is_none_or(|to| to == who) || self.from == *who
    }
}

/// The last [`limits::CHAT_HISTORY`] lines.
#[derive(Debug, Default)]
pub(crate) struct ChatLog {
    lines: VecDeque<ChatLine>,
    last_id: u64,
}

impl ChatLog {
    pub(crate) fn push(&mut self, unix_ms: u64, draft: Draft) -> ChatLine {
        self.last_id = unix_ms.max(self.last_id + 1);
        let Draft { from, name, to, reply_to, body } = draft;
        let line = ChatLine { id: self.last_id, at: unix_ms, from, name, to, reply_to, edited: None, body };
        if self.lines.len() == limits::CHAT_HISTORY {
            self.lines.pop_front();
        }
        self.lines.push_back(line.clone());
        line
    }

    /// What this one may read, oldest first.
    pub(crate) fn lines_for(&self, who: &ParticipantId) -> Vec<ChatLine> {
        self.lines.iter().filter(|line| line.is_for(who)).cloned().collect()
    }

    /// How this one has voted in the polls that are still here.
    pub(crate) fn votes_of(&self, who: &ParticipantId) -> Vec<(u64, Vec<u16>)> {
        let vote = |line: &ChatLine| match &line.body {
            ChatBody::Poll(poll) => poll.vote_of(who).map(|options| (line.id, options.to_vec())),
            _ => None,
        };
        self.lines.iter().filter_map(vote).collect()
    }

    pub(crate) fn line(&self, id: u64) -> Option<&ChatLine> {
        self.lines.binary_search_by_key(&id, |line| line.id).ok().and_then(|at| self.lines.get(at))
    }

    /// Gives one's own message another text.
    pub(crate) fn edit(
        &mut self,
        unix_ms: u64,
        id: u64,
        who: &ParticipantId,
        text: String,
    ) -> Result<ChatLine, Refusal> {
        let line = self.line_mut(id, who)?;
        match &mut line.body {
            ChatBody::Message(_) if line.from != *who => Err(Refusal::NotYours),
            ChatBody::Message(before) => {
                *before = text;
                line.edited = Some(unix_ms);
                Ok(line.clone())
            }
            _ => Err(Refusal::NoSuchMessage),
        }
    }

    /// Takes back one's own message, or as a host anybody's.
    pub(crate) fn delete(&mut self, id: u64, who: &ParticipantId, host: bool) -> Result<ChatLine, Refusal> {
        let line = self.line_mut(id, who)?;
        match line.body {
            ChatBody::Message(_) | ChatBody::Poll(_) | ChatBody::File(_) => {}
            ChatBody::Deleted | ChatBody::Joined | ChatBody::Left => return Err(Refusal::NoSuchMessage),
        }
        if line.from != *who && !host {
            return Err(Refusal::NotYours);
        }
        line.body = ChatBody::Deleted;
        Ok(line.clone())
    }

    /// Polls that take votes.
    pub(crate) fn open_polls(&self) -> usize {
        let open = |line: &&ChatLine| matches!(&line.body, ChatBody::Poll(poll) if !poll.closed);
        self.lines.iter().filter(open).count()
    }

    /// A poll and who asked it.
    pub(crate) fn poll_mut(&mut self, id: u64) -> Result<(&ParticipantId, &mut Poll), Refusal> {
        let at = self.lines.binary_search_by_key(&id, |line| line.id).map_err(|_| Refusal::NoSuchPoll)?;
        match self.lines.get_mut(at) {
            Some(ChatLine { from, body: ChatBody::Poll(poll), .. }) => Ok((from, poll)),
            _ => Err(Refusal::NoSuchPoll),
        }
    }

    fn line_mut(&mut self, id: u64, who: &ParticipantId) -> Result<&mut ChatLine, Refusal> {
        let at = self.lines.binary_search_by_key(&id, |line| line.id).map_err(|_| Refusal::NoSuchMessage)?;
        self.lines.get_mut(at).filter(|line| line.is_for(who)).ok_or(Refusal::NoSuchMessage)
    }
}
