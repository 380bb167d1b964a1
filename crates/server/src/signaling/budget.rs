//! What one connection may send. Bytes are counted as well as messages, for what is sent to someone who does
//! not read waits in memory until that one's heartbeat fails.

use governor::{DefaultDirectRateLimiter, RateLimiter};
use kaigi_protocol::vocabulary::limits;

use crate::sources::{number, per_second};

pub(super) struct Budget {
    requests: DefaultDirectRateLimiter,
    bytes: DefaultDirectRateLimiter,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            requests: RateLimiter::direct(per_second(limits::REQUESTS_PER_SECOND, limits::REQUEST_BURST)),
            bytes: RateLimiter::direct(per_second(limits::BYTES_PER_SECOND, limits::BYTE_BURST)),
        }
    }
}

impl Budget {
    /// Counts a message; the error says in words what was too much.
    pub(super) fn take(&self, bytes: usize) -> Result<(), String> {
        if self.requests.check().is_err() {
            return Err(format!(
                "more than {} requests a second; wait a moment",
                limits::REQUESTS_PER_SECOND
            ));
        }
        let bytes = number(u32::try_from(bytes).unwrap_or(u32::MAX));
        match self.bytes.check_n(bytes) {
            Ok(Ok(())) => Ok(()),
            _ => Err(format!("more than {} bytes a second; wait a moment", limits::BYTES_PER_SECOND)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_fits_and_a_stream_of_offers_does_not() {
        let budget = Budget::default();
        assert_eq!(budget.take(limits::MESSAGE_BYTES), Ok(()));
        let more = (0..10).map(|_| budget.take(limits::MESSAGE_BYTES)).find_map(Result::err);
        assert!(more.is_some_and(|words| words.contains("bytes a second")));
    }

    #[test]
    fn many_small_requests_are_too_many() {
        let budget = Budget::default();
        let taken = (0..1_000).filter(|_| budget.take(10).is_ok()).count();
        assert!((200..400).contains(&taken), "{taken}");
    }
}
