//! `/healthz`, `/readyz`, `/metrics`, and what our own pages ask for below `/api/v1`.

use axum::{
    Extension, Json,
    body::Body,
    extract::{Request, State, rejection::JsonRejection},
    http::{HeaderMap, Response, StatusCode, header},
    response::IntoResponse,
};
use kaigi_protocol::vocabulary::ErrorCode;
use serde::{Deserialize, Serialize};

use super::{Site, rest::Problem};
use crate::{
    assets, minter,
    secrets::{digest, equal},
    session::{Preferences, Session},
    visitor::Visitor,
};

/// The process lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// New meetings are taken: not before everything is bound (nothing is served then), nor while stopping.
pub(super) async fn readyz(State(site): State<Site>) -> Response<Body> {
    if site.hub.is_closing() {
        return assets::text(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    assets::text(StatusCode::OK, "ready")
}

/// Prometheus metrics, for loopback or with the token.
pub(super) async fn metrics(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Response<Body> {
    let local = !visitor.proxied && visitor.ip.is_some_and(|ip| ip.is_loopback());
    let shown = match (&site.metrics_token, bearer(&headers)) {
        (Some(token), Some(given)) => equal(token, given),
        _ => false,
    };
    if !local && !shown {
        let words =
            "metrics are for requests from loopback, or with the token of --metrics-token as Bearer token";
        return assets::text(StatusCode::FORBIDDEN, words);
    }
    let more = crate::turn::show_metrics(&site.worker);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], site.metrics.render() + &more).into_response()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionView {
    preferences: Preferences,
    may_open_rooms: bool,
    /// Where others reach this server, when the visitor's own address of it, on loopback, is worth nothing
    /// to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_origin: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SessionChange {
    preferences: Option<Preferences>,
    create_key: Option<String>,
}

/// What the cookie remembers; a visitor without one gets one.
pub(super) async fn session(State(site): State<Site>, request: Request) -> Response<Body> {
    let session = site.sessions.read_or_new(request.headers());
    let visitor: Option<&Visitor> = request.extensions().get();
    let on_loopback =
        visitor.is_some_and(|visitor| !visitor.proxied && visitor.ip.is_some_and(|ip| ip.is_loopback()));
    let view = SessionView {
        may_open_rooms: site.hub.may_open(Some(&session)),
        preferences: session.preferences.clone(),
        invite_origin: site.lan_origin.as_deref().filter(|_| on_loopback).map(Into::into),
    };
    remember(&site, visitor, &session, Json(view).into_response())
}

/// Changes what the cookie remembers.
pub(super) async fn put_session(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    change: Result<Json<SessionChange>, JsonRejection>,
) -> Response<Body> {
    let change = match change {
        Ok(Json(change)) => change,
        Err(rejection) => return problem(rejection.status(), &rejection.body_text()),
    };
    let mut session = site.sessions.read_or_new(&headers);
    if let Some(preferences) = change.preferences {
        if let Err(why) = preferences.check() {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, &why);
        }
        session.preferences = preferences;
    }
    if let Some(key) = change.create_key {
        if let Err(error) = site.hub.check_key(&key, visitor.ip) {
            let limited = error.code == ErrorCode::RateLimited;
            let status = if limited { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::FORBIDDEN };
            return problem(status, &error.message);
        }
        session.opener = Some(digest(&key));
    }
    remember(&site, Some(&visitor), &session, StatusCode::NO_CONTENT.into_response())
}

/// A short-lived credential for whoever has our page open: its connection test goes through the relay.
pub(super) async fn connection_test(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
) -> Response<Body> {
    let Some(session) = visitor.session else {
        return problem(StatusCode::FORBIDDEN, "open the page /test first: it sets the session cookie");
    };
    if !site.connection_tests.allow(visitor.ip) {
        return problem(StatusCode::TOO_MANY_REQUESTS, "too many tests from your network; wait a minute");
    }
    let turn = site.hub.minter().mint(&session.guest, minter::CONNECTION_TEST);
    private(Json(serde_json::json!({ "turn": turn })).into_response())
}

fn remember(
    site: &Site,
    visitor: Option<&Visitor>,
    session: &Session,
    mut response: Response<Body>,
) -> Response<Body> {
    let secure = visitor.is_some_and(|visitor| visitor.secure);
    if let Some(cookie) = site.sessions.cookie(session, secure) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    private(response)
}

/// Nobody keeps it on the way.
fn private(mut response: Response<Body>) -> Response<Body> {
    let no_store = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1); it may be in UTF-8, as passwords are.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = std::str::from_utf8(headers.get(header::AUTHORIZATION)?.as_bytes()).ok()?;
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    Problem::new(status, detail).into_response()
}
