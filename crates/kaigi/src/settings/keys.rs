//! The names of all settings: the one list that flags, variables, file and documentation are held against.

/// A setting's name and what must be known before its value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// As written in `kaigi.toml`; the flag is `--name`, the variable `KAIGI_NAME`.
    pub name: &'static str,
    /// Takes several values.
    pub list: bool,
    /// Never printed.
    pub secret: bool,
}

/// Every setting, in the order in which they are documented.
pub const KEYS: &[Key] = &[
    list("listen"),
    one("data-dir"),
    one("tls"),
    one("tls-cert"),
    one("tls-key"),
    list("acme"),
    one("acme-contact"),
    one("acme-directory"),
    one("acme-ca"),
    list("trust-proxy"),
    list("public-address"),
    one("http-redirect"),
    list("allow-origin"),
    list("frame-ancestors"),
    one("site-dir"),
    secret("create-key"),
    secret("metrics-token"),
    secret("api-key"),
    one("access"),
    secret_list("token-secret"),
    list("token-public-key"),
    list("webhook"),
    secret("webhook-secret"),
    one("max-rooms"),
    one("max-participants"),
    one("room-capacity"),
    one("media-threads"),
    one("drain-timeout"),
    list("ice-server"),
    secret_list("turn-user"),
    secret("turn-secret"),
    list("turn-allow-peer"),
    list("turn-deny-peer"),
    one("turn-max-allocations"),
    one("turn-allocations-per-credential"),
    one("turn-bandwidth-per-credential"),
    one("turn-bandwidth-per-address"),
    one("log-level"),
    one("log-format"),
    one("log-file"),
    one("log-rotation"),
    one("log-max-size"),
    one("log-keep"),
];

const fn one(name: &'static str) -> Key {
    Key { name, list: false, secret: false }
}

const fn list(name: &'static str) -> Key {
    Key { name, list: true, secret: false }
}

const fn secret(name: &'static str) -> Key {
    Key { name, list: false, secret: true }
}

const fn secret_list(name: &'static str) -> Key {
    Key { name, list: true, secret: true }
}

impl Key {
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// `listen` → `KAIGI_LISTEN`.
    pub fn variable(&self) -> String {
        format!("KAIGI_{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }
}

/// The candidate that `wrong` was probably meant to be.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    let wrong = plain(wrong);
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wrong, &plain(candidate)), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
