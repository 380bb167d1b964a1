//! Serving in the background.

// Helpers of tests are not tests to clippy.toml's allowances.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::support::{Folder, Run};

/// Ends what a failed test leaves behind.
struct Background<'a>(&'a Folder);

impl Drop for Background<'_> {
    fn drop(&mut self) {
        let _ = self.0.kaigi(&["stop", "--now", "--data-dir=data"]);
    }
}

fn start(folder: &Folder) -> Run {
    folder.kaigi(&["serve", "--daemon", "--listen=127.0.0.1:0", "--data-dir=data", "--log-level=info"])
}

fn pid(folder: &Folder) -> Pid {
    let file: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path("data/kaigi.pid")).unwrap()).unwrap();
    Pid::from_raw(i32::try_from(file["pid"].as_i64().unwrap()).unwrap()).unwrap()
}

#[test]
fn it_serves_in_the_background_until_it_is_stopped() {
    let folder = Folder::new();
    let ask = |command: &str| folder.kaigi(&[command, "--data-dir=data"]);
    assert_eq!((ask("status").code, ask("stop").code), (Some(3), Some(1)));
    let _background = Background(&folder);
    let started = start(&folder);
    assert_eq!(started.code, Some(0), "{started:?}");
    assert!(started.stdout.contains("https://localhost:"), "the banner is shown: {}", started.stdout);
    assert!(started.stdout.contains("runs in the background, as process"), "{}", started.stdout);

    let status = ask("status");
    assert_eq!(status.code, Some(0));
    assert!(
        status.stdout.contains("127.0.0.1:") && status.stdout.contains("answers   yes"),
        "{}",
        status.stdout
    );
    let again = start(&folder);
    assert!(again.code == Some(1) && again.stderr.contains("it runs already, as process"), "{again:?}");

    let stopped = ask("stop");
    assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(0), "stopped\n"), "{}", stopped.stderr);
    assert_eq!(ask("status").code, Some(3));
    let log = ask("logs");
    assert!(log.stdout.contains("stopping"), "{}", log.stdout);
    let last = folder.kaigi(&["logs", "-n", "1", "--data-dir=data"]).stdout;
    assert_eq!(last.lines().count(), 1, "{last}");
}

#[test]
fn what_keeps_it_from_starting_is_shown_and_no_process_is_left() {
    let folder = Folder::new();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen={}", holder.local_addr().unwrap());
    let run = folder.kaigi(&["serve", "--daemon", &listen, "--data-dir=data"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("is taken, by another Kaigi or another program"), "{}", run.stderr);
    assert_eq!(folder.kaigi(&["status", "--data-dir=data"]).code, Some(3));
}

#[test]
fn a_process_that_was_killed_is_not_taken_for_one_that_runs() {
    let folder = Folder::new();
    let _background = Background(&folder);
    assert_eq!(start(&folder).code, Some(0));
    kill_process(pid(&folder), Signal::KILL).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while folder.kaigi(&["status", "--data-dir=data"]).code != Some(3) {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(start(&folder).code, Some(0), "and another one starts");
}

#[test]
fn one_that_hangs_is_ended_all_the_same_when_it_has_to_be_now() {
    let folder = Folder::new();
    let _background = Background(&folder);
    assert_eq!(start(&folder).code, Some(0));
    kill_process(pid(&folder), Signal::STOP).unwrap();
    let status = folder.kaigi(&["status", "--data-dir=data"]);
    assert!(status.code == Some(0) && status.stdout.contains("answers   NO"), "{status:?}");
    assert_eq!(folder.kaigi(&["stop", "--now", "--data-dir=data"]).code, Some(0));
}
