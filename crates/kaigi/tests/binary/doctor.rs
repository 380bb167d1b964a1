//! `kaigi doctor`, with and without a server to look at.

// Helpers of tests are not tests to clippy.toml's allowances.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustix::process::Signal;
use serde_json::Value;

use super::support::{Folder, Run, Running};

/// What doctor has found.
struct Found {
    run: Run,
    json: Value,
}

impl Found {
    fn new(folder: &Folder, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let run = folder.kaigi_with(variables, &[&["doctor", "--json"], arguments].concat());
        let json = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", run.stdout, run.stderr));
        Self { run, json }
    }

    fn lines(&self, step: &str, level: &str) -> Vec<&str> {
        let all = self.json["findings"].as_array().unwrap().iter();
        let those = all.filter(|finding| finding["step"] == step && finding["level"] == level);
        those.map(|finding| finding["text"].as_str().unwrap()).collect()
    }

    fn has(&self, step: &str, level: &str, part: &str) {
        let found = self.lines(step, level).iter().any(|text| text.contains(part));
        assert!(found, "{step} {level} {part}: {:#}", self.json);
    }

    fn problems(&self) -> Vec<&str> {
        let all = self.json["findings"].as_array().unwrap().iter();
        all.filter(|finding| finding["level"] == "problem")
            .map(|finding| finding["step"].as_str().unwrap())
            .collect()
    }

    fn is_healthy(&self) {
        assert_eq!(self.problems(), Vec::<&str>::new(), "{:#}", self.json);
        assert_eq!((self.run.code, &self.json["ok"]), (Some(0), &Value::Bool(true)));
    }

    fn is_ill(&self) {
        assert_eq!((self.run.code, &self.json["ok"]), (Some(1), &Value::Bool(false)), "{:#}", self.json);
    }
}

fn serve(folder: &Folder) -> (Running, String) {
    let listen = free().to_string();
    let mut server = folder.start(&[], &["serve", "--listen", &listen, "--data-dir", "data"]);
    server.port();
    (server, listen)
}

/// A loopback address with a port that is free for TCP and UDP. Below the ephemeral ones, which other programs get
/// at any moment, and never the same twice.
fn free() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const PORTS: Range<u16> = 12_000..32_000;
    loop {
        let start = (std::process::id() * 101 % 20_000) as u16;
        let number = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start);
        let address = SocketAddr::from(([127, 0, 0, 1], PORTS.start + number));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// `chain.pem` and `key.pem` for localhost, of an authority that is in `root.pem`.
fn certified(folder: &Folder, last_year: i32) -> [PathBuf; 3] {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "An authority of its own");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(last_year, 1, 1);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let write = |name: &str, text: String| {
        fs::write(folder.path(name), text).unwrap();
        folder.path(name)
    };
    [
        write("chain.pem", leaf.pem() + &root.pem()),
        write("key.pem", key.serialize_pem()),
        write("root.pem", root.pem()),
    ]
}

#[test]
fn a_healthy_server_passes_every_step() {
    let folder = Folder::new();
    let [_, _, root] = certified(&folder, 2090);
    let (listen, redirect) = (free().to_string(), free().to_string());
    let files = ["--tls-cert=chain.pem", "--tls-key=key.pem", "--data-dir=data"];
    let arguments = [&files[..], &["--listen", &listen, "--http-redirect", &redirect]].concat();
    let mut server = folder.start(&[], &[&["serve"], &arguments[..]].concat());
    server.port();
    let trusting = [("SSL_CERT_FILE", root.to_str().unwrap())];
    let found = Found::new(&folder, &trusting, &arguments);
    found.is_healthy();
    for (step, part) in [
        ("settings", "set to other than the default"),
        ("data folder", "can be written"),
        ("certificate", "more days, for localhost, 127.0.0.1"),
        ("certificate", "vouch for it (localhost)"),
        ("clock", "plausible"),
        ("ports", "held by a Kaigi that runs"),
        ("web page", "is served and takes meetings"),
        ("web page", "redirects to https"),
        ("STUN", "over UDP: answered"),
        ("STUN", "over TCP: answered"),
        ("STUN", "over TLS: answered"),
        ("TURN relay", "over UDP on 127.0.0.1"),
        ("TURN relay", "over TCP on 127.0.0.1"),
        ("TURN relay", "over TLS on 127.0.0.1"),
    ] {
        found.has(step, "ok", part);
    }
    assert!(
        found.lines("TURN relay", "ok").iter().all(|text| text.contains("20 of 20 packets")),
        "{}",
        found.json
    );
    found.has("addresses", "warning", "loopback only");

    // With another root it is a warning; as text it is aligned, and plain outside of a terminal.
    let elsewhere = Folder::new();
    let [_, _, root] = certified(&elsewhere, 2090);
    let run = folder
        .kaigi_with(&[("SSL_CERT_FILE", root.to_str().unwrap())], &[&["doctor"], &arguments[..]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(run.stdout.contains("\ndata folder  OK        data can be written\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("\ncertificate  warning   this system does not trust it for localhost"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("\nIt works from here, with ") && !run.stdout.contains('\x1b'),
        "{}",
        run.stdout
    );
}

#[test]
fn without_a_server_it_tries_one_of_its_own_and_leaves_nothing_behind() {
    let folder = Folder::new();
    let listen = free().to_string();
    let temporary = folder.path("tmp");
    fs::create_dir(&temporary).unwrap();
    let found = Found::new(
        &folder,
        &[("TMPDIR", temporary.to_str().unwrap())],
        &["--listen", &listen, "--data-dir", "data"],
    );
    found.is_healthy();
    found.has("data folder", "ok", "is made at the first start");
    found.has("certificate", "warning", "none yet");
    found.has("ports", "ok", "are free; the steps below try a server that was started");
    assert_eq!(found.lines("TURN relay", "ok").len(), 3, "{:#}", found.json);
    assert!(!folder.path("data").exists(), "the first start is still to come");
    assert_eq!(fs::read_dir(temporary).unwrap().count(), 0);
    TcpListener::bind(listen).expect("its own server has gone");
}

#[test]
fn a_port_of_another_program_is_a_problem_whatever_it_does_with_connections() {
    // Connections wait in its backlog: nothing ever answers.
    let silent = TcpListener::bind(free()).unwrap();
    let other = TcpListener::bind(free()).unwrap();
    let addresses = [silent.local_addr().unwrap(), other.local_addr().unwrap()];
    thread::spawn(move || {
        for stream in other.incoming() {
            let _ = stream.and_then(|mut stream| stream.write_all(b"220 mail.example.org ESMTP\r\n"));
        }
    });
    for address in addresses {
        let found =
            Found::new(&Folder::new(), &[], &["--listen", &address.to_string(), "--data-dir", "data"]);
        found.is_ill();
        found.has("ports", "problem", &format!("TCP port {address} is taken"));
        assert_eq!(found.problems(), ["ports"], "nothing follows from it: {:#}", found.json);
    }
    let udp = UdpSocket::bind(free()).unwrap();
    let address = udp.local_addr().unwrap();
    let found = Found::new(&Folder::new(), &[], &["--listen", &address.to_string(), "--data-dir", "data"]);
    found.is_ill();
    found.has("ports", "problem", &format!("UDP port {address} is taken"));
}

/// What a proxy does that carries TCP only, or a firewall that drops UDP.
fn forward_tcp(from: TcpListener, to: SocketAddr) {
    fn copy(mut from: TcpStream, mut to: TcpStream) {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    }
    thread::spawn(move || {
        for near in from.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(to) else { continue };
            let (near_writer, far_writer) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || copy(near, far_writer));
            thread::spawn(move || copy(far, near_writer));
        }
    });
}

#[test]
fn where_only_tcp_gets_through_stun_and_the_relay_over_udp_are_the_problem() {
    let folder = Folder::new();
    let (_server, listen) = serve(&folder);
    let front = TcpListener::bind(free()).unwrap();
    let address = front.local_addr().unwrap();
    // It takes every datagram and answers none.
    let _silent = UdpSocket::bind(address).unwrap();
    forward_tcp(front, listen.parse().unwrap());
    let found = Found::new(&folder, &[], &["--listen", &address.to_string(), "--data-dir", "data"]);
    found.is_ill();
    found.has("web page", "ok", "is served");
    found.has("STUN", "problem", &format!("over UDP: no answer on {address}"));
    found.has("STUN", "ok", "over TCP");
    found.has("STUN", "ok", "over TLS");
    found.has("TURN relay", "problem", "over UDP");
    found.has("TURN relay", "ok", "over TLS");
    assert_eq!(found.problems(), ["STUN", "TURN relay"], "{:#}", found.json);
    let all = found.json["findings"].as_array().unwrap();
    let stun = all.iter().find(|finding| finding["step"] == "STUN" && finding["level"] == "problem").unwrap();
    let advice = stun["advice"].as_str().unwrap();
    assert!(advice.contains(&format!("open UDP port {}", address.port())), "{advice}");
}

#[test]
fn a_public_address_that_does_not_answer_from_here_is_a_warning_that_says_how_to_be_sure() {
    let folder = Folder::new();
    let (_server, listen) = serve(&folder);
    // Loopback all the same, but nobody listens there.
    let arguments = ["--listen", &listen, "--data-dir", "data", "--public-address", "127.0.0.9"];
    let found = Found::new(&folder, &[], &arguments);
    found.is_healthy();
    found.has("STUN", "warning", "on the public address 127.0.0.9:");
    found.has("addresses", "warning", "public-address 127.0.0.9 is loopback");
}

#[test]
fn an_expired_certificate_is_a_problem_and_everything_else_is_tried_all_the_same() {
    let folder = Folder::new();
    certified(&folder, 2024);
    let listen = free().to_string();
    let arguments = ["--listen", &listen, "--tls-cert=chain.pem", "--tls-key=key.pem", "--data-dir=data"];
    let found = Found::new(&folder, &[], &arguments);
    found.is_ill();
    assert_eq!(found.problems(), ["certificate"], "{:#}", found.json);
    found.has("certificate", "problem", "expired on 2024-01-01");
    found.has("TURN relay", "ok", "over TLS");
}

#[test]
fn wrong_settings_come_first_and_alone() {
    let folder = Folder::new();
    fs::write(folder.path("kaigi.toml"), "listen = \"8443\"\n").unwrap();
    let found = Found::new(&folder, &[], &[]);
    found.is_ill();
    found.has("settings", "problem", "kaigi.toml:1:10: listen: expected an address with a port");
    assert_eq!(found.json["findings"].as_array().unwrap().len(), 1, "{:#}", found.json);
}

#[test]
fn a_data_folder_that_is_a_file_is_a_problem() {
    let folder = Folder::new();
    fs::write(folder.path("file"), "").unwrap();
    for dir in ["file", "file/below"] {
        let listen = free().to_string();
        let found = Found::new(&folder, &[], &["--listen", &listen, "--data-dir", dir]);
        found.is_ill();
        found.has("data folder", "problem", "is a file, not a folder");
        assert_eq!(found.problems(), ["data folder"], "{:#}", found.json);
    }
}

#[test]
fn another_folders_secret_is_told_apart_from_a_relay_that_does_not_work() {
    let folder = Folder::new();
    let (_server, listen) = serve(&folder);
    let found = Found::new(&folder, &[], &["--listen", &listen, "--data-dir", "other"]);
    found.is_healthy();
    found.has("TURN relay", "warning", "there is no secret in other");

    fs::create_dir(folder.path("other")).unwrap();
    fs::write(folder.path("other/secret.key"), [7; 32]).unwrap();
    let found = Found::new(&folder, &[], &["--listen", &listen, "--data-dir", "other"]);
    found.is_ill();
    found.has("TURN relay", "problem", "allocating: refused with 401");
    assert_eq!(found.problems(), ["TURN relay"; 3]);
}

#[test]
fn it_gives_back_what_it_allocates_on_a_server_behind_a_proxy_too() {
    let folder = Folder::new();
    let address = free().to_string();
    let arguments = ["--listen", &address, "--data-dir=data", "--tls=off"];
    let mut server = folder.start(&[], &arguments);
    server.line_with("http://127.0.0.1:");
    let found = Found::new(&folder, &[], &arguments);
    found.is_healthy();
    found.has("certificate", "ok", "the proxy's matter");
    found.has("addresses", "warning", "nobody can send UDP");
    assert_eq!(found.lines("TURN relay", "ok").len(), 2, "UDP and TCP: {:#}", found.json);

    let counted = |name: &str| -> u64 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream
            .write_all(
                format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
            )
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let line = answer.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    };
    let begun = Instant::now();
    while counted("kaigi_turn_allocations_closed_total") < 4 {
        assert!(begun.elapsed() < Duration::from_secs(20), "still allocated");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(counted("kaigi_turn_allocations_total"), 4);
    server.signal(Signal::TERM);
    assert_eq!(server.end().code, Some(0));
}
