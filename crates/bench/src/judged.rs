//! Whether a figure is where it should be.

use std::fmt;

/// A figure that should be at most its aim.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// What was measured.
    pub figure: f64,
    /// What it should be at most.
    pub aim: f64,
}

impl Judged {
    /// The aim is met.
    pub fn is_met(self) -> bool {
        self.figure <= self.aim
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_met() { "met" } else { "missed" };
        write!(f, "{:.2} ({word}: ≤ {})", self.figure, self.aim)
    }
}

/// How many of several figures are where they should be, and the figures' range.
pub fn summary(judged: &[Judged]) -> String {
    let met = judged.iter().filter(|one| one.is_met()).count();
    let figures = crate::stats::Spread::of(judged.iter().map(|one| one.figure));
    figures.map_or("not measured".into(), |spread| {
        let verdict = if met == judged.len() { "met" } else { "missed" };
        let of = judged.len();
        format!(
            "{verdict}: {met} of {of} cells within; median {:.2}, range {:.2} to {:.2}",
            spread.median, spread.least, spread.most
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_met_at_its_bound_and_missed_beyond() {
        assert!(Judged { figure: 1.3, aim: 1.3 }.is_met());
        assert_eq!(Judged { figure: 1.304, aim: 1.3 }.to_string(), "1.30 (missed: ≤ 1.3)");
    }

    #[test]
    fn a_summary_misses_when_one_cell_does() {
        let judged = [1.0, 1.2, 1.6].map(|figure| Judged { figure, aim: 1.3 });
        assert_eq!(summary(&judged), "missed: 2 of 3 cells within; median 1.20, range 1.00 to 1.60");
        assert_eq!(summary(&judged[..2]), "met: 2 of 2 cells within; median 1.10, range 1.00 to 1.20");
        assert_eq!(summary(&[]), "not measured");
    }
}
