//! Runs the built program in a folder of its own, without this shell's variables.

// Helpers of tests are not tests to clippy.toml's allowances.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Nothing here takes this long unless it hangs.
const DEADLINE: Duration = Duration::from_secs(30);

pub struct Folder(TempDir);

/// A program that has ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn kaigi(&self, arguments: &[&str]) -> Run {
        self.kaigi_with(&[], arguments)
    }

    pub fn kaigi_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        self.start(variables, arguments).end()
    }

    pub fn start(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Running {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kaigi"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Running { child, lines, stdout: String::new(), stderr: Some(stderr) }
    }
}

/// A program that may still run. Killed when dropped.
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    stdout: String,
    stderr: Option<thread::JoinHandle<String>>,
}

impl Running {
    /// Waits for a line of standard output that holds `wanted`.
    pub fn line_with(&mut self, wanted: &str) -> String {
        let begun = Instant::now();
        loop {
            match self.lines.recv_timeout(DEADLINE.saturating_sub(begun.elapsed())) {
                Ok(line) => {
                    self.stdout.push_str(&line);
                    self.stdout.push('\n');
                    if line.contains(wanted) {
                        return line;
                    }
                }
                Err(_) => {
                    let _ = self.child.kill();
                    let stderr = self.stderr.take().map(|stderr| stderr.join().unwrap());
                    panic!("no line with {wanted:?} in:\n{}\nstandard error: {stderr:?}", self.stdout);
                }
            }
        }
    }

    /// The port in the printed address.
    pub fn port(&mut self) -> u16 {
        let line = self.line_with("https://localhost:");
        line.trim().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal_until_ended(mut self, signal: Signal) -> Run {
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() && begun.elapsed() < DEADLINE {
            self.signal(signal);
            thread::sleep(Duration::from_millis(10));
        }
        self.end()
    }

    /// Waits until it ends by itself.
    pub fn end(mut self) -> Run {
        let status = self.wait();
        let rest: Vec<String> = self.lines.iter().collect();
        for line in rest {
            self.stdout.push_str(&line);
            self.stdout.push('\n');
        }
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Run { code: status.code(), stdout: std::mem::take(&mut self.stdout), stderr }
    }

    fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < DEADLINE, "still running after {DEADLINE:?}: {}", self.stdout);
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What comes back for a request in plain HTTP: a redirect.
pub fn answer(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
