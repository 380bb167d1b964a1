//! Takes values out of the layers, collecting everything wrong with them instead of stopping at the first.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};
use kaigi_protocol::wire::IceServer;

use super::keys::{Key, nearest};
use super::layers::Layers;
use super::types::{self, Expected};

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Variable(String),
    File {
        path: PathBuf,
        line: usize,
        column: usize,
    },
    /// A file, but no place in it.
    Whole(PathBuf),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(key) => write!(f, "--{key}"),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Whole(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One mistake, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    pub text: String,
}

impl Problem {
    pub fn new(origin: Origin, text: String) -> Self {
        Self { origin, text }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)
    }
}

/// Reads one setting at a time. A value that is wrong becomes a problem, and the fallback is returned.
pub struct Reader<'a> {
    pub layers: &'a Layers,
    pub problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    pub fn one<T>(&mut self, name: &'static str, parse: fn(&str) -> Result<T, Expected>, fallback: T) -> T {
        self.optional(name, parse).unwrap_or(fallback)
    }

    /// Empty text means "not set".
    pub fn optional<T>(&mut self, name: &'static str, parse: fn(&str) -> Result<T, Expected>) -> Option<T> {
        let (key, value) = self.find(name)?;
        match &value {
            Value::String(_, text) if text.is_empty() => None,
            value => self.parse(key, None, value, parse),
        }
    }

    pub fn path(&mut self, name: &'static str) -> Option<PathBuf> {
        let path: String = self.optional(name, |text| Ok(text.to_owned()))?;
        let folder = Key::named(name).map_or(Path::new(""), |key| self.layers.folder(key));
        Some(folder.join(at_home(&path)))
    }

    pub fn list<T>(
        &mut self,
        name: &'static str,
        parse: fn(&str) -> Result<T, Expected>,
        fallback: Vec<T>,
    ) -> Vec<T> {
        let Some((key, value)) = self.find(name) else { return fallback };
        let items = items(value).into_iter().enumerate();
        items.filter_map(|(i, item)| self.parse(key, Some(&i.to_string()), &item, parse)).collect()
    }

    pub fn ice_servers(&mut self, name: &'static str) -> Vec<IceServer> {
        let Some((key, value)) = self.find(name) else { return Vec::new() };
        let mut servers = Vec::new();
        for (i, item) in items(value).into_iter().enumerate() {
            let inner = i.to_string();
            let server = match item {
                Value::Dict(_, entries) => self.ice_server(key, &inner, entries),
                item => self.parse(key, Some(&inner), &item, types::ice_url).map(|url| IceServer {
                    urls: vec![url],
                    username: None,
                    credential: None,
                }),
            };
            let Some(server) = server else { continue };
            let is_turn = server.urls.iter().any(|url| url.starts_with("turn"));
            if is_turn && (server.username.is_none() || server.credential.is_none()) {
                // A browser throws on such a server and would not make any call.
                let text = "a TURN server needs username and credential, given in kaigi.toml as \
                            { urls = \"turn:…\", username = \"…\", credential = \"…\" }";
                self.wrong(key, Some(&inner), text.into());
                continue;
            }
            servers.push(server);
        }
        servers
    }

    fn ice_server(&mut self, key: &Key, inner: &str, mut entries: Dict) -> Option<IceServer> {
        const NAMES: [&str; 3] = ["urls", "username", "credential"];
        let before = self.problems.len();
        let urls = entries.remove("urls");
        if urls.is_none() {
            self.wrong(key, Some(inner), "`urls` is missing".into());
        }
        let mut urls_parsed = Vec::new();
        for (i, url) in urls.map(items).unwrap_or_default().into_iter().enumerate() {
            urls_parsed.extend(self.parse(key, Some(&format!("{inner}.urls.{i}")), &url, types::ice_url));
        }
        let mut text = |name: &str| {
            let value = entries.remove(name)?;
            self.parse(key, Some(&format!("{inner}.{name}")), &value, |text| Ok(text.to_owned()))
        };
        let (username, credential) = (text("username"), text("credential"));
        for name in entries.keys() {
            let near = nearest(name, NAMES).map_or(String::new(), |near| format!(", did you mean `{near}`?"));
            self.wrong(key, Some(&format!("{inner}.{name}")), format!("unknown key `{name}`{near}"));
        }
        (self.problems.len() == before).then_some(IceServer { urls: urls_parsed, username, credential })
    }

    /// Adds a problem about `name`, placed where it (or the part `inner` of it) was given.
    pub fn wrong(&mut self, key: &Key, inner: Option<&str>, text: String) {
        self.problems.push(self.layers.problem(key, inner, text));
    }

    fn find(&self, name: &'static str) -> Option<(&'static Key, Value)> {
        let key = Key::named(name)?;
        Some((key, self.layers.value(key)?))
    }

    fn parse<T>(
        &mut self,
        key: &Key,
        inner: Option<&str>,
        value: &Value,
        parse: fn(&str) -> Result<T, Expected>,
    ) -> Option<T> {
        let (expected, found) = match value {
            Value::String(_, text) => match parse(text) {
                Ok(parsed) => return Some(parsed),
                Err(expected) if key.secret => (expected, String::new()),
                Err(expected) => (expected, format!(", found {text:?}")),
            },
            Value::Array(..) => ("one value".to_owned(), ", found a list".to_owned()),
            _ => ("a text or a number".to_owned(), ", found a table".to_owned()),
        };
        self.wrong(key, inner, format!("expected {expected}{found}"));
        None
    }
}

/// One value counts as a list of one.
fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(_, items) => items,
        one => vec![one],
    }
}

/// No shell has looked at a variable of a unit or a value of a file.
fn at_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
