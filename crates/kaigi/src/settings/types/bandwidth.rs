//! How many bits may pass per second.

use std::fmt;

use super::Expected;

/// Bits per second; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth(pub u64);

/// Per unit, how many bits per second. The unit has to be named: networks count bits, coturn counts bytes, and a
/// bare number leaves a factor of eight open. That is also why "Mbps" is none of them.
const UNITS: &[(&str, u64)] = &[
    ("Gbit/s", 1_000_000_000),
    ("Mbit/s", 1_000_000),
    ("kbit/s", 1_000),
    ("bit/s", 1),
    ("GB/s", 8_000_000_000),
    ("MB/s", 8_000_000),
    ("kB/s", 8_000),
    ("B/s", 8),
];

/// Less does not carry one voice with its headers.
const LEAST: u64 = 64_000;

impl Bandwidth {
    pub fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: &str = "a bandwidth with its unit, such as \"100Mbit/s\" (kbit/s, Mbit/s, Gbit/s, or \
                                kB/s, MB/s, GB/s for bytes), or 0 for no limit";
        if text == "0" {
            return Ok(Self(0));
        }
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = text[digits.len()..].trim();
        let factor =
            UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, factor)| *factor);
        let number = digits.parse::<u64>().ok();
        let bits =
            number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor)).ok_or(EXPECTED)?;
        match bits {
            0 | LEAST.. => Ok(Self(bits)),
            _ => Err("at least 64kbit/s, which one voice needs, or 0 for no limit".into()),
        }
    }

    /// `None` without a limit.
    pub fn bytes_per_second(self) -> Option<u64> {
        (self.0 > 0).then_some(self.0 / 8)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor)) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => f.write_str("0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_bytes_are_told_apart_and_printed_as_they_are_written() {
        for (text, bits, printed) in [
            ("100Mbit/s", 100_000_000, "100Mbit/s"),
            ("1 gbit/s", 1_000_000_000, "1Gbit/s"),
            ("1500kbit/s", 1_500_000, "1500kbit/s"),
            ("64000bit/s", 64_000, "64kbit/s"),
            ("12MB/s", 96_000_000, "96Mbit/s"),
            ("0", 0, "0"),
            ("0Mbit/s", 0, "0"),
        ] {
            assert_eq!(Bandwidth::parse(text), Ok(Bandwidth(bits)), "{text}");
            assert_eq!(Bandwidth(bits).to_string(), printed);
            assert_eq!(Bandwidth::parse(printed), Ok(Bandwidth(bits)), "{printed}");
        }
    }

    #[test]
    fn what_leaves_the_unit_open_or_carries_no_voice_is_refused() {
        for text in ["100", "100M", "100Mbps", "Mbit/s", "-1Mbit/s", "1.5Mbit/s", "99999999999999Gbit/s", ""]
        {
            let expected = Bandwidth::parse(text).unwrap_err();
            assert!(expected.contains("100Mbit/s"), "{text}: {expected}");
        }
        let expected = Bandwidth::parse("63kbit/s").unwrap_err();
        assert!(expected.starts_with("at least 64kbit/s"), "{expected}");
        assert_eq!(Bandwidth::parse("8kB/s"), Ok(Bandwidth(64_000)), "exactly the least");
    }

    #[test]
    fn no_limit_is_none_and_bits_become_bytes() {
        assert_eq!(Bandwidth(0).bytes_per_second(), None);
        assert_eq!(Bandwidth(100_000_000).bytes_per_second(), Some(12_500_000));
    }
}
