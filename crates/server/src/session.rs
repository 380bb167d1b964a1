//! The signed cookie: who a guest is, whether it may open rooms, and what it prefers.

use std::{collections::BTreeMap, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, header};
use kaigi_protocol::vocabulary::DisplayName;
use serde::{Deserialize, Serialize};

use crate::secrets::{Secrets, random_id};

const COOKIE: &str = "kaigi_session";
const PURPOSE: &str = "session";
const YEAR_SECONDS: u32 = 365 * 24 * 3600;

/// What the cookie holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Names the browser; not a person.
    pub(crate) guest: String,
    /// It has shown the key for opening rooms: a digest of that key, worth nothing once the key is another.
    #[serde(default)]
    pub(crate) opener: Option<String>,
    #[serde(default)]
    pub(crate) preferences: Preferences,
}

/// What a person chose: display name, language, theme.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Preferences(BTreeMap<String, String>);

impl Session {
    pub(crate) fn new() -> Self {
        Self { guest: random_id(), opener: None, preferences: Preferences::default() }
    }
}

impl Preferences {
    /// Checks every entry; the error says what is wrong with the first bad one.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (key, value) in &self.0 {
            let fine = match key.as_str() {
                "name" => value.is_empty() || DisplayName::parse(value).is_ok(),
                "lang" => ["en", "zh-CN"].contains(&value.as_str()),
                "theme" => ["system", "light", "dark"].contains(&value.as_str()),
                _ => {
                    let key: String = key.chars().take(32).collect();
                    return Err(format!("unknown preference {key:?}; known are name, lang and theme"));
                }
            };
            if !fine {
                return Err(format!(
                    "preference {key:?} has a value that is not allowed; name takes a display name, lang \"en\" or \
                     \"zh-CN\", theme \"system\", \"light\" or \"dark\""
                ));
            }
        }
        Ok(())
    }
}

/// Reads and makes session cookies.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    secrets: Arc<Secrets>,
}

impl Sessions {
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self { secrets }
    }

    /// The session of a request; `None` without a cookie or with one this server did not sign.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<Session> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
            .find_map(|signed| serde_json::from_slice(&self.secrets.verify(PURPOSE, signed)?).ok())
    }

    /// The session of a request, or a new one.
    pub(crate) fn read_or_new(&self, headers: &HeaderMap) -> Session {
        self.read(headers).unwrap_or_else(Session::new)
    }

    /// A `Set-Cookie` value; `secure` where the page came by https.
    pub(crate) fn cookie(&self, session: &Session, secure: bool) -> Option<HeaderValue> {
        let signed = self.secrets.sign(PURPOSE, &serde_json::to_vec(session).ok()?);
        let secure = if secure { "; Secure" } else { "" };
        let text =
            format!("{COOKIE}={signed}; Path=/; Max-Age={YEAR_SECONDS}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        let dir = tempfile::tempdir().unwrap();
        Sessions::new(Arc::new(Secrets::open(dir.path()).unwrap()))
    }

    fn sent_back(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(header::COOKIE, format!("other=1; {pair}").parse().unwrap())])
    }

    #[test]
    fn a_cookie_brings_its_session_back() {
        let sessions = sessions();
        let session = Session::new();
        let cookie = sessions.cookie(&session, true).unwrap();
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.to_str().unwrap().contains(attribute));
        }
        assert_eq!(sessions.read(&sent_back(&cookie)), Some(session));
    }

    #[test]
    fn a_cookie_of_another_server_is_not_believed() {
        let cookie = sessions().cookie(&Session::new(), false).unwrap();
        assert_eq!(sessions().read(&sent_back(&cookie)), None);
    }

    #[test]
    fn preferences_are_checked() {
        let check =
            |key: &str, value: &str| Preferences(BTreeMap::from([(key.into(), value.into())])).check();
        assert_eq!(check("lang", "zh-CN"), Ok(()));
        assert_eq!(check("name", "李雷"), Ok(()));
        assert!(check("lang", "xx").unwrap_err().contains("lang"));
        assert!(check("name", &"x".repeat(10_000)).is_err());
        assert!(check("color", "red").unwrap_err().contains("unknown preference"));
    }
}
