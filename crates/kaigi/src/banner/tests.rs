use std::time::SystemTime;

use super::*;

fn certificate(self_signed: bool) -> Certificate {
    Certificate {
        fingerprint: "AB:CD".into(),
        names: vec!["*.example.org".into(), "meet.example.org".into(), "192.0.2.7".into()],
        not_before: SystemTime::now(),
        not_after: SystemTime::now(),
        self_signed,
        made_by_kaigi: self_signed,
        warnings: Vec::new(),
    }
}

fn rendered(
    listen: &[&str],
    certificate: Option<&Certificate>,
    change: impl FnOnce(&mut Facts<'_>),
) -> String {
    let listen: Vec<SocketAddr> = listen.iter().map(|address| address.parse().unwrap()).collect();
    let mut facts = Facts {
        listen: &listen,
        certificate,
        public: &[],
        lan: Some("192.168.1.7".parse().unwrap()),
        firewalls: Firewalls::default(),
        terminal: false,
    };
    change(&mut facts);
    render(&facts)
}

#[test]
fn a_plain_start_shows_localhost_the_lan_the_fingerprint_and_why_the_browser_warns() {
    let text = rendered(&["0.0.0.0:8443", "[::]:8443"], Some(&certificate(true)), |_| {});
    assert!(text.contains("  https://localhost:8443/\n  https://192.168.1.7:8443/\n"), "{text}");
    assert!(text.contains("AB:CD") && text.contains("browser will warn"), "{text}");
    assert!(text.contains(concat!("Kaigi ", env!("CARGO_PKG_VERSION"))), "{text}");
    assert!(!text.contains('\x1b'), "no colours and no code outside a terminal: {text}");
}

#[test]
fn port_443_is_left_out_of_addresses_but_not_of_firewall_lines() {
    let text = rendered(&["0.0.0.0:443"], Some(&certificate(true)), |_| {});
    assert!(text.contains("https://localhost/\n") && text.contains("allow 443/tcp"), "{text}");
}

#[test]
fn a_trusted_certificates_names_come_first_and_nothing_warns() {
    let text = rendered(&["0.0.0.0:443"], Some(&certificate(false)), |_| {});
    assert!(text.contains("Open\n  https://meet.example.org/\n  https://localhost/\n"), "{text}");
    assert!(!text.contains("*.example") && !text.contains("192.0.2.7") && !text.contains("warn"), "{text}");
}

#[test]
fn only_addresses_that_are_listened_on_are_shown() {
    let text = rendered(&["127.0.0.1:8443"], Some(&certificate(true)), |_| {});
    assert!(text.contains("localhost") && !text.contains("192.168"), "{text}");
    let text = rendered(&["[2001:db8::7]:8443"], Some(&certificate(true)), |_| {});
    assert!(text.contains("https://[2001:db8::7]:8443/") && !text.contains("localhost"), "{text}");
}

#[test]
fn a_configured_public_address_is_shown_once() {
    const PUBLIC: &[IpAddr] = &[
        IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9)),
        IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 7)),
    ];
    let text = rendered(&["0.0.0.0:8443"], Some(&certificate(true)), |facts| facts.public = PUBLIC);
    assert!(text.contains("https://203.0.113.9:8443/"), "{text}");
    assert_eq!(text.matches("https://192.168.1.7:8443/").count(), 1, "{text}");
}

#[test]
fn firewall_lines_are_those_of_the_tool_that_is_installed_else_of_both() {
    let with = |firewalls| {
        rendered(&["0.0.0.0:8443"], Some(&certificate(true)), |facts| facts.firewalls = firewalls)
    };
    let ufw = with(Firewalls { ufw: true, firewalld: false });
    assert!(ufw.contains("sudo ufw allow 8443/tcp && sudo ufw allow 8443/udp"), "{ufw}");
    assert!(!ufw.contains("firewall-cmd"), "{ufw}");
    let firewalld = with(Firewalls { ufw: false, firewalld: true });
    assert!(firewalld.contains("--add-port=8443/tcp --add-port=8443/udp"), "{firewalld}");
    assert!(!firewalld.contains("ufw"), "{firewalld}");
    let neither = with(Firewalls::default());
    assert!(neither.contains("ufw") && neither.contains("firewall-cmd"), "{neither}");
}

#[test]
fn with_tls_off_it_says_what_the_proxy_does_not_carry() {
    let text = rendered(&["127.0.0.1:8080"], None, |_| {});
    assert!(
        text.contains("plain HTTP for a reverse proxy") && text.contains("http://127.0.0.1:8080/"),
        "{text}"
    );
    assert!(text.contains("UDP port 8080 must be reachable directly"), "{text}");
    assert!(!text.contains("/tcp") && text.contains("8080/udp"), "{text}");
}

#[test]
fn a_terminal_gets_a_code_of_the_lan_address_in_black_on_white() {
    let text = rendered(&["0.0.0.0:8443"], Some(&certificate(true)), |facts| facts.terminal = true);
    let code = QrCode::with_error_correction_level("https://192.168.1.7:8443/", EcLevel::L).unwrap();
    let colours = code.to_colors();
    let lines: Vec<Vec<char>> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("\x1b[38;5;16;48;5;231m")?.strip_suffix("\x1b[0m"))
        .map(|line| line.chars().collect())
        .collect();
    // Two rows of modules to a line, and four modules of quiet zone around.
    let is_drawn = |x: usize, y: usize| match lines[y / 2][x] {
        '█' => true,
        '▀' => y.is_multiple_of(2),
        '▄' => !y.is_multiple_of(2),
        _ => false,
    };
    let width = code.width();
    assert_eq!(lines.len(), (width + 8).div_ceil(2), "{text}");
    for y in 0..width + 8 {
        for x in 0..width + 8 {
            let module = (x.checked_sub(4), y.checked_sub(4));
            let is_dark = match module {
                (Some(x), Some(y)) if x < width && y < width => colours[y * width + x] == qrcode::Color::Dark,
                _ => false,
            };
            assert_eq!(is_drawn(x, y), is_dark, "{x},{y}");
        }
    }
}
