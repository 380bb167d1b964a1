//! `kaigi`: reads settings, starts the server, says where it is.

mod addresses;
mod banner;
mod check;
mod cli;
mod data_dir;
mod doctor;
mod logs;
mod peer_rules;
mod settings;
mod web;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use kaigi_server::{Inherited, Server, certificate};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use banner::{Facts, Firewalls};
use cli::{CertCommand, Cli, Command};
use settings::{Loaded, Settings};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let loaded = Loaded::read(&cli.flags, cli.config.as_deref(), std::env::vars_os());
    let done = match cli.command {
        Some(Command::Check) => {
            return if check::run(&loaded) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Some(Command::Doctor { json }) => {
            raise_file_limit();
            return if doctor::run(&loaded, json) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        _ if !loaded.problems.is_empty() => {
            for problem in &loaded.problems {
                eprintln!("kaigi: {problem}");
            }
            return ExitCode::FAILURE;
        }
        Some(Command::Healthy) => doctor::healthy(&loaded.settings),
        Some(Command::Cert(CertCommand::Renew)) => renew(&loaded.settings),
        None => serve(&loaded, false),
        Some(Command::Serve { takeover }) => serve(&loaded, takeover),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kaigi: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(loaded: &Loaded, takeover: bool) -> Result<(), String> {
    let settings = &loaded.settings;
    let data_dir = data_dir(settings)?;
    // Declared first, dropped last: the last lines are written after the runtime has ended.
    let _log = logs::start(settings)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(serve_until_told(loaded, data_dir, takeover))
}

async fn serve_until_told(loaded: &Loaded, data_dir: PathBuf, takeover: bool) -> Result<(), String> {
    let settings = &loaded.settings;
    // Before anything is bound: a signal that comes while starting must end us, too.
    let told = shutdown_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let interfaces = addresses::interfaces();
    for warning in peer_rules::findings(loaded, &interfaces) {
        tracing::warn!("{warning}");
    }
    let lan = addresses::lan(&interfaces);
    let inherited = inherited(&data_dir, takeover)?;
    let options = settings.options(data_dir, addresses::names(&interfaces), lan);
    let server = Server::bind_with(options, inherited).await.map_err(|error| error.to_string())?;
    let certificate = server.certificate();
    for warning in certificate.iter().flat_map(|certificate| &certificate.warnings) {
        tracing::warn!("{warning}");
    }
    print(&banner::render(&Facts {
        listen: &server.addresses(),
        certificate: certificate.as_deref(),
        public: &settings.public_address,
        lan,
        firewalls: Firewalls::find(),
        terminal: io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }));
    server.run(told).await;
    Ok(())
}

/// The sockets that are there already: those of the server that runs, if this one is to take over, else systemd's.
fn inherited(data_dir: &Path, takeover: bool) -> Result<Inherited, String> {
    if takeover && let Some(running) = Inherited::from_running(data_dir).map_err(|error| error.to_string())? {
        return Ok(running);
    }
    Inherited::from_systemd().map_err(|error| format!("cannot use the sockets that systemd passed: {error}"))
}

/// Resolves at the first SIGTERM or SIGINT; the second ends the process at once.
fn shutdown_signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        let _ = tell.send(());
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(1);
    });
    Ok(async {
        let _ = told.await;
    })
}

fn renew(settings: &Settings) -> Result<(), String> {
    let data_dir = data_dir(settings)?;
    let names = addresses::names(&addresses::interfaces());
    let certificate = certificate::renew(&data_dir, &names).map_err(|error| error.to_string())?;
    print(&format!(
        "{}\nSHA-256 {}\n",
        data_dir.join(certificate::CERTIFICATE_FILE).display(),
        certificate.fingerprint
    ));
    if settings.tls_cert.is_some() {
        eprintln!("kaigi: warning: tls-cert is set, so this self-signed certificate is not in use");
    }
    Ok(())
}

fn data_dir(settings: &Settings) -> Result<PathBuf, String> {
    let dir = data_dir::of(settings);
    data_dir::prepare(&dir)?;
    Ok(dir)
}

/// Every participant holds a connection; the usual soft limit of 1,024 files ends a large meeting.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

/// Nobody may be reading: a closed pipe is no reason to stop.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
