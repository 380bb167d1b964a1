//! `kaigi doctor`: tries from the server's side, step by step, what has to work, and says what to do where it does
//! not. Changes nothing, disturbs no server that runs, and ends in time whatever hangs.

mod certificate;
mod reach;
mod relay;
mod report;
mod running;
mod system;
mod tls;
mod turn_client;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use kaigi_server::certificate::Source;
use kaigi_server::{Server, StartError, probe};
use rustix::process::geteuid;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::banner::{self, Firewalls};
use crate::settings::{Loaded, Settings, Tls};
use crate::{addresses, data_dir, peer_rules};
use report::{Finding, Format, Report};
use running::Running;

/// The whole examination; every step has a shorter deadline of its own.
const EXAMINATION: Duration = Duration::from_secs(120);

/// What only reads files may hang too: a folder on a network that is gone.
const FILES: Duration = Duration::from_secs(5);

/// How long the DNS may take.
const LOOKUP: Duration = Duration::from_secs(3);

/// Names of a certificate that are looked up.
const NAMES: usize = 3;

/// Longer than the examination.
const CREDENTIAL: Duration = Duration::from_secs(180);

/// Whether what listens there is a Kaigi that answers.
pub fn answers(listen: &[SocketAddr], tls: bool) -> bool {
    let running = Running::at(listen, tls, system::has_ipv6());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.is_ok_and(|runtime| runtime.block_on(running.is_kaigi()))
}

/// Whether there was no problem.
pub fn run(loaded: &Loaded, json: bool) -> bool {
    let mut report = Report::new(if json { Format::Json } else { Format::text() });
    match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => {
            let done = runtime.block_on(async { timeout(EXAMINATION, examine(loaded, &mut report)).await });
            if done.is_err() {
                let text = format!("gave up after {} s", EXAMINATION.as_secs());
                report.add(Finding::problem("doctor", text, "the step after the last one above hangs"));
            }
            // Not dropped: that would wait for look-ups and files that hang.
            runtime.shutdown_background();
        }
        Err(error) => report.add(Finding::problem("doctor", format!("cannot start: {error}"), "")),
    }
    report.finish()
}

/// Whether the server with these settings answers; why not, otherwise.
pub fn healthy(settings: &Settings) -> Result<(), String> {
    let running = Running::at(&settings.listen, settings.tls == Tls::On, system::has_ipv6());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(running.healthy())
}

async fn examine(loaded: &Loaded, report: &mut Report) {
    report.extend(judge_settings(loaded));
    if !loaded.problems.is_empty() {
        return;
    }
    let settings = &loaded.settings;
    let dir = data_dir::of(settings);
    let folder = dir.clone();
    report.extend(off_thread("data folder", move || vec![judge_folder(&folder)]).await);
    let (copy, folder) = (settings.clone(), dir.clone());
    let judged =
        timeout(FILES, tokio::task::spawn_blocking(move || certificate::judge(&copy, &folder))).await;
    let Ok(Ok(judged)) = judged else {
        report.add(hangs("certificate"));
        return;
    };
    report.extend(judged.findings);
    report.add(system::clock());
    let plan = settings.acme_plan();
    if let Some(plan) = &plan {
        report.extend(certificate::authority(plan).await);
    }
    report.extend(
        off_thread("limits", {
            let settings = settings.clone();
            move || system::System::read().judge(&settings)
        })
        .await,
    );
    let ipv6 = system::has_ipv6();
    if !ipv6 && settings.listen.iter().any(SocketAddr::is_ipv6) {
        report.add(Finding::ok("addresses", "this machine has no IPv6; IPv4 only is served"));
    }

    let source = judged.usable.as_ref().map(|(_, _, source)| source.clone());
    let subject = Subject::find(settings, source, ipv6).await;
    let interfaces = addresses::interfaces();
    let facts = reach::Facts {
        listen: subject.as_ref().map_or(&settings.listen, |subject| &subject.listen),
        interfaces: &interfaces,
        public: &settings.public_address,
        proxied: settings.tls == Tls::Off,
    };
    report.extend(reach::judge(&facts));
    let known = judged.usable.as_ref().filter(|(certificate, _, _)| !certificate.self_signed);
    let names = match (plan, known) {
        (Some(plan), _) => plan.hosts,
        (None, Some((certificate, _, _))) => certificate.names.clone(),
        (None, None) => Vec::new(),
    };
    for name in names.iter().filter(|name| is_public_name(name)).take(NAMES) {
        report.add(reach::judge_name(name, &look_up(name).await, &facts));
    }
    match subject {
        Ok(subject) => {
            report.add(subject.finding(settings));
            if let Some((certificate, file, _)) = judged.usable
                && let Some(address) = subject.running.addresses.first()
            {
                report.extend(certificate::shown(*address, certificate, file).await);
            }
            try_out(&subject, settings, &dir, &interfaces, report).await;
        }
        Err(problem) => report.add(problem),
    }
    report.add(firewall(settings));
}

async fn try_out(
    subject: &Subject,
    settings: &Settings,
    dir: &Path,
    interfaces: &[addresses::Interface],
    report: &mut Report,
) {
    let running = &subject.running;
    report.extend(running.web().await);
    if let Some(address) = settings.http_redirect.filter(|_| settings.tls == Tls::On) {
        report.add(match subject.own {
            Some(_) => free_for_redirect(address),
            None => running::redirect(address).await,
        });
    }
    report.extend(running.stun().await);
    let port = running.addresses.first().map_or(0, SocketAddr::port);
    let own = |address: &IpAddr| interfaces.iter().any(|interface| interface.address == *address);
    for public in settings.public_address.iter().filter(|public| !own(public)) {
        report.add(Running::outside((*public, port).into()).await);
    }
    // The server of ours has a folder, and so a secret, of its own.
    let dir = subject.own.as_ref().map_or(dir, |own| own.dir.path());
    match credential(settings, dir) {
        Ok((credential, whose)) => report.extend(running.relay(&credential, &whose).await),
        Err(finding) => report.add(finding),
    }
}

/// The server that is tried out.
struct Subject {
    running: Running,
    listen: Vec<SocketAddr>,
    /// Started for this; `None`: it ran already.
    own: Option<Own>,
}

/// A server that lives as long as this.
struct Own {
    task: JoinHandle<()>,
    /// Its data folder: nothing is left behind in the real one, least of all with another owner.
    dir: TempDir,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Subject {
    /// The running server, or else one started on the same port.
    async fn find(settings: &Settings, source: Option<Source>, ipv6: bool) -> Result<Self, Finding> {
        let error = match Self::start(settings, source, ipv6).await {
            Ok(subject) => return Ok(subject),
            Err(error) => error,
        };
        let running = Running::at(&settings.listen, settings.tls == Tls::On, ipv6);
        // A plain user may not bind port 443, though it is there that the server runs.
        let may_run = matches!(error, Failed::Start(StartError::PortTaken { .. } | StartError::Bind { .. }));
        if may_run && running.is_kaigi().await {
            return Ok(Self { running, listen: settings.listen.clone(), own: None });
        }
        Err(match error {
            Failed::Start(error @ StartError::PortTaken { .. }) => Finding::problem(
                "ports",
                error.to_string(),
                "what holds the port does not answer as Kaigi does",
            ),
            Failed::Start(error) => Finding::problem("ports", error.to_string(), ""),
            Failed::Folder(error) => Finding::problem(
                "ports",
                format!("no temporary folder to start a server with: {error}"),
                "set TMPDIR",
            ),
        })
    }

    async fn start(settings: &Settings, source: Option<Source>, ipv6: bool) -> Result<Self, Failed> {
        let dir = tempfile::Builder::new().prefix("kaigi-doctor").tempdir().map_err(Failed::Folder)?;
        let mut options = settings.options(dir.path().to_owned(), vec!["localhost".into()], None);
        options.http_redirect = None;
        if let (Some(tls), Some(source)) = (&mut options.tls, source) {
            *tls = source;
        } else if let Some(tls) = &mut options.tls {
            // What is wrong with the operator's certificate has been said; the rest is tried with another.
            *tls = Source::SelfSigned { data_dir: dir.path().to_owned(), names: vec!["localhost".into()] };
        }
        let tls = options.tls.is_some();
        let server = Server::bind(options).await.map_err(Failed::Start)?;
        let listen = server.addresses();
        let task = tokio::spawn(server.run(std::future::pending()));
        Ok(Self { running: Running::at(&listen, tls, ipv6), listen, own: Some(Own { task, dir }) })
    }

    fn finding(&self, settings: &Settings) -> Finding {
        let port = self.listen.first().map_or(0, SocketAddr::port);
        let text = match self.own {
            None => format!("TCP port {port} is held by a Kaigi that runs; the steps below try that one"),
            Some(_) => format!(
                "TCP and UDP port {port} {} free; the steps below try a server that was started for them",
                if settings.listen.iter().any(|listen| listen.port() == 0) {
                    "were chosen and"
                } else {
                    "are"
                }
            ),
        };
        Finding::ok("ports", text)
    }
}

enum Failed {
    Folder(std::io::Error),
    Start(StartError),
}

fn judge_settings(loaded: &Loaded) -> Vec<Finding> {
    const STEP: &str = "settings";
    let all =
        |level: fn(String) -> Finding, texts: Vec<String>| texts.into_iter().map(level).collect::<Vec<_>>();
    if !loaded.problems.is_empty() {
        let texts = loaded.problems.iter().map(ToString::to_string).collect();
        let mut findings = all(|text| Finding::problem(STEP, text, ""), texts);
        if let Some(last) = findings.last_mut() {
            last.advice = Some("mend these first; the other steps need to know the settings".into());
        }
        return findings;
    }
    let changed = loaded.settings.changed().len();
    let mut findings = vec![Finding::ok(
        STEP,
        match changed {
            0 => "all have their defaults".to_owned(),
            _ => format!("{changed} set to other than the default; `kaigi check` lists them"),
        },
    )];
    let rules = peer_rules::findings(loaded, &addresses::interfaces());
    findings.extend(all(|text| Finding::warning(STEP, text, ""), [loaded.warnings.clone(), rules].concat()));
    findings
}

fn judge_folder(dir: &Path) -> Finding {
    use std::os::unix::fs::MetadataExt;
    const STEP: &str = "data folder";
    const ADVICE: &str = "give it to the user that Kaigi runs as (chown), or choose another with --data-dir";
    let shown = dir.display();
    let Ok(metadata) = dir.metadata() else {
        return match data_dir::could_make(dir) {
            Ok(()) => Finding::ok(STEP, format!("{shown} is made at the first start")),
            Err(why) => Finding::problem(STEP, format!("{shown} cannot be made: {why}"), ADVICE),
        };
    };
    match data_dir::try_out(dir) {
        Err(why) => Finding::problem(STEP, format!("{shown} cannot be used: {why}"), ADVICE),
        Ok(()) if geteuid().is_root() && metadata.uid() != 0 => {
            let owner = metadata.uid();
            let text = format!("{shown} can be written by root, but belongs to user {owner}");
            Finding::warning(STEP, text, format!("see what the server sees: sudo -u '#{owner}' kaigi doctor"))
        }
        Ok(()) => Finding::ok(STEP, format!("{shown} can be written")),
    }
}

/// A credential the server takes, and what it is called.
fn credential(settings: &Settings, dir: &Path) -> Result<((String, String), String), Finding> {
    const STEP: &str = "TURN relay";
    match probe::turn_credential(dir, "doctor", CREDENTIAL) {
        Ok(Some(credential)) => {
            return Ok((credential, format!("credentials of the secret in {}", dir.display())));
        }
        Ok(None) => {}
        Err(error) => {
            let text = format!("not tried: the secret in {} cannot be read: {error}", dir.display());
            return Err(Finding::warning(STEP, text, "call doctor as the user that the server runs as"));
        }
    }
    if let Some(user) = settings.turn_user.first() {
        return Ok(((user.name.clone(), user.password.clone()), format!("the user {}", user.name)));
    }
    let text = format!(
        "not tried: there is no secret in {}, which is not the running server's folder",
        dir.display()
    );
    Err(Finding::warning(STEP, text, "call doctor with the --data-dir (or the kaigi.toml) of the server"))
}

fn free_for_redirect(address: SocketAddr) -> Finding {
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::ok("ports", format!("TCP {address} is free for http-redirect")),
        Err(error) => Finding::problem(
            "ports",
            format!("http-redirect: cannot listen on TCP {address}: {error}"),
            "`ss -lntp` names who holds it; ports below 1024 need the privilege CAP_NET_BIND_SERVICE",
        ),
    }
}

fn firewall(settings: &Settings) -> Finding {
    let port = settings.listen.first().map_or(0, SocketAddr::port);
    let commands = banner::firewall_commands(Firewalls::find(), port, settings.tls == Tls::On);
    let which = if settings.tls == Tls::On { "TCP and UDP" } else { "UDP" };
    let text = format!(
        "rules are not read here. If others cannot connect: inbound {which} port {port} has to be open, on this machine \
         and in front of it, and outbound UDP from any port to any"
    );
    Finding::note("firewall", text, commands.join("\n"))
}

fn is_public_name(name: &str) -> bool {
    !name.starts_with('*') && name != "localhost" && name.parse::<IpAddr>().is_err()
}

async fn look_up(name: &str) -> Vec<IpAddr> {
    match timeout(LOOKUP, tokio::net::lookup_host((name, 443))).await {
        Ok(Ok(found)) => {
            let mut found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            found.dedup();
            found
        }
        _ => Vec::new(),
    }
}

async fn off_thread(
    step: &'static str,
    work: impl FnOnce() -> Vec<Finding> + Send + 'static,
) -> Vec<Finding> {
    match timeout(FILES, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(findings)) => findings,
        _ => vec![hangs(step)],
    }
}

fn hangs(step: &'static str) -> Finding {
    let text = format!("no answer from the file system in {} s", FILES.as_secs());
    Finding::problem(step, text, "is it on a network that is gone?")
}
