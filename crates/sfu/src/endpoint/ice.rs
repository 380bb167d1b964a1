//! Our side of ICE: a lite agent (RFC 8445 §2.5), which answers checks and makes none.
//!
//! Where we send to follows the client, which moves freely between UDP, TCP and relays: to the path its newest
//! authentic media came by. Nominations alone do not tell: Firefox nominates every pair and goes on using the
//! first, Chromium nominates the pair it moved to two seconds late. They decide while there is no media, and where
//! the path of the media has gone silent. str0m sees one pair of addresses for the session's whole life.

use std::time::{Duration, Instant};

use str0m::IceCreds;
use str0m::crypto::Sha1HmacProvider;
use str0m::ice::{StunMessage, TransId};

use crate::endpoint::Refused;
use crate::model::Path;

/// The paths of one client that are remembered; the one heard from longest ago makes room.
const MOST_PATHS: usize = 16;
/// A path is as good as gone after this long without a check: browsers check each one they hold at least every 2.5 s.
const SILENT: Duration = Duration::from_secs(6);
/// Enough for an answer with an IPv6 address.
const ANSWER: usize = 128;

/// A lite agent.
#[derive(Clone)]
pub(super) struct Lite {
    hmac: &'static dyn Sha1HmacProvider,
    current: IceCreds,
    /// Those before an ICE restart: good until the first check that uses the new ones.
    former: Option<IceCreds>,
    paths: Vec<Known>,
    /// Where we send to.
    egress: Option<Path>,
    /// Media said so, and outranks nominations.
    by_media: bool,
}

/// A path an authenticated check came by.
#[derive(Clone)]
struct Known {
    path: Path,
    heard: Instant,
    /// The PRIORITY of its last check with USE-CANDIDATE.
    nominated: Option<u32>,
}

impl Lite {
    pub(super) fn new(hmac: &'static dyn Sha1HmacProvider, credentials: IceCreds) -> Self {
        Self { hmac, current: credentials, former: None, paths: Vec::new(), egress: None, by_media: false }
    }

    pub(super) fn credentials(&self) -> &IceCreds {
        &self.current
    }

    /// RFC 8445 §9: new credentials; what is connected stays connected meanwhile.
    pub(super) fn restart(&mut self, credentials: IceCreds) {
        self.former = Some(std::mem::replace(&mut self.current, credentials));
    }

    pub(super) fn egress(&self) -> Option<&Path> {
        self.egress.as_ref()
    }

    /// Whether an authenticated check came by this path.
    pub(super) fn knows(&self, path: &Path) -> bool {
        self.egress.as_ref() == Some(path) || self.paths.iter().any(|known| known.path == *path)
    }

    /// The path is no more, as when its TCP connection was closed.
    pub(super) fn forget(&mut self, path: &Path) {
        self.paths.retain(|known| known.path != *path);
        if self.egress.as_ref() == Some(path) {
            // The client will say where it wants to be next; until then what was heard from last is the best guess.
            self.egress = self.paths.iter().max_by_key(|known| known.heard).map(|known| known.path);
            self.by_media = false;
        }
    }

    /// DTLS came by a path that is known. What the client does not hear by the path it nominated, it asks for by
    /// another (a socket that gives away what comes from a STUN server's address hears nothing of ours).
    pub(super) fn handshake(&mut self, path: &Path) {
        if !self.by_media && self.egress.is_some() {
            self.egress = Some(*path);
        }
    }

    /// Authentic media came by a path that is known, newer than any before.
    pub(super) fn media(&mut self, now: Instant, path: &Path) {
        if let Some(known) = self.paths.iter_mut().find(|known| known.path == *path) {
            known.heard = now;
            self.egress = Some(*path);
            self.by_media = true;
        }
    }

    /// Answers a STUN message; `None`: it needs no answer.
    pub(super) fn handle(
        &mut self,
        now: Instant,
        path: &Path,
        message: &[u8],
    ) -> Result<Option<Vec<u8>>, Refused> {
        let message = StunMessage::parse(message).map_err(|_| Refused::Malformed)?;
        if !message.is_binding_request() {
            // RFC 8445 §11: an indication only keeps a NAT's binding. Responses are not to us: we ask nothing.
            return if self.knows(path) { Ok(None) } else { Err(Refused::UnknownPath) };
        }
        let (ours, _) = message.split_username().ok_or(Refused::Malformed)?;
        let former = self.former.as_ref().filter(|former| former.ufrag == ours);
        let credentials =
            if self.current.ufrag == ours { &self.current } else { former.ok_or(Refused::Username)? };
        let hmac = |key: &[u8], parts: &[&[u8]]| self.hmac.sha1_hmac(key, parts);
        if !message.verify(credentials.pass.as_bytes(), hmac) {
            return Err(Refused::Forged);
        }
        let password = credentials.pass.clone();

        // RFC 8445 §7.3.1.1: a lite agent is controlled, with a full one on the other side always.
        let conflict = message.ice_controlled().is_some();
        let answer = |id: TransId| match conflict {
            true => StunMessage::binding_role_conflict_reply(id),
            false => StunMessage::binding_reply(id, path.remote),
        };
        let mut response = vec![0; ANSWER];
        let len = answer(message.trans_id())
            .to_bytes(Some(password.as_bytes()), &mut response, hmac)
            .map_err(|_| Refused::Malformed)?;
        response.truncate(len);

        if conflict {
            return Ok(Some(response));
        }
        if self.current.ufrag == ours {
            self.former = None;
        }
        self.remember(now, path, message.use_candidate().then(|| message.prio().unwrap_or(0)));
        self.choose(now);
        Ok(Some(response))
    }

    fn remember(&mut self, now: Instant, path: &Path, nominated: Option<u32>) {
        if let Some(known) = self.paths.iter_mut().find(|known| known.path == *path) {
            known.heard = now;
            known.nominated = nominated.or(known.nominated);
            return;
        }
        if self.paths.len() >= MOST_PATHS {
            let egress = self.egress;
            let spare = self.paths.iter().enumerate().filter(|(_, known)| Some(known.path) != egress);
            if let Some((oldest, _)) = spare.min_by_key(|(_, known)| known.heard) {
                self.paths.swap_remove(oldest);
            }
        }
        self.paths.push(Known { path: *path, heard: now, nominated });
    }

    /// Without media to go by: the nominated path of the highest priority, of those that are alive.
    fn choose(&mut self, now: Instant) {
        let alive = |known: &&Known| now.saturating_duration_since(known.heard) < SILENT;
        let mut living = self.paths.iter().filter(alive);
        if self.by_media && living.clone().any(|known| Some(known.path) == self.egress) {
            return;
        }
        let best =
            living.by_ref().filter(|known| known.nominated.is_some()).max_by_key(|known| known.nominated);
        if let Some(best) = best {
            self.egress = Some(best.path);
            self.by_media = false;
        }
    }
}

#[cfg(test)]
mod tests;
