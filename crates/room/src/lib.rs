//! Rooms: membership, resumption, chat, and who is told what. Contains no networking code, no clock and no
//! randomness: time, identifiers and connections are arguments, what has to be sent is a result.
//!
//! The order of use is *mutate → drain → wait*:
//! 1. one command ([`Rooms::join`], [`Rooms::leave`], …) or [`Rooms::handle_timeout`],
//! 2. [`Rooms::poll_output`] until it returns `None`,
//! 3. [`Rooms::poll_timeout`] says when [`Rooms::handle_timeout`] is due, and why.

mod breakouts;
mod chat;
mod grants;
mod hosts;
mod lobby;
mod model;
mod operating;
mod poll;
mod room;
mod rooms;
mod topology;

pub use breakouts::{Breakout, BreakoutPlan, Breakouts, Person};
pub use chat::{ChatBody, ChatLine, SharedFile};
pub use grants::{Grant, GrantedRole, Sees};
pub use model::{
    ConnectionId, Deadline, Event, GuestId, Identity, Join, JoinOutcome, Joined, Limits, Loss, Now, Output,
    Participant, PasswordDigest, Place, Refusal, RoomChange, RoomSettings, Roster, Signal, Waiter, Watch,
};
pub use operating::{Happening, Reservation, RoomView};
pub use poll::{Poll, Standing};
pub use rooms::Rooms;

#[cfg(test)]
mod tests;
