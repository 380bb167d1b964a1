//! Who is a host where nobody has said so: who has been here longest. Once a host has made others hosts, their word
//! counts, as long as one of them is here. A host who is gone without a word finds the role kept for a while.

use std::time::Instant;

use kaigi_protocol::vocabulary::ParticipantId;

use crate::model::{GuestId, Join};

/// How a room comes by its hosts.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    /// Hosts have said who is one.
    granted: bool,
    kept: Option<Kept>,
}

/// The role of somebody who is gone.
#[derive(Debug)]
struct Kept {
    id: ParticipantId,
    guest: Option<GuestId>,
    until: Instant,
}

/// What is to be done about a room's hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appointment {
    /// They are who they are.
    AsItIs,
    /// Whoever has been here longest is the only one.
    Longest,
}

impl Hosts {
    /// What has to be done, when there is a host or there is none.
    pub(crate) fn settle(&mut self, now: Instant, present: bool) -> Appointment {
        if self.kept.as_ref().is_some_and(|kept| kept.until <= now) {
            self.kept = None;
        }
        if present && self.granted || !present && self.kept.is_some() {
            return Appointment::AsItIs;
        }
        self.granted = false;
        Appointment::Longest
    }

    /// Hosts have said who is one.
    pub(crate) fn grant(&mut self) {
        self.granted = true;
        self.kept = None;
    }

    /// The last host is gone without a word.
    pub(crate) fn keep(&mut self, id: ParticipantId, guest: Option<GuestId>, until: Instant) {
        self.kept = Some(Kept { id, guest, until });
    }

    /// Is this the host whose role is kept?
    pub(crate) fn keeps_for(&self, join: &Join) -> bool {
        self.kept.as_ref().is_some_and(|kept| {
            join.resume.as_ref().is_some_and(|was| was.id == kept.id)
                || kept.guest.is_some() && kept.guest == join.guest
        })
    }

    /// Until when the role is kept for somebody.
    pub(crate) fn kept_until(&self) -> Option<Instant> {
        self.kept.as_ref().map(|kept| kept.until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_longest_here_is_host_until_hosts_say_otherwise() {
        let (mut hosts, now) = (Hosts::default(), Instant::now());
        assert_eq!(hosts.settle(now, true), Appointment::Longest);
        hosts.grant();
        assert_eq!(hosts.settle(now, true), Appointment::AsItIs);
        assert_eq!(hosts.settle(now, false), Appointment::Longest, "the last of them has left");
        assert_eq!(
            hosts.settle(now, true),
            Appointment::Longest,
            "and who came after was not chosen by them"
        );
    }

    #[test]
    fn a_lost_hosts_role_is_kept_for_a_while() {
        let (mut hosts, now) = (Hosts::default(), Instant::now());
        hosts.grant();
        hosts.keep(ParticipantId("ann".into()), None, now + Duration::from_secs(60));
        assert_eq!(hosts.settle(now + Duration::from_secs(59), false), Appointment::AsItIs);
        assert_eq!(hosts.settle(now + Duration::from_secs(60), false), Appointment::Longest);
        assert_eq!(hosts.kept_until(), None);
    }
}
