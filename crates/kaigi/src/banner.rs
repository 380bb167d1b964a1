//! What start-up prints for the person who started it: where to go, why the browser will warn, what to open.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use kaigi_server::certificate::Certificate;
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// Everything the banner depends on.
pub struct Facts<'a> {
    /// As bound, so never port 0.
    pub listen: &'a [SocketAddr],
    /// `None` with TLS off.
    pub certificate: Option<&'a Certificate>,
    pub public: &'a [IpAddr],
    pub lan: Option<IpAddr>,
    pub firewalls: Firewalls,
    /// Whether standard output is a terminal that can show a QR code.
    pub terminal: bool,
}

/// The firewall tools that are installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Firewalls {
    pub ufw: bool,
    pub firewalld: bool,
}

impl Firewalls {
    pub fn find() -> Self {
        // Daemons and plain users often have no sbin in their path.
        let mut folders: Vec<_> =
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
        folders.extend(["/usr/sbin", "/sbin", "/usr/bin"].map(Into::into));
        let found = |tool: &str| folders.iter().any(|folder| folder.join(tool).is_file());
        Self { ufw: found("ufw"), firewalld: found("firewall-cmd") }
    }
}

/// The whole text, with its last line ended.
pub fn render(facts: &Facts<'_>) -> String {
    let mut text = String::new();
    let port = facts.listen.first().map_or(0, SocketAddr::port);
    // Writing to a string cannot fail.
    let _ = match facts.certificate {
        Some(certificate) => with_tls(&mut text, facts, port, certificate),
        None => without_tls(&mut text, facts, port),
    };
    let _ = firewall(&mut text, facts.firewalls, port, facts.certificate.is_some());
    text
}

fn with_tls(text: &mut String, facts: &Facts<'_>, port: u16, certificate: &Certificate) -> std::fmt::Result {
    writeln!(text, "Kaigi {}\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(text, "Open")?;
    let lan = facts.lan.filter(|lan| is_served(facts.listen, *lan));
    let mut urls: Vec<String> = Vec::new();
    if !certificate.self_signed {
        // With a certificate for a name, that name is the address to give to others.
        let names = certificate.names.iter().filter(|name| !name.starts_with('*') && *name != "localhost");
        urls.extend(names.filter(|name| name.parse::<IpAddr>().is_err()).take(3).map(|name| url(name, port)));
    }
    let localhost = is_served(facts.listen, IpAddr::from([127, 0, 0, 1]))
        || is_served(facts.listen, std::net::Ipv6Addr::LOCALHOST.into());
    urls.extend(localhost.then(|| url("localhost", port)));
    urls.extend(facts.public.iter().map(|address| url(&host(*address), port)));
    urls.extend(lan.map(|lan| url(&host(lan), port)));
    let specific =
        facts.listen.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified() && !ip.is_loopback());
    urls.extend(specific.map(|ip| url(&host(ip), port)));
    let mut seen = Vec::new();
    urls.retain(|url| {
        !seen.contains(url) && {
            seen.push(url.clone());
            true
        }
    });
    for url in &urls {
        writeln!(text, "  {url}")?;
    }
    // The address for a phone: never localhost.
    let shared = lan.map(|lan| url(&host(lan), port)).filter(|_| facts.terminal);
    if let Some(code) = shared.and_then(|url| qr(&url)) {
        writeln!(text, "\n{code}")?;
    }
    writeln!(text, "\nCertificate SHA-256\n  {}", certificate.fingerprint)?;
    if certificate.self_signed {
        writeln!(
            text,
            "  The browser will warn because this certificate is self-signed: compare the fingerprint, then proceed."
        )?;
    }
    Ok(())
}

fn without_tls(text: &mut String, facts: &Facts<'_>, port: u16) -> std::fmt::Result {
    writeln!(text, "Kaigi {}\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(text, "TLS is off: plain HTTP for a reverse proxy on")?;
    for address in facts.listen {
        writeln!(text, "  http://{address}/")?;
    }
    writeln!(text, "\nBrowsers give camera and microphone only to pages the proxy serves over https.")?;
    writeln!(
        text,
        "The proxy carries HTTP and WebSocket, but not UDP: UDP port {port} must be reachable directly."
    )
}

fn firewall(text: &mut String, installed: Firewalls, port: u16, tls: bool) -> std::fmt::Result {
    let which = if tls { "TCP and UDP" } else { "UDP" };
    writeln!(text, "\nIf others cannot connect, open {which} {port}:")?;
    for command in firewall_commands(installed, port, tls) {
        writeln!(text, "  {command}")?;
    }
    Ok(())
}

/// A line for each tool that is installed, or for all that are usual.
pub fn firewall_commands(installed: Firewalls, port: u16, tls: bool) -> Vec<String> {
    let protocols: &[&str] = if tls { &["tcp", "udp"] } else { &["udp"] };
    let neither = !installed.ufw && !installed.firewalld;
    let mut commands = Vec::new();
    if installed.ufw || neither {
        let rules: Vec<_> =
            protocols.iter().map(|protocol| format!("sudo ufw allow {port}/{protocol}")).collect();
        commands.push(rules.join(" && "));
    }
    if installed.firewalld || neither {
        let rules: Vec<_> =
            protocols.iter().map(|protocol| format!("--add-port={port}/{protocol}")).collect();
        commands
            .push(format!("sudo firewall-cmd --permanent {} && sudo firewall-cmd --reload", rules.join(" ")));
    }
    commands
}

fn is_served(listen: &[SocketAddr], address: IpAddr) -> bool {
    listen
        .iter()
        .map(SocketAddr::ip)
        .any(|ip| ip == address || (ip.is_unspecified() && ip.is_ipv4() == address.is_ipv4()))
}

fn url(host: &str, port: u16) -> String {
    if port == 443 { format!("https://{host}/") } else { format!("https://{host}:{port}/") }
}

fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// Black on white in any colour scheme: many cameras do not read an inverted code.
fn qr(url: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::L).ok()?;
    let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
    let lines: Vec<_> = drawn.lines().map(|line| format!("  \x1b[38;5;16;48;5;231m{line}\x1b[0m")).collect();
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests;
