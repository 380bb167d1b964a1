//! What can be known of certificates by ACME before one is ordered.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use kaigi_server::acme::last_failure;

use crate::settings::Settings;

/// What is wrong, and what is only unlikely to work. Reads files.
pub fn findings(settings: &Settings, data_dir: &Path) -> (Vec<String>, Vec<String>) {
    let (mut mistakes, mut warnings) = (Vec::new(), Vec::new());
    let Some(plan) = settings.acme_plan() else { return (mistakes, warnings) };
    if let Some(Err(error)) = plan.ca.as_ref().map(std::fs::read) {
        mistakes.push(format!("acme-ca: {} cannot be read: {error}", plan.ca.unwrap_or_default().display()));
    }
    warnings.extend(ports(settings));
    warnings.extend(last_order(settings, data_dir));
    (mistakes, warnings)
}

/// Authorities come to 443 and 80 and nowhere else.
pub fn ports(settings: &Settings) -> Option<String> {
    let tls = settings.listen.first().map_or(0, SocketAddr::port);
    let http = settings.http_redirect.map(|redirect| redirect.port());
    (tls != 443 && http != Some(80)).then(|| {
        format!(
            "acme: an authority comes to port 443, or to port 80 of http-redirect; here it is port {tls}{}: right only if \
             one of them is forwarded from outside",
            http.map_or_else(String::new, |http| format!(" and {http}"))
        )
    })
}

/// Why the last order failed, if it did.
pub fn last_order(settings: &Settings, data_dir: &Path) -> Option<String> {
    let failure = last_failure(&settings.acme_plan()?.folder(data_dir))?;
    let ago = minutes(SystemTime::now().duration_since(failure.at).unwrap_or_default());
    Some(format!("acme: the last order failed {ago} ago: {}", failure.why))
}

fn minutes(time: Duration) -> String {
    match time.as_secs() / 60 {
        1 => "a minute".into(),
        minutes @ 0..120 => format!("{minutes} minutes"),
        minutes => format!("{} hours", minutes / 60),
    }
}
