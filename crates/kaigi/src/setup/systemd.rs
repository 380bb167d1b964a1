//! The service, where systemd runs and knows it.

use std::path::Path;
use std::process::{Command, Stdio};

const UNIT: &str = "kaigi.service";

/// A unit that is installed.
pub struct Service(());

impl Service {
    pub fn find() -> Option<Self> {
        let runs = Path::new("/run/systemd/system").is_dir();
        (runs && quiet(&["cat", UNIT])).then_some(Self(()))
    }

    pub fn is_active(&self) -> bool {
        quiet(&["is-active", "--quiet", UNIT])
    }

    /// Now and at every boot; anew if it runs, as its settings have changed. Returns when it serves.
    pub fn start(&self) -> Result<(), String> {
        for step in [&["enable", UNIT][..], &["restart", UNIT]] {
            let status = Command::new("systemctl").args(step).status();
            if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
                return Err(format!(
                    "`systemctl {}` failed; `journalctl -u kaigi -n 50` says why",
                    step.join(" ")
                ));
            }
        }
        Ok(())
    }
}

fn quiet(arguments: &[&str]) -> bool {
    let mut command = Command::new("systemctl");
    let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
