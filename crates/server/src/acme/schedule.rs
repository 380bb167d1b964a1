//! When the next certificate is ordered.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::certificate::Certificate;

const MINUTE: Duration = Duration::from_secs(60);
/// The first wait after a failure. Let's Encrypt lets a host fail five times in an hour: with this, the sixth is later.
const FIRST: Duration = MINUTE.saturating_mul(2);
const LONGEST: Duration = MINUTE.saturating_mul(12 * 60);
/// No authority is believed that wants longer; nor is a clock that was wrong when a wait was written down.
const FARTHEST: Duration = MINUTE.saturating_mul(8 * 24 * 60);
/// How long is slept at most before the clock is looked at again: machines are suspended, and clocks are set.
const LOOK: Duration = MINUTE.saturating_mul(30);
/// Between two certificates, however short their time.
const LEAST: Duration = Duration::from_secs(5);

/// At two thirds of a certificate's time.
pub(super) fn renewal(certificate: &Certificate) -> SystemTime {
    let lifetime = certificate.not_after.duration_since(certificate.not_before).unwrap_or_default();
    certificate.not_before + lifetime * 2 / 3
}

/// After the `failures`th failure in a row: doubling, up to half a day, a fifth earlier or later so that servers that
/// failed together do not come back together; never before the authority allows.
pub(super) fn again(failures: u32, retry_after: Option<SystemTime>, now: SystemTime) -> SystemTime {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    let own = now + doubled.mul_f64(rand::random_range(0.8..1.2));
    bounded(retry_after.map_or(own, |allowed| allowed.max(own)), now)
}

pub(super) fn bounded(at: SystemTime, now: SystemTime) -> SystemTime {
    at.min(now + FARTHEST)
}

/// Sleeps until the clock shows `at`.
pub(super) async fn until(at: SystemTime) {
    tokio::time::sleep(LEAST).await;
    while let Ok(left) = at.duration_since(SystemTime::now())
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

/// For people and machines, in UTC.
pub(super) fn shown(at: SystemTime) -> String {
    let seconds = OffsetDateTime::from(at).replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    seconds.format(&Rfc3339).unwrap_or_default()
}
