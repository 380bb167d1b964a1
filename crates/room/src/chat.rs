//! A room's chat: the last lines, with the comings and goings among them.

use std::collections::VecDeque;

use kaigi_protocol::vocabulary::{DisplayName, ParticipantId, limits};

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
    /// What happened.
    pub body: ChatBody,
}

/// A message or a notice.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatBody {
    /// Plain text.
    Message(String),
    /// They came.
    Joined,
    /// They left.
    Left,
}

/// The last [`limits::CHAT_HISTORY`] lines.
#[derive(Debug, Default)]
pub(crate) struct ChatLog {
    lines: VecDeque<ChatLine>,
    last_id: u64,
}

impl ChatLog {
    pub(crate) fn push(
        &mut self,
        unix_ms: u64,
        from: ParticipantId,
        name: DisplayName,
        body: ChatBody,
    ) -> ChatLine {
        self.last_id = unix_ms.max(self.last_id + 1);
        let line = ChatLine { id: self.last_id, at: unix_ms, from, name, body };
        if self.lines.len() == limits::CHAT_HISTORY {
            self.lines.pop_front();
        }
        self.lines.push_back(line.clone());
        line
    }

    pub(crate) fn lines(&self) -> Vec<ChatLine> {
        self.lines.iter().cloned().collect()
    }
}
