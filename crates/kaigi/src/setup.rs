//! `kaigi setup HOST`: from an installed program to a public server. Writes the settings, looks whether what is around the
//! machine lets them work, starts the service, and ends as `kaigi doctor` does.

mod configuration;
mod systemd;

use std::io::{self, BufRead, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use kaigi_server::acme::{Plan, last_failure};

use crate::banner::{self, Firewalls};
use crate::cli::{Flags, SetupArgs};
use crate::settings::Settings;
use crate::{data_dir, doctor};

/// How long an authority may take until the rest goes on without it.
const ISSUING: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(250);

/// Whether all is well in the end.
pub fn run(args: &SetupArgs, flags: &Flags, config: Option<&Path>) -> Result<bool, String> {
    let path = config.map_or_else(|| PathBuf::from(configuration::USUAL), Path::to_owned);
    let text = configuration::compose(&args.hosts, flags);
    let loaded = configuration::judge(&path, &text)?;
    if !may_write(args, &path, &text)? {
        return Ok(false);
    }
    let written = configuration::write(&path, &text)?;
    say(&format!("{} {}\n", path.display(), if written { "is written" } else { "is as it has to be" }));

    let settings = &loaded.settings;
    let service = systemd::Service::find();
    around(settings, service.as_ref(), &args.hosts);
    match &service {
        Some(service) => start(service, settings)?,
        None => say(&format!(
            "\nThere is no service of systemd here. Start the server with:\n  kaigi serve --daemon{}\n\n",
            config.map_or_else(String::new, |path| format!(" --config {}", path.display()))
        )),
    }
    Ok(doctor::run(&loaded, false))
}

/// Asks before somebody's settings are replaced.
fn may_write(args: &SetupArgs, path: &Path, text: &str) -> Result<bool, String> {
    if args.yes || configuration::is_replaceable(path, text) {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        return Err(format!(
            "{} holds other settings; `--yes` replaces it (and keeps it as .old)",
            path.display()
        ));
    }
    say(&format!("{} holds other settings. Replace it, and keep it as .old? [y/N] ", path.display()));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| error.to_string())?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What is in the way, and what only the operator can open. What doctor finds out as well is left to it.
fn around(settings: &Settings, service: Option<&systemd::Service>, hosts: &[String]) {
    let port = settings.listen.first().map_or(0, SocketAddr::port);
    if service.is_none_or(|service| !service.is_active()) {
        let taken = settings.listen.iter().flat_map(|listen| taken(*listen));
        let redirect = settings.http_redirect.into_iter().flat_map(taken_tcp);
        for problem in taken.chain(redirect) {
            say(&format!("\nPROBLEM  {problem}\n"));
        }
    }
    say(&format!(
        "\nOpen in every firewall, on this machine and in front of it, for {}:\n",
        hosts.join(", ")
    ));
    for line in firewall(Firewalls::find(), port, settings.http_redirect.map(|redirect| redirect.port())) {
        say(&format!("  {line}\n"));
    }
    say("\n");
}

fn taken(address: SocketAddr) -> Vec<String> {
    let mut problems: Vec<String> = taken_tcp(address).into_iter().collect();
    if let Err(error) = UdpSocket::bind(address) {
        problems.extend(reason("UDP", address, &error));
    }
    problems
}

fn taken_tcp(address: SocketAddr) -> Option<String> {
    let error = TcpListener::bind(address).err()?;
    reason("TCP", address, &error)
}

/// A kernel without IPv6 is no problem: nobody comes by it.
fn reason(protocol: &str, address: SocketAddr, error: &io::Error) -> Option<String> {
    match error.kind() {
        io::ErrorKind::AddrInUse if address.is_ipv6() && TcpListener::bind(address).is_ok() => None,
        io::ErrorKind::AddrInUse => Some(format!(
            "{protocol} port {address} is taken by another program: `ss -lntup` names it; stop it, or put Kaigi elsewhere \
             with --listen"
        )),
        io::ErrorKind::PermissionDenied => {
            Some(format!("{protocol} port {address} may not be opened by this user: run this with sudo"))
        }
        _ => None,
    }
}

/// For the tools that are installed, for nftables, and in words for clouds.
fn firewall(installed: Firewalls, port: u16, http: Option<u16>) -> Vec<String> {
    let mut lines = Vec::new();
    if installed.ufw || installed.firewalld {
        lines.extend(banner::firewall_commands(installed, port, true));
        lines.extend(http.filter(|_| installed.ufw).map(|http| format!("sudo ufw allow {http}/tcp")));
        lines.extend(http.filter(|_| installed.firewalld).map(|http| {
            format!("sudo firewall-cmd --permanent --add-port={http}/tcp && sudo firewall-cmd --reload")
        }));
    }
    let tcp = http.map_or_else(|| port.to_string(), |http| format!("{{ {http}, {port} }}"));
    lines.push(format!("nftables: sudo nft add rule inet filter input tcp dport {tcp} accept"));
    lines.push(format!("          sudo nft add rule inet filter input udp dport {port} accept"));
    let and = http.map_or_else(String::new, |http| format!(" and TCP {http}"));
    lines.push(format!(
        "cloud:    inbound TCP {port}, UDP {port}{and} from everywhere; outbound everything, UDP to any port"
    ));
    lines
}

fn start(service: &systemd::Service, settings: &Settings) -> Result<(), String> {
    service.start()?;
    say("The service kaigi is enabled and runs.\n");
    if let Some(plan) = settings.acme_plan() {
        say(&format!("Waiting for a certificate for {} …\n", plan.hosts.join(", ")));
        match await_certificate(&plan, &data_dir::of(settings)) {
            Ok(()) => say("It is issued.\n"),
            Err(why) => say(&format!("Not yet: {why}\nThe server goes on trying.\n")),
        }
    }
    say("\n");
    Ok(())
}

fn await_certificate(plan: &Plan, data_dir: &Path) -> Result<(), String> {
    let deadline = Instant::now() + ISSUING;
    loop {
        if plan.certificate_file(data_dir).exists() {
            return Ok(());
        }
        if let Some(failure) = last_failure(&plan.folder(data_dir)) {
            return Err(failure.why);
        }
        if Instant::now() >= deadline {
            return Err(format!("the authority has not answered in {} s", ISSUING.as_secs()));
        }
        thread::sleep(LOOK);
    }
}

fn say(text: &str) {
    crate::print(text);
    let _ = io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_for_firewalls_name_every_port() {
        let all = Firewalls { ufw: true, firewalld: true };
        let lines = firewall(all, 443, Some(80)).join("\n");
        for expected in [
            "sudo ufw allow 443/tcp && sudo ufw allow 443/udp",
            "sudo ufw allow 80/tcp",
            "--add-port=80/tcp",
            "tcp dport { 80, 443 } accept",
            "udp dport 443 accept",
            "inbound TCP 443, UDP 443 and TCP 80",
        ] {
            assert!(lines.contains(expected), "{expected}: {lines}");
        }
        assert!(!firewall(Firewalls::default(), 8443, None).join("\n").contains("80,"));
    }

    #[test]
    fn a_port_that_is_taken_is_a_problem_with_the_program_that_names_its_holder() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let found = taken(held.local_addr().unwrap());
        assert!(found.len() == 1 && found[0].contains("ss -lntup"), "{found:?}");
        drop(held);
    }
}
