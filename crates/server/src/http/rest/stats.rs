//! `/api/v1/stats`.

use std::time::UNIX_EPOCH;

use axum::{Json as Answer, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::operator::Operator;
use crate::{
    history::{EVERY, Sample},
    http::Site,
};

/// How the server is, and was in the last hour.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    version: &'static str,
    /// When the server started.
    started_at: u64,
    /// It is stopping: no new meetings are taken.
    stopping: bool,
    /// The certificate in use; null without TLS.
    certificate: Option<Certificate>,
    /// Seconds between samples.
    every: u64,
    /// A sample every ten seconds, oldest first, of the last hour at most.
    samples: Vec<Sample>,
}

/// A certificate.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    /// What it is for.
    names: Vec<String>,
    /// Until when it is valid.
    expires_at: u64,
    /// Browsers warn of it.
    self_signed: bool,
    /// SHA-256 as browsers show it.
    fingerprint: String,
    /// Whole sentences: it works, but somebody will be refused.
    warnings: Vec<String>,
}

/// How the server is, and was in the last hour: what `/admin` shows.
#[utoipa::path(
    get, path = "/api/v1/stats", tag = "server", operation_id = "getStats", security(("key" = [])),
    responses((status = 200, description = "The server.", body = Stats))
)]
pub(super) async fn show(_: Operator, State(site): State<Site>) -> Answer<Stats> {
    let certificate = site.store.as_ref().map(|store| {
        let now = store.current();
        let expires = now.not_after.duration_since(UNIX_EPOCH).unwrap_or_default();
        Certificate {
            names: now.names.clone(),
            expires_at: expires.as_millis() as u64,
            self_signed: now.self_signed,
            fingerprint: now.fingerprint.clone(),
            warnings: now.warnings.clone(),
        }
    });
    Answer(Stats {
        version: env!("CARGO_PKG_VERSION"),
        started_at: site.started_at,
        stopping: site.hub.is_closing(),
        certificate,
        every: EVERY,
        samples: site.history.samples(),
    })
}
