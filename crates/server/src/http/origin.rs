//! Which pages may use the server: our own, and those `--allow-origin` names.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, uri::Authority},
    middleware::Next,
};
use tower_http::cors::AllowOrigin;

use super::{Site, whip};
use crate::assets;

/// The origins besides our own.
pub(crate) struct Origins {
    allowed: Vec<HeaderValue>,
    all: bool,
}

impl Origins {
    pub(super) fn new(allowed: &[String]) -> Self {
        let values =
            allowed.iter().filter_map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')).ok());
        Self { allowed: values.collect(), all: allowed.iter().any(|origin| origin == "*") }
    }

    pub(super) fn cors(&self) -> AllowOrigin {
        if self.all {
            return AllowOrigin::mirror_request();
        }
        AllowOrigin::list(self.allowed.iter().filter(|origin| *origin != "*").cloned())
    }

    fn allows(&self, origin: &HeaderValue, headers: &HeaderMap, authority: Option<&Authority>) -> bool {
        self.all || self.allowed.contains(origin) || is_own(origin, headers, authority)
    }
}

/// A page of another site must not talk to Socket.IO or the API in a visitor's name. Browsers apply CORS to
/// neither WebSockets nor simple requests, so it is checked here.
pub(super) async fn check(State(site): State<Site>, request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let changes = ["/api/", "/whip/", "/whep/", whip::SESSIONS].iter().any(|prefix| path.starts_with(prefix));
    let guarded = is_socket_io(path) || changes && request.method() != Method::GET;
    if guarded
        && let Some(origin) = request.headers().get(header::ORIGIN)
        && !site.origins.allows(origin, request.headers(), request.uri().authority())
    {
        let origin = String::from_utf8_lossy(origin.as_bytes()).chars().take(128).collect::<String>();
        let words = format!(
            "pages of {origin} may not use this server; its operator can allow them with --allow-origin {origin}"
        );
        return assets::text(StatusCode::FORBIDDEN, words);
    }
    next.run(request).await
}

/// Does the Socket.IO layer take this path? It takes whatever begins like its own.
pub(super) fn is_socket_io(path: &str) -> bool {
    path.starts_with("/socket.io") && path != super::SOCKET_IO_SCRIPT
}

/// The origin names the host the request was made to: by Host (HTTP/1), `:authority` (HTTP/2), or by what
/// a proxy says it was. A browser sets none of the three on behalf of a foreign page.
fn is_own(origin: &HeaderValue, headers: &HeaderMap, authority: Option<&Authority>) -> bool {
    let Some((_, origin)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let named = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    [named("host"), named("x-forwarded-host"), authority.map(Authority::as_str)]
        .into_iter()
        .flatten()
        .any(|host| strip_default_port(host).eq_ignore_ascii_case(strip_default_port(origin)))
}

/// The host a request was made to: `:authority` (HTTP/2) or Host (HTTP/1).
pub(super) fn authority(headers: &HeaderMap, authority: Option<&Authority>) -> Option<Authority> {
    authority.cloned().or_else(|| headers.get(header::HOST)?.to_str().ok()?.parse().ok())
}

fn strip_default_port(host: &str) -> &str {
    host.strip_suffix(":443").or(host.strip_suffix(":80")).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(allowed: &[&str], origin: &str, host: &str) -> bool {
        let allowed: Vec<String> = allowed.iter().map(|&origin| origin.to_owned()).collect();
        let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        Origins::new(&allowed).allows(&origin.parse().unwrap(), &headers, None)
    }

    #[test]
    fn own_pages_and_named_origins_may() {
        assert!(allows(&[], "https://meet.example:8443", "meet.example:8443"));
        assert!(allows(&[], "https://meet.example", "meet.example:443"));
        assert!(allows(&["https://app.example/"], "https://app.example", "meet.example"));
        assert!(allows(&["*"], "https://any.example", "meet.example"));
    }

    #[test]
    fn others_may_not() {
        assert!(!allows(&[], "https://evil.example", "meet.example:8443"));
        assert!(!allows(&[], "null", "meet.example"));
        assert!(!allows(&["https://app.example"], "https://app.example.evil", "meet.example"));
        assert!(!allows(&[], "https://meet.example:9", "meet.example:8443"));
    }
}
