use super::*;
use crate::model::Via;

const LOCAL: &str = "07abc";
const PASSWORD: &str = "0123456789abcdefghijklmn";
/// As browsers have them: TCP below UDP.
const UDP: u32 = 1_853_824_767;
const TCP: u32 = 1_518_280_447;

fn hmac() -> &'static dyn Sha1HmacProvider {
    crate::keys::provider().sha1_hmac_provider
}

fn lite() -> Lite {
    Lite::new(hmac(), IceCreds { ufrag: LOCAL.to_owned(), pass: PASSWORD.to_owned() })
}

fn udp() -> Path {
    Path { remote: "203.0.113.5:5000".parse().unwrap(), local: None, via: Via::Udp }
}

fn tcp() -> Path {
    Path { remote: "203.0.113.5:6000".parse().unwrap(), local: None, via: Via::Stream(1) }
}

fn signed(message: StunMessage<'_>, password: &str) -> Vec<u8> {
    let mut buffer = vec![0; 512];
    let len = message
        .to_bytes(Some(password.as_bytes()), &mut buffer, |key, parts| hmac().sha1_hmac(key, parts))
        .unwrap();
    buffer.truncate(len);
    buffer
}

fn check_of(ufrag: &str, password: &str, priority: u32, nominates: bool) -> Vec<u8> {
    let username = format!("{ufrag}:them");
    signed(StunMessage::binding_request(&username, TransId::new(), true, 7, priority, nominates), password)
}

fn check(priority: u32, nominates: bool) -> Vec<u8> {
    check_of(LOCAL, PASSWORD, priority, nominates)
}

struct Clock {
    ice: Lite,
    start: Instant,
}

impl Clock {
    fn new() -> Self {
        Self { ice: lite(), start: Instant::now() }
    }

    fn at(&self, milliseconds: u64) -> Instant {
        self.start + Duration::from_millis(milliseconds)
    }

    fn check(&mut self, at: u64, path: Path, priority: u32, nominates: bool) {
        let answer = self.ice.handle(self.at(at), &path, &check(priority, nominates)).unwrap().unwrap();
        let answer = StunMessage::parse(&answer).unwrap();
        assert!(answer.is_successful_binding_response());
        assert_eq!(answer.mapped_address(), Some(path.remote));
        assert!(answer.verify(PASSWORD.as_bytes(), |key, parts| hmac().sha1_hmac(key, parts)));
    }

    fn media(&mut self, at: u64, path: Path) {
        self.ice.media(self.at(at), &path);
    }

    fn egress(&self) -> Option<Path> {
        self.ice.egress().copied()
    }
}

/// What comes by UDP goes to its STUN client, for which it takes us; TCP it hears.
#[test]
fn chromium_that_hears_nothing_by_udp_is_answered_by_tcp() {
    let mut clock = Clock::new();
    clock.ice.handshake(&udp());
    assert_eq!(clock.egress(), None);
    clock.check(0, udp(), UDP, true);
    clock.ice.handshake(&udp());
    assert_eq!(clock.egress(), Some(udp()));
    clock.check(50, tcp(), TCP, true);
    clock.check(60, udp(), UDP, false);
    clock.ice.handshake(&tcp());
    assert_eq!(clock.egress(), Some(tcp()));
    clock.media(100, tcp());
    clock.check(120, udp(), UDP, false);
    clock.ice.handshake(&udp());
    assert_eq!(clock.egress(), Some(tcp()));
}

/// It nominates every pair, the TCP one a little later, and uses UDP.
#[test]
fn firefox_stays_on_udp() {
    let mut clock = Clock::new();
    clock.check(0, udp(), UDP, false);
    assert_eq!(clock.egress(), None);
    clock.check(50, udp(), UDP, true);
    clock.check(70, tcp(), TCP, true);
    assert_eq!(clock.egress(), Some(udp()));
    clock.media(100, udp());
    for second in 1..20 {
        clock.check(1000 * second, udp(), UDP, true);
        clock.check(1000 * second + 20, tcp(), TCP, true);
        assert_eq!(clock.egress(), Some(udp()));
    }
}

/// Its UDP dies at 1.5 s; it sends by TCP from 4 s on and nominates that at 6 s.
#[test]
fn chromium_is_followed_when_it_moves_not_when_it_nominates() {
    let mut clock = Clock::new();
    clock.check(0, udp(), UDP, true);
    clock.check(20, tcp(), TCP, false);
    clock.media(1400, udp());
    clock.check(2500, tcp(), TCP, false);
    assert_eq!(clock.egress(), Some(udp()));
    clock.media(4000, tcp());
    assert_eq!(clock.egress(), Some(tcp()));
    clock.check(6000, tcp(), TCP, true);
    assert_eq!(clock.egress(), Some(tcp()));
}

/// A client that is sent nothing says nothing but checks.
#[test]
fn without_media_a_path_that_went_silent_is_left() {
    let mut clock = Clock::new();
    clock.check(0, udp(), UDP, true);
    clock.media(100, udp());
    clock.check(200, tcp(), TCP, false);
    for second in 1..=5 {
        clock.check(1000 * second, tcp(), TCP, second >= 4);
        assert_eq!(clock.egress(), Some(udp()));
    }
    clock.check(7000, tcp(), TCP, true);
    assert_eq!(clock.egress(), Some(tcp()));
    // UDP is back, and better.
    clock.check(8000, udp(), UDP, true);
    assert_eq!(clock.egress(), Some(udp()));
}

#[test]
fn media_by_an_unknown_path_moves_nothing() {
    let mut clock = Clock::new();
    clock.check(0, udp(), UDP, true);
    clock.media(100, tcp());
    assert_eq!(clock.egress(), Some(udp()));
}

#[test]
fn the_former_credentials_are_good_until_the_new_ones_are_used() {
    let mut ice = lite();
    let now = Instant::now();
    let (ufrag, pass) = ("07new", "another-password-of-24-c");
    ice.restart(IceCreds { ufrag: ufrag.to_owned(), pass: pass.to_owned() });
    assert!(ice.handle(now, &udp(), &check(UDP, false)).is_ok());
    assert!(ice.handle(now, &udp(), &check_of(ufrag, PASSWORD, UDP, false)).is_err());
    assert!(ice.handle(now, &udp(), &check(UDP, false)).is_ok());
    assert!(ice.handle(now, &udp(), &check_of(ufrag, pass, UDP, false)).is_ok());
    assert_eq!(ice.handle(now, &udp(), &check(UDP, false)), Err(Refused::Username));
}

/// RFC 8445 §7.3.1.1.
#[test]
fn a_client_that_believes_to_be_controlled_is_told_otherwise() {
    let mut ice = lite();
    let request = signed(
        StunMessage::binding_request(&format!("{LOCAL}:them"), TransId::new(), false, 7, UDP, false),
        PASSWORD,
    );
    let answer = ice.handle(Instant::now(), &udp(), &request).unwrap().unwrap();
    let answer = StunMessage::parse(&answer).unwrap();
    assert_eq!(answer.error_code().map(|(code, _)| code), Some(487));
    assert!(!ice.knows(&udp()));
}
