//! `/api/v1/ice-servers`.

use axum::{
    Json as Answer,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use kaigi_protocol::wire;
use serde::Serialize;
use utoipa::ToSchema;

use super::{operator::Operator, problem::Problem};
use crate::{
    http::{Site, api::bearer, origin},
    minter,
    secrets::random_id,
    visitor::Visitor,
};

/// What `RTCPeerConnection` takes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IceServers {
    ice_servers: Vec<IceServer>,
    /// How long the credentials are good, seconds.
    ttl: u32,
}

/// `RTCIceServer`.
#[derive(Serialize, ToSchema)]
struct IceServer {
    #[schema(example = json!(["turn:meet.example.org:443?transport=udp"]))]
    urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

impl From<&wire::IceServer> for IceServer {
    fn from(server: &wire::IceServer) -> Self {
        let wire::IceServer { urls, username, credential } = server.clone();
        Self { urls, username, credential }
    }
}

/// STUN and TURN servers with fresh credentials: for applications, and for participants by their session cookie.
#[utoipa::path(
    get, path = "/api/v1/ice-servers", tag = "access", operation_id = "getIceServers", security((), ("key" = [])),
    responses(
        (status = 200, description = "The servers.", body = IceServers),
        (status = 403, description = "Neither a participant nor an application.", body = super::problem::ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn servers(
    State(site): State<Site>,
    request: Request,
) -> Result<([(HeaderName, HeaderValue); 1], Answer<IceServers>), Problem> {
    let visitor = request.extensions().get::<Visitor>();
    let guest = visitor.and_then(|visitor| visitor.session.as_ref()).map(|session| session.guest.clone());
    let application = bearer(request.headers()).is_some_and(|given| Operator::judge(&site, given).is_ok());
    // Each credential of an application is an account of its own: it hands them to different people.
    let name = if application { Some(random_id()) } else { guest.filter(|guest| site.hub.holds(guest)) };
    let Some(name) = name else {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "for participants: join a room first, with the session cookie; applications show the key of --api-key as \
             Bearer token",
        ));
    };
    let Some(host) = origin::authority(request.headers(), request.uri().authority()) else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "the request has no Host, from which the URLs are made",
        ));
    };
    let secure = visitor.is_some_and(|visitor| visitor.secure);
    let turn = site.hub.minter().mint(&name, minter::PARTICIPANT);
    let ttl = turn.seconds;
    let own = site.hub.minter().ice_servers(&host, secure, turn);
    let ice_servers = own.iter().chain(site.hub.ice_servers()).map(IceServer::from).collect();
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([no_store], Answer(IceServers { ice_servers, ttl })))
}
