//! Rules that do not do what they seem to say.

use std::{fmt, net::IpAddr};

use super::{Rule, ranges, special_range};

/// Something for the operator to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// The allow rule has no effect: the deny rule covers all of it.
    DenyWins {
        /// Without effect.
        allow: Rule,
        /// Stronger.
        deny: Rule,
    },
    /// The allow rule holds an address of this server, which stays denied because it is not named exactly.
    OwnAddressStaysDenied {
        /// Too wide.
        allow: Rule,
        /// The server's.
        own: IpAddr,
    },
    /// The allow rule allows a single address that is allowed anyway.
    AllowedAnyway(Rule),
    /// The deny rule denies what is denied anyway, as it is special and no allow rule opens any of it.
    DeniedAnyway(Rule),
    /// The rule has no effect: another one of its list covers all of it.
    Covered {
        /// Without effect.
        rule: Rule,
        /// Wider.
        by: Rule,
    },
    /// The rule stands in a list twice.
    Repeated(Rule),
    /// The allow rule opens everything: loopback and the operator's own networks too.
    AllowsEverything(Rule),
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DenyWins { allow, deny } => {
                write!(
                    f,
                    "allowing peers {allow} has no effect: denying {deny} covers it, and deny wins; remove one of them"
                )
            }
            Self::OwnAddressStaysDenied { allow, own } => {
                write!(
                    f,
                    "allowing peers {allow} does not open {own}, an address of this server; allow exactly {own} if that is meant"
                )
            }
            Self::AllowedAnyway(rule) => {
                write!(f, "allowing peer {rule} has no effect: it is allowed anyway")
            }
            Self::DeniedAnyway(rule) => {
                write!(f, "denying peers {rule} has no effect: they are denied anyway")
            }
            Self::Covered { rule, by } => {
                write!(
                    f,
                    "the peer rule {rule} has no effect: {by} in the same list covers it; remove one of them"
                )
            }
            Self::Repeated(rule) => write!(f, "the peer rule {rule} is given twice"),
            Self::AllowsEverything(rule) => {
                write!(
                    f,
                    "allowing peers {rule} lets every TURN user reach this machine's loopback and private networks; name the networks that are meant"
                )
            }
        }
    }
}

pub(super) fn find(allow: &[Rule], deny: &[Rule], own: &[IpAddr]) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for list in [allow, deny] {
        let repeated = list.iter().enumerate().filter(|(at, rule)| list[..*at].contains(rule));
        found.extend(repeated.map(|(_, rule)| Contradiction::Repeated(rule.clone())));
    }
    // An exact address opens one of this server's, and ports open those below 1024: wider rules do not.
    let does_more = |rule: &Rule, by: &Rule| {
        rule.names_port() && !by.names_port() || own.iter().any(|ip| rule.is_exactly(*ip))
    };
    for (list, allows) in [(allow, true), (deny, false)] {
        for rule in list {
            let covers = |by: &&Rule| *by != rule && by.holds(rule) && !(allows && does_more(rule, by));
            let by = list.iter().find(covers);
            found.extend(by.map(|by| Contradiction::Covered { rule: rule.clone(), by: by.clone() }));
        }
    }
    for rule in allow {
        if let Some(deny) = deny.iter().find(|deny| deny.holds(rule)) {
            found.push(Contradiction::DenyWins { allow: rule.clone(), deny: deny.clone() });
            continue;
        }
        if rule.net().prefix() == 0 {
            found.push(Contradiction::AllowsEverything(rule.clone()));
        }
        // Several allow rules may stand for one address: only an exact one opens it.
        let named = |ip: IpAddr| allow.iter().any(|rule| rule.is_exactly(ip));
        for own in own.iter().filter(|own| rule.net().contains(**own) && !named(**own)) {
            found.push(Contradiction::OwnAddressStaysDenied { allow: rule.clone(), own: *own });
        }
        let base = rule.net().base();
        if rule.is_exactly(base)
            && !rule.names_port()
            && special_range(base).is_none()
            && !own.contains(&base)
        {
            found.push(Contradiction::AllowedAnyway(rule.clone()));
        }
    }
    for rule in deny {
        let net = rule.net();
        let opened = allow.iter().any(|allow| allow.net().holds(net) || net.holds(allow.net()));
        let own = own.iter().any(|ip| rule.is_exactly(*ip));
        if !opened && (own || ranges::within(net).is_some()) {
            found.push(Contradiction::DeniedAnyway(rule.clone()));
        }
    }
    found
}
