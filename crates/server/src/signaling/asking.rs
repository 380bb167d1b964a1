//! Requests that only the rooms have to do with, in the room core's words.

use kaigi_protocol::wire::{self, ChatSent, Empty, Request, SignalPayload};
use kaigi_room::{BreakoutPlan, ConnectionId, Loss, Now, Poll, Refusal, Rooms, SharedFile, Signal};
use serde::Serialize;

use super::sizes::payload_bytes;

/// What a request comes to.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Done {
    /// It was carried out.
    Empty(Empty),
    /// It is in the chat.
    Sent(ChatSent),
}

/// Those of other requests are the hub's.
pub(super) fn carry_out(
    rooms: &mut Rooms<SignalPayload>,
    now: Now,
    connection: ConnectionId,
    request: Request,
) -> Result<Done, Refusal> {
    let sent = |id| Done::Sent(ChatSent { id });
    let done = match request {
        Request::Leave(Empty {}) => rooms.leave(now, connection),
        Request::Away(Empty {}) => {
            rooms.handle_disconnect(now, connection, Loss::Away);
            Ok(())
        }
        Request::Signal(wire::Signal { to, incarnation, seq, payload }) => {
            let bytes = payload_bytes(&payload);
            rooms.signal(connection, Signal { to, incarnation, seq, payload, bytes })
        }
        Request::Media(media) => rooms.set_media(connection, media),
        Request::Route(Empty {}) => rooms.route(now, connection),
        Request::Chat(wire::Chat { text, to, reply_to }) => {
            return rooms.chat(now, connection, text, to, reply_to).map(sent);
        }
        Request::ChatEdit(wire::ChatEdit { id, text }) => rooms.edit(now, connection, id, text),
        Request::ChatDelete(wire::ChatDelete { id }) => rooms.delete(connection, id),
        Request::Poll(wire::NewPoll { question, options, multiple, anonymous }) => {
            let poll = Poll::new(&question, &options, multiple, anonymous)?;
            return rooms.ask(now, connection, poll).map(sent);
        }
        Request::Vote(wire::Vote { poll, options }) => rooms.vote(now, connection, poll, options),
        Request::PollClose(wire::PollClose { poll }) => rooms.close_poll(connection, poll),
        Request::File(wire::FileOffer { file, to }) => {
            let wire::SharedFile { key, name, bytes, media_type } = file;
            let file = SharedFile { key, name, bytes, media_type };
            return rooms.offer_file(now, connection, file, to).map(sent);
        }
        Request::Hand(wire::Hand { raised, participant }) => {
            rooms.set_hand(now, connection, participant, raised)
        }
        Request::React(wire::React { reaction }) => rooms.react(connection, reaction),
        Request::Remove(wire::Remove { participant, ban }) => {
            rooms.send_away(now, connection, &participant, ban)
        }
        Request::Mute(wire::Mute { participant, source }) => {
            rooms.mute(connection, participant.as_ref(), source)
        }
        Request::Role(wire::Role { participant, host }) => rooms.set_role(connection, &participant, host),
        Request::Admit(wire::Admit { id }) => rooms.let_in(connection, id.map(ConnectionId)),
        Request::TurnAway(wire::TurnAway { id }) => rooms.turn_away(connection, ConnectionId(id)),
        Request::BreakoutsOpen(wire::BreakoutsOpen { titles, people, minutes }) => {
            let people = people.into_iter().map(|who| (who.participant, who.room)).collect();
            rooms.open_breakouts(now, connection, BreakoutPlan { titles, people, minutes })
        }
        Request::BreakoutsClose(Empty {}) => rooms.close_breakouts(now, connection),
        Request::BreakoutMove(wire::BreakoutMove { participant, room }) => {
            rooms.break_out(now, connection, participant, room)
        }
        Request::Join(_)
        | Request::Turn(_)
        | Request::Room(_)
        | Request::MediaOffer(_)
        | Request::MediaClose(_)
        | Request::View(_) => Ok(()),
    };
    done.map(|()| Done::Empty(Empty {}))
}
