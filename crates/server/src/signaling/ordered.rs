//! Socket.IO handlers that run in the order the messages came. socketioxide spawns a task per message when a
//! handler is an async function, and two tasks may overtake each other: a candidate before its offer.

use std::sync::Arc;

use serde::Serialize;
use socketioxide::{
    adapter::LocalAdapter,
    extract::{AckSender, SocketRef},
    handler::{FromMessageParts, MessageHandler},
    socket::Socket,
};
use socketioxide_core::Value;

/// An event as it came.
pub(crate) struct Incoming {
    /// Its name.
    pub(crate) event: String,
    /// How long it was.
    pub(crate) bytes: usize,
    /// Its first argument, `null` if there is none; or what is wrong with it, in words.
    pub(crate) argument: Result<serde_json::Value, String>,
    pub(crate) reply: Reply,
}

/// The way to acknowledge an event, if the client asked for that.
pub(crate) struct Reply {
    pub(crate) socket: SocketRef,
    ack: Option<AckSender>,
}

impl Reply {
    /// Acknowledges with one argument. Says false when the client did not ask for an acknowledgement.
    pub(crate) fn send<T: Serialize>(&mut self, answer: &T) -> bool {
        let Some(ack) = self.ack.take() else { return false };
        // Fails only when the client is gone or does not read: it resumes with a new connection.
        if let Err(error) = ack.send(answer) {
            tracing::debug!(%error, "an acknowledgement could not be sent");
        }
        true
    }
}

/// A message handler that is called in order and must not block.
pub(crate) struct Ordered<F>(pub(crate) F);

impl<F: Fn(Incoming) + Send + Sync + 'static> MessageHandler<LocalAdapter, Incoming> for Ordered<F> {
    fn call(&self, socket: Arc<Socket<LocalAdapter>>, mut value: Value, ack_id: Option<i64>) {
        let (event, argument) = parse(&value);
        let bytes = match &value {
            Value::Str(text, attachments) => {
                text.len() + attachments.iter().flatten().map(|a| a.len()).sum::<usize>()
            }
            Value::Bytes(bytes) => bytes.len(),
        };
        let Ok(ack) = AckSender::from_message_parts(&socket, &mut value, &ack_id);
        let Ok(socket) = SocketRef::from_message_parts(&socket, &mut value, &ack_id);
        let reply = Reply { socket, ack: ack_id.map(|_| ack) };
        (self.0)(Incoming { event, bytes, argument, reply });
    }
}

/// Splits `["event", argument, …]`.
fn parse(value: &Value) -> (String, Result<serde_json::Value, String>) {
    let text = match value {
        Value::Str(text, None) => text.as_str(),
        Value::Str(text, Some(_)) => {
            let event = serde_json::from_str::<Vec<serde_json::Value>>(text).ok().and_then(first_string);
            return (event.unwrap_or_default(), Err("binary attachments are not taken; send JSON".into()));
        }
        Value::Bytes(_) => return (String::new(), Err("binary messages are not taken; send JSON".into())),
    };
    match serde_json::from_str::<Vec<serde_json::Value>>(text) {
        Ok(mut items) if items.len() > 1 => {
            let argument = items.swap_remove(1);
            (first_string(items).unwrap_or_default(), Ok(argument))
        }
        Ok(items) => (first_string(items).unwrap_or_default(), Ok(serde_json::Value::Null)),
        Err(error) => (String::new(), Err(format!("the message is not valid JSON: {error}"))),
    }
}

fn first_string(items: Vec<serde_json::Value>) -> Option<String> {
    match items.into_iter().next() {
        Some(serde_json::Value::String(text)) => Some(text),
        _ => None,
    }
}
