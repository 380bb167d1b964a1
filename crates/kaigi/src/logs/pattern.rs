//! Log lines in the operator's own order of time, level, target and message.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Such as `{time} {level} {target} {message}`. An event's fields follow at the end of its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Time,
    Level,
    Target,
    Message,
}

impl Pattern {
    /// The error completes the sentence "expected …".
    pub fn parse(source: &str) -> Result<Self, String> {
        let expected = || {
            "\"text\", \"json\" or a pattern of {time}, {level}, {target} and {message}, such as \
             \"{time} {level} {target} {message}\""
                .to_owned()
        };
        let mut pieces = Vec::new();
        let mut rest = source;
        while let Some((text, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(expected)?;
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
            }
            pieces.push(match name {
                "time" => Piece::Time,
                "level" => Piece::Level,
                "target" => Piece::Target,
                "message" => Piece::Message,
                _ => return Err(expected()),
            });
            rest = after;
        }
        if pieces.is_empty() || source.contains(char::is_control) {
            return Err(expected());
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { source: source.to_owned(), pieces })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl<S, N> FormatEvent<S, N> for Pattern
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut values = Values::default();
        event.record(&mut values);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.write_str(text)?,
                Piece::Time => SystemTime.format_time(&mut line)?,
                Piece::Level => write!(line, "{}", event.metadata().level())?,
                Piece::Target => line.write_str(event.metadata().target())?,
                Piece::Message => line.write_str(&values.message)?,
            }
        }
        line.write_str(&values.fields)?;
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>().filter(|f| !f.is_empty()) {
                write!(OneLine(&mut line), " {fields}")?;
            }
        }
        writeln!(line)
    }
}

#[derive(Default)]
struct Values {
    message: String,
    /// ` name=value` for each.
    fields: String,
}

impl Visit for Values {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(OneLine(&mut self.message), "{value:?}"),
            name => write!(OneLine(&mut self.fields), " {name}={value:?}"),
        };
    }
}

/// Escapes control characters: a peer's text must not forge a line or recolour a terminal.
struct OneLine<'a, W>(&'a mut W);

impl<W: Write> Write for OneLine<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            match part.chars().next_back() {
                Some(last) if last.is_control() => {
                    self.0.write_str(&part[..part.len() - last.len_utf8()])?;
                    write!(self.0, "{}", last.escape_debug())?;
                }
                _ => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(pattern: &str, log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(Pattern::parse(pattern).unwrap());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn level_target_and_message_stand_where_the_pattern_says_and_fields_follow() {
        let line = logged("<{level}> {message} ({target})", || {
            tracing::warn!(target: "kaigi::here", room = "blue", count = 3, "it is {}", "full");
        });
        assert_eq!(line, "<WARN> it is full (kaigi::here) room=\"blue\" count=3\n");
    }

    #[test]
    fn the_time_is_utc_in_rfc_3339() {
        let line = logged("{time}|", || tracing::info!("x"));
        assert!(line.ends_with("Z|\n") && line.as_bytes()[10] == b'T', "{line}");
    }

    #[test]
    fn fields_of_surrounding_spans_are_part_of_the_line() {
        let line = logged("{message}", || {
            let _entered = tracing::info_span!("join", peer = 7).entered();
            tracing::info!("joined");
        });
        assert_eq!(line, "joined peer=7\n");
    }

    #[test]
    fn a_peers_text_cannot_forge_a_second_line() {
        let line = logged("{message}", || tracing::info!(name = %"a\nb\x1b[31m", "c\rd"));
        assert_eq!(line, "c\\rd name=a\\nb\\u{1b}[31m\n");
    }

    #[test]
    fn a_pattern_with_an_unknown_or_unclosed_placeholder_is_refused() {
        for wrong in ["plain", "", "{tme} {message}", "{message", "{message}\n"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
