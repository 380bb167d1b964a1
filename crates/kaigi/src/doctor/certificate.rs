//! The certificate: as it lies in its files, and as the server shows it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kaigi_server::acme::{self, Plan};
use kaigi_server::certificate::{CERTIFICATE_FILE, Certificate, CertificateError, KEY_FILE, Source, Store};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::report::Finding;
use super::{system, tls};
use crate::acme_rules;
use crate::settings::{Settings, Tls};

const STEP: &str = "certificate";

const GET_ONE: &str = "browsers warn before they show the page, and TURN over TLS (turns:), which gets through the \
                       strictest networks, does not work in them";
const HOW: &str = "fine for a try: compare the fingerprint once and proceed. For others get a certificate from an authority \
                   that browsers know: --acme HOST gets one from Let's Encrypt; or set tls-cert and tls-key";

/// What the files say.
pub struct Judged {
    pub findings: Vec<Finding>,
    /// One that can be served, and from where.
    pub usable: Option<(Arc<Certificate>, PathBuf, Source)>,
}

pub fn judge(settings: &Settings, data_dir: &Path) -> Judged {
    let alone = |finding| Judged { findings: vec![finding], usable: None };
    if settings.tls == Tls::Off {
        return alone(Finding::ok(STEP, "tls is off: the certificate is the proxy's matter"));
    }
    if let Some(plan) = settings.acme_plan() {
        return judge_ordered(settings, &plan, data_dir);
    }
    let ours = settings.tls_cert.is_none();
    let cert = settings.tls_cert.clone().unwrap_or_else(|| data_dir.join(CERTIFICATE_FILE));
    let key = settings.tls_key.clone().unwrap_or_else(|| data_dir.join(KEY_FILE));
    if ours && !cert.exists() && !key.exists() {
        let text = format!("none yet: the first start makes a self-signed one. With such a one {GET_ONE}");
        return alone(Finding::warning(STEP, text, HOW));
    }
    let source = Source::Files { cert: cert.clone(), key };
    match Store::open(source.clone()) {
        Ok(store) => {
            let certificate = store.current();
            Judged { findings: describe(&certificate), usable: Some((certificate, cert, source)) }
        }
        Err(CertificateError::Expired { .. }) if ours => {
            let text = "Kaigi's own self-signed certificate has expired";
            alone(Finding::warning(STEP, text, "nothing: the server makes a new one when it starts"))
        }
        // The error says itself what to do.
        Err(error) => alone(Finding::problem(STEP, error.to_string(), "")),
    }
}

/// What an authority has issued, or why it has not.
fn judge_ordered(settings: &Settings, plan: &Plan, data_dir: &Path) -> Judged {
    const WAIT: &str =
        "the server orders one when it starts, and goes on trying; until then it shows a self-signed one";
    let file = plan.certificate_file(data_dir);
    let source = Source::Files { cert: file.clone(), key: file.clone() };
    let opened = file.exists().then(|| Store::open(source.clone()));
    let mut judged = match opened {
        None => {
            let text = format!("none for {} yet", plan.hosts.join(", "));
            Judged { findings: vec![Finding::warning(STEP, text, WAIT)], usable: None }
        }
        Some(Err(error)) => {
            Judged { findings: vec![Finding::warning(STEP, error.to_string(), WAIT)], usable: None }
        }
        Some(Ok(store)) => {
            let certificate = store.current();
            let mut findings = describe(&certificate);
            if !plan.is_covered_by(&certificate) {
                let text = format!("it is not yet for all of {}", plan.hosts.join(", "));
                findings.push(Finding::warning(STEP, text, "the server orders a new one when it starts"));
            }
            Judged { findings, usable: Some((certificate, file, source)) }
        }
    };
    judged.findings.extend(acme_rules::ports(settings).map(|text| Finding::warning(STEP, text, "")));
    judged
        .findings
        .extend(acme_rules::last_order(settings, data_dir).map(|text| Finding::problem(STEP, text, "")));
    judged
}

/// Whether the authority can be reached from here, and agrees on the time.
pub async fn authority(plan: &Plan) -> Vec<Finding> {
    match acme::reach(plan).await {
        Ok(clock) => {
            let mut findings =
                vec![Finding::ok(STEP, format!("the authority answers at {}", plan.directory))];
            findings.extend(clock.map(system::compare_clock));
            findings
        }
        Err(why) => {
            let text = format!("the authority at {} cannot be asked: {why}", plan.directory);
            vec![Finding::warning(STEP, text, "")]
        }
    }
}

fn describe(certificate: &Certificate) -> Vec<Finding> {
    const DAY: u64 = 24 * 3600;
    const SHOWN: usize = 6;
    let left = certificate.not_after.duration_since(SystemTime::now()).unwrap_or_default().as_secs() / DAY;
    let mut names = certificate.names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if certificate.names.len() > SHOWN {
        names.push_str(" …");
    }
    let mut findings = vec![Finding::ok(STEP, format!("valid for {left} more days, for {names}"))];
    if certificate.self_signed {
        findings.push(Finding::warning(STEP, format!("it is self-signed: {GET_ONE}"), HOW));
    }
    findings.extend(certificate.warnings.iter().map(|warning| Finding::warning(STEP, warning, "")));
    findings
}

/// What the server at this address really shows. Reads files and the network.
pub async fn shown(server: SocketAddr, certificate: Arc<Certificate>, file: PathBuf) -> Vec<Finding> {
    let chain = match tls::chain(server, Duration::from_secs(4)).await {
        Ok(chain) => chain,
        Err(error) => {
            return vec![Finding::problem(
                STEP,
                format!("the TLS handshake with {server} failed: {error}"),
                "",
            )];
        }
    };
    let trusted = tokio::task::spawn_blocking(move || {
        let mut findings = Vec::new();
        let leaf = CertificateDer::pem_file_iter(&file).ok().and_then(|mut all| all.next()?.ok());
        if leaf.is_some_and(|leaf| chain.first() != Some(&leaf)) {
            findings.push(Finding::warning(
                STEP,
                format!("the server shows another certificate than {} holds", file.display()),
                "a changed file is taken over within seconds, unless it is wrong: the server's log says why",
            ));
        }
        if !certificate.self_signed {
            findings.extend(trust(&chain, &certificate));
        }
        findings
    });
    trusted.await.unwrap_or_default()
}

fn trust(chain: &[CertificateDer<'_>], certificate: &Certificate) -> Option<Finding> {
    let name = certificate.names.first()?;
    // A wildcard stands for one label (RFC 6125 §6.4.3).
    let name = name.strip_prefix("*.").map_or_else(|| name.clone(), |rest| format!("www.{rest}"));
    Some(match tls::trust(chain, &name) {
        Ok(()) => Finding::ok(STEP, format!("this system's root certificates vouch for it ({name})")),
        Err(why) => Finding::warning(
            STEP,
            format!(
                "this system does not trust it for {name} ({why}): where browsers do not either, they warn and TURN \
                     over TLS does not work"
            ),
            "serve the full chain (fullchain.pem); with an authority of your own, install its root on every device",
        ),
    })
}
