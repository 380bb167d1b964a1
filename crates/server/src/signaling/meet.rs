//! The namespace `/meet`: Kaigi's own protocol (docs/protocol.md).

use std::sync::Arc;

use kaigi_protocol::{
    vocabulary::{ErrorCode, PROTOCOL_VERSION, ProtocolVersion},
    wire::{self, Answer, Empty, Request},
};
use kaigi_room::ConnectionId;
use metrics::counter;
use serde::{Deserialize, Serialize};
use socketioxide::{
    adapter::LocalAdapter,
    extract::SocketRef,
    handler::{ConnectHandler, FromConnectParts},
    socket::Socket,
};
use socketioxide_core::Value;

use super::{
    asking,
    budget::Budget,
    hub::{Hub, emit},
    ordered::{Incoming, Ordered, Reply},
    sizes::check_sizes,
};
use crate::visitor::Visitor;

/// Registers the handlers before the first message can come.
#[derive(Clone)]
pub(super) struct Connect(pub(super) Arc<Hub>);

impl ConnectHandler<LocalAdapter, ()> for Connect {
    fn call(&self, socket: Arc<Socket<LocalAdapter>>, auth: Option<Value>) {
        let Ok(socket) = SocketRef::from_connect_parts(&socket, &auth);
        let connection = self.0.connect(socket.clone());
        let client = Client {
            hub: self.0.clone(),
            connection,
            visitor: socket.req_parts().extensions.get::<Visitor>().cloned().unwrap_or_default(),
            budget: Budget::default(),
        };
        socket.on_fallback(Ordered(move |incoming| client.handle(incoming)));
        let hub = self.0.clone();
        socket.on_disconnect(async move || hub.disconnect(connection));
    }
}

/// One connection.
struct Client {
    hub: Arc<Hub>,
    connection: ConnectionId,
    visitor: Visitor,
    budget: Budget,
}

impl Client {
    fn handle(&self, incoming: Incoming) {
        let Incoming { event, bytes, argument, reply } = incoming;
        match self.parse(&event, bytes, argument) {
            Ok(request) => self.carry_out(request, Answering { event, reply }),
            Err(error) => Answering { event, reply }.send(Answer::<Empty>::Error(error)),
        }
    }

    fn parse(
        &self,
        event: &str,
        bytes: usize,
        argument: Result<serde_json::Value, String>,
    ) -> Result<Request, wire::Error> {
        let error = |code, message: String| Err(wire::Error { code, message });
        if let Err(why) = self.budget.take(bytes) {
            return error(ErrorCode::RateLimited, why);
        }
        if !Request::EVENTS.contains(&event) {
            let text = format!("no such request; known are {}", Request::EVENTS.join(", "));
            return error(ErrorCode::UnknownRequest, text);
        }
        let data = match argument {
            Ok(serde_json::Value::Null) => serde_json::json!({}),
            Ok(data) => data,
            Err(why) => return error(ErrorCode::BadRequest, why),
        };
        // Before its form: another major version may have another form.
        if event == "join" {
            check_version(&data)?;
        }
        let request = match serde_json::from_value(serde_json::json!({ "event": event, "data": data })) {
            Ok(request) => request,
            Err(why) => return error(ErrorCode::BadRequest, format!("{event}: {why}; see docs/protocol.md")),
        };
        check_sizes(&request)?;
        Ok(request)
    }

    fn carry_out(&self, request: Request, answering: Answering) {
        let connection = self.connection;
        match request {
            Request::Join(join) => {
                self.hub.join(connection, &self.visitor, *join, |answer| answering.send(answer));
            }
            Request::Turn(Empty {}) => {
                self.hub.turn_credential(connection, |answer| answering.send(answer));
            }
            Request::Room(change) => {
                self.hub.change_room(connection, change, |answer| answering.send(answer));
            }
            Request::MediaOffer(request) => {
                let reply = Box::new(|answer| answering.send(answer));
                self.hub.connect_media(connection, &self.visitor, request, reply);
            }
            Request::MediaClose(Empty {}) => {
                self.hub.disconnect_media(connection, |answer| answering.send(answer));
            }
            Request::View(view) => {
                self.hub.set_view(connection, &view, |answer| answering.send(answer));
            }
            Request::Away(Empty {}) => {
                let socket = answering.reply.socket.clone();
                self.ask_rooms(Request::Away(Empty {}), answering);
                let _ = socket.disconnect();
            }
            request => self.ask_rooms(request, answering),
        }
    }

    /// What only the rooms have to do with.
    fn ask_rooms(&self, request: Request, answering: Answering) {
        self.hub.request(
            |rooms, now| asking::carry_out(rooms, now, self.connection, request),
            |answer| answering.send(answer),
        );
    }
}

/// The way back to who asked.
struct Answering {
    event: String,
    reply: Reply,
}

impl Answering {
    fn send<T: Serialize>(mut self, answer: Answer<T>) {
        let acknowledged = self.reply.send(&answer);
        if let Answer::Error(error) = answer {
            counter!("kaigi_requests_refused_total").increment(1);
            tracing::debug!(code = ?error.code, "a request was refused");
            if !acknowledged {
                let request = self.event.chars().take(64).collect();
                let refused = wire::Event::RequestError(wire::RequestError { request, error });
                let _ = emit(&self.reply.socket, &refused);
            }
        }
    }
}

fn check_version(join: &serde_json::Value) -> Result<(), wire::Error> {
    let version = join.get("version").and_then(|version| ProtocolVersion::deserialize(version).ok());
    match version {
        Some(theirs) if theirs.major != PROTOCOL_VERSION.major => {
            let message = format!(
                "this page speaks version {}.{} of the protocol, the server {}.{}: reload the page",
                theirs.major, theirs.minor, PROTOCOL_VERSION.major, PROTOCOL_VERSION.minor
            );
            Err(wire::Error { code: ErrorCode::VersionMismatch, message })
        }
        _ => Ok(()),
    }
}
