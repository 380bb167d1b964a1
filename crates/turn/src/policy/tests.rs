use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn rule(text: &str) -> Rule {
    text.parse().unwrap()
}

fn policy(allow: &[&str], deny: &[&str], own: &[&str]) -> Policy {
    let rules = |texts: &[&str]| texts.iter().map(|text| rule(text)).collect();
    Policy::new(rules(allow), rules(deny), own.iter().map(|own| own.parse().unwrap()).collect())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The verdict on a media port.
fn verdict(policy: &Policy, address: IpAddr) -> Result<(), Denial> {
    let with_port = match policy.judge(SocketAddr::new(address, 5000), None) {
        Verdict::Outside => Ok(()),
        Verdict::Denied(denial) => Err(denial),
        Verdict::Inside(_) => panic!("nothing is inside"),
    };
    assert_eq!(policy.judge_address(address, false), with_port, "{address}");
    with_port
}

/// First, second, middle, last but one and last address of a range.
fn samples(net: &Net) -> Vec<IpAddr> {
    match net.base() {
        IpAddr::V4(base) => {
            let (first, host) = (u32::from(base), u32::MAX.checked_shr(net.prefix().into()).unwrap_or(0));
            [0, 1 & host, host / 2, host.saturating_sub(1), host]
                .map(|more| IpAddr::V4(Ipv4Addr::from(first + more)))
                .to_vec()
        }
        IpAddr::V6(base) => {
            let (first, host) = (u128::from(base), u128::MAX.checked_shr(net.prefix().into()).unwrap_or(0));
            [0, 1 & host, host / 2, host.saturating_sub(1), host]
                .map(|more| IpAddr::V6(Ipv6Addr::from(first + more)))
                .to_vec()
        }
    }
}

/// An IPv4 address in every disguise, and the IPv6 range each needs to be allowed.
fn disguises(hidden: Ipv4Addr) -> Vec<(IpAddr, &'static str)> {
    let bits = u128::from(u32::from(hidden));
    let v6 = |high: u128, low: u128| IpAddr::V6(Ipv6Addr::from(high | low));
    vec![
        (v6(0xffff << 32, bits), "::ffff:0:0/96"),
        (v6(0, bits), "::/96"),
        (v6(0xffff << 48, bits), "::ffff:0:0:0/96"),
        (v6(0x64_ff9b << 96, bits), "64:ff9b::/96"),
        (v6(0x64_ff9b_0001 << 80, bits), "64:ff9b:1::/48"),
        (v6(0x64_ff9b_0001_abcd << 64, bits), "64:ff9b:1::/48"),
        (v6(0x2002 << 112, bits << 80 | 1), "2002::/16"),
        (v6(0x2001_0000 << 96, bits << 64 | u128::from(!0x0808_0808u32)), "2001::/32"),
        (v6(0x2001_0000 << 96, 0x0808_0808 << 64 | (bits ^ 0xffff_ffff)), "2001::/32"),
        (v6(0x2a00_1450 << 96, 0x5efe << 32 | bits), "2a00:1450::/32"),
        (v6(0x2a00_1450 << 96, 0x0200_5efe << 32 | bits), "2a00:1450::/32"),
    ]
}

#[test]
fn every_special_range_is_denied_from_end_to_end() {
    let policy = Policy::default();
    for (net, _) in ranges::V4.iter().chain(&ranges::V6) {
        for address in samples(net) {
            assert!(verdict(&policy, address).is_err(), "{address} of {net}");
        }
    }
}

#[test]
fn what_design_names_is_denied_by_name() {
    let policy = Policy::default();
    for (address, range) in [
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("100.64.0.1", "carrier-grade NAT"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("203.0.113.9", "documentation"),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("198.18.0.1", "benchmark"),
        ("2001:2::1", "benchmark"),
        ("2002:808:808::1", "6to4"),
        ("2001:0:808:808::1", "Teredo"),
        ("64:ff9b::808:808", "NAT64"),
        ("64:ff9b:1::808:808", "NAT64, local use"),
        ("::ffff:8.8.8.8", "IPv4-mapped"),
        ("::8.8.8.8", "IPv4-compatible"),
        ("0.1.2.3", "this network"),
        ("255.255.255.255", "broadcast"),
        ("250.0.0.1", "reserved"),
        ("fd00::1", "unique local"),
        ("fec0::1", "site-local"),
        ("2001:10::1", "ORCHID"),
        ("2001:20::1", "ORCHIDv2"),
        ("100::1", "discard-only"),
        ("5f00::1", "SRv6"),
        ("4000::1", "reserved"),
        ("1::1", "reserved"),
    ] {
        match verdict(&policy, ip(address)) {
            Err(Denial::Range(name)) => assert!(name.starts_with(range), "{address}: {name}"),
            other => panic!("{address}: {other:?}"),
        }
    }
    assert_eq!(verdict(&policy, ip("0.0.0.0")), Err(Denial::OwnAddress));
    assert_eq!(verdict(&policy, ip("::")), Err(Denial::OwnAddress));
}

#[test]
fn global_unicast_is_allowed_up_to_the_ranges_edges() {
    let policy = Policy::default();
    for address in [
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2000::1",
        "2001:200::1",
        "2a00:1450::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "3fff:1000::1",
    ] {
        assert_eq!(verdict(&policy, ip(address)), Ok(()), "{address}");
    }
}

/// Addresses of every range, and those of IPv4 in every disguise.
pub(crate) fn samples_of_all_ranges() -> Vec<IpAddr> {
    let plain = ranges::V4.iter().chain(&ranges::V6).flat_map(|(net, _)| samples(net));
    let disguised = v4_samples().flat_map(disguises).map(|(address, _)| address);
    plain.chain(disguised).collect()
}

/// All IPv4 addresses of the samples.
fn v4_samples() -> impl Iterator<Item = Ipv4Addr> {
    ranges::V4.iter().flat_map(|(net, _)| samples(net)).filter_map(|address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    })
}

#[test]
fn no_disguise_helps_a_special_address_even_where_the_disguises_range_is_allowed() {
    for address in v4_samples() {
        for (disguised, range) in disguises(address) {
            assert!(verdict(&Policy::default(), disguised).is_err(), "{disguised} hides {address}");
            if disguised.is_loopback() {
                continue; // Not 0.0.0.1 in disguise but ::1, which `::/96` names.
            }
            let open = policy(&[range], &[], &[]);
            assert!(verdict(&open, disguised).is_err(), "{disguised} hides {address}, {range} allowed");
        }
    }
}

#[test]
fn a_disguise_is_allowed_where_its_range_is_and_what_it_hides_is_allowed_too() {
    for (disguised, range) in disguises(Ipv4Addr::new(8, 8, 8, 8)) {
        assert_eq!(verdict(&policy(&[range], &[], &[]), disguised), Ok(()), "{disguised}");
    }
    for (disguised, range) in disguises(Ipv4Addr::new(10, 1, 2, 3)) {
        assert_eq!(verdict(&policy(&[range, "10.0.0.0/8"], &[], &[]), disguised), Ok(()), "{disguised}");
    }
}

#[test]
fn an_own_address_is_denied_in_every_disguise_and_allowed_only_by_its_exact_name() {
    let own = Ipv4Addr::new(93, 184, 216, 10);
    let address = IpAddr::V4(own);
    for allow in [&[][..], &["0.0.0.0/0"], &["93.184.216.0/24"], &["93.184.216.10/31"]] {
        let policy = policy(allow, &[], &["93.184.216.10", "fd00::7"]);
        assert_eq!(verdict(&policy, address), Err(Denial::OwnAddress), "{allow:?}");
    }
    assert_eq!(verdict(&policy(&["93.184.216.10"], &[], &["93.184.216.10"]), address), Ok(()));
    let exact = policy(&["93.184.216.10:3478"], &[], &["93.184.216.10"]);
    let at = |port| exact.judge(SocketAddr::new(address, port), None);
    assert_eq!((at(3478), at(3479)), (Verdict::Outside, Verdict::Denied(Denial::OwnAddress)));
    for (disguised, range) in disguises(own) {
        let open = policy(&[range, "93.184.216.10"], &[], &["93.184.216.10"]);
        assert_eq!(verdict(&open, disguised), Err(Denial::OwnAddress), "{disguised}");
    }
    let inner = policy(&["fd00::/8"], &[], &["fd00::7"]);
    assert_eq!(verdict(&inner, ip("fd00::7")), Err(Denial::OwnAddress));
    assert_eq!(verdict(&inner, ip("fd00::8")), Ok(()));
}

#[test]
fn deny_wins_over_allow_and_reaches_into_disguises() {
    let both = policy(&["198.41.0.0/16", "10.0.0.0/8"], &["198.41.0.0/24", "10.9.0.0/16"], &[]);
    assert_eq!(verdict(&both, ip("198.41.0.4")), Err(Denial::Rule));
    assert_eq!(verdict(&both, ip("198.41.1.4")), Ok(()));
    assert_eq!(verdict(&both, ip("10.9.1.1")), Err(Denial::Rule));
    assert_eq!(verdict(&both, ip("10.8.1.1")), Ok(()));
    for (disguised, range) in disguises(Ipv4Addr::new(198, 41, 0, 4)) {
        let open = policy(&[range], &["198.41.0.0/24"], &[]);
        assert_eq!(verdict(&open, disguised), Err(Denial::Rule), "{disguised}");
    }
}

#[test]
fn low_ports_are_denied_unless_a_rule_names_them() {
    let port = |policy: &Policy, port| policy.judge(SocketAddr::new(ip("8.8.8.8"), port), None);
    let plain = Policy::default();
    for low in [0, 1, 53, 443, 1023] {
        assert_eq!(port(&plain, low), Verdict::Denied(Denial::Port));
    }
    assert_eq!(port(&plain, 1024), Verdict::Outside);
    assert_eq!(port(&policy(&["8.8.8.8"], &[], &[]), 53), Verdict::Denied(Denial::Port));
    let named = policy(&["8.8.8.8:443"], &[], &[]);
    assert_eq!((port(&named, 443), port(&named, 53)), (Verdict::Outside, Verdict::Denied(Denial::Port)));
    let everything = policy(&["8.8.8.8:1-65535"], &[], &[]);
    assert_eq!(port(&everything, 0), Verdict::Denied(Denial::Port));
}

#[test]
fn a_rule_for_a_port_opens_the_address_but_closes_only_the_port() {
    let open = policy(&["10.0.0.1:5000"], &[], &[]);
    assert_eq!(open.judge_address(ip("10.0.0.1"), false), Ok(()));
    let at = |port| open.judge(SocketAddr::new(ip("10.0.0.1"), port), None);
    assert_eq!(at(5000), Verdict::Outside);
    assert!(matches!(at(5001), Verdict::Denied(Denial::Range(_))));
    let closed = policy(&[], &["8.8.8.8:5000"], &[]);
    assert_eq!(closed.judge_address(ip("8.8.8.8"), false), Ok(()));
    assert_eq!(closed.judge("8.8.8.8:5000".parse().unwrap(), None), Verdict::Denied(Denial::Rule));
    assert_eq!(closed.judge("8.8.8.8:5001".parse().unwrap(), None), Verdict::Outside);
}

#[test]
fn what_is_inside_comes_first_even_on_a_private_or_denied_address() {
    let policy = policy(&[], &["10.0.0.0/8"], &["10.0.0.1"]);
    let peer = "10.0.0.1:50000".parse().unwrap();
    assert_eq!(policy.judge(peer, Some(Inside::Sfu)), Verdict::Inside(Inside::Sfu));
    assert_eq!(policy.judge(peer, None), Verdict::Denied(Denial::OwnAddress));
    assert_eq!(policy.judge_address(ip("10.0.0.1"), true), Ok(()));
}

#[test]
fn rules_are_read_as_they_are_written() {
    for text in [
        "10.0.0.0/8",
        "192.0.2.7",
        "192.0.2.7:443",
        "10.0.0.0/8:5000-6000",
        "2001:db8::/32",
        "[2001:db8::7]:443",
        "[2001:db8::/32]:1-65535",
        "::ffff:0.0.0.0/96",
        "0.0.0.0/0",
    ] {
        let parsed = rule(text);
        assert_eq!(rule(&parsed.to_string()), parsed, "{text}");
    }
    for (text, part) in [
        ("", "is not an address"),
        ("example.org", "is not an address"),
        ("10.0.0.0/33", "is not an address"),
        ("10.0.0.0/+8", "is not an address"),
        ("2001:db8::7:443x", "is not an address"),
        ("10.0.0.5/8", "inside the network"),
        ("192.0.2.7:0", "names no port"),
        ("192.0.2.7:99999", "names no port"),
        ("192.0.2.7:20-10", "names no port"),
    ] {
        let error = text.parse::<Rule>().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn contradictions_are_explained() {
    let found = |allow: &[&str], deny: &[&str], own: &[&str]| -> Vec<String> {
        policy(allow, deny, own).contradictions().iter().map(ToString::to_string).collect()
    };
    let one = |allow: &[&str], deny: &[&str], own: &[&str], part: &str| {
        let found = found(allow, deny, own);
        assert!(found.len() == 1 && found[0].contains(part), "{found:?}");
    };
    one(&["10.1.0.0/16"], &["10.0.0.0/8"], &[], "deny wins");
    one(&["10.0.0.1:443"], &["10.0.0.1"], &[], "deny wins");
    one(&["192.168.1.0/24"], &[], &["192.168.1.5"], "allow exactly 192.168.1.5");
    one(&["8.8.8.8"], &[], &[], "allowed anyway");
    one(&[], &["10.0.0.1"], &[], "denied anyway");
    one(&[], &["10.1.0.0/16"], &[], "denied anyway");
    one(&["10.0.0.0/8", "10.1.0.0/16"], &[], &[], "10.0.0.0/8 in the same list covers it");
    one(&[], &["8.8.8.0/24", "8.8.8.8:443"], &[], "8.8.8.0/24 in the same list covers it");
    one(&["10.0.0.0/8", "10.0.0.0/8"], &[], &[], "given twice");
    one(&["0.0.0.0/0"], &[], &[], "private networks");
    for (allow, deny, own) in [
        (&["10.0.0.0/8"][..], &["10.9.0.0/16"][..], &[][..]),
        (&["192.168.1.0/24", "192.168.1.5"], &[], &["192.168.1.5"]),
        (&["8.8.8.8:443"], &[], &[]),
        (&["10.0.0.0/8", "10.1.2.3:443"], &[], &[]),
        (&["10.1.0.0/16"], &["10.1.2.0/24", "10.1.3.0/24"], &[]),
        (&[], &["8.8.8.8"], &[]),
        (&[], &[], &["8.8.8.8"]),
    ] {
        assert_eq!(found(allow, deny, own), Vec::<String>::new());
    }
}

proptest! {
    #[test]
    fn no_rules_never_allow_what_an_ipv4_address_hides(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let plain = verdict(&Policy::default(), IpAddr::V4(address));
        for (disguised, range) in disguises(address) {
            let open = policy(&[range], &[], &[]);
            prop_assert_eq!(verdict(&open, disguised).is_ok(), plain.is_ok(), "{}", disguised);
        }
    }

    #[test]
    fn more_deny_never_allows_and_more_allow_never_denies(bits: u128, prefix in 0u8..=128, port: u16) {
        let peer = SocketAddr::new(IpAddr::V6(Ipv6Addr::from(bits)), port);
        let masked = bits & u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        let rule = Rule::new(Net::new(IpAddr::V6(Ipv6Addr::from(masked)), prefix));
        let plain = Policy::default().judge(peer, None);
        let allowed = Policy::new(vec![rule.clone()], vec![], vec![]).judge(peer, None);
        let denied = Policy::new(vec![], vec![rule], vec![]).judge(peer, None);
        prop_assert!(plain != Verdict::Outside || allowed == Verdict::Outside);
        prop_assert!(denied != Verdict::Outside);
    }
}
