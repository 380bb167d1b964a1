//! What a service manager hears, with a socket in systemd's place.

// Helpers of tests are not tests to clippy.toml's allowances.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::support::{Folder, Running};

struct Manager {
    socket: UnixDatagram,
    path: String,
}

impl Manager {
    fn new(folder: &Folder) -> Self {
        let path = folder.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self { socket, path: path.display().to_string() }
    }

    fn start(&self, folder: &Folder) -> Running {
        let variables = [("NOTIFY_SOCKET", self.path.as_str()), ("WATCHDOG_USEC", "900000")];
        folder.start(&variables, &["serve", "--listen=127.0.0.1:0", "--data-dir=data", "--media-threads=2"])
    }

    fn hears(&self, within: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut buffer = [0; 1024];
        let length = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    fn waits_for(&self, wanted: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match self.hears(Duration::from_secs(20)) {
                Some(heard) if heard.contains(wanted) => return heard,
                heard => assert!(Instant::now() < deadline, "waits for {wanted}, heard {heard:?}"),
            }
        }
    }
}

#[test]
fn it_says_that_it_is_ready_alive_and_stopping() {
    let folder = Folder::new();
    let manager = Manager::new(&folder);
    let server = manager.start(&folder);
    assert!(manager.waits_for("FDSTOREREMOVE=1").contains("FDNAME=kaigi"));
    assert!(manager.waits_for("FDSTORE=1").contains("FDNAME=kaigi"));
    let ready = manager.waits_for("READY=1");
    assert!(ready.contains("STATUS=serving meetings on 127.0.0.1:"), "{ready}");
    for _ in 0..3 {
        manager.waits_for("WATCHDOG=1");
    }
    server.signal(Signal::TERM);
    manager.waits_for("STOPPING=1");
}

#[test]
fn one_that_hangs_falls_silent() {
    let folder = Folder::new();
    let manager = Manager::new(&folder);
    let server = manager.start(&folder);
    manager.waits_for("WATCHDOG=1");
    server.signal(Signal::STOP);
    // What was sent before.
    while manager.hears(Duration::from_millis(200)).is_some() {}
    assert_eq!(manager.hears(Duration::from_secs(2)), None);
    server.signal(Signal::CONT);
    manager.waits_for("WATCHDOG=1");
}
