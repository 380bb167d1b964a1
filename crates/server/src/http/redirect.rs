//! Plain HTTP where https is meant: 308 to the same place.

use std::{convert::Infallible, future::Ready, net::Ipv6Addr};

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
};
use hyper::{body::Incoming, service::Service};

use crate::assets;

/// Answers every request with a redirect to https.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Redirect {
    /// To the port the request came to.
    SamePort,
    /// To this port.
    Port(u16),
}

impl Service<Request<Incoming>> for Redirect {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let host =
            request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let target = self.target(host, path).and_then(|target| HeaderValue::from_str(&target).ok());
        std::future::ready(Ok(match target {
            Some(target) => {
                let mut response = assets::text(StatusCode::PERMANENT_REDIRECT, "this is served by https");
                response.headers_mut().insert(header::LOCATION, target);
                response
            }
            None => assets::text(StatusCode::BAD_REQUEST, "use https, and name the host in the Host header"),
        }))
    }
}

impl Redirect {
    fn target(self, host: &str, path: &str) -> Option<String> {
        let (name, port) = split(host)?;
        let port = match self {
            Redirect::SamePort => port,
            Redirect::Port(443) => None,
            Redirect::Port(port) => Some(port),
        };
        // `//host` in a Location would be another host's address.
        let path = if path.starts_with('/') && !path.starts_with("//") { path } else { "/" };
        Some(match port {
            Some(port) => format!("https://{name}:{port}{path}"),
            None => format!("https://{name}{path}"),
        })
    }
}

/// Host and port of a Host header; `None` for what is not one.
fn split(host: &str) -> Option<(&str, Option<u16>)> {
    let end = match host.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')?;
            rest[..end].parse::<Ipv6Addr>().ok()?;
            end + 2
        }
        None => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(end);
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '[' | ']' | ':');
    if name.is_empty() || !name.chars().all(fine) {
        return None;
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Some((name, None)),
        Some(port) => Some((name, Some(port.parse().ok()?))),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_by_https() {
        for (redirect, host, path, target) in [
            (Redirect::SamePort, "meet.example:8443", "/r/a?x=1", Some("https://meet.example:8443/r/a?x=1")),
            (Redirect::SamePort, "[::1]:8443", "/", Some("https://[::1]:8443/")),
            (Redirect::Port(8443), "meet.example", "/", Some("https://meet.example:8443/")),
            (Redirect::Port(443), "meet.example:80", "/", Some("https://meet.example/")),
            (Redirect::SamePort, "meet.example", "//evil.example/", Some("https://meet.example/")),
            (Redirect::SamePort, "", "/", None),
            (Redirect::SamePort, "a/b", "/", None),
            (Redirect::SamePort, "a:port", "/", None),
            (Redirect::SamePort, "[bad]:1", "/", None),
        ] {
            assert_eq!(redirect.target(host, path).as_deref(), target, "{host}");
        }
    }
}
