//! Bounds how many new Socket.IO sessions are begun. Over long polling a session costs its client one request
//! and us memory until the heartbeat fails, so the number of sessions is bounded by the rate of handshakes.

use std::net::IpAddr;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Response, StatusCode, header},
    middleware::Next,
};
use governor::{DefaultDirectRateLimiter, RateLimiter};
use metrics::counter;

use super::Site;
use crate::{
    assets,
    sources::{Sources, per_second},
    visitor::Visitor,
};

/// From one address, behind which a whole office may be.
const PER_SOURCE_PER_SECOND: u32 = 20;
const PER_SOURCE_BURST: u32 = 300;

/// From everywhere: a restart brings everybody back at once.
const PER_SECOND: u32 = 500;
const BURST: u32 = 5_000;

/// Handshakes allowed from each source and in all.
pub(crate) struct Handshakes {
    all: DefaultDirectRateLimiter,
    sources: Sources,
}

impl Default for Handshakes {
    fn default() -> Self {
        Self {
            all: RateLimiter::direct(per_second(PER_SECOND, BURST)),
            sources: Sources::new(per_second(PER_SOURCE_PER_SECOND, PER_SOURCE_BURST)),
        }
    }
}

impl Handshakes {
    fn allow(&self, source: Option<IpAddr>) -> bool {
        self.sources.allow(source) && self.all.check().is_ok()
    }
}

/// Refuses a handshake past the bounds with 429; the client tries again by itself.
pub(super) async fn check(State(site): State<Site>, request: Request, next: Next) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let begins =
        request.uri().path() == "/socket.io/" && !query.split('&').any(|pair| pair.starts_with("sid="));
    let source = request.extensions().get::<Visitor>().and_then(|visitor| visitor.ip);
    if begins && !site.handshakes.allow(source) {
        counter!("kaigi_handshakes_refused_total").increment(1);
        let mut response =
            assets::text(StatusCode::TOO_MANY_REQUESTS, "too many new connections; try again shortly");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return response;
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_have_a_bound() {
        let handshakes = Handshakes::default();
        let allowed =
            (0..20_000u32).filter(|n| handshakes.allow(Some(IpAddr::from(n.to_be_bytes())))).count();
        assert!(allowed < 8_000, "{allowed}");
    }
}
