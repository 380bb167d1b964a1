//! One thread.

use std::net::UdpSocket;

use kaigi_packet::Transmit;
use kaigi_udp::{Buffers, Role, Socket};

use super::{
    DEADLINE,
    client::{Client, Path, attribute, channel_data},
    until, worker,
};

fn peer() -> UdpSocket {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(DEADLINE)).unwrap();
    peer
}

#[test]
fn data_goes_both_ways_with_channels_and_with_indications() {
    let (_worker, server) = worker(1);
    let mut ann = Client::udp(server);
    let relayed = ann.allocate();
    let (bound, permitted) = (peer(), peer());
    assert_eq!(ann.bind(0x4001, bound.local_addr().unwrap()), 0);
    assert_eq!(ann.permit(permitted.local_addr().unwrap()), 0);
    let mut buffer = [0; 2048];
    ann.send_channel(0x4001, b"by channel");
    ann.send_indication(permitted.local_addr().unwrap(), b"by indication");
    for (peer, wanted) in [(&bound, &b"by channel"[..]), (&permitted, b"by indication")] {
        let (length, source) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], source), (wanted, relayed));
        peer.send_to(b"and back", relayed).unwrap();
        let back = ann.path.receive();
        match peer.local_addr().unwrap() == bound.local_addr().unwrap() {
            true => assert_eq!(back, channel_data(0x4001, b"and back")),
            false => assert_eq!(attribute(&back, 0x13).unwrap(), b"and back"),
        }
    }
}

#[test]
fn a_train_of_datagrams_leaves_as_it_came_in_one_call() {
    let (worker, server) = worker(1);
    let mut ann = Client::udp(server);
    let relayed = ann.allocate();
    let peer = peer();
    let address = peer.local_addr().unwrap();
    assert_eq!(ann.bind(0x4000, address), 0);
    let Path::Udp(socket) = &ann.path else { panic!() };
    let before = until(&worker, |metrics| metrics.io.sent == 3).io;

    // The same 5-tuple, able to send a train.
    let buffers = Buffers { receive: 1 << 20, send: 1 << 20 };
    let trains = Socket::new(socket.try_clone().unwrap(), Role::Shared, buffers).unwrap();
    let frames: Vec<u8> = (0..8).flat_map(|byte| channel_data(0x4000, &[byte; 1000])).collect();
    let train = Transmit { destination: server, local: None, payload: &frames, segment: 1004 };
    trains.send(&train).unwrap();
    let mut buffer = [0; 2048];
    for byte in 0..8 {
        assert_eq!(peer.recv_from(&mut buffer).unwrap(), (1000, relayed));
        assert!(buffer[..1000].iter().all(|found| *found == byte));
    }
    let up = until(&worker, |metrics| metrics.io.sent == before.sent + 8).io;
    assert_eq!((up.sends - before.sends, up.receives - before.receives), (1, 1));

    let backward = Socket::new(peer.try_clone().unwrap(), Role::Shared, buffers).unwrap();
    let payload: Vec<u8> = (0..8).flat_map(|byte| [byte; 1000]).collect();
    let train = Transmit { destination: relayed, payload: &payload, segment: 1000, ..train };
    backward.send(&train).unwrap();
    let down = until(&worker, |metrics| metrics.io.sent == before.sent + 16).io;
    assert_eq!((down.sends - up.sends, down.receives - up.receives), (1, 1));
}

#[test]
fn an_icmp_error_from_the_kernel_reaches_the_client() {
    let (_worker, server) = worker(1);
    let mut ann = Client::udp(server);
    ann.allocate();
    let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(ann.permit(gone), 0);
    ann.send_indication(gone, b"anybody there?");
    let told = ann.path.receive();
    // RFC 8656 §18.13: ICMP's type 3, code 3 and no data; the peer is who could not be reached.
    assert_eq!(attribute(&told, 0x8004).unwrap(), [0, 0, 3, 3, 0, 0, 0, 0]);
    assert_eq!(attribute(&told, 0x12).unwrap()[2..4], (gone.port() ^ 0x2112).to_be_bytes());
    // It stopped nothing.
    assert_eq!(ann.permit(gone), 0);
}

#[test]
fn a_relay_ends_with_its_allocation() {
    let (worker, server) = worker(1);
    let mut ann = Client::udp(server);
    let relayed = ann.allocate();
    until(&worker, |metrics| metrics.open.allocations == 1);
    assert!(UdpSocket::bind(relayed).is_err());
    assert_eq!(ann.request(super::client::REFRESH, &[(0x000D, vec![0; 4])]).0, 0);
    UdpSocket::bind(relayed).expect("the port is free again");
    until(&worker, |metrics| metrics.open.allocations == 0);
}

#[test]
fn a_second_server_cannot_have_the_port() {
    for threads in [1, 2] {
        let (_worker, server) = worker(threads);
        for others in [1, 2] {
            let error = crate::bind(server, others).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        }
    }
}
