//! While it serves, and when it cannot.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use super::support::{Folder, Run, Running, answer};
use rustix::process::Signal;

fn serve(folder: &Folder) -> Running {
    folder.start(&[], &["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"])
}

#[test]
fn a_start_prints_the_address_the_fingerprint_and_the_firewall_lines() {
    let folder = Folder::new();
    let mut server = serve(&folder);
    let port = server.port();
    server.line_with("Certificate SHA-256");
    server.line_with("browser will warn");
    server.line_with(&format!("{port}/udp"));
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    assert!(folder.path("data/key.pem").exists());
}

#[test]
fn sigterm_and_sigint_end_it_within_seconds_and_with_success() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = Folder::new();
        let mut server = serve(&folder);
        server.port();
        let told = Instant::now();
        server.signal(signal);
        let run = server.end();
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(told.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn contradictions_of_the_peer_rules_are_warnings_at_start() {
    let folder = Folder::new();
    let arguments = ["--listen=127.0.0.1:0", "--data-dir=data", "--turn-allow-peer=10.1.0.0/16"];
    let mut server = folder.start(&[], &arguments);
    server.port();
    server.signal(Signal::TERM);
    let run = server.end();
    let warned = |line: &str| line.contains("WARN") && line.contains("--turn-allow-peer: allowing peers");
    assert!(run.stderr.lines().any(warned), "{}", run.stderr);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = Folder::new();
    let mut server = serve(&folder);
    server.port();
    // Signals that come while the first is pending are one signal: repeat until it has ended.
    let run = server.signal_until_ended(Signal::INT);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
}

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_allowed() {
    let folder = Folder::new();
    let mut server = serve(&folder);
    server.port();
    let Ok(limits) = fs::read_to_string(format!("/proc/{}/limits", server.id())) else { return };
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = files.split_whitespace().skip(3).take(2).collect::<Vec<_>>()[..] else {
        panic!("{files}")
    };
    assert_eq!(soft, hard);
}

fn refused(run: &Run, port: u16) {
    assert_ne!(run.code, Some(0));
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.starts_with("kaigi: ") && run.stderr.contains(&port.to_string()), "{}", run.stderr);
    assert_eq!(run.stdout, "", "nothing to open");
}

#[test]
fn a_port_that_another_program_holds_is_one_line() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    refused(&Folder::new().kaigi(&["--listen", &address.to_string(), "--data-dir", "data"]), address.port());
}

#[test]
fn a_port_that_another_kaigi_holds_is_one_line() {
    let folder = Folder::new();
    let mut first = serve(&folder);
    let port = first.port();
    let listen = format!("127.0.0.1:{port}");
    refused(&Folder::new().kaigi(&["--listen", &listen, "--data-dir", "data"]), port);
    // The first one does not mind.
    TcpStream::connect(listen).unwrap();
}

#[test]
fn a_udp_port_that_is_held_is_one_line() {
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    refused(&Folder::new().kaigi(&["--listen", &address.to_string(), "--data-dir", "data"]), address.port());
}

#[test]
fn plain_http_behind_a_proxy_says_what_the_proxy_does_not_carry() {
    let folder = Folder::new();
    let mut server = folder.start(&[("KAIGI_TLS", "off")], &["--listen=127.0.0.1:0", "--data-dir=data"]);
    let address = server.line_with("http://127.0.0.1:");
    let address = address.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    server.line_with("must be reachable directly");
    let mut stream = TcpStream::connect(&address).unwrap();
    stream
        .write_all(
            format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
        )
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!folder.path("data/certificate.pem").exists());
}

#[test]
fn a_log_file_holds_every_line_up_to_the_last() {
    let folder = Folder::new();
    let arguments = ["--listen=127.0.0.1:0", "--data-dir=data", "--log-file=kaigi.log", "--log-format=json"];
    let mut server = folder.start(&[("KAIGI_LISTN", "x")], &arguments);
    server.port();
    server.signal(Signal::TERM);
    let run = server.end();
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let log = fs::read_to_string(folder.path("kaigi.log")).unwrap();
    assert!(log.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{log}");
    assert!(log.lines().next().unwrap().contains("did you mean KAIGI_LISTEN?"), "{log}");
    assert!(log.lines().last().unwrap().contains("stopping"), "{log}");
}

#[test]
fn another_takes_over_only_when_told_to_and_the_first_ends_with_success() {
    let folder = Folder::new();
    let mut first = serve(&folder);
    let port = first.port();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["serve", "--listen", &listen, "--data-dir", "data", "--takeover"];
    refused(&folder.kaigi(&arguments[..5]), port);
    let mut second = folder.start(&[], &arguments);
    assert_eq!(second.port(), port);
    let run = first.end();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(answer(&mut TcpStream::connect(&listen).unwrap()).starts_with("HTTP/1.1 308"));
    // And so on.
    let mut third = folder.start(&[], &arguments);
    assert_eq!(third.port(), port);
    assert_eq!(second.end().code, Some(0));
    third.signal(Signal::TERM);
    assert_eq!(third.end().code, Some(0));
    // Where nobody runs it is a start like any other.
    let mut fourth = folder.start(&[], &arguments);
    assert_eq!(fourth.port(), port);
}

#[test]
fn a_socket_that_systemd_holds_is_served_and_who_came_before_the_start_is_answered() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let mut early = TcpStream::connect(address).unwrap();
    let folder = Folder::new();
    // As systemd passes it: as file 3, to the process that LISTEN_PID names.
    let script = r#"exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@""#;
    let server = std::process::Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_kaigi"), "--data-dir", "data", "--listen"])
        .arg(address.to_string())
        .current_dir(folder.path("."))
        .stdin(std::os::fd::OwnedFd::from(held))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    let mut server = server.unwrap();
    let answered = answer(&mut early);
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(answered.starts_with("HTTP/1.1 308"), "{answered}");
}

#[test]
fn healthy_says_whether_a_server_answers() {
    let folder = Folder::new();
    let mut server = serve(&folder);
    let listen = format!("127.0.0.1:{}", server.port());
    let healthy = |variables: &[_]| folder.kaigi_with(variables, &["healthy"]);
    let run = healthy(&[("KAIGI_LISTEN", &*listen)]);
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (Some(0), "", ""));
    server.signal(Signal::TERM);
    server.end();
    let run = healthy(&[("KAIGI_LISTEN", &*listen)]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains(&listen) && run.stderr.lines().count() == 1, "{}", run.stderr);
}
