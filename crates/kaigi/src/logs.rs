//! Where log lines go and what they look like.

mod pattern;
mod rotating_file;

use std::fmt;
use std::io::{self, IsTerminal};
use std::time::SystemTime;

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt as lines};

use crate::settings::{Rotation, Settings};
pub use pattern::Pattern;
pub use rotating_file::{Limits, RotatingFile};

/// Lines that wait while the disk or terminal is slow; more are dropped, so that a call never waits for a log.
const QUEUE: usize = 16_384;

/// The shape of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    Text,
    /// One JSON object a line.
    Json,
    /// The operator's own.
    Pattern(Pattern),
}

impl LogFormat {
    /// The error completes the sentence "expected …".
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            pattern => Pattern::parse(pattern).map(Self::Pattern),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Json => f.write_str("json"),
            Self::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

/// Begins logging. Dropping the guard writes out what is still queued.
pub fn start(settings: &Settings) -> Result<WorkerGuard, String> {
    let (writer, guard) = match &settings.log_file {
        Some(path) => {
            let limits = Limits {
                bytes: Some(settings.log_max_size.0).filter(|bytes| *bytes > 0),
                daily: settings.log_rotation == Rotation::Daily,
                keep: settings.log_keep,
            };
            let file = RotatingFile::open(path, limits, SystemTime::now).map_err(|error| {
                format!("cannot open the log file {} (log-file): {error}", path.display())
            })?;
            queue().finish(file)
        }
        None => queue().finish(io::stderr()),
    };
    let colours = settings.log_file.is_none()
        && io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::registry()
        .with(layer(&settings.log_format, writer, colours).with_filter(settings.log_level.targets()))
        .try_init()
        .map_err(|error| format!("cannot begin logging: {error}"))?;
    Ok(guard)
}

fn queue() -> NonBlockingBuilder {
    NonBlockingBuilder::default().buffered_lines_limit(QUEUE).lossy(true).thread_name("kaigi-log")
}

fn layer(format: &LogFormat, writer: NonBlocking, colours: bool) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = lines::layer().with_writer(writer).with_ansi(colours);
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Pattern(pattern) => layer.event_format(pattern.clone()).boxed(),
    }
}
