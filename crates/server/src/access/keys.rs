//! The keys with which access tokens are signed: the server's own, which `kaigi token create` uses, and those that the
//! operator shares with applications.

use std::{collections::BTreeMap, path::PathBuf};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};

use super::Claims;

/// The `kid` of the server's own key.
const OWN: &str = "kaigi";

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 60;

/// Bytes a token may take: it travels in headers and addresses.
const MOST: usize = 4096;

/// Bytes an HS256 secret needs at least (RFC 7518 §3.2).
const SECRET: usize = 32;

/// Why a token is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a JWT, or claims of the wrong form.
    #[error("the access token cannot be read ({0})")]
    Malformed(String),
    /// The header names no key that is known.
    #[error(
        "the access token names the key {0:?} (kid), which this server does not know; see --token-secret and --token-public-key"
    )]
    UnknownKey(String),
    /// The header names no key at all.
    #[error("the access token names no key; put its name into the header as kid")]
    NoKey,
    /// Signed with something else.
    #[error("the access token's signature is wrong; its secret or its algorithm is another one")]
    Forged,
    /// Past `exp`.
    #[error("the access token has expired {0} seconds ago; ask the application for a new link")]
    Expired(u64),
    /// Before `nbf`.
    #[error("the access token is good in {0} seconds only; try again then, or check the clocks")]
    Early(u64),
    /// For another room.
    #[error("the access token is for another room")]
    OtherRoom,
    /// For none.
    #[error("the access token is for no room; give it the claim \"room\", a name or \"*\"")]
    NoRoom,
    /// An operator's.
    #[error("this access token is for the API; to join a room, make one with another role")]
    NoParticipant,
    /// `room` is no name.
    #[error("the access token's room cannot be used: {0}")]
    Room(String),
    /// `name` is no name.
    #[error("the access token's name cannot be used: {0}")]
    Name(String),
    /// `sub` is too long.
    #[error("the access token's sub is longer than 128 characters")]
    LongIdentity,
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Two keys under one name.
    #[error("two keys are named {0:?}; each token has to name one (kid)")]
    Twice(String),
    /// The name of the server's own.
    #[error("\"kaigi\" is the name of the server's own key; choose another")]
    Reserved,
    /// Too short to be safe.
    #[error(
        "the secret {0:?} is shorter than 32 bytes, which HS256 needs (RFC 7518 §3.2); `openssl rand -base64 32` makes one"
    )]
    Short(String),
    /// The file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// What is wrong.
        error: String,
    },
}

/// Checks tokens, and makes them with the server's own key.
pub struct Keys {
    own: [u8; 32],
    known: BTreeMap<String, (Algorithm, DecodingKey)>,
}

impl Keys {
    /// `own` is the server's own; secrets (HS256) and files with public keys (EdDSA, PEM) have names.
    pub fn new(
        own: [u8; 32],
        secrets: &[(String, String)],
        public: &[(String, PathBuf)],
    ) -> Result<Self, KeyProblem> {
        let mut known = BTreeMap::new();
        known.insert(OWN.to_owned(), (Algorithm::HS256, secret_key(&own, OWN)?));
        let mut add = |name: &String, key| match known.insert(name.clone(), key) {
            Some(_) if name == OWN => Err(KeyProblem::Reserved),
            Some(_) => Err(KeyProblem::Twice(name.clone())),
            None => Ok(()),
        };
        for (name, secret) in secrets {
            if secret.len() < SECRET {
                return Err(KeyProblem::Short(name.clone()));
            }
            add(name, (Algorithm::HS256, secret_key(secret.as_bytes(), name)?))?;
        }
        for (name, path) in public {
            let problem = |error: String| KeyProblem::File { path: path.display().to_string(), error };
            let pem = std::fs::read(path).map_err(|error| problem(error.to_string()))?;
            let key = DecodingKey::from_ed_pem(&pem).map_err(|_| {
                problem("holds no Ed25519 public key in PEM; `openssl pkey -in KEY -pubout` prints it".into())
            })?;
            add(name, (Algorithm::EdDSA, key))?;
        }
        Ok(Self { own, known })
    }

    /// Is this a token at all, or a key or password?
    pub(crate) fn looks_like_token(text: &str) -> bool {
        text.split('.').count() == 3 && text.len() <= MOST && decode_header(text).is_ok()
    }

    /// What a token says, if it is genuine and in force. `now` in seconds since the Unix epoch.
    pub fn read(&self, token: &str, now: u64) -> Result<Claims, TokenError> {
        if token.len() > MOST {
            return Err(TokenError::Malformed(format!("it takes more than {MOST} bytes")));
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed("it is no JWT".into()))?;
        let (algorithm, key) = match &header.kid {
            Some(name) => {
                self.known.get(name).ok_or_else(|| TokenError::UnknownKey(name.chars().take(64).collect()))?
            }
            // Where the operator has shared one key, there is no doubt which is meant.
            None => {
                let mut shared = self.known.iter().filter(|(name, _)| *name != OWN).map(|(_, key)| key);
                shared.next().filter(|_| shared.next().is_none()).ok_or(TokenError::NoKey)?
            }
        };
        // The key decides the algorithm, never the token (RFC 8725 §3.1). Times are judged here, by the caller's clock.
        let mut validation = Validation::new(*algorithm);
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let claims = decode::<Claims>(token, key, &validation).map_err(|error| {
            use jsonwebtoken::errors::ErrorKind;
            match error.kind() {
                ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => TokenError::Forged,
                ErrorKind::MissingRequiredClaim(claim) => {
                    TokenError::Malformed(format!("the claim {claim:?} is missing"))
                }
                _ => TokenError::Malformed(error.to_string()),
            }
        })?;
        let claims = claims.claims;
        if claims.exp.saturating_add(LEEWAY) < now {
            return Err(TokenError::Expired(now - claims.exp));
        }
        match claims.nbf {
            Some(from) if from > now.saturating_add(LEEWAY) => Err(TokenError::Early(from - now)),
            _ => Ok(claims),
        }
    }

    /// A token, signed with the server's own key.
    pub fn make(&self, claims: &Claims) -> Result<String, TokenError> {
        let broken = |error: jsonwebtoken::errors::Error| TokenError::Malformed(error.to_string());
        let header = Header { kid: Some(OWN.into()), ..Header::new(Algorithm::HS256) };
        let key = EncodingKey::from_secret(&self.own).map_err(broken)?;
        encode(&header, claims, &key).map_err(broken)
    }
}

fn secret_key(secret: &[u8], name: &str) -> Result<DecodingKey, KeyProblem> {
    DecodingKey::from_secret(secret).map_err(|_| KeyProblem::Short(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn keys() -> Keys {
        Keys::new([7; 32], &[("app".into(), "s".repeat(32))], &[]).unwrap()
    }

    fn good() -> Claims {
        Claims { room: Some("*".into()), exp: NOW + 60, ..Claims::default() }
    }

    fn signed(kid: Option<&str>, secret: &[u8], claims: &Claims) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        encode(&header, claims, &EncodingKey::from_secret(secret).unwrap()).unwrap()
    }

    #[test]
    fn own_and_shared_keys_are_known_by_name_and_the_only_shared_one_without() {
        let keys = keys();
        assert_eq!(keys.read(&keys.make(&good()).unwrap(), NOW), Ok(good()));
        let shared = "s".repeat(32);
        for kid in [Some("app"), None] {
            assert_eq!(keys.read(&signed(kid, shared.as_bytes(), &good()), NOW), Ok(good()));
        }
        let other = keys.read(&signed(Some("other"), shared.as_bytes(), &good()), NOW);
        assert_eq!(other, Err(TokenError::UnknownKey("other".into())));
        let two = [("a".to_owned(), "s".repeat(32)), ("b".to_owned(), "t".repeat(32))];
        let two = Keys::new([7; 32], &two, &[]).unwrap();
        assert_eq!(two.read(&signed(None, shared.as_bytes(), &good()), NOW), Err(TokenError::NoKey));
    }

    #[test]
    fn times_count_but_for_a_minute_between_clocks() {
        let keys = keys();
        let at = |nbf, exp, now| keys.read(&keys.make(&Claims { nbf, exp, ..good() }).unwrap(), now);
        assert!(at(None, NOW, NOW + 60).is_ok());
        assert_eq!(at(None, NOW, NOW + 61), Err(TokenError::Expired(61)));
        assert!(at(Some(NOW), NOW + 100, NOW - 60).is_ok());
        assert_eq!(at(Some(NOW), NOW + 100, NOW - 61), Err(TokenError::Early(61)));
    }

    #[test]
    fn forged_ones_are_refused() {
        let keys = keys();
        assert_eq!(keys.read(&signed(Some("app"), &[1; 32], &good()), NOW), Err(TokenError::Forged));
        let genuine = keys.make(&good()).unwrap();
        let (head, _) = genuine.rsplit_once('.').unwrap();
        // RFC 8725 §2.1: "none" and another algorithm than the key's.
        let none = "eyJhbGciOiJub25lIiwia2lkIjoia2FpZ2kifQ";
        let payload = head.split('.').nth(1).unwrap();
        for bad in [format!("{none}.{payload}."), format!("{head}."), "a.b.c".into(), "x".repeat(5_000)] {
            assert!(keys.read(&bad, NOW).is_err(), "{bad}");
        }
        let hs384 = Header { kid: Some("app".into()), ..Header::new(Algorithm::HS384) };
        let secret = EncodingKey::from_secret("s".repeat(32).as_bytes()).unwrap();
        let hs384 = encode(&hs384, &good(), &secret).unwrap();
        assert_eq!(keys.read(&hs384, NOW), Err(TokenError::Forged));
        assert!(Keys::looks_like_token(&genuine) && !Keys::looks_like_token("my.pass.word"));
    }

    #[test]
    fn keys_that_cannot_be_used_are_told_of() {
        let secret = |name: &str, text: &str| Keys::new([7; 32], &[(name.into(), text.into())], &[]).err();
        assert_eq!(secret("app", "short"), Some(KeyProblem::Short("app".into())));
        assert_eq!(secret("kaigi", &"s".repeat(32)), Some(KeyProblem::Reserved));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        let public = |path: &PathBuf| Keys::new([7; 32], &[], &[("ed".into(), path.clone())]).err();
        assert!(matches!(public(&path), Some(KeyProblem::File { .. })));
        fs::write(&path, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").unwrap();
        assert!(public(&path).unwrap().to_string().contains("Ed25519"));
    }

    #[test]
    fn an_ed25519_token_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let path = dir.path().join("key.pem");
        fs::write(&path, pair.public_key_pem()).unwrap();
        let keys = Keys::new([7; 32], &[], &[("ed".into(), path)]).unwrap();
        let header = Header { kid: Some("ed".into()), ..Header::new(Algorithm::EdDSA) };
        let key = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).unwrap();
        let token = encode(&header, &good(), &key).unwrap();
        assert_eq!(keys.read(&token, NOW), Ok(good()));
        // The public key is no secret for HS256 (RFC 8725 §2.1).
        let confused = signed(Some("ed"), pair.public_key_pem().as_bytes(), &good());
        assert_eq!(keys.read(&confused, NOW), Err(TokenError::Forged));
    }
}
