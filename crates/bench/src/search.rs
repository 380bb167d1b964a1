//! Finds the highest rate that a server keeps up with.

use std::io;

/// Where to search.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// To begin with.
    pub first: f64,
    /// Slower than this is not searched for.
    pub slowest: f64,
    /// Nor faster.
    pub fastest: f64,
    /// The search ends when it knows the rate to this factor.
    pub resolution: f64,
}

/// What a trial at some rate has shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trial {
    /// Everything came through.
    Clean,
    /// Something was lost.
    Loss,
    /// The generator did not keep up; this was its rate.
    Late(f64),
}

/// The rate that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found {
    /// A little more is lost.
    Limit(f64),
    /// More was not tried, or the generator is too slow for it.
    AtLeast(f64),
}

/// Raises the rate until something is lost twice in a row, then halves the interval.
pub fn search(bounds: Bounds, mut trial: impl FnMut(f64) -> io::Result<Trial>) -> io::Result<Found> {
    let mut twice = |rate| match trial(rate)? {
        Trial::Loss => trial(rate),
        other => Ok(other),
    };
    let (mut good, mut bad) = (0.0, f64::INFINITY);
    let Bounds { first, slowest, fastest, resolution } = bounds;
    let mut next = first;
    loop {
        match twice(next)? {
            Trial::Clean => good = next,
            Trial::Loss => bad = next,
            Trial::Late(rate) => return Ok(Found::AtLeast(rate.max(good))),
        }
        if bad <= good.max(slowest) * resolution {
            return Ok(Found::Limit(good));
        }
        if good >= fastest {
            return Ok(Found::AtLeast(good));
        }
        next = if bad.is_finite() { good.max(slowest).midpoint(bad) } else { (good * 1.7).min(fastest) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { first: 40_000.0, slowest: 2000.0, fastest: 1e6, resolution: 1.06 };

    #[test]
    fn the_search_ends_just_below_what_is_lost() {
        for limit in [3000.0, 7000.0, 123_456.0] {
            let found =
                search(BOUNDS, |rate| Ok(if rate > limit { Trial::Loss } else { Trial::Clean })).unwrap();
            let Found::Limit(rate) = found else { panic!("{found:?}") };
            assert!(rate <= limit && rate > limit / BOUNDS.resolution, "{rate} of {limit}");
        }
    }

    #[test]
    fn one_loss_by_chance_does_not_end_it() {
        let mut trials = 0;
        let found = search(BOUNDS, |rate| {
            trials += 1;
            Ok(if rate > 50_000.0 || trials == 1 { Trial::Loss } else { Trial::Clean })
        });
        let Found::Limit(rate) = found.unwrap() else { panic!() };
        assert!(rate > 50_000.0 / BOUNDS.resolution, "{rate}");
    }

    #[test]
    fn a_generator_that_cannot_keep_up_is_not_the_servers_limit() {
        let found =
            search(BOUNDS, |rate| Ok(if rate > 60_000.0 { Trial::Late(58_000.0) } else { Trial::Clean }));
        assert_eq!(found.unwrap(), Found::AtLeast(58_000.0));
    }

    #[test]
    fn a_server_that_delivers_nothing_is_found_out() {
        assert_eq!(search(BOUNDS, |_| Ok(Trial::Loss)).unwrap(), Found::Limit(0.0));
    }

    #[test]
    fn it_goes_no_further_than_the_fastest() {
        assert_eq!(search(BOUNDS, |_| Ok(Trial::Clean)).unwrap(), Found::AtLeast(1e6));
    }
}
