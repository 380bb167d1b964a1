//! The servers side by side: started on a core of their own, asked for their processor time and memory, stopped.

use std::{
    fs::{self, File},
    io,
    net::{SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use kaigi_bench::sys;
use tempfile::TempDir;

use crate::network::SERVER;

/// A server has this long to answer.
const START: Duration = Duration::from_secs(15);

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The binary under test.
    Kaigi,
    /// Debian's Janus, a thread for each handle.
    Janus,
    /// The same with two event loops for all of them.
    JanusLoops,
    /// [`floor`](crate::floor).
    Floor,
}

impl Kind {
    /// In the tables' order.
    pub const ALL: [Self; 4] = [Self::Kaigi, Self::Janus, Self::JanusLoops, Self::Floor];

    /// In the tables' words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kaigi => "kaigi",
            Self::Janus => "janus",
            Self::JanusLoops => "janus, 2 loops",
            Self::Floor => "floor",
        }
    }
}

/// Where the programs are, and on which cores what runs.
pub struct Setup {
    /// The binary under test.
    pub kaigi: PathBuf,
    /// Janus's.
    pub janus: PathBuf,
    /// All servers run here.
    pub server_core: usize,
    /// The load generator runs here.
    pub load_core: usize,
}

/// A running server; dropping it stops it.
pub struct Server {
    /// Which.
    pub kind: Kind,
    /// Where it is to be asked.
    pub address: SocketAddrV4,
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts it and waits until it takes connections.
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
        let deadline = Instant::now() + START;
        while self.child.try_wait()?.is_none() && Instant::now() < deadline {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::other(format!("{} did not start. It said:\n{}", self.kind.name(), self.log())))
    }

    /// What it said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Its process, for [`sys::cpu_time`].
    pub fn process(&self) -> u32 {
        self.child.id()
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
    let mut command;
    match kind {
        Kind::Kaigi => {
            command = Command::new(&setup.kaigi);
            command.args(["serve", "--tls", "off", "--log-level", "warn", "--media-threads", "1"]);
            command.args(["--room-capacity", "1000"]);
            command.args(["--listen", &address.to_string()]).arg("--data-dir").arg(folder);
            for (name, _) in std::env::vars_os() {
                if name.to_string_lossy().starts_with("KAIGI_") {
                    command.env_remove(name);
                }
            }
        }
        Kind::Janus | Kind::JanusLoops => {
            let loops = if kind == Kind::JanusLoops { "event_loops = 2" } else { "" };
            fs::write(folder.join("janus.jcfg"), janus_settings(loops))?;
            let port = address.port();
            let websockets = format!(
                "general: {{ json = \"plain\" ws = true ws_port = {port} ws_ip = \"{SERVER}\" wss = false }}\n\
                 admin: {{ admin_ws = false admin_wss = false }}\n"
            );
            fs::write(folder.join("janus.transport.websockets.jcfg"), websockets)?;
            fs::write(folder.join("janus.plugin.videoroom.jcfg"), "general: { }\n")?;
            command = Command::new(&setup.janus);
            command.arg("--configs-folder").arg(folder).arg("--disable-colors");
        }
        Kind::Floor => {
            command = Command::new(std::env::current_exe()?);
            command.args(["floor", &address.port().to_string()]);
        }
    }
    Ok(command)
}

/// Only what VideoRoom needs;  everything else as Janus has it by default.
fn janus_settings(loops: &str) -> String {
    let off = |kind: &str, names: &[&str]| -> String {
        let all: Vec<String> = names.iter().map(|name| format!("libjanus_{name}.so")).collect();
        format!("{kind}: {{ disable = \"{}\" }}\n", all.join(","))
    };
    let plugins = [
        "audiobridge",
        "duktape",
        "echotest",
        "lua",
        "nosip",
        "recordplay",
        "sip",
        "streaming",
        "textroom",
        "videocall",
        "voicemail",
    ];
    format!(
        "general: {{ debug_level = 2 session_timeout = 0 {loops} }}\n\
         nat: {{ nice_debug = false }}\n{}{}{}",
        off("plugins", &plugins),
        off("transports", &["http", "mqtt", "nanomsg", "pfunix", "rabbitmq"]),
        off("events", &["gelfevh", "mqttevh", "nanomsgevh", "rabbitmqevh", "sampleevh", "wsevh"]),
    )
}

/// A port that is free for UDP and TCP.
fn free_address() -> io::Result<SocketAddrV4> {
    loop {
        let udp = UdpSocket::bind((SERVER, 0))?;
        let address = SocketAddrV4::new(SERVER, udp.local_addr()?.port());
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
}
