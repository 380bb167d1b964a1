//! The servers side by side: started on a core of their own, asked for their processor time and memory, stopped.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{floor, sys, turn};

/// Kaigi and others count per user; so many share the load.
pub const USERS: usize = 100;

/// Of all of them.
pub const PASSWORD: &str = "bench";

/// A server has this long to answer its first request.
const START: Duration = Duration::from_secs(15);

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The binary under test.
    Kaigi,
    /// Debian's.
    Coturn,
    /// [`floor`].
    Floor,
}

impl Kind {
    /// In the tables' order.
    pub const ALL: [Self; 3] = [Self::Kaigi, Self::Coturn, Self::Floor];

    /// In the tables' words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kaigi => "kaigi",
            Self::Coturn => "coturn",
            Self::Floor => "floor",
        }
    }
}

/// Where the programs are, and on which cores what runs.
pub struct Setup {
    /// The binary under test.
    pub kaigi: PathBuf,
    /// Coturn's.
    pub turnserver: PathBuf,
    /// All servers run here.
    pub server_core: usize,
    /// The load generator runs here.
    pub load_core: usize,
}

/// A running server; dropping it stops it.
pub struct Server {
    /// Which.
    pub kind: Kind,
    /// Where it listens.
    pub address: SocketAddrV4,
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts it and waits until it answers.
    pub fn start(kind: Kind, setup: &Setup) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let mut command = command(kind, setup, address, folder.path())?;
        let log = File::create(folder.path().join("log"))?;
        sys::die_with_parent(&mut command);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).current_dir(folder.path());
        // A child starts on the core its parent is on.
        sys::pin(setup.server_core)?;
        let child = command.spawn();
        sys::pin(setup.load_core)?;
        let child =
            child.map_err(|error| io::Error::other(format!("{:?}: {error}", command.get_program())))?;
        let mut server = Self { kind, address, child, folder };
        server.wait_until_up()?;
        Ok(server)
    }

    fn wait_until_up(&mut self) -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(self.address)?;
        let deadline = Instant::now() + START;
        while self.child.try_wait()?.is_none() && Instant::now() < deadline {
            let up = match self.kind {
                Kind::Floor => floor::is_up(&socket),
                _ => turn::is_up(&socket),
            };
            if up {
                return Ok(());
            }
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(io::Error::other(format!("{} did not start. It said:\n{log}", self.kind.name())))
    }

    /// User and system time it has used.
    pub fn cpu_time(&self) -> io::Result<Duration> {
        sys::cpu_time(self.child.id())
    }

    /// Its resident memory.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kilobytes.ok_or(io::ErrorKind::InvalidData)? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(kind: Kind, setup: &Setup, address: SocketAddrV4, folder: &Path) -> io::Result<Command> {
    let users = (0..USERS).map(|user| format!("{}:{PASSWORD}", user_name(user)));
    let mut command;
    match kind {
        Kind::Kaigi => {
            command = Command::new(&setup.kaigi);
            command.args(["serve", "--tls", "off", "--log-level", "warn"]);
            command.args(["--turn-allow-peer", "127.0.0.1/32"]);
            command.args(["--listen", &address.to_string()]).arg("--data-dir").arg(folder);
            command.args(users.flat_map(|user| ["--turn-user".to_owned(), user]));
            for (name, _) in std::env::vars_os() {
                if name.to_string_lossy().starts_with("KAIGI_") {
                    command.env_remove(name);
                }
            }
            // No quotas, as coturn has none by default. Variables, because a binary that does not know them warns only.
            command.env("KAIGI_TURN_MAX_ALLOCATIONS", "100000");
            command.env("KAIGI_TURN_BANDWIDTH_PER_CREDENTIAL", "0");
            command.env("KAIGI_TURN_BANDWIDTH_PER_ADDRESS", "0");
        }
        Kind::Coturn => {
            command = Command::new(&setup.turnserver);
            command.args([
                "-n",
                "--no-tls",
                "--no-dtls",
                "--no-cli",
                "--allow-loopback-peers",
                "--lt-cred-mech",
            ]);
            command.args([
                "--no-multicast-peers",
                "--no-software-attribute",
                "--no-stdout-log",
                "--simple-log",
            ]);
            command.args(["--log-file", "/dev/null", "--realm", "bench", "--relay-threads", "1"]);
            command.args(["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1"]);
            command.args(["--listening-port", &address.port().to_string()]);
            command.arg("--userdb").arg(folder.join("db")).arg("--pidfile").arg(folder.join("pid"));
            command.args(users.flat_map(|user| ["--user".to_owned(), user]));
        }
        Kind::Floor => {
            command = Command::new(std::env::current_exe()?);
            command.args(["floor", &address.port().to_string()]);
        }
    }
    Ok(command)
}

/// Names of the users, by number.
pub fn user_name(number: usize) -> String {
    format!("bench{}", number % USERS)
}

/// A port that is free for UDP and TCP.
fn free_address() -> io::Result<SocketAddrV4> {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, udp.local_addr()?.port());
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
}
