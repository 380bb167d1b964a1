//! Which addresses a client is told to send its media to: pure functions, the addresses go in, ICE candidates come
//! out.
//!
//! In order of preference: what the operator configured; the address the client's own connection arrived at, for
//! that one works for sure (on loopback every address of this machine besides: a browser on the server itself does
//! without loopback); what the client's URL stands for. Each over UDP and over TCP. Last the virtual candidate, for
//! clients that have nothing but a relay of ours.

use std::net::IpAddr;

use kaigi_worker::VIRTUAL_PORT;

/// Addresses that are told at most; a machine with many containers has an interface for each.
const MOST: usize = 12;

/// RFC 8445 §5.1.2.2 recommends 126 for what is reached directly, and RFC 6544 §4.2 less for TCP.
const UDP: u32 = 126;
const TCP: u32 = 90;
const VIRTUAL: u32 = 1;

/// For RTP and, with RTCP on the same port (RFC 8858), everything else.
const COMPONENT: u32 = 1;

/// What is known about how a client reaches this server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach<'a> {
    /// The port that is listened on.
    pub(crate) port: u16,
    /// Configured public addresses.
    pub(crate) public: &'a [IpAddr],
    /// The addresses of this machine.
    pub(crate) interfaces: &'a [IpAddr],
    /// The client's own, as far as known.
    pub(crate) client: Option<IpAddr>,
    /// The local address its connection arrived at.
    pub(crate) arrived: Option<IpAddr>,
    /// What the host in its URL stands for.
    pub(crate) host: &'a [IpAddr],
    /// The port in its URL, where that leads to this server and not to a proxy.
    pub(crate) url_port: Option<u16>,
}

/// The candidates as values of SDP attributes (RFC 8839 §5.1), best first.
pub(crate) fn candidates(reach: &Reach<'_>) -> Vec<String> {
    let addresses = addresses(reach);
    let mut lines = Vec::new();
    for (transport, preference) in [("udp", UDP), ("tcp", TCP)] {
        for (at, (ip, port)) in addresses.iter().enumerate() {
            let priority = priority(preference, at);
            let foundation = lines.len() + 1;
            let passive = if transport == "tcp" { " tcptype passive" } else { "" };
            lines.push(format!(
                "candidate:{foundation} {COMPONENT} {transport} {priority} {ip} {port} typ host{passive}"
            ));
        }
    }
    for (at, ip) in virtual_addresses(reach).into_iter().enumerate() {
        let (foundation, priority) = (lines.len() + 1, priority(VIRTUAL, at));
        lines.push(format!("candidate:{foundation} {COMPONENT} udp {priority} {ip} {VIRTUAL_PORT} typ host"));
    }
    lines
}

/// RFC 8445 §5.1.2.1.
fn priority(preference: u32, at: usize) -> u32 {
    preference << 24 | (65_535 - at as u32) << 8 | (256 - COMPONENT)
}

fn addresses(reach: &Reach<'_>) -> Vec<(IpAddr, u16)> {
    // Its URL has another port than ours: it came through a mapping, which most likely holds for UDP, too.
    let mapped = reach.url_port.filter(|port| *port != reach.port);
    let local = reach.client.is_some_and(|ip| ip.to_canonical().is_loopback());
    let mut found: Vec<(IpAddr, u16)> = Vec::new();
    let mut add = |ip: &IpAddr, port: u16| {
        let ip = ip.to_canonical();
        let useful = !ip.is_unspecified() && !is_link_local(ip) && (local || !ip.is_loopback());
        if useful && !found.contains(&(ip, port)) && found.len() < MOST {
            found.push((ip, port));
        }
    };
    for ip in reach.public {
        mapped.into_iter().chain([reach.port]).for_each(|port| add(ip, port));
    }
    if let Some(arrived) = reach.arrived {
        add(&arrived, reach.port);
        if arrived.to_canonical().is_loopback() {
            reach.interfaces.iter().for_each(|ip| add(ip, reach.port));
        }
    }
    for ip in reach.host {
        add(ip, mapped.unwrap_or(reach.port));
    }
    found
}

/// One of each family, for a relay has peers of its own family only. TURN knows them as this server's own.
fn virtual_addresses(reach: &Reach<'_>) -> Vec<IpAddr> {
    let arrived = reach.arrived.map(|ip| ip.to_canonical());
    let known: Vec<IpAddr> = reach
        .public
        .iter()
        .copied()
        .chain(arrived.filter(|ip| !ip.is_loopback()))
        .chain(reach.interfaces.iter().copied().filter(|ip| !ip.is_loopback()))
        .chain(arrived)
        // Whoever is on this machine has relays on its loopback.
        .chain(reach.interfaces.iter().copied().filter(|_| reach.client.is_some_and(|ip| ip.is_loopback())))
        .filter(|ip| !ip.is_unspecified() && !is_link_local(*ip))
        .collect();
    [IpAddr::is_ipv4, IpAddr::is_ipv6]
        .into_iter()
        .filter_map(|family| known.iter().find(|ip| family(ip)).copied())
        .collect()
}

/// Needs a zone (RFC 4007), which no candidate has.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAN: &[&str] = &["127.0.0.1", "192.168.1.5", "172.17.0.1", "::1", "fe80::1"];

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// `udp 192.0.2.1:8443`, best first.
    fn told(reach: &Reach<'_>) -> Vec<String> {
        let lines = candidates(reach);
        let field = |line: &str, at: usize| line.split(' ').nth(at).unwrap().to_owned();
        let mut priorities: Vec<u32> = lines.iter().map(|line| field(line, 3).parse().unwrap()).collect();
        assert!(priorities.is_sorted_by(|a, b| a > b), "best first: {lines:?}");
        priorities.dedup();
        assert_eq!(priorities.len(), lines.len());
        let foundations: std::collections::HashSet<String> =
            lines.iter().map(|line| field(line, 0)).collect();
        assert_eq!(foundations.len(), lines.len(), "each can be paired: {lines:?}");
        lines.iter().map(|line| format!("{} {} {}", field(line, 2), field(line, 4), field(line, 5))).collect()
    }

    #[test]
    fn every_way_to_reach_a_server_has_its_candidates() {
        struct Case {
            what: &'static str,
            public: &'static [&'static str],
            interfaces: &'static [&'static str],
            client: &'static str,
            arrived: &'static str,
            host: &'static [&'static str],
            url_port: Option<u16>,
            told: &'static [&'static str],
        }
        let case = |what| Case {
            what,
            public: &[],
            interfaces: LAN,
            client: "198.51.100.7",
            arrived: "192.0.2.1",
            host: &[],
            url_port: Some(8443),
            told: &[],
        };
        for case in [
            Case {
                told: &["udp 192.0.2.1 8443", "tcp 192.0.2.1 8443", "udp 192.0.2.1 29479"],
                host: &["192.0.2.1"],
                ..case("a server with a public address of its own")
            },
            Case {
                public: &["203.0.113.1"],
                arrived: "10.0.0.4",
                host: &["203.0.113.1"],
                told: &[
                    "udp 203.0.113.1 8443",
                    "udp 10.0.0.4 8443",
                    "tcp 203.0.113.1 8443",
                    "tcp 10.0.0.4 8443",
                    "udp 203.0.113.1 29479",
                ],
                ..case("1:1 NAT, configured")
            },
            Case {
                arrived: "10.0.0.4",
                host: &["203.0.113.1", "2001:db8::1"],
                told: &[
                    "udp 10.0.0.4 8443",
                    "udp 203.0.113.1 8443",
                    "udp 2001:db8::1 8443",
                    "tcp 10.0.0.4 8443",
                    "tcp 203.0.113.1 8443",
                    "tcp 2001:db8::1 8443",
                    "udp 10.0.0.4 29479",
                ],
                ..case("1:1 NAT, known by the name alone")
            },
            Case {
                public: &["203.0.113.1"],
                arrived: "192.168.1.5",
                host: &["203.0.113.1"],
                url_port: Some(443),
                told: &[
                    "udp 203.0.113.1 443",
                    "udp 203.0.113.1 8443",
                    "udp 192.168.1.5 8443",
                    "tcp 203.0.113.1 443",
                    "tcp 203.0.113.1 8443",
                    "tcp 192.168.1.5 8443",
                    "udp 203.0.113.1 29479",
                ],
                ..case("a router that maps 443 to 8443")
            },
            Case {
                client: "127.0.0.1",
                arrived: "127.0.0.1",
                host: &["127.0.0.1"],
                told: &[
                    "udp 127.0.0.1 8443",
                    "udp 192.168.1.5 8443",
                    "udp 172.17.0.1 8443",
                    "udp ::1 8443",
                    "tcp 127.0.0.1 8443",
                    "tcp 192.168.1.5 8443",
                    "tcp 172.17.0.1 8443",
                    "tcp ::1 8443",
                    "udp 192.168.1.5 29479",
                    "udp ::1 29479",
                ],
                ..case("a browser on the server itself")
            },
            Case {
                arrived: "127.0.0.1",
                url_port: None,
                told: &[
                    "udp 192.168.1.5 8443",
                    "udp 172.17.0.1 8443",
                    "tcp 192.168.1.5 8443",
                    "tcp 172.17.0.1 8443",
                    "udp 192.168.1.5 29479",
                ],
                ..case("a proxy on the server itself: loopback is no use to anybody else")
            },
            Case {
                arrived: "192.168.1.5",
                host: &["127.0.1.1"],
                told: &["udp 192.168.1.5 8443", "tcp 192.168.1.5 8443", "udp 192.168.1.5 29479"],
                ..case("a hosts file that gives the own name a loopback address")
            },
            Case {
                client: "127.0.0.1",
                arrived: "127.0.0.1",
                interfaces: &["127.0.0.1"],
                told: &["udp 127.0.0.1 8443", "tcp 127.0.0.1 8443", "udp 127.0.0.1 29479"],
                ..case("a machine without a network")
            },
            Case {
                arrived: "::ffff:192.0.2.1",
                told: &["udp 192.0.2.1 8443", "tcp 192.0.2.1 8443", "udp 192.0.2.1 29479"],
                ..case("an IPv4 address in IPv6 clothes")
            },
            Case {
                interfaces: &["2001:db8::5"],
                arrived: "2001:db8::5",
                told: &["udp 2001:db8::5 8443", "tcp 2001:db8::5 8443", "udp 2001:db8::5 29479"],
                ..case("IPv6 alone")
            },
            Case { arrived: "fe80::1", interfaces: &[], told: &[], ..case("nothing that could be told") },
        ] {
            // Interfaces matter on loopback, and for the virtual candidate only where nothing else is known.
            let interfaces = ips(case.interfaces);
            let interfaces = if case.arrived.starts_with("127") { &interfaces[..] } else { &[] };
            let reach = Reach {
                port: 8443,
                public: &ips(case.public),
                interfaces,
                client: Some(case.client.parse().unwrap()),
                arrived: Some(case.arrived.parse().unwrap()),
                host: &ips(case.host),
                url_port: case.url_port,
            };
            assert_eq!(told(&reach), case.told, "{}", case.what);
        }
    }

    #[test]
    fn an_ipv6_client_gets_a_virtual_candidate_for_an_ipv4_relay_too() {
        let interfaces = ips(&["192.0.2.1", "2001:db8::5"]);
        let reach =
            Reach { port: 443, interfaces: &interfaces, arrived: Some(interfaces[1]), ..Reach::default() };
        assert_eq!(told(&reach)[2..], ["udp 192.0.2.1 29479", "udp 2001:db8::5 29479"]);
    }

    #[test]
    fn the_number_of_candidates_has_a_bound() {
        let many: Vec<IpAddr> = (1..=200u8).map(|n| IpAddr::from([10, 0, 0, n])).collect();
        let loopback = Some(IpAddr::from([127, 0, 0, 1]));
        let reach = Reach {
            port: 8443,
            public: &many,
            interfaces: &many,
            client: loopback,
            arrived: loopback,
            host: &many,
            url_port: Some(443),
        };
        assert_eq!(candidates(&reach).len(), 2 * MOST + 1);
    }

    #[test]
    fn a_candidate_reads_as_rfc_8839_says() {
        let reach = Reach { port: 8443, arrived: Some([192, 0, 2, 1].into()), ..Reach::default() };
        assert_eq!(
            candidates(&reach),
            [
                "candidate:1 1 udp 2130706431 192.0.2.1 8443 typ host",
                "candidate:2 1 tcp 1526726655 192.0.2.1 8443 typ host tcptype passive",
                "candidate:3 1 udp 33554431 192.0.2.1 29479 typ host",
            ]
        );
    }
}
