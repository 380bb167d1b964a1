//! What allow rules open, and what that means.

use std::{fmt, net::IpAddr};

use super::{Net, Rule, ranges};

/// Something that is closed by default and that this allow rule opens to everybody who may relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The allow rule.
    pub rule: Rule,
    /// What it opens.
    pub what: Opened,
}

/// What a rule opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// This address of the server itself.
    Own(IpAddr),
    /// The special ranges of these names.
    Ranges(Vec<&'static str>),
}

/// At most so many ranges are named.
const NAMED: usize = 4;

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = &self.rule;
        let names = match &self.what {
            Opened::Own(ip) => {
                return write!(
                    f,
                    "allowing peers {rule} lets everybody who may relay reach services of this machine on {ip}, past \
                     its firewall"
                );
            }
            Opened::Ranges(names) => names,
        };
        let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > NAMED { " and more" } else { "" };
        write!(f, "allowing peers {rule} opens special addresses ({named}{more}): {}", meaning(names))
    }
}

fn meaning(names: &[&str]) -> &'static str {
    let any = |part: &str| names.iter().any(|name| name.starts_with(part));
    if any("loopback") {
        "everybody who may relay reaches services that listen on this machine only"
    } else if any("link-local") {
        "everybody who may relay reaches the neighbours of this machine and, in a cloud, the metadata service that \
         hands out the machine's own keys"
    } else if any("private") || any("unique local") || any("carrier-grade") {
        "everybody who may relay reaches these machines as if from inside this network, past its firewall"
    } else if any("multicast") || any("broadcast") {
        "one packet of anybody who may relay reaches many machines"
    } else if any("NAT64") || any("6to4") || any("Teredo") || any("IPv4") {
        "IPv4 addresses hide in them, and each still has to be allowed itself"
    } else {
        "they belong to no machine on the internet, so only this network can answer"
    }
}

pub(super) fn find(allow: &[Rule], deny: &[Rule], own: &[IpAddr]) -> Vec<Opening> {
    // Without effect, or already said to open everything: a contradiction tells.
    let works = |rule: &&Rule| rule.net().prefix() > 0 && !deny.iter().any(|deny| deny.holds(rule));
    let mut found: Vec<Opening> = Vec::new();
    for rule in allow.iter().filter(works) {
        let what = match own.iter().find(|ip| rule.is_exactly(**ip)) {
            Some(ip) => Opened::Own(*ip),
            None => match names(rule.net()) {
                names if names.is_empty() => continue,
                names => Opened::Ranges(names),
            },
        };
        let opening = Opening { rule: rule.clone(), what };
        if !found.contains(&opening) {
            found.push(opening);
        }
    }
    found
}

fn names(net: &Net) -> Vec<&'static str> {
    if let Some(name) = ranges::within(net) {
        return vec![name];
    }
    let mut names: Vec<_> = ranges::inside(net).into_iter().map(|(_, name)| name).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::super::Policy;

    fn found(allow: &[&str], deny: &[&str], own: &[&str]) -> Vec<String> {
        let rules = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let own = own.iter().map(|ip| ip.parse().unwrap()).collect();
        Policy::new(rules(allow), rules(deny), own).openings().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_opened_is_named_with_what_it_means() {
        for (allow, own, parts) in [
            ("10.1.0.0/16", &[][..], ["private (RFC 1918)", "as if from inside"]),
            ("127.0.0.1:8080", &[], ["loopback", "this machine only"]),
            ("169.254.169.254", &[], ["link-local", "metadata service"]),
            ("fd00::/8", &[], ["unique local", "as if from inside"]),
            ("64:ff9b::/96", &[], ["NAT64", "each still has to be allowed"]),
            ("239.0.0.0/8", &[], ["multicast", "many machines"]),
            ("198.18.0.0/15", &[], ["benchmark", "only this network"]),
            ("128.0.0.0/1", &[], ["link-local (RFC 3927), private (RFC 1918)", " and more"]),
            ("192.0.2.7", &["192.0.2.7"], ["services of this machine on 192.0.2.7", "firewall"]),
        ] {
            let found = found(&[allow], &[], own);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(parts.iter().all(|part| found[0].contains(part)), "{found:?}");
        }
    }

    #[test]
    fn what_is_open_anyway_or_has_no_effect_is_no_opening() {
        assert_eq!(found(&["8.8.8.0/24:443"], &[], &[]), Vec::<String>::new());
        assert_eq!(found(&["10.1.0.0/16"], &["10.0.0.0/8"], &[]), Vec::<String>::new());
        assert_eq!(found(&["0.0.0.0/0"], &[], &[]), Vec::<String>::new(), "a contradiction tells that");
    }
}
