//! All sessions of those who come by HTTP alone, and how many there may be.

use std::{collections::HashMap, sync::Arc};

use kaigi_protocol::{
    vocabulary::{ErrorCode, ParticipantId, RoomName},
    wire,
};
use kaigi_room::ConnectionId;
use metrics::gauge;

/// Sessions at once. Each keeps its offer, of at most 128 kB.
const MOST: usize = 1_000;
/// Sessions of one room.
const MOST_OF_ROOM: usize = 100;

/// A publisher or a viewer.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) kind: Kind,
    pub(super) connection: ConnectionId,
    pub(super) room: RoomName,
    /// As the media threads know it.
    pub(super) participant: ParticipantId,
    pub(super) ice: Arc<tokio::sync::Mutex<Ice>>,
    /// Its peer connection has been up.
    pub(super) connected: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Publisher,
    Viewer {
        /// `None`: whoever speaks.
        whom: Option<ParticipantId>,
    },
}

/// The present ICE session.
#[derive(Debug, Default)]
pub(super) struct Ice {
    /// The client's last offer: what of it is not about ICE holds for the session's whole life.
    pub(super) offer: String,
    pub(super) tag: String,
}

impl Session {
    pub(super) fn new(
        kind: Kind,
        connection: ConnectionId,
        room: RoomName,
        participant: ParticipantId,
    ) -> Self {
        Self { kind, connection, room, participant, ice: Arc::default(), connected: false }
    }
}

/// The sessions by their names.
#[derive(Debug, Default)]
pub(in crate::signaling::hub) struct Table {
    by_id: HashMap<String, Session>,
    by_place: HashMap<(RoomName, ParticipantId), String>,
}

impl Table {
    /// Whether one more fits, into this room too.
    pub(super) fn has_place(&self, room: &RoomName) -> Result<(), wire::Error> {
        let error = |code, message: String| Err(wire::Error { code, message });
        if self.by_id.len() >= MOST {
            let message =
                format!("the server holds {MOST} WHIP and WHEP sessions, as many as it may; try again later");
            return error(ErrorCode::ServerFull, message);
        }
        if self.by_id.values().filter(|session| session.room == *room).count() >= MOST_OF_ROOM {
            let message = format!(
                "this room has {MOST_OF_ROOM} WHIP and WHEP sessions, as many as it may; end one of them"
            );
            return error(ErrorCode::RoomFull, message);
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, id: String, session: Session) {
        self.by_place.insert((session.room.clone(), session.participant.clone()), id.clone());
        self.by_id.insert(id, session);
        self.show();
    }

    pub(super) fn get(&self, id: &str) -> Option<&Session> {
        self.by_id.get(id)
    }

    /// The media threads say that it is up.
    pub(in crate::signaling::hub) fn note_connected(&mut self, room: &RoomName, participant: &ParticipantId) {
        let id = self.by_place.get(&(room.clone(), participant.clone()));
        if let Some(session) = id.and_then(|id| self.by_id.get_mut(id)) {
            session.connected = true;
        }
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Session> {
        let session = self.by_id.remove(id)?;
        self.by_place.remove(&(session.room.clone(), session.participant.clone()));
        self.show();
        Some(session)
    }

    pub(super) fn remove_at(&mut self, room: &RoomName, participant: &ParticipantId) -> Option<Session> {
        let id = self.by_place.get(&(room.clone(), participant.clone())).cloned()?;
        self.remove(&id)
    }

    pub(super) fn remove_connection(&mut self, connection: ConnectionId) -> Option<Session> {
        self.remove_all(|session| session.connection == connection).pop()
    }

    /// Removes those who watch this participant.
    pub(super) fn remove_viewers(&mut self, room: &RoomName, watched: &ParticipantId) -> Vec<Session> {
        self.remove_all(|session| {
            let watches = matches!(&session.kind, Kind::Viewer { whom: Some(whom) } if whom == watched);
            watches && session.room == *room
        })
    }

    fn remove_all(&mut self, which: impl Fn(&Session) -> bool) -> Vec<Session> {
        let ids: Vec<_> = self.by_id.iter().filter(|(_, one)| which(one)).map(|(id, _)| id.clone()).collect();
        ids.iter().filter_map(|id| self.remove(id)).collect()
    }

    fn show(&self) {
        let publishers = self.by_id.values().filter(|session| session.kind == Kind::Publisher).count();
        gauge!("kaigi_whip_sessions").set(publishers as f64);
        gauge!("kaigi_whep_sessions").set((self.by_id.len() - publishers) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> RoomName {
        RoomName::parse(name).unwrap()
    }

    fn who(name: &str) -> ParticipantId {
        ParticipantId(name.into())
    }

    fn viewer(number: u64, of: &str, whom: Option<&str>) -> Session {
        let kind = Kind::Viewer { whom: whom.map(who) };
        Session::new(kind, ConnectionId(number), room(of), who(&format!("viewer {number}")))
    }

    fn filled(rooms: usize, each: usize) -> Table {
        let mut table = Table::default();
        for number in 0..rooms * each {
            let of = format!("room-{}", number / each);
            table.insert(format!("{number}"), viewer(number as u64, &of, None));
        }
        table
    }

    #[test]
    fn a_room_has_a_bound_and_so_have_all_together() {
        let mut one = filled(1, MOST_OF_ROOM);
        assert_eq!(one.has_place(&room("room-0")).unwrap_err().code, ErrorCode::RoomFull);
        one.has_place(&room("room-1")).unwrap();
        one.remove("7").unwrap();
        one.has_place(&room("room-0")).unwrap();
        let mut all = filled(MOST / 50, 50);
        assert_eq!(all.has_place(&room("another")).unwrap_err().code, ErrorCode::ServerFull);
        assert!(all.remove("0").is_some() && all.remove("0").is_none());
        all.has_place(&room("another")).unwrap();
    }

    #[test]
    fn those_who_watch_one_are_found_and_others_are_left() {
        let mut table = Table::default();
        for (number, of, whom) in
            [(1, "a", Some("ann")), (2, "a", Some("bob")), (3, "b", Some("ann")), (4, "a", None)]
        {
            table.insert(number.to_string(), viewer(number, of, whom));
        }
        let gone = table.remove_viewers(&room("a"), &who("ann"));
        assert_eq!(gone.iter().map(|session| session.connection.0).collect::<Vec<_>>(), [1]);
        assert!(table.remove_at(&room("a"), &who("viewer 1")).is_none());
        assert_eq!(table.remove_connection(ConnectionId(3)).unwrap().room, room("b"));
        assert!(table.get("2").is_some() && table.get("3").is_none() && table.get("4").is_some());
    }

    #[test]
    fn who_has_connected_is_known() {
        let mut table = filled(1, 2);
        table.note_connected(&room("room-0"), &who("viewer 0"));
        table.note_connected(&room("room-0"), &who("nobody"));
        let connected = |id| table.get(id).map(|session| session.connected);
        assert_eq!([connected("0"), connected("1"), connected("none")], [Some(true), Some(false), None]);
    }
}
