//! Whether a queue is growing: the slope of the delay over the last groups against a threshold that adapts
//! (draft-ietf-rmcat-gcc-02 §5.4; the slope is a least-squares line, in place of §5.3's filter).

use super::groups::Delta;

const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
/// The slope is weighed by how many groups it rests on, up to this, and by this gain.
const MOST_COUNTED: u32 = 60;
const GAIN: f64 = 4.0;

/// How fast the threshold follows what it does not and does explain, per millisecond.
const RISE: f64 = 0.0087;
const FALL: f64 = 0.039;
const FIRST_THRESHOLD_MS: f64 = 12.5;
const THRESHOLD_MS: std::ops::RangeInclusive<f64> = 6.0..=600.0;
/// What is further away than this is a spike, not something to get used to.
const SPIKE_MS: f64 = 15.0;
const LONGEST_STEP_MS: f64 = 100.0;
/// How long it must grow to be overuse.
const SUSTAINED_MS: f64 = 10.0;

/// What the queue at the bottleneck does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// It drains.
    Under,
    Normal,
    /// It grows.
    Over,
}

#[derive(Debug)]
pub(super) struct Trend {
    /// Arrival in ms since the first, smoothed delay in ms.
    window: [(f64, f64); WINDOW],
    counted: u32,
    first_us: i64,
    delay_ms: f64,
    smoothed_ms: f64,
    slope: f64,
    threshold_ms: f64,
    adapted_us: Option<i64>,
    /// For how long it has been above the threshold, and how many groups.
    over_ms: Option<f64>,
    over_groups: u32,
    usage: Usage,
}

impl Trend {
    pub(super) fn new() -> Self {
        Self {
            window: [(0.0, 0.0); WINDOW],
            counted: 0,
            first_us: 0,
            delay_ms: 0.0,
            smoothed_ms: 0.0,
            slope: 0.0,
            threshold_ms: FIRST_THRESHOLD_MS,
            adapted_us: None,
            over_ms: None,
            over_groups: 0,
            usage: Usage::Normal,
        }
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn push(&mut self, delta: Delta) {
        if self.counted == 0 {
            self.first_us = delta.at_us;
        }
        self.delay_ms += (delta.arrived_us - delta.sent_us) as f64 / 1000.0;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.delay_ms;
        let at_ms = (delta.at_us - self.first_us) as f64 / 1000.0;
        self.window[self.counted as usize % WINDOW] = (at_ms, self.smoothed_ms);
        self.counted = self.counted.saturating_add(1);
        let before = self.slope;
        if self.counted as usize >= WINDOW {
            self.slope = slope(&self.window).unwrap_or(self.slope);
        }
        self.detect(delta, before);
    }

    fn detect(&mut self, delta: Delta, slope_before: f64) {
        if self.counted < 2 {
            return;
        }
        let weighed_ms = f64::from(self.counted.min(MOST_COUNTED)) * self.slope * GAIN;
        let group_ms = delta.sent_us.max(0) as f64 / 1000.0;
        if weighed_ms > self.threshold_ms {
            self.over_ms = Some(self.over_ms.map_or(group_ms / 2.0, |over_ms| over_ms + group_ms));
            self.over_groups += 1;
            let sustained =
                self.over_ms.is_some_and(|over_ms| over_ms > SUSTAINED_MS) && self.over_groups > 1;
            if sustained && self.slope >= slope_before {
                self.over_ms = Some(0.0);
                self.over_groups = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_ms = None;
            self.over_groups = 0;
            self.usage = if weighed_ms < -self.threshold_ms { Usage::Under } else { Usage::Normal };
        }
        self.adapt(delta.at_us, weighed_ms.abs());
    }

    fn adapt(&mut self, at_us: i64, weighed_ms: f64) {
        let step_ms = (at_us - self.adapted_us.unwrap_or(at_us)) as f64 / 1000.0;
        self.adapted_us = Some(at_us);
        if weighed_ms > self.threshold_ms + SPIKE_MS {
            return;
        }
        let gain = if weighed_ms < self.threshold_ms { FALL } else { RISE };
        self.threshold_ms += gain * (weighed_ms - self.threshold_ms) * step_ms.clamp(0.0, LONGEST_STEP_MS);
        self.threshold_ms = self.threshold_ms.clamp(*THRESHOLD_MS.start(), *THRESHOLD_MS.end());
    }
}

/// Of the least-squares line, milliseconds of delay per millisecond.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
        (above + (x - mean_x) * (y - mean_y), below + (x - mean_x) * (x - mean_x))
    });
    (below > 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(groups: u32, extra_us: impl Fn(u32) -> i64) -> Vec<Usage> {
        let mut trend = Trend::new();
        let mut at_us = 0;
        (0..groups)
            .map(|group| {
                let arrived_us = 20_000 + extra_us(group);
                at_us += arrived_us;
                trend.push(Delta { sent_us: 20_000, arrived_us, at_us });
                trend.usage()
            })
            .collect()
    }

    #[test]
    fn a_growing_delay_is_overuse_and_a_shrinking_one_underuse() {
        let usages = run(120, |group| {
            if group < 40 {
                0
            } else if group < 80 {
                2_000
            } else {
                -2_000
            }
        });
        assert!(usages[..40].iter().all(|usage| *usage == Usage::Normal));
        assert!(usages[40..60].contains(&Usage::Over));
        assert!(usages[80..].contains(&Usage::Under));
    }

    #[test]
    fn jitter_without_a_trend_is_normal() {
        let usages = run(500, |group| if group % 2 == 0 { 4_000 } else { -4_000 });
        assert!(usages.iter().all(|usage| *usage == Usage::Normal));
    }
}
