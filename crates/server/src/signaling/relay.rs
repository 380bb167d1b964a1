//! The namespace `/`: a plain relay with the events of the well-known WebRTC codelab, so that pages written
//! for such a demo server run unchanged. Rooms hold two; messages stay inside the sender's rooms.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use serde_json::Value as Json;
use socketioxide::{
    SendError, SocketError,
    adapter::LocalAdapter,
    extract::SocketRef,
    handler::{ConnectHandler, FromConnectParts},
    socket::Socket,
};
use socketioxide_core::{Sid, Value};

use super::{
    budget::Budget,
    hub::{Hub, disconnect_later},
    ordered::{Incoming, Ordered},
};
use crate::visitor::Visitor;

const CAPACITY: usize = 2;
const ROOMS_PER_CLIENT: usize = 8;
const ROOM_NAME_BYTES: usize = 256;

/// Who is where.
#[derive(Default)]
struct Rooms {
    members: HashMap<String, Vec<SocketRef>>,
    seats: HashMap<Sid, Vec<String>>,
}

/// Registers the handlers before the first message can come.
#[derive(Clone)]
pub(super) struct Connect {
    hub: Arc<Hub>,
    rooms: Arc<Mutex<Rooms>>,
}

impl Connect {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self { hub, rooms: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectHandler<LocalAdapter, ()> for Connect {
    fn call(&self, socket: Arc<Socket<LocalAdapter>>, auth: Option<Value>) {
        let Ok(socket) = SocketRef::from_connect_parts(&socket, &auth);
        let client = Client {
            relay: self.clone(),
            id: socket.id,
            visitor: socket.req_parts().extensions.get::<Visitor>().cloned().unwrap_or_default(),
            budget: Budget::default(),
        };
        socket.on_fallback(Ordered(move |incoming| client.handle(incoming)));
        let (relay, id) = (self.clone(), socket.id);
        socket.on_disconnect(async move || relay.lock().leave(id, None));
    }
}

struct Client {
    relay: Connect,
    id: Sid,
    visitor: Visitor,
    budget: Budget,
}

impl Client {
    fn handle(&self, incoming: Incoming) {
        let Incoming { event, bytes, argument, mut reply } = incoming;
        let socket = reply.socket.clone();
        let outcome = self
            .budget
            .take(bytes)
            .and(argument)
            .and_then(|argument| self.carry_out(&socket, &event, argument));
        match outcome {
            Ok(()) => drop(reply.send(&serde_json::json!({ "ok": {} }))),
            Err(why) => {
                reply.send(&serde_json::json!({ "error": { "message": why } }));
                log(&socket, &why);
            }
        }
    }

    fn carry_out(&self, socket: &SocketRef, event: &str, argument: Json) -> Result<(), String> {
        match event {
            "create or join" => self.create_or_join(socket, room_name(argument)?),
            "message" => {
                self.relay.lock().tell_others(self.id, "message", &argument);
                Ok(())
            }
            "bye" => {
                let room = if argument.is_null() { None } else { Some(room_name(argument)?) };
                self.relay.lock().leave(self.id, room.as_deref());
                Ok(())
            }
            "ipaddr" => {
                for address in self.addresses() {
                    let _ = socket.emit("ipaddr", &address);
                }
                Ok(())
            }
            _ => {
                let event: String = event.chars().take(64).collect();
                Err(format!("no such event: {event}; known are create or join, message, bye and ipaddr"))
            }
        }
    }

    fn create_or_join(&self, socket: &SocketRef, room: String) -> Result<(), String> {
        let may_open = self.relay.hub.may_open(self.visitor.session.as_ref());
        let mut rooms = self.relay.lock();
        let Rooms { members, seats } = &mut *rooms;
        let mine = seats.get(&self.id).map_or(&[][..], Vec::as_slice);
        if mine.contains(&room) {
            return Err(format!("already in room {room}"));
        }
        if mine.len() >= ROOMS_PER_CLIENT {
            return Err(format!("at most {ROOMS_PER_CLIENT} rooms a client; leave one with bye"));
        }
        let open = members.len();
        match members.get_mut(&room) {
            Some(present) if present.len() >= CAPACITY => {
                let _ = socket.emit("full", &room);
                return Ok(());
            }
            Some(present) => {
                // Those who are there hear of it before the newcomer does.
                for member in present.iter() {
                    let _ = member.emit("join", &room);
                }
                present.push(socket.clone());
                let _ = socket.emit("joined", &(&room, self.id));
                for member in present.iter() {
                    let _ = member.emit("ready", &room);
                }
            }
            None if !may_open => {
                return Err(
                    "only holders of the key open rooms on this server; open it on the start page first"
                        .into(),
                );
            }
            None if open >= self.relay.hub.max_rooms() => {
                return Err("the server holds as many rooms as it may; try later".into());
            }
            None => {
                members.insert(room.clone(), vec![socket.clone()]);
                let _ = socket.emit("created", &(&room, self.id));
            }
        }
        seats.entry(self.id).or_default().push(room);
        Ok(())
    }

    /// The address the client reached us at, or those of all interfaces if that tells nothing.
    fn addresses(&self) -> Vec<IpAddr> {
        match self.visitor.local.map(|address| address.ip().to_canonical()) {
            Some(address) if !address.is_loopback() => vec![address],
            _ => if_addrs::get_if_addrs()
                .unwrap_or_default()
                .into_iter()
                .map(|interface| interface.ip())
                .filter(|address| address.is_ipv4() && !address.is_loopback())
                .collect(),
        }
    }
}

impl Rooms {
    fn tell_others<T: Serialize>(&self, from: Sid, event: &str, argument: &T) {
        let rooms = self.seats.get(&from).into_iter().flatten();
        for member in rooms.filter_map(|room| self.members.get(room)).flatten().filter(|m| m.id != from) {
            // One that does not read is disconnected rather than left with a gap; the others hear its `bye`.
            if let Err(SendError::Socket(SocketError::InternalChannelFull)) = member.emit(event, argument) {
                disconnect_later(member.clone());
            }
        }
    }

    /// Leaves one room or all, and tells those who stay.
    fn leave(&mut self, id: Sid, room: Option<&str>) {
        let Some(mine) = self.seats.get_mut(&id) else { return };
        for name in mine.extract_if(.., |name| room.is_none_or(|room| room == name)) {
            let Some(members) = self.members.get_mut(&name) else { continue };
            members.retain(|member| member.id != id);
            for member in members.iter() {
                let _ = member.emit("bye", &name);
            }
            if members.is_empty() {
                self.members.remove(&name);
            }
        }
        if mine.is_empty() {
            self.seats.remove(&id);
        }
    }
}

fn room_name(argument: Json) -> Result<String, String> {
    let name = match argument {
        Json::String(name) => name,
        Json::Number(number) => number.to_string(),
        _ => return Err("the room's name must be a string".into()),
    };
    match name.len() {
        1..=ROOM_NAME_BYTES => Ok(name),
        _ => Err(format!("the room's name must have 1 to {ROOM_NAME_BYTES} bytes")),
    }
}

/// The codelab's pages print what comes as `log`.
fn log(socket: &SocketRef, text: &str) {
    let _ = socket.emit("log", &serde_json::json!(["Message from server:", text]));
}
