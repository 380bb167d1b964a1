//! What was found, as aligned text or as JSON.

use std::fmt::Write;
use std::io::{self, IsTerminal};

use serde::Serialize;

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// Not judged, only told.
    Note,
    /// It works, but not for everybody or not as well as it could.
    Warning,
    /// It does not work.
    Problem,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub step: &'static str,
    pub level: Level,
    /// What was found.
    pub text: String,
    /// What to do; several lines are alternatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    pub fn ok(step: &'static str, text: impl Into<String>) -> Self {
        Self { step, level: Level::Ok, text: text.into(), advice: None }
    }

    pub fn note(step: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { step, level: Level::Note, text: text.into(), advice: some(advice.into()) }
    }

    pub fn warning(step: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { step, level: Level::Warning, text: text.into(), advice: some(advice.into()) }
    }

    pub fn problem(step: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { step, level: Level::Problem, text: text.into(), advice: some(advice.into()) }
    }
}

/// Empty where the text itself says what to do.
fn some(advice: String) -> Option<String> {
    (!advice.is_empty()).then_some(advice)
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text { colours: bool },
    Json,
}

impl Format {
    /// Text, with colours for a person at a terminal who has not switched them off (no-color.org).
    pub fn text() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self::Text { colours: io::stdout().is_terminal() && !dumb && !set("NO_COLOR") }
    }
}

/// All findings so far. Text is printed as it comes: the steps that follow may take seconds.
pub struct Report {
    format: Format,
    findings: Vec<Finding>,
}

const STEP: usize = 12;
const LEVEL: usize = 9;
const WIDTH: usize = 110;

impl Report {
    pub fn new(format: Format) -> Self {
        if format != Format::Json {
            crate::print(&format!("Kaigi {}\n\n", env!("CARGO_PKG_VERSION")));
        }
        Self { format, findings: Vec::new() }
    }

    pub fn add(&mut self, finding: Finding) {
        if let Format::Text { colours } = self.format {
            let repeated = self.findings.last().is_some_and(|last| last.step == finding.step);
            crate::print(&render(&finding, !repeated, colours));
        }
        self.findings.push(finding);
    }

    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    /// Prints what is to be said of them all; whether there was no problem.
    pub fn finish(self) -> bool {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
        let text = match self.format {
            Format::Json => {
                let all = serde_json::json!({
                    "version": env!("CARGO_PKG_VERSION"), "ok": problems == 0, "findings": self.findings,
                });
                format!("{all:#}\n")
            }
            Format::Text { .. } => format!("\n{}\n", summary(problems, warnings)),
        };
        crate::print(&text);
        problems == 0
    }
}

fn summary(problems: usize, warnings: usize) -> String {
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    match (problems, warnings) {
        (0, 0) => "Everything works from here.".into(),
        (0, warnings) => format!("It works from here, with {}.", counted(warnings, "warning")),
        (problems, 0) => format!("{}.", counted(problems, "problem")),
        (problems, warnings) => {
            format!("{} and {}.", counted(problems, "problem"), counted(warnings, "warning"))
        }
    }
}

fn render(finding: &Finding, first: bool, colours: bool) -> String {
    let (name, colour) = match finding.level {
        Level::Ok => ("OK", 32),
        Level::Note => ("note", 36),
        Level::Warning => ("warning", 33),
        Level::Problem => ("PROBLEM", 31),
    };
    let step = if first { finding.step } else { "" };
    let level = match colours {
        true => format!("\x1b[{colour}m{name:LEVEL$}\x1b[0m"),
        false => format!("{name:LEVEL$}"),
    };
    let mut text = format!("{step:STEP$} {level} ");
    for (line, at) in wrapped(&finding.text).iter().zip(0..) {
        let indent = if at == 0 { 0 } else { STEP + LEVEL + 2 };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:indent$}{line}", "");
    }
    for one in finding.advice.iter().flat_map(|advice| advice.lines()) {
        // A command is copied as a whole.
        let lines = if one.starts_with("sudo ") { vec![one.to_owned()] } else { wrapped(one) };
        for (line, at) in lines.iter().zip(0..) {
            let arrow = if at == 0 { "→" } else { " " };
            let _ = writeln!(text, "{:indent$}{arrow} {line}", "", indent = STEP + LEVEL + 2);
        }
    }
    text
}

/// Lines that leave room for the columns before them. A long word stays whole: it may be a command's.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + word.chars().count() < WIDTH - STEP - LEVEL - 4 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_aligned_and_fit_and_advice_stands_below() {
        let long = "word ".repeat(60);
        let finding = Finding::warning("limits", long.trim(), "do this");
        let text = render(&finding, true, false);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("limits       warning   word word"), "{text}");
        assert!(lines[1].starts_with("                       word"), "{text}");
        assert_eq!(lines.last().unwrap().trim_start(), "→ do this");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH && *line == line.trim_end()), "{text}");
        let command = format!("sudo {}", long.trim_end());
        let text =
            render(&Finding::note("firewall", "open it", format!("{command}\nsudo other")), true, false);
        assert!(text.contains(&format!("→ {}\n", command)), "a command stays whole: {text}");
        assert!(text.ends_with("→ sudo other\n"), "{text}");
        assert!(render(&finding, false, false).starts_with("             warning   "));
        assert!(!text.contains('\x1b') && render(&finding, true, true).contains("\x1b[33mwarning"));
    }

    #[test]
    fn a_summary_counts() {
        assert_eq!(summary(0, 0), "Everything works from here.");
        assert_eq!(summary(0, 1), "It works from here, with 1 warning.");
        assert_eq!(summary(2, 1), "2 problems and 1 warning.");
        assert_eq!(summary(1, 0), "1 problem.");
    }
}
