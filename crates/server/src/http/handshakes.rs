//! Bounds how many new Socket.IO sessions are begun. Over long polling a session costs its client one request
//! and us memory until the heartbeat fails, so the number of sessions is bounded by the rate of handshakes.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroU32,
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Response, StatusCode, header},
    middleware::Next,
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use metrics::counter;

use super::Site;
use crate::{assets, visitor::Visitor};

/// From one address, behind which a whole office may be.
const PER_SOURCE_PER_SECOND: u32 = 20;
const PER_SOURCE_BURST: u32 = 300;

/// From everywhere: a restart brings everybody back at once.
const PER_SECOND: u32 = 500;
const BURST: u32 = 5_000;

/// Sources share this many limiters by a keyed hash: a table with a bound, whose collisions nobody can choose.
const BUCKETS: usize = 4096;

/// Handshakes allowed from each source and in all.
pub(crate) struct Handshakes {
    all: DefaultDirectRateLimiter,
    sources: Vec<DefaultDirectRateLimiter>,
    hasher: RandomState,
}

impl Default for Handshakes {
    fn default() -> Self {
        Self {
            all: limiter(PER_SECOND, BURST),
            sources: (0..BUCKETS).map(|_| limiter(PER_SOURCE_PER_SECOND, PER_SOURCE_BURST)).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Handshakes {
    fn allow(&self, source: Option<IpAddr>) -> bool {
        let bucket = self.hasher.hash_one(source.map(network)) as usize % BUCKETS;
        self.sources[bucket].check().is_ok() && self.all.check().is_ok()
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

/// A home or office has one IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

fn limiter(per_second: u32, burst: u32) -> DefaultDirectRateLimiter {
    let number = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(number(per_second)).allow_burst(number(burst)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_from_one_source_leaves_the_others_alone() {
        let handshakes = Handshakes::default();
        let flood = |last: u16| Some(IpAddr::V6([0x2001, 0xdb8, 0, 1, 0, 0, 0, last].into()));
        let allowed = (0..2_000).filter(|n| handshakes.allow(flood(*n))).count();
        assert!((300..600).contains(&allowed), "one /64 is one source: {allowed}");
        let others = (0..100u8).filter(|n| handshakes.allow(Some(IpAddr::from([198, 51, 100, *n])))).count();
        assert!(others >= 98, "{others} of 100 others");
    }

    #[test]
    fn all_together_have_a_bound() {
        let handshakes = Handshakes::default();
        let allowed =
            (0..20_000u32).filter(|n| handshakes.allow(Some(IpAddr::from(n.to_be_bytes())))).count();
        assert!(allowed < 8_000, "{allowed}");
    }
}
