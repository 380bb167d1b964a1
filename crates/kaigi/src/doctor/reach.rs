//! Under which addresses people reach the server.

use std::net::{IpAddr, SocketAddr};

use kaigi_server::policy::special_range;

use super::report::Finding;
use crate::addresses::Interface;

const STEP: &str = "addresses";

/// Browsers send no media to a private address on a port below this one.
const FIRST_PRIVATE_PORT: u16 = 1024;

/// What decides.
pub struct Facts<'a> {
    /// As in the settings or as bound.
    pub listen: &'a [SocketAddr],
    pub interfaces: &'a [Interface],
    /// `--public-address`.
    pub public: &'a [IpAddr],
    /// A proxy in front does TLS and passes HTTP on.
    pub proxied: bool,
}

pub fn judge(facts: &Facts<'_>) -> Vec<Finding> {
    let port = facts.listen.first().map_or(0, SocketAddr::port);
    let served = served(facts);
    let mut findings: Vec<Finding> =
        facts.public.iter().map(|public| judge_public(*public, facts, port)).collect();
    if served.is_empty() {
        findings.push(only_loopback(facts, port));
        return findings;
    }
    let (private, global): (Vec<IpAddr>, Vec<IpAddr>) =
        served.into_iter().partition(|address| special_range(*address).is_some());
    if !global.is_empty() {
        findings.push(Finding::ok(STEP, format!("reached on port {port} of {}", list(&global))));
    }
    if !private.is_empty() {
        findings.push(Finding::ok(
            STEP,
            format!("reached inside the local network on port {port} of {}", list(&private)),
        ));
    }
    if global.is_empty() && facts.public.is_empty() {
        findings.push(Finding::warning(
            STEP,
            "this machine has private addresses only: nobody outside of the local network reaches it as it is",
            format!(
                "for people outside, forward TCP and UDP port {port} of the router (or of a 1:1 NAT) to {} and name its \
                 outside address with --public-address",
                list(&private[..1])
            ),
        ));
        if (1..FIRST_PRIVATE_PORT).contains(&port) {
            findings.push(Finding::warning(
                STEP,
                format!(
                    "browsers send no media to a private address on port {port}, nor on any other below 1024"
                ),
                "private address → 8443: in a local network use --listen 0.0.0.0:8443",
            ));
        }
    }
    findings
}

/// The addresses others can come to; loopback and link-local ones are nobody else's.
fn served(facts: &Facts<'_>) -> Vec<IpAddr> {
    let mut served = Vec::new();
    for listen in facts.listen {
        match listen.ip() {
            ip if ip.is_unspecified() => {
                let all = facts.interfaces.iter().map(|interface| interface.address);
                served.extend(all.filter(|address| address.is_ipv4() == ip.is_ipv4()));
            }
            ip => served.push(ip),
        }
    }
    served.retain(|address| !address.is_loopback() && !is_link_local(*address));
    let mut seen = Vec::new();
    served.retain(|address| {
        !seen.contains(address) && {
            seen.push(*address);
            true
        }
    });
    served
}

fn judge_public(public: IpAddr, facts: &Facts<'_>, port: u16) -> Finding {
    let own = facts.interfaces.iter().any(|interface| interface.address == public);
    match special_range(public) {
        Some(range) => Finding::warning(
            STEP,
            format!("public-address {public} is {range}: only those reach it who are in the same network"),
            "name the address under which the server is reached from the internet; none is needed where clients \
             reach this machine's own addresses",
        ),
        None if own => Finding::ok(STEP, format!("public-address {public} is one of this machine's own")),
        None => Finding::ok(
            STEP,
            format!(
                "public-address {public} is translated to this machine (1:1 NAT or forwarded ports): TCP and UDP port \
                 {port} have to arrive here"
            ),
        ),
    }
}

fn only_loopback(facts: &Facts<'_>, port: u16) -> Finding {
    if facts.proxied {
        return Finding::warning(
            STEP,
            format!(
                "listens on loopback only: the proxy carries the page, but nobody can send UDP to port {port}"
            ),
            format!(
                "--listen 0.0.0.0:{port}, and keep TCP port {port} closed in the firewall if only the proxy is to use it"
            ),
        );
    }
    Finding::warning(
        STEP,
        "listens on loopback only: nobody else reaches this server",
        format!("--listen 0.0.0.0:{port} --listen [::]:{port}"),
    )
}

/// Names in a certificate that lead elsewhere; `resolved` are the addresses a name has.
pub fn judge_name(name: &str, resolved: &[IpAddr], facts: &Facts<'_>) -> Finding {
    let own = |address: &IpAddr| {
        facts.public.contains(address)
            || facts.interfaces.iter().any(|interface| interface.address == *address)
    };
    if resolved.is_empty() {
        return Finding::warning(
            STEP,
            format!("{name}, which the certificate is for, has no address in the DNS as seen from here"),
            "add an A or AAAA record for it; people open the page under this name",
        );
    }
    match resolved.iter().find(|address| own(address)) {
        Some(address) => Finding::ok(STEP, format!("{name} leads to {address}, which is this machine")),
        None => Finding::warning(
            STEP,
            format!("{name} leads to {}, which is no address of this machine", list(resolved)),
            "right if a NAT passes TCP and UDP on to here (then say so with --public-address); a proxy or CDN that \
             carries HTTP only does not carry calls",
        ),
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::report::Level;
    use super::*;

    fn machine(addresses: &[&str]) -> Vec<Interface> {
        let one = |ip: &&str| Interface { name: "eth0".into(), address: ip.parse().unwrap() };
        addresses.iter().map(one).collect()
    }

    fn judged(listen: &[&str], own: &[&str], public: &[&str]) -> Vec<Finding> {
        let listen: Vec<SocketAddr> = listen.iter().map(|text| text.parse().unwrap()).collect();
        let public: Vec<IpAddr> = public.iter().map(|text| text.parse().unwrap()).collect();
        judge(&Facts { listen: &listen, interfaces: &machine(own), public: &public, proxied: false })
    }

    const ALL: &[&str] = &["0.0.0.0:443", "[::]:443"];

    fn warnings(findings: &[Finding]) -> Vec<String> {
        let all = findings.iter().filter(|finding| finding.level == Level::Warning);
        all.map(|finding| format!("{} → {}", finding.text, finding.advice.as_deref().unwrap())).collect()
    }

    #[test]
    fn a_public_machine_is_fine_and_its_addresses_are_named() {
        let found = judged(ALL, &["127.0.0.1", "8.8.8.8", "2606:2800:220::10", "fe80::1"], &[]);
        assert_eq!(warnings(&found), Vec::<String>::new());
        assert!(found[0].text.contains("8.8.8.8, 2606:2800:220::10"), "{found:?}");
    }

    #[test]
    fn a_private_machine_hears_of_forwarding_and_on_443_of_8443() {
        let found = warnings(&judged(ALL, &["127.0.0.1", "192.168.1.7"], &[]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("forward TCP and UDP port 443") && found[0].contains("192.168.1.7"),
            "{found:?}"
        );
        assert!(found[1].contains("private address → 8443"), "{found:?}");
        let found = warnings(&judged(&["0.0.0.0:8443"], &["192.168.1.7"], &[]));
        assert_eq!(found.len(), 1, "8443 is high enough: {found:?}");
    }

    #[test]
    fn behind_a_nat_the_public_address_is_explained_and_a_private_one_is_doubted() {
        let found = judged(ALL, &["10.0.0.5"], &["8.8.8.8"]);
        assert_eq!(warnings(&found), Vec::<String>::new());
        assert!(found[0].text.contains("translated to this machine"), "{found:?}");
        let found = warnings(&judged(ALL, &["10.0.0.5"], &["10.0.0.9"]));
        assert!(found[0].contains("10.0.0.9 is private (RFC 1918)"), "{found:?}");
    }

    #[test]
    fn loopback_only_is_nobodys_server() {
        let found = warnings(&judged(&["127.0.0.1:8443"], &["127.0.0.1", "8.8.8.8"], &[]));
        assert!(found.len() == 1 && found[0].contains("loopback only"), "{found:?}");
    }

    #[test]
    fn a_name_has_to_lead_here() {
        let own = machine(&["10.0.0.5"]);
        let public: IpAddr = "8.8.8.8".parse().unwrap();
        let facts = Facts { listen: &[], interfaces: &own, public: &[public], proxied: false };
        let level = |ips: &[&str]| {
            let ips: Vec<IpAddr> = ips.iter().map(|ip| ip.parse().unwrap()).collect();
            judge_name("meet.example.org", &ips, &facts).level
        };
        assert_eq!(level(&["8.8.8.8"]), Level::Ok);
        assert_eq!(level(&["9.9.9.9", "10.0.0.5"]), Level::Ok);
        assert_eq!(level(&["9.9.9.9"]), Level::Warning);
        assert_eq!(level(&[]), Level::Warning);
    }
}
