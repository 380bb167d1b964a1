//! The values of settings about access tokens and webhooks.

use std::fmt;

use serde::Serialize;

use super::types::Expected;

/// Who comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Whoever knows a room's name.
    #[default]
    Open,
    /// Who brings an access token.
    Token,
}

impl Access {
    pub fn parse(text: &str) -> Result<Self, Expected> {
        match text {
            "open" => Ok(Self::Open),
            "token" => Ok(Self::Token),
            _ => Err("\"open\" or \"token\"".into()),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Open { "open" } else { "token" })
    }
}

/// A key of an application: its name (`kid`), and its secret or its file.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Named {
    pub name: String,
    pub value: String,
}

impl From<Named> for String {
    fn from(named: Named) -> Self {
        format!("{}:{}", named.name, named.value)
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.name)
    }
}

fn named(text: &str) -> Option<Named> {
    let (name, value) = text.split_once(':')?;
    let fine = !name.is_empty() && !value.is_empty();
    fine.then(|| Named { name: name.to_owned(), value: value.to_owned() })
}

pub fn secret(text: &str) -> Result<Named, Expected> {
    named(text).filter(|named| named.value.len() >= 32).ok_or_else(|| {
        "KID:SECRET with a secret of at least 32 bytes; `openssl rand -base64 32` makes one".into()
    })
}

pub fn public_key(text: &str) -> Result<Named, Expected> {
    named(text).ok_or_else(|| "KID:FILE".into())
}

pub fn webhook(text: &str) -> Result<String, Expected> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("an http:// or https:// URL".into()),
    }
}
