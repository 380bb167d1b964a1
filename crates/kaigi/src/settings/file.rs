//! `kaigi.toml`: its values, and where in the file each stands.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, nearest};
use super::reader::{Origin, Problem};

/// A parsed file.
#[derive(Debug, Default)]
pub struct File {
    path: PathBuf,
    text: String,
    pub values: Dict,
    /// `listen`, `listen.1`, `ice-server.0.username` → where its value stands.
    spans: BTreeMap<String, Range<usize>>,
}

impl File {
    /// Reads what can be read; everything wrong with it goes to `problems`.
    pub fn read(path: &Path, problems: &mut Vec<Problem>) -> Self {
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => file.text = text,
            Ok(Err(error)) => {
                let line =
                    error.as_bytes()[..error.utf8_error().valid_up_to()].split(|b| *b == b'\n').count();
                problems.push(Problem::new(file.origin_at(line, 1), "is not UTF-8 text".to_owned()));
            }
            Err(error) => problems
                .push(Problem::new(Origin::Whole(path.to_owned()), format!("cannot be read: {error}"))),
        }
        let text = file.text.clone();
        let (table, errors) = DeTable::parse_recoverable(&text);
        let mut told_line = 0;
        for error in &errors {
            let (line, column) = file.line_and_column(error.span().map_or(0, |span| span.start));
            // The second one in a line mostly follows from the first.
            if line != told_line {
                problems.push(Problem::new(file.origin_at(line, column), error.message().to_owned()));
                told_line = line;
            }
        }
        // What follows from a syntax error would only distract from it.
        if errors.is_empty() {
            file.take(table.get_ref(), problems);
        }
        file
    }

    fn take(&mut self, table: &DeTable<'_>, problems: &mut Vec<Problem>) {
        for (name, value) in table {
            let Some(key) = Key::named(name.get_ref()) else {
                let text = match nearest(name.get_ref(), KEYS.iter().map(|key| key.name)) {
                    Some(near) => format!("unknown key `{}`, did you mean `{near}`?", name.get_ref()),
                    None => format!("unknown key `{}`", name.get_ref()),
                };
                problems.push(Problem::new(self.position(name.span().start), text));
                continue;
            };
            let value = self.convert(key.name, value);
            self.values.insert(key.name.to_owned(), value);
        }
    }

    /// Scalars become text, as they are in flags and variables.
    fn convert(&mut self, path: &str, value: &Spanned<DeValue<'_>>) -> Value {
        self.spans.insert(path.to_owned(), value.span());
        match value.get_ref() {
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                Value::from(
                    items.map(|(i, item)| self.convert(&format!("{path}.{i}"), item)).collect::<Vec<_>>(),
                )
            }
            DeValue::Table(entries) => {
                let mut dict = Dict::new();
                for (name, item) in entries {
                    let path = format!("{path}.{}", name.get_ref());
                    dict.insert(name.get_ref().to_string(), self.convert(&path, item));
                }
                Value::from(dict)
            }
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::from(flag.to_string()),
            DeValue::Integer(number) => Value::from(
                i64::from_str_radix(number.as_str(), number.radix())
                    .map_or_else(|_| number.as_str().to_owned(), |number| number.to_string()),
            ),
            DeValue::Float(number) => Value::from(number.as_str()),
            DeValue::Datetime(when) => Value::from(when.to_string()),
        }
    }

    /// Where `path` stands, or the nearest thing around it that has a place.
    pub fn origin(&self, path: &str) -> Origin {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return self.position(span.start);
            }
            match path.rsplit_once('.') {
                Some((parent, _)) => path = parent,
                None => return Origin::Whole(self.path.clone()),
            }
        }
    }

    /// The folder that relative paths in the file start from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    fn position(&self, offset: usize) -> Origin {
        let (line, column) = self.line_and_column(offset);
        self.origin_at(line, column)
    }

    /// Both counted from 1, the column in characters.
    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    fn origin_at(&self, line: usize, column: usize) -> Origin {
        Origin::File { path: self.path.clone(), line, column }
    }
}
