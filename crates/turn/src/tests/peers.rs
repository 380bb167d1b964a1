//! The peer policy as clients meet it: every range, in every disguise, for CreatePermission, ChannelBind and
//! Send.

use std::net::{IpAddr, SocketAddr};

use turn_types::message::ALLOCATE;

use super::pair::*;
use crate::{
    Dropped, Outcome,
    policy::{Denial, Policy, Rule, hidden, samples_of_all_ranges},
};

const OWN: [&str; 2] = [V4, V6];

fn own() -> Vec<IpAddr> {
    OWN.iter().map(|ip| ip.parse().unwrap()).collect()
}

fn everything() -> Policy {
    let rules: Vec<Rule> =
        ["0.0.0.0/0", "::/0", "0.0.0.0/0:1-65535", "[::/0]:1-65535", "0.0.0.0", "::", V4, V6]
            .iter()
            .map(|rule| rule.parse().unwrap())
            .collect();
    Policy::new(rules, vec![], vec![])
}

fn dual() -> (Pair, Client) {
    let mut pair = Pair::new();
    let mut ann = Client::udp("198.41.0.4:4000");
    assert_eq!(pair.ask(&mut ann, ALLOCATE, &[UDP_TRANSPORT, (0x8000, &[2, 0, 0, 0])]).code(), 0);
    (pair, ann)
}

/// Asks in all three ways; Send gets its permission under a policy that allows everything.
fn denied(pair: &mut Pair, ann: &mut Client, peer: SocketAddr, address_too: bool) {
    pair.server.set_policy(Policy::new(vec![], vec![], own()));
    if address_too {
        assert_eq!(pair.permit(ann, &[peer]), 403, "CreatePermission {peer}");
    }
    assert_eq!(pair.bind(ann, 0x4000, peer), 403, "ChannelBind {peer}");
    pair.server.set_policy(everything());
    let never = hidden(peer.ip()).iter().flatten().any(|ip| ip.is_unspecified());
    assert_eq!(pair.permit(ann, &[peer]), if never { 403 } else { 0 }, "{peer}");
    pair.server.set_policy(Policy::new(vec![], vec![], own()));
    match pair.send(ann, peer, b"x") {
        Outcome::Dropped(Dropped::Denied(_)) => {}
        Outcome::Dropped(Dropped::NoPermission) if never => {}
        other => panic!("Send {peer}: {other:?}"),
    }
    pair.pass(300);
    pair.refresh(ann, 3600);
}

#[test]
fn every_special_range_in_every_disguise_gets_403_and_no_data() {
    let (mut pair, mut ann) = dual();
    pair.refresh(&mut ann, 3600);
    for ip in samples_of_all_ranges() {
        denied(&mut pair, &mut ann, SocketAddr::new(ip, 5000), true);
    }
}

#[test]
fn low_ports_get_403_for_channels_and_no_data_but_permissions_ignore_them() {
    let (mut pair, mut ann) = dual();
    for port in [0, 1, 22, 53, 80, 443, 1023] {
        for ip in ["151.101.1.1", "2a04:4e42::1"] {
            let peer = SocketAddr::new(ip.parse().unwrap(), port);
            assert_eq!(pair.permit(&mut ann, &[peer]), 0);
            denied(&mut pair, &mut ann, peer, false);
        }
    }
}

#[test]
fn the_servers_own_addresses_are_reached_only_where_a_relay_lives() {
    let (mut pair, mut ann) = dual();
    for own in OWN {
        let own: IpAddr = own.parse().unwrap();
        // A live relay has this address, so CreatePermission, which knows no port, has to allow it.
        assert_eq!(pair.permit(&mut ann, &[SocketAddr::new(own, 1)]), 0);
        for port in [443, 8443, 49_999] {
            let peer = SocketAddr::new(own, port);
            assert_eq!(pair.bind(&mut ann, 0x4000, peer), 403);
            let denied = Outcome::Dropped(Dropped::Denied(Denial::OwnAddress));
            assert_eq!(pair.send(&ann, peer, b"x"), denied);
        }
    }
    // Another own address, where no relay lives, is not even permitted.
    pair.server.set_own_addresses(vec!["93.184.216.99".parse().unwrap()]);
    assert_eq!(pair.permit(&mut ann, &[addr("93.184.216.99:5000")]), 403);
}

#[test]
fn an_allowed_private_peer_is_relayed() {
    let (mut pair, mut ann) = dual();
    let rule = "10.0.0.0/8".parse().unwrap();
    pair.server.set_policy(Policy::new(vec![rule], vec![], own()));
    assert_eq!(pair.permit(&mut ann, &[addr("10.1.2.3:5000")]), 0);
    assert!(matches!(pair.send(&ann, addr("10.1.2.3:5000"), b"x"), Outcome::Forward(_)));
    assert_eq!(pair.bind(&mut ann, 0x4000, addr("10.1.2.3:53")), 403);
}
