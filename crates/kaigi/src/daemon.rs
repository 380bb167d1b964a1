//! Serving in the background where no service manager does it: `kaigi serve --daemon`, `stop` and `status`.
//!
//! The process is known by a file in the data folder that it holds locked as long as it lives: a number that was left
//! behind by a crash, and now is another program's, is never taken for it.

pub mod logs;
mod pid_file;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Signal, kill_process};

use crate::doctor;
use crate::settings::{Settings, Tls};
pub use pid_file::Held;
use pid_file::{Known, read};

/// How often is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(50);
/// After this it is said what is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// A server lets meetings move on before it ends; that has an end, too.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Starts this program again, apart from the terminal, and waits until it serves; what it prints until then is shown.
pub fn start(data_dir: &Path) -> Result<(), String> {
    if let Some(known) = read(data_dir) {
        return Err(format!("it runs already, as process {}; `kaigi stop` ends it", known.pid));
    }
    let failed = |error: io::Error| format!("cannot start in the background: {error}");
    let arguments = std::env::args_os().skip(1).map(|argument| match argument == "--daemon" {
        true => OsString::from("--detached"),
        false => argument,
    });
    let mut child = Command::new(std::env::current_exe().map_err(failed)?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // Both end when it lets go of them, or with it.
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let errors = thread::spawn(move || stderr.map(|stream| pass_on(stream, io::stderr())));
    if let Some(stream) = stdout {
        pass_on(stream, io::stdout());
    }
    let _ = errors.join();
    match read(data_dir).filter(|known| known.pid == child.id()) {
        Some(known) => {
            crate::print(&format!(
                "\nIt runs in the background, as process {}.\n  `kaigi stop` ends it; its log is {}\n",
                known.pid,
                known.log.display()
            ));
            Ok(())
        }
        None => {
            let status = child.wait().map_err(failed)?;
            Err(format!("the server did not start ({status})"))
        }
    }
}

fn pass_on(mut from: impl Read, mut to: impl Write) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let _ = to.write_all(&buffer[..count]).and_then(|()| to.flush());
    }
}

/// Makes this process one of its own: nothing that happens to the terminal reaches it. Writes the file by which
/// the others know it.
pub fn detach(data_dir: &Path, log: &Path) -> Result<Held, String> {
    // Fails only for who leads a group already, and then there is no terminal to leave.
    let _ = rustix::process::setsid();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Held::take(data_dir, log)
}

/// Lets the process that started this one go on.
pub fn let_go() {
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null");
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}

/// Ends it, and returns when it has ended.
pub fn stop(data_dir: &Path, now: bool) -> Result<(), String> {
    let Some(Known { pid, .. }) = read(data_dir) else { return Err(not_running(data_dir)) };
    let send = |signal| {
        let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        process.map_or(Ok(()), |process| kill_process(process, signal))
    };
    send(Signal::TERM).map_err(|error| format!("cannot stop process {pid}: {error}"))?;
    let began = Instant::now();
    let (mut told, mut pressed) = (false, false);
    while read(data_dir).is_some_and(|known| known.pid == pid) {
        thread::sleep(LOOK);
        let waited = began.elapsed();
        if now && !pressed && waited > LOOK * 4 {
            // The second one is meant: at once.
            let _ = send(Signal::TERM);
            pressed = true;
        }
        if now && waited > PATIENCE {
            let _ = send(Signal::KILL);
        }
        if !told && !now && waited > PATIENCE {
            eprintln!("kaigi: waiting for the meetings to move on; `kaigi stop --now` does not");
            told = true;
        }
        if waited > LONGEST {
            return Err(format!("process {pid} does not end; `kaigi stop --now` makes it"));
        }
    }
    crate::print("stopped\n");
    Ok(())
}

/// Says how it is; whether it runs.
pub fn status(settings: &Settings, data_dir: &Path) -> bool {
    let Some(known) = read(data_dir) else {
        eprintln!("kaigi: {}", not_running(data_dir));
        return false;
    };
    let age = SystemTime::now().duration_since(known.since).unwrap_or_default().as_secs();
    let answers = doctor::answers(&known.listen, settings.tls == Tls::On);
    let listen: Vec<String> = known.listen.iter().map(SocketAddr::to_string).collect();
    crate::print(&format!(
        "running for {}, as process {}\n  port      {}\n  answers   {}\n  log       {}\n",
        shown(age),
        known.pid,
        listen.join(", "),
        if answers { "yes" } else { "NO: see the log, or `kaigi doctor`" },
        known.log.display(),
    ));
    true
}

fn shown(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn not_running(data_dir: &Path) -> String {
    let systemd = Path::new("/run/systemd/system").is_dir();
    let elsewhere = if systemd { "; a service of systemd is asked by `systemctl status kaigi`" } else { "" };
    format!("no server of `kaigi serve --daemon` runs with the data folder {}{elsewhere}", data_dir.display())
}
