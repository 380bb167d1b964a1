//! `kaigi`: reads settings, starts the server, says where it is.

mod acme_rules;
mod addresses;
mod banner;
mod check;
mod cli;
mod daemon;
mod data_dir;
mod doctor;
mod generate;
mod logs;
mod peer_rules;
mod service;
mod settings;
mod setup;
mod token;
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
use cli::{CertCommand, Cli, Command, GenerateCommand, ServeArgs, TokenCommand};
use daemon::Held;
use settings::{Loaded, Settings};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Setup(args)) = &cli.command {
        return match setup::run(args, &cli.flags, cli.config.as_deref()) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => ended(Err(error)),
        };
    }
    let mut loaded = Loaded::read(&cli.flags, cli.config.as_deref(), std::env::vars_os());
    let done = match cli.command {
        Some(Command::Check) => {
            return if check::run(&loaded) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Some(Command::Doctor { json }) => {
            raise_file_limit();
            return if doctor::run(&loaded, json) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Some(Command::Generate(GenerateCommand::Man { dir })) => return ended(generate::man(&dir)),
        Some(Command::Generate(GenerateCommand::Completions { dir })) => {
            return ended(generate::completions(&dir));
        }
        // Done above: it makes settings, and does not read them.
        Some(Command::Setup(_)) => return ExitCode::SUCCESS,
        _ if !loaded.problems.is_empty() => {
            for problem in &loaded.problems {
                eprintln!("kaigi: {problem}");
            }
            return ExitCode::FAILURE;
        }
        Some(Command::Healthy) => doctor::healthy(&loaded.settings),
        Some(Command::Cert(CertCommand::Renew)) => renew(&loaded.settings),
        Some(Command::Token(TokenCommand::Create(new))) => token::create(&loaded.settings, &new),
        Some(Command::Stop { now }) => daemon::stop(&data_dir::of(&loaded.settings), now),
        Some(Command::Status) => {
            let runs = daemon::status(&loaded.settings, &data_dir::of(&loaded.settings));
            // 3: not running, as the Linux Standard Base has it.
            return if runs { ExitCode::SUCCESS } else { ExitCode::from(3) };
        }
        Some(Command::Logs { follow, lines }) => {
            daemon::logs::show(&log_file(&loaded.settings), lines, follow)
        }
        None => serve(&mut loaded, ServeArgs::default()),
        Some(Command::Serve(ServeArgs { daemon: true, .. })) => {
            data_dir(&loaded.settings).and_then(|dir| daemon::start(&dir))
        }
        Some(Command::Serve(args)) => serve(&mut loaded, args),
    };
    ended(done)
}

fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kaigi: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(loaded: &mut Loaded, args: ServeArgs) -> Result<(), String> {
    let data_dir = data_dir(&loaded.settings)?;
    let mut held = None;
    if args.detached {
        let log = log_file(&loaded.settings);
        held = Some(daemon::detach(&data_dir, &log)?);
        loaded.settings.log_file = Some(log);
    }
    let settings = &loaded.settings;
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
    runtime.block_on(serve_until_told(loaded, data_dir, held.as_mut(), args.takeover))
}

async fn serve_until_told(
    loaded: &Loaded,
    data_dir: PathBuf,
    held: Option<&mut Held>,
    takeover: bool,
) -> Result<(), String> {
    let settings = &loaded.settings;
    // Before anything is bound: a signal that comes while starting must end us, too.
    let told = shutdown_signal().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let interfaces = addresses::interfaces();
    for warning in peer_rules::findings(loaded, &interfaces) {
        tracing::warn!("{warning}");
    }
    if settings.acme_plan().is_some() {
        acme_rules::ports(settings).iter().for_each(|warning| tracing::warn!("{warning}"));
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
    let listen: Vec<String> = server.addresses().iter().map(ToString::to_string).collect();
    if let Some(held) = held {
        held.serves(&server.addresses());
        daemon::let_go();
    }
    service::keep(server.sockets());
    service::ready(server.pulse(), &format!("serving meetings on {}", listen.join(", ")));
    let told = async {
        told.await;
        service::stopping();
    };
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

/// Where the background server writes what others write to standard error.
fn log_file(settings: &Settings) -> PathBuf {
    settings.log_file.clone().unwrap_or_else(|| data_dir::of(settings).join("kaigi.log"))
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
