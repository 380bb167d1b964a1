//! Rules for TURN peers that do not do what they seem to say, or that open much: for `kaigi check`, and as
//! warnings at start.

use std::net::IpAddr;

use kaigi_server::policy::{Contradiction, Rule};
use kaigi_server::turn_policy;

use crate::addresses::Interface;
use crate::settings::{Key, Loaded, Problem};

/// One sentence each, with the setting and where it was written. `interfaces` are this machine's.
pub fn findings(loaded: &Loaded, interfaces: &[Interface]) -> Vec<String> {
    let settings = &loaded.settings;
    let public = settings.public_address.iter().copied();
    let mut own: Vec<IpAddr> = interfaces.iter().map(|interface| interface.address).chain(public).collect();
    own.sort();
    own.dedup();
    let turn = settings.turn_options();
    let policy = turn_policy(&turn, own);
    let lists = Lists { loaded, allow: &turn.allow_peers, deny: &turn.deny_peers };
    let contradictions = policy.contradictions().into_iter().map(|found| lists.explain(&found));
    let openings = policy.openings().into_iter().map(|found| lists.at(ALLOW, &found.rule, found.to_string()));
    contradictions.chain(openings).collect()
}

const ALLOW: &str = "turn-allow-peer";
const DENY: &str = "turn-deny-peer";

struct Lists<'a> {
    loaded: &'a Loaded,
    allow: &'a [Rule],
    deny: &'a [Rule],
}

impl Lists<'_> {
    fn explain(&self, found: &Contradiction) -> String {
        let text = found.to_string();
        match found {
            Contradiction::DenyWins { allow, deny } => match self.problem(DENY, deny, String::new()) {
                Some(stronger) => self.at(ALLOW, allow, format!("{text} ({DENY}: {})", stronger.origin)),
                None => self.at(ALLOW, allow, text),
            },
            Contradiction::OwnAddressStaysDenied { allow: rule, .. }
            | Contradiction::AllowedAnyway(rule)
            | Contradiction::AllowsEverything(rule) => self.at(ALLOW, rule, text),
            Contradiction::DeniedAnyway(rule) => self.at(DENY, rule, text),
            Contradiction::Repeated(rule) => {
                let twice = self.allow.iter().filter(|other| *other == rule).count() > 1;
                self.at(if twice { ALLOW } else { DENY }, rule, text)
            }
            Contradiction::Covered { rule, by } => {
                let holds_both = self.allow.contains(rule) && self.allow.contains(by);
                self.at(if holds_both { ALLOW } else { DENY }, rule, text)
            }
        }
    }

    fn at(&self, name: &str, rule: &Rule, text: String) -> String {
        self.problem(name, rule, text.clone()).map_or(text, |problem| problem.to_string())
    }

    /// The last rule of this list that says so: of two, the later one is the one too many.
    fn problem(&self, name: &str, rule: &Rule, text: String) -> Option<Problem> {
        let list = if name == ALLOW { self.allow } else { self.deny };
        let inner = list.iter().rposition(|other| other == rule)?.to_string();
        Some(self.loaded.problem(Key::named(name)?, &inner, text))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn found(file: &str, flags: &[&str], own: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kaigi.toml");
        std::fs::write(&path, file).unwrap();
        let cli = Cli::try_parse_from(["kaigi"].iter().chain(flags)).unwrap();
        let loaded = Loaded::read(&cli.flags, Some(&path), std::iter::empty());
        assert_eq!(loaded.problems, []);
        let interface = |ip: &&str| Interface { name: "eth0".into(), address: ip.parse().unwrap() };
        let interfaces: Vec<_> = own.iter().map(interface).collect();
        let prefix = format!("{}/", folder.path().display());
        findings(&loaded, &interfaces).iter().map(|line| line.replace(&prefix, "")).collect()
    }

    fn one(file: &str, flags: &[&str], own: &[&str], start: &str, part: &str) {
        let found = found(file, flags, own);
        let fits = |line: &&String| line.starts_with(start) && line.contains(part) && !line.contains('\n');
        assert_eq!(found.iter().filter(fits).count(), 1, "{start} … {part}: {found:?}");
    }

    #[test]
    fn no_rules_and_rules_that_do_what_they_say_give_no_word() {
        assert_eq!(found("", &[], &["10.0.0.5"]), Vec::<String>::new());
        let file = "turn-deny-peer = ['8.8.8.0/24']\nturn-allow-peer = ['9.9.9.9:443']";
        assert_eq!(found(file, &[], &["10.0.0.5"]), Vec::<String>::new());
    }

    #[test]
    fn a_deny_that_wins_names_both_places() {
        let file = "turn-allow-peer = ['10.9.0.0/16', '10.1.0.0/16']\nturn-deny-peer = ['10.1.0.0/16']";
        let start = "kaigi.toml:1:35: turn-allow-peer: allowing peers 10.1.0.0/16 has no effect";
        one(file, &[], &[], start, "(turn-deny-peer: kaigi.toml:2:19)");
        let flags = ["--turn-allow-peer=10.1.0.0/16", "--turn-deny-peer=10.0.0.0/8"];
        let start = "--turn-allow-peer: allowing peers 10.1.0.0/16 has no effect";
        one("", &flags, &[], start, "deny wins; remove one of them (turn-deny-peer: --turn-deny-peer)");
    }

    #[test]
    fn an_own_address_in_a_network_stays_closed_and_an_exact_one_is_opened() {
        let network = ["--turn-allow-peer=10.0.0.0/8"];
        one("", &network, &["10.0.0.5"], "--turn-allow-peer: ", "does not open 10.0.0.5");
        let exact = ["--turn-allow-peer=10.0.0.5"];
        one("", &exact, &["10.0.0.5"], "--turn-allow-peer: ", "reach services of this machine on 10.0.0.5");
        let public = ["--turn-allow-peer=8.8.8.0/24", "--public-address=8.8.8.8"];
        one("", &public, &[], "--turn-allow-peer: ", "does not open 8.8.8.8");
    }

    #[test]
    fn what_never_applies_is_placed_in_its_own_list() {
        let file = "turn-deny-peer = ['192.168.0.0/16', '8.8.8.0/24',\n '8.8.8.0/24', '8.8.8.9']";
        one(file, &[], &[], "kaigi.toml:1:19: turn-deny-peer: ", "they are denied anyway");
        one(file, &[], &[], "kaigi.toml:2:2: turn-deny-peer: ", "given twice");
        one(file, &[], &[], "kaigi.toml:2:16: turn-deny-peer: ", "8.8.8.0/24 in the same list covers it");
        one("turn-allow-peer = '8.8.8.8'", &[], &[], "kaigi.toml:1:19: turn-allow-peer: ", "allowed anyway");
    }

    #[test]
    fn an_opened_range_is_named_with_what_it_means() {
        let file = "turn-allow-peer = ['169.254.0.0/16']";
        one(file, &[], &[], "kaigi.toml:1:20: turn-allow-peer: ", "link-local");
        one("", &["--turn-allow-peer=::/0"], &[], "--turn-allow-peer: ", "loopback and private networks");
    }
}
