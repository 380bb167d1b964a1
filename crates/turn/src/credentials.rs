//! Who may use the relay: static users, and time-limited credentials from a shared secret (the "TURN REST
//! API" convention: username `expiry:name`, password base64(HMAC-SHA1(secret, username))).

use std::{collections::HashMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    integrity::{Key, PasswordAlgorithm, hmac_sha1, userhash},
    model::Now,
};

/// REALM: at most 12 bytes, so that a 401 stays within 100; clients take whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(String);

impl Realm {
    /// `None` if empty, longer than 12 bytes, or with a quote or backslash (it is a quoted string).
    pub fn new(realm: &str) -> Option<Self> {
        let fits = (1..=12).contains(&realm.len());
        let plain = realm.chars().all(|c| !c.is_control() && c != '"' && c != '\\');
        (fits && plain).then(|| Self(realm.to_owned()))
    }

    /// As on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self("kaigi".to_owned())
    }
}

/// A secret shared with whoever mints credentials: an application, or this server itself.
#[derive(Clone)]
pub struct SharedSecret(Vec<u8>);

/// A credential to hand to a client.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    /// `expiry:name`.
    pub username: String,
    /// Base64.
    pub password: String,
}

impl SharedSecret {
    /// The secret's bytes; base64 or hex is not decoded, as the convention has it.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// Mints a credential for `name` (whose quotas it counts towards), valid until `expires_unix_s`.
    pub fn mint(&self, name: &str, expires_unix_s: u64) -> Minted {
        let username = format!("{expires_unix_s}:{name}");
        let password = self.password(&username);
        Minted { username, password }
    }

    fn password(&self, username: &str) -> String {
        STANDARD.encode(hmac_sha1(&self.0, &[username.as_bytes()]))
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret")
    }
}

impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minted").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Where credentials come from.
#[derive(Clone)]
pub enum Source {
    /// One name, one password, for ever.
    User {
        /// USERNAME.
        name: String,
        /// In the clear, as the protocol needs it.
        password: String,
    },
    /// Any name, until its time is over.
    Secret(SharedSecret),
}

/// All credentials of a server.
#[derive(Clone, Default)]
pub struct Credentials {
    realm: Realm,
    users: HashMap<String, [Key; 2]>,
    hashes: HashMap<[u8; 32], String>,
    secrets: Vec<SharedSecret>,
}

/// Who a request may be from, if one of the keys proves it.
pub(crate) struct Candidate {
    pub(crate) username: String,
    /// Account and key; several where more than one secret may have minted it.
    pub(crate) keys: Vec<(String, Key)>,
}

impl Credentials {
    /// Of these sources; nobody gets in where there are none.
    pub fn new(realm: Realm, sources: Vec<Source>) -> Self {
        let mut all = Self { realm, ..Self::default() };
        for source in sources {
            match source {
                Source::Secret(secret) => all.secrets.push(secret),
                Source::User { name, password } => {
                    let key = |algorithm| {
                        let realm = all.realm.0.as_bytes();
                        Key::long_term(algorithm, name.as_bytes(), realm, password.as_bytes())
                    };
                    let keys = [key(PasswordAlgorithm::Md5), key(PasswordAlgorithm::Sha256)];
                    all.hashes.insert(userhash(&name, &all.realm.0), name.clone());
                    all.users.insert(name, keys);
                }
            }
        }
        all
    }

    pub(crate) fn realm(&self) -> &str {
        &self.realm.0
    }

    /// Username anonymity (RFC 8489 §9.2) is announced only where every user can be found by its hash: names
    /// minted elsewhere are not known before they are used.
    pub(crate) fn anonymity(&self) -> bool {
        self.secrets.is_empty() && !self.users.is_empty()
    }

    /// The user of a USERHASH, static ones only.
    pub(crate) fn by_hash(&self, hash: &[u8]) -> Option<&str> {
        self.hashes.get(hash).map(String::as_str)
    }

    /// The keys that may prove this name at this time.
    pub(crate) fn candidate(
        &self,
        username: &str,
        algorithm: PasswordAlgorithm,
        now: Now,
    ) -> Option<Candidate> {
        let mut keys = Vec::new();
        if let Some(both) = self.users.get(username) {
            keys.push((format!("user:{username}"), both[algorithm as usize]));
        } else if let Some((expires, name)) = parse_minted(username)
            && expires > now.unix_s
        {
            for (at, secret) in self.secrets.iter().enumerate() {
                let password = secret.password(username);
                let realm = self.realm.0.as_bytes();
                let key = Key::long_term(algorithm, username.as_bytes(), realm, password.as_bytes());
                keys.push((format!("secret{at}:{name}"), key));
            }
        }
        (!keys.is_empty()).then(|| Candidate { username: username.to_owned(), keys })
    }
}

/// Expiry (Unix seconds) and the name quotas go by; without a name, each expiry is an account of its own.
fn parse_minted(username: &str) -> Option<(u64, &str)> {
    let (expires, name) = username.split_once(':').unwrap_or((username, username));
    let digits = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
    let name = if name.is_empty() { expires } else { name };
    digits.then(|| expires.parse().ok()).flatten().map(|expires| (expires, name))
}
