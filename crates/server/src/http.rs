//! The HTTP routes: the web client, the small API, health and metrics.

mod api;
mod handshakes;
mod headers;
mod origin;
mod redirect;
mod rest;
pub(crate) mod whip;

pub(crate) use handshakes::Handshakes;
pub(crate) use redirect::Redirect;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header, request::Parts},
    middleware::{self, Next},
    response::IntoResponse,
    routing::{any_service, get, post},
};
use ipnet::IpNet;
use kaigi_worker::Worker;
use metrics_exporter_prometheus::PrometheusHandle;
use socketioxide::layer::SocketIoLayer;
use tower_http::{cors::CorsLayer, services::ServeDir};

use crate::{
    assets::{self, Assets},
    certificate::Store,
    history::History,
    session::{Session, Sessions},
    signaling::Hub,
    sources::Sources,
    visitor::Visitor,
};
use origin::Origins;

/// The client of the Socket.IO version served, routed before the Socket.IO layer.
const SOCKET_IO_SCRIPT: &str = "/socket.io/socket.io.js";

/// Bytes an API request may hold.
const API_BODY: usize = 16 * 1024;

/// What the routes need.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) hub: Arc<Hub>,
    pub(crate) history: Arc<History>,
    /// `None` without TLS.
    pub(crate) store: Option<Arc<Store>>,
    /// Milliseconds since the Unix epoch.
    pub(crate) started_at: u64,
    pub(crate) sessions: Sessions,
    pub(crate) trust_proxy: Arc<[IpNet]>,
    pub(crate) origins: Arc<Origins>,
    pub(crate) handshakes: Arc<Handshakes>,
    /// `https://` and the server's address in the local network.
    pub(crate) lan_origin: Option<Arc<str>>,
    pub(crate) page_headers: Arc<HeaderMap>,
    pub(crate) assets: Assets,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) worker: Worker,
    pub(crate) metrics_token: Option<Arc<str>>,
    pub(crate) api_key: Option<Arc<str>>,
    /// Wrong keys for the API that were tried.
    pub(crate) key_guesses: Arc<Sources>,
    pub(crate) connection_tests: Arc<Sources>,
    pub(crate) whip: Arc<whip::Rates>,
}

impl Site {
    pub(crate) fn origins(allowed: &[String]) -> Arc<Origins> {
        Arc::new(Origins::new(allowed))
    }

    pub(crate) fn page_headers(frame_ancestors: &[String]) -> Result<Arc<HeaderMap>, String> {
        headers::page_headers(frame_ancestors).map(Arc::new)
    }
}

/// All routes.
pub(crate) fn router(site: Site, socket_io: SocketIoLayer, site_dir: Option<PathBuf>) -> Router {
    let mut routes = Router::new()
        .route("/", get(page))
        .route("/r/{room}", get(page))
        .route("/r/{room}/", get(page))
        .route("/test", get(page))
        .route("/admin", get(page))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .route("/metrics", get(api::metrics))
        .route("/api/v1/session", get(api::session).put(api::put_session))
        .route("/api/v1/connection-test", post(api::connection_test))
        .merge(rest::routes())
        .fallback(get(file))
        .layer(DefaultBodyLimit::max(API_BODY))
        .merge(whip::routes());
    if let Some(dir) = site_dir {
        routes = routes.nest_service("/site", any_service(ServeDir::new(dir)));
    }
    let cors = CorsLayer::new()
        .allow_origin(site.origins.cors())
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, header::IF_MATCH])
        // What WHIP and WHEP answer with.
        .expose_headers([header::LOCATION, header::ETAG, header::LINK, header::RETRY_AFTER]);
    // The Socket.IO layer takes everything below /socket.io, so its client script is routed before it.
    Router::new()
        .route(SOCKET_IO_SCRIPT, get(file))
        .with_state(site.clone())
        .fallback_service(routes.with_state(site.clone()).layer(socket_io))
        .layer(middleware::from_fn_with_state(site.clone(), handshakes::check))
        .layer(middleware::from_fn_with_state(site.clone(), origin::check))
        .layer(cors)
        .layer(middleware::from_fn(whip::accept_post))
        .layer(middleware::from_fn_with_state(site, identify))
}

/// Finds out who asks, and puts the right headers on the answer.
async fn identify(State(site): State<Site>, request: Request, next: Next) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let visitor = Visitor::of(&parts, &site.trust_proxy, &site.sessions);
    let own_page = !parts.uri.path().starts_with("/site/");
    let (is_new, secure) = (visitor.session.is_none(), visitor.secure);
    parts.extensions.insert(visitor);
    if origin::is_socket_io(parts.uri.path()) {
        copy_out(&mut parts);
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if own_page {
        for (name, value) in site.page_headers.iter() {
            response.headers_mut().insert(name, value.clone());
        }
    }
    // Whoever opens a page, ours or the operator's, gets a session.
    if is_new
        && is_page(&response)
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Some(cookie) = site.sessions.cookie(&Session::new(), secure)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Socket.IO keeps a connection's request for as long as it lasts, and with it, where it only refers to that, the whole
/// buffer that it was read into: 16 kB a connection.
fn copy_out(parts: &mut Parts) {
    if let Ok(uri) = Uri::try_from(parts.uri.to_string()) {
        parts.uri = uri;
    }
    let copy = |(name, value): (&HeaderName, &HeaderValue)| {
        let copied = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        Some((HeaderName::from_bytes(name.as_str().as_bytes()).ok()?, copied))
    };
    parts.headers = parts.headers.iter().filter_map(copy).collect();
}

fn is_page(response: &Response<Body>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    response.status().is_success() && kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// The page of the web client; the client finds out from the address what to show.
async fn page(State(site): State<Site>, request: Request) -> Response<Body> {
    assets::serve(site.assets, "index.html", request.headers())
}

/// Any other file of the bundle.
async fn file(State(site): State<Site>, request: Request) -> Response<Body> {
    let path = request.uri().path().trim_start_matches('/');
    if path == "index.html" {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "/")]).into_response();
    }
    assets::serve(site.assets, path, request.headers())
}
