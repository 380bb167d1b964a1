//! The operator's settings as the TURN core takes them.

use std::net::IpAddr;

use kaigi_turn::{Config, Credentials, Limits, Rate, policy::Policy};

use crate::options::{TurnLimits, TurnOptions};

/// A bucket never holds less: bursts of video and a few full-sized packets have to fit.
const LEAST_BURST: u64 = 64 * 1024;

/// `own` are all addresses of this server, public ones included.
pub(crate) fn config(options: &TurnOptions, credentials: Credentials, own: Vec<IpAddr>) -> Config {
    Config { limits: limits(&options.limits), ..Config::new(credentials, policy(options, own)) }
}

/// Whom relays may reach.
pub fn policy(options: &TurnOptions, own: Vec<IpAddr>) -> Policy {
    Policy::new(options.allow_peers.clone(), options.deny_peers.clone(), own)
}

fn limits(limits: &TurnLimits) -> Limits {
    Limits {
        allocations: limits.allocations,
        allocations_per_credential: limits.allocations_per_credential,
        bandwidth_per_credential: limits.bandwidth_per_credential.map(rate),
        bandwidth_per_source: limits.bandwidth_per_address.map(rate),
        ..Limits::default()
    }
}

/// The quarter of a second that the core's own defaults hold.
fn rate(per_second: u64) -> Rate {
    Rate { per_second, burst: (per_second / 4).max(LEAST_BURST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_defaults_are_the_cores() {
        let (ours, core) = (limits(&TurnLimits::default()), Limits::default());
        assert_eq!(format!("{ours:?}"), format!("{core:?}"));
    }

    #[test]
    fn every_limit_reaches_the_core_and_a_narrow_one_still_takes_packets() {
        let given = TurnLimits {
            allocations: 7,
            allocations_per_credential: 64,
            bandwidth_per_credential: None,
            bandwidth_per_address: Some(8_000),
        };
        let limits = limits(&given);
        assert_eq!((limits.allocations, limits.allocations_per_credential), (7, 64));
        assert_eq!(limits.bandwidth_per_credential, None);
        assert_eq!(limits.bandwidth_per_source, Some(Rate { per_second: 8_000, burst: LEAST_BURST }));
    }
}
