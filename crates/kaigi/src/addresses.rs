//! Which of this machine's addresses people can reach it under.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// An interface's name and one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    pub address: IpAddr,
}

/// Every address of every interface that is up.
pub fn interfaces() -> Vec<Interface> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    found.into_iter().map(|found| Interface { address: found.ip(), name: found.name }).collect()
}

/// The address of this machine in its local network, as far as it has one.
pub fn lan(interfaces: &[Interface]) -> Option<IpAddr> {
    // Documentation addresses, which no packet goes to: connecting a UDP socket only asks for the route.
    let routes = [
        route("0.0.0.0:0", (Ipv4Addr::new(192, 0, 2, 1), 9).into()),
        route("[::]:0", (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into()),
    ];
    pick(routes, interfaces)
}

/// For a self-signed certificate: the host's name and every address that can stand in a URL.
pub fn names(interfaces: &[Interface]) -> Vec<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let short = host.split('.').next().unwrap_or_default().to_owned();
    let mut names = vec![host];
    if !short.is_empty() {
        names.push(format!("{short}.local"));
        names.push(short);
    }
    // Virtual interfaces too: a VPN's address is how some reach this machine.
    let usable =
        interfaces.iter().map(|interface| interface.address).filter(|address| !is_link_local(*address));
    names.extend(usable.map(|address| address.to_string()));
    names.dedup();
    names
}

fn route(from: &str, to: std::net::SocketAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(to).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// IPv4 before IPv6, which nobody wants to type; the default route before anything else.
fn pick(routes: [Option<IpAddr>; 2], interfaces: &[Interface]) -> Option<IpAddr> {
    let physical = |address: &IpAddr| {
        let owner = interfaces.iter().find(|interface| interface.address == *address);
        owner.is_some_and(|owner| !is_virtual(&owner.name))
            && !address.is_loopback()
            && !is_link_local(*address)
    };
    let addresses =
        || interfaces.iter().map(|interface| interface.address).filter(|address| physical(address));
    let is_private_v4 = |address: &IpAddr| matches!(address, IpAddr::V4(v4) if v4.is_private());
    let [v4, v6] = routes.map(|route| route.filter(|address| physical(address)));
    v4.or_else(|| addresses().find(is_private_v4))
        .or_else(|| addresses().find(IpAddr::is_ipv4))
        .or(v6)
        .or_else(|| addresses().next())
}

/// Bridges of containers and virtual machines, tunnels: others in the room are not behind them.
fn is_virtual(name: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "br-",
        "bridge",
        "cali",
        "cni",
        "docker",
        "flannel",
        "ham",
        "ipsec",
        "lxc",
        "lxdbr",
        "nordlynx",
        "podman",
        "ppp",
        "tailscale",
        "tap",
        "tun",
        "utun",
        "vboxnet",
        "veth",
        "virbr",
        "vmnet",
        "wg",
        "zt",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(interfaces: &[(&str, &str)]) -> Vec<Interface> {
        interfaces
            .iter()
            .map(|(name, address)| Interface { name: (*name).into(), address: address.parse().unwrap() })
            .collect()
    }

    fn picked(route: Option<&str>, interfaces: &[(&str, &str)]) -> Option<String> {
        let route = route.map(|address| address.parse::<IpAddr>().unwrap());
        let by_family = [route.filter(IpAddr::is_ipv4), route.filter(IpAddr::is_ipv6)];
        pick(by_family, &machine(interfaces)).map(|address| address.to_string())
    }

    #[test]
    fn the_default_routes_address_is_taken() {
        let interfaces = [("lo", "127.0.0.1"), ("eth1", "10.9.9.9"), ("eth0", "192.168.1.7")];
        assert_eq!(picked(Some("192.168.1.7"), &interfaces).as_deref(), Some("192.168.1.7"));
    }

    #[test]
    fn a_vpn_or_bridge_that_holds_the_default_route_is_passed_over() {
        for name in ["wg0", "tun0", "tailscale0", "utun4", "docker0", "br-1f2e", "veth12", "virbr0", "tap1"] {
            let interfaces = [("lo", "127.0.0.1"), (name, "10.8.0.2"), ("wlan0", "192.168.1.7")];
            assert_eq!(picked(Some("10.8.0.2"), &interfaces).as_deref(), Some("192.168.1.7"), "{name}");
        }
    }

    #[test]
    fn without_a_route_the_first_private_physical_address_is_taken() {
        let interfaces =
            [("lo", "127.0.0.1"), ("docker0", "172.17.0.1"), ("eth0", "169.254.3.3"), ("eth1", "10.0.0.4")];
        assert_eq!(picked(None, &interfaces).as_deref(), Some("10.0.0.4"));
    }

    #[test]
    fn a_machine_with_ipv6_only_shows_that() {
        let interfaces = [("lo", "::1"), ("eth0", "fe80::1"), ("eth0", "2001:db8::7")];
        assert_eq!(picked(Some("2001:db8::7"), &interfaces).as_deref(), Some("2001:db8::7"));
    }

    #[test]
    fn a_machine_with_nothing_but_loopback_and_containers_has_no_lan() {
        assert_eq!(picked(Some("172.17.0.1"), &[("lo", "127.0.0.1"), ("docker0", "172.17.0.1")]), None);
    }

    #[test]
    fn a_certificates_names_hold_no_address_that_a_url_cannot_hold() {
        let names = names(&machine(&[("eth0", "fe80::1"), ("eth0", "192.168.1.7"), ("wg0", "10.8.0.2")]));
        assert!(names.contains(&"192.168.1.7".to_owned()) && names.contains(&"10.8.0.2".to_owned()));
        assert!(!names.iter().any(|name| name.starts_with("fe80")));
    }
}
