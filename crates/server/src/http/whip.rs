//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): media in and out of rooms for programs that speak HTTP and
//! WebRTC and nothing else. One request with an offer begins a session, at whose own address it is changed and ended.

mod fragment;
mod offer;
mod problem;

pub(crate) use offer::{Offer, attribute, with_credentials};

use std::net::IpAddr;

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Request, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header},
    middleware::Next,
    response::IntoResponse,
    routing::{delete, post},
};
use kaigi_protocol::{vocabulary::limits, wire::IceServer};

use super::{Site, api, origin};
use crate::{
    signaling::{Begun, Changed, Hub, Matches},
    sources::{Sources, per_minute, per_second},
    visitor::Visitor,
};
use offer::Purpose;
use problem::Problem;

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// Where sessions are, each with a name that cannot be guessed: whoever knows it may change and end it.
pub(super) const SESSIONS: &str = "/media-sessions/";

/// The name of a publisher that gives none.
const NAMELESS: &str = "Live";

/// How much one source may ask for: an office in which all open a page with a viewer fits.
pub(crate) struct Rates {
    offers: Sources,
    changes: Sources,
}

impl Default for Rates {
    fn default() -> Self {
        Self { offers: Sources::new(per_minute(120, 200)), changes: Sources::new(per_second(20, 400)) }
    }
}

impl Rates {
    fn check(sources: &Sources, source: Option<IpAddr>) -> Result<(), Problem> {
        if sources.allow(source) {
            return Ok(());
        }
        let words = "too many requests from your network; wait a minute";
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, words).with(header::RETRY_AFTER, "60"))
    }
}

/// The routes. What has no representation says so when it is asked for one (RFC 9725 §4.1).
pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/whip/{room}", post(publish).get(nothing))
        .route("/whep/{room}", post(watch_speaker).get(nothing))
        .route("/whep/{room}/{participant}", post(watch_one).get(nothing))
        .route(&format!("{SESSIONS}{{id}}"), delete(end).patch(change).get(nothing))
        .layer(DefaultBodyLimit::max(limits::SDP_BYTES))
}

/// Adds to the answers to OPTIONS, which the CORS layer makes, what may be sent (RFC 9725 §4.2).
pub(super) async fn accept_post(request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let asked =
        request.method() == Method::OPTIONS && (path.starts_with("/whip/") || path.starts_with("/whep/"));
    let mut response = next.run(request).await;
    if asked {
        response.headers_mut().insert("accept-post", HeaderValue::from_static(SDP));
    }
    response
}

type Received = Result<Bytes, BytesRejection>;

async fn publish(
    State(site): State<Site>,
    Path(room): Path<String>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
    body: Received,
) -> Result<Response<Body>, Problem> {
    let offer = take_offer(&site, &visitor, &headers, body, Purpose::Publish)?;
    let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let name = query.find_map(|(key, value)| (key == "name").then_some(value)).unwrap_or(NAMELESS.into());
    let token = api::bearer(&headers);
    let begun = site.hub.publish(&visitor, &room, &name, token, offer).await;
    let begun = begun.map_err(|error| Problem::of(error, token.is_some()))?;
    Ok(created(&site.hub, &visitor, &uri, &headers, begun))
}

async fn watch_speaker(
    site: State<Site>,
    Path(room): Path<String>,
    visitor: Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
    body: Received,
) -> Result<Response<Body>, Problem> {
    watch(site, visitor, &room, None, &uri, &headers, body).await
}

async fn watch_one(
    site: State<Site>,
    Path((room, participant)): Path<(String, String)>,
    visitor: Extension<Visitor>,
    uri: Uri,
    headers: HeaderMap,
    body: Received,
) -> Result<Response<Body>, Problem> {
    watch(site, visitor, &room, Some(&participant), &uri, &headers, body).await
}

async fn watch(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    room: &str,
    whom: Option<&str>,
    uri: &Uri,
    headers: &HeaderMap,
    body: Received,
) -> Result<Response<Body>, Problem> {
    let offer = take_offer(&site, &visitor, headers, body, Purpose::Watch)?;
    let token = api::bearer(headers);
    let begun = site.hub.watch(&visitor, room, whom, token, offer).await;
    let begun = begun.map_err(|error| Problem::of(error, token.is_some()))?;
    Ok(created(&site.hub, &visitor, uri, headers, begun))
}

/// RFC 9725 §4.2: the session is to be ended by its client.
async fn end(
    State(site): State<Site>,
    Path(id): Path<String>,
    Extension(visitor): Extension<Visitor>,
) -> Result<StatusCode, Problem> {
    Rates::check(&site.whip.changes, visitor.ip)?;
    if site.hub.end_session(&id) { Ok(StatusCode::OK) } else { Err(no_session()) }
}

/// RFC 9725 §4.3.1: candidates that come late, and ICE restarts.
async fn change(
    State(site): State<Site>,
    Path(id): Path<String>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    body: Received,
) -> Result<Response<Body>, Problem> {
    Rates::check(&site.whip.changes, visitor.ip)?;
    let body = take(&headers, body, FRAGMENT)?;
    let fragment = fragment::parse(&body).map_err(|why| Problem::new(StatusCode::BAD_REQUEST, why))?;
    let conditions =
        headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).ok_or_else(|| {
            let words = "give If-Match with the ETag of the last answer, or * to restart ICE";
            Problem::new(StatusCode::PRECONDITION_REQUIRED, words)
        })?;
    let changed = site.hub.change_session(&visitor, &id, matches(conditions), fragment.credentials).await;
    match changed.map_err(|error| Problem::of(error, false))?.ok_or_else(no_session)? {
        Changed::Nothing => Ok(StatusCode::NO_CONTENT.into_response()),
        Changed::Outdated => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "ICE was restarted since: use the ETag of the last answer, or restart it again with If-Match: *",
        )),
        Changed::Restarted { answer, tag } => {
            let fragment = fragment::of_answer(&answer).unwrap_or_default();
            let headers = [(header::CONTENT_TYPE, FRAGMENT.to_owned()), (header::ETAG, format!("\"{tag}\""))];
            Ok((headers, fragment).into_response())
        }
    }
}

async fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn no_session() -> Problem {
    let words =
        "there is no such session, or it has ended; begin one by POST to /whip/<room> or /whep/<room>";
    Problem::new(StatusCode::NOT_FOUND, words)
}

/// An offer, if its sender may send one and it is one.
fn take_offer(
    site: &Site,
    visitor: &Visitor,
    headers: &HeaderMap,
    body: Received,
    purpose: Purpose,
) -> Result<Offer, Problem> {
    Rates::check(&site.whip.offers, visitor.ip)?;
    Ok(offer::admit(&take(headers, body, SDP)?, purpose)?)
}

/// A body of this kind.
fn take(headers: &HeaderMap, body: Received, kind: &'static str) -> Result<Bytes, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if !given.eq_ignore_ascii_case(kind) {
        let problem = Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("the body has to be {kind}, and Content-Type has to say so"),
        );
        // RFC 5789 §3.1 for PATCH.
        return Err(match kind {
            SDP => problem.with(header::HeaderName::from_static("accept-post"), SDP),
            _ => problem.with(header::HeaderName::from_static("accept-patch"), FRAGMENT),
        });
    }
    body.map_err(|why| match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(why.status(), format!("the body takes more than {} bytes", limits::SDP_BYTES))
        }
        status => Problem::new(status, why.body_text()),
    })
}

/// RFC 9110 §13.1.1: the comparison is strong, so what is weak matches nothing.
fn matches(conditions: &str) -> Matches<'_> {
    if conditions.trim() == "*" {
        return Matches::Any;
    }
    let tags = conditions.split(',').map(str::trim);
    Matches::Tags(tags.filter_map(|tag| tag.strip_prefix('"')?.strip_suffix('"')).collect())
}

/// The answer to an offer (RFC 9725 §4.2), with our TURN servers (§4.6) over TCP and TLS: over UDP they have the address
/// that media comes from, and Chromium takes everything from there for theirs
/// (docs/decisions/2026-11-30-stun-on-the-port-of-media.md).
fn created(hub: &Hub, visitor: &Visitor, uri: &Uri, headers: &HeaderMap, begun: Begun) -> Response<Body> {
    let Begun { id, answer, tag, turn } = begun;
    let fields = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, format!("{SESSIONS}{id}")),
        (header::ETAG, format!("\"{tag}\"")),
        (header::HeaderName::from_static("accept-patch"), FRAGMENT.to_owned()),
        // The credentials are one client's.
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let mut response = (StatusCode::CREATED, fields, answer).into_response();
    let own = origin::authority(headers, uri.authority())
        .map(|host| hub.minter().ice_servers(&host, visitor.secure, turn));
    let on_media_port = |url: &str| url.starts_with("stun:") || url.ends_with("?transport=udp");
    let own = own.iter().flatten().flat_map(|server| links(server, |url| !on_media_port(url)));
    for link in own.chain(hub.ice_servers().iter().flat_map(|server| links(server, |_| true))) {
        response.headers_mut().append(header::LINK, link);
    }
    response
}

/// A server's `Link` fields, one for each of its URLs that are wanted.
fn links(server: &IceServer, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = HeaderValue> {
    server.urls.iter().filter(move |url| wanted(url)).filter_map(|url| {
        let mut link = format!("<{url}>; rel=\"ice-server\"");
        if let (Some(username), Some(credential)) = (&server.username, &server.credential) {
            let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let (username, credential) = (quoted(username), quoted(credential));
            link += &format!(
                "; username=\"{username}\"; credential=\"{credential}\"; credential-type=\"password\""
            );
        }
        HeaderValue::from_str(&link).ok()
    })
}

#[cfg(test)]
mod tests;
