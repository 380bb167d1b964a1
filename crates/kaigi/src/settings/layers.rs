//! Flags over variables over the file, each value knowing where it comes from.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::file::File;
use super::keys::{KEYS, Key, nearest};
use super::reader::{Origin, Problem};
use crate::cli::Flags;

/// Variables with our prefix that are none of the settings.
const NO_SETTINGS: &[&str] = &["KAIGI_CONFIG", "KAIGI_GENERATE"];
const NAMES: &[&str] = &["kaigi.toml", "/etc/kaigi/kaigi.toml"];

const FLAGS: &str = "flags";
const VARIABLES: &str = "variables";
const FILE: &str = "file";

/// All values, layered.
pub struct Layers {
    figment: Figment,
    file: File,
}

impl Layers {
    pub fn read(
        flags: &Flags,
        config: Option<&Path>,
        variables: impl Iterator<Item = (OsString, OsString)>,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<String>,
    ) -> Self {
        let variables: Vec<_> = variables.collect();
        let file = match find_file(config, &variables) {
            Some(path) => File::read(&path, problems),
            None => File::default(),
        };
        let variables = from_variables(variables, problems, warnings);
        let figment = Figment::new()
            .merge(Layer { name: FILE, values: file.values.clone() })
            .merge(Layer { name: VARIABLES, values: variables })
            .merge(Layer { name: FLAGS, values: flags.values() });
        Self { figment, file }
    }

    pub fn value(&self, key: &Key) -> Option<Value> {
        self.figment.find_value(key.name).ok()
    }

    /// Where `key`'s value, or the part of it at `inner` (`1`, `0.username`), was given.
    pub fn origin(&self, key: &Key, inner: Option<&str>) -> Origin {
        match self.figment.find_metadata(key.name).map(|metadata| metadata.name.as_ref()) {
            Some(FLAGS) => Origin::Flag(key.name),
            Some(VARIABLES) => Origin::Variable(key.variable()),
            Some(_) => {
                self.file.origin(&inner.map_or(key.name.to_owned(), |inner| format!("{}.{inner}", key.name)))
            }
            None => Origin::Default,
        }
    }

    /// Something to be told about `key`, or the part `inner` of it, placed where it was given.
    pub fn problem(&self, key: &Key, inner: Option<&str>, text: String) -> Problem {
        let origin = self.origin(key, inner);
        let text = match &origin {
            // The name of the flag or variable already says which key it is.
            Origin::Flag(_) | Origin::Variable(_) => text,
            _ => format!("{}: {text}", key.name),
        };
        Problem::new(origin, text)
    }

    /// The folder a relative path of `key`'s is meant from: the file's own, or the working directory.
    pub fn folder(&self, key: &Key) -> &Path {
        match self.figment.find_metadata(key.name) {
            Some(metadata) if metadata.name == FILE => self.file.folder(),
            _ => Path::new(""),
        }
    }
}

struct Layer {
    name: &'static str,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

fn find_file(flag: Option<&Path>, variables: &[(OsString, OsString)]) -> Option<PathBuf> {
    let variable = || {
        let found = variables.iter().find(|(name, value)| name == "KAIGI_CONFIG" && !value.is_empty());
        found.map(|(_, value)| PathBuf::from(value))
    };
    let usual = || NAMES.iter().map(PathBuf::from).find(|path| path.exists());
    flag.map(Path::to_owned).or_else(variable).or_else(usual)
}

fn from_variables(
    variables: Vec<(OsString, OsString)>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) -> Dict {
    let mut values = Dict::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with("KAIGI_")) else { continue };
        let Some(key) = KEYS.iter().find(|key| key.variable() == name) else {
            if !NO_SETTINGS.contains(&name) {
                let known: Vec<String> = KEYS.iter().map(Key::variable).collect();
                warnings.push(match nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => format!("{name}: unknown variable, did you mean {near}?"),
                    None => format!("{name}: unknown variable"),
                });
            }
            continue;
        };
        let Some(value) = value.to_str() else {
            problems.push(Problem::new(Origin::Variable(name.to_owned()), "is not UTF-8 text".into()));
            continue;
        };
        // Compose files and units pass variables on that nobody has set.
        if value.trim().is_empty() {
            continue;
        }
        let value = if key.list {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::from(items.map(Value::from).collect::<Vec<_>>())
        } else {
            Value::from(value.trim())
        };
        values.insert(key.name.to_owned(), value);
    }
    values
}
