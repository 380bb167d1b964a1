use std::{net::UdpSocket, time::Duration};

use kaigi_udp::{Buffers, Role, Socket};

use super::*;

const BUFFERS: Buffers = Buffers { receive: 1 << 20, send: 1 << 20 };

struct Wire {
    socket: Socket,
    receivers: Vec<UdpSocket>,
    egress: Egress,
    io: Io,
}

impl Wire {
    fn new() -> Self {
        let io = kaigi_udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let receivers = (0..2).map(|_| {
            let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
            receiver.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            receiver
        });
        Self {
            socket: Socket::new(io, Role::Shared, BUFFERS).unwrap(),
            receivers: receivers.collect(),
            egress: Egress::new(),
            io: Io::default(),
        }
    }

    fn push(&mut self, receiver: usize, payload: &[u8]) {
        let destination = self.receivers[receiver].local_addr().unwrap();
        let route = Route { from: From::Shared(0), destination, local: None, dont_fragment: false };
        let (head, tail) = payload.split_at(payload.len() / 2);
        self.egress.push(route, &[head, tail]);
    }

    /// System calls it took.
    fn flush(&mut self) -> u64 {
        let before = self.io.sends;
        let socket = &self.socket;
        self.egress.flush(|_| Some(socket), &mut self.io);
        self.io.sends - before
    }

    fn received(&self, receiver: usize, count: usize) -> Vec<Vec<u8>> {
        let mut buffer = [0; 4096];
        let receive = |_| {
            let length = self.receivers[receiver].recv(&mut buffer).unwrap();
            buffer[..length].to_vec()
        };
        (0..count).map(receive).collect()
    }
}

#[test]
fn datagrams_to_one_destination_go_out_at_once_whatever_lies_between_and_in_order() {
    let mut wire = Wire::new();
    for byte in 0..10 {
        wire.push(0, &[byte; 700]);
        wire.push(1, &[byte; 900]);
    }
    assert_eq!(wire.flush(), 2);
    assert_eq!(wire.io.sent, 20);
    for (receiver, length) in [(0, 700), (1, 900)] {
        let wanted: Vec<Vec<u8>> = (0..10).map(|byte| vec![byte; length]).collect();
        assert_eq!(wire.received(receiver, 10), wanted);
    }
}

#[test]
fn a_run_ends_with_a_shorter_datagram_a_longer_one_or_an_empty_one() {
    let mut wire = Wire::new();
    let sizes = [100, 100, 50, 100, 100, 200, 0, 0, 200, 200];
    for (at, size) in sizes.into_iter().enumerate() {
        wire.push(0, &vec![at as u8; size]);
    }
    // 100 100 50, 100 100, 200, 0, 0, 200 200
    assert_eq!(wire.flush(), 6);
    let received = wire.received(0, sizes.len());
    let wanted: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(at, size)| vec![at as u8; *size]).collect();
    assert_eq!(received, wanted);
}

#[test]
fn runs_stay_within_what_any_kernel_and_any_path_takes() {
    let mut wire = Wire::new();
    (0..100).for_each(|_| wire.push(0, &[1; 20]));
    assert_eq!(wire.flush(), 2, "64 datagrams, then the rest");
    assert_eq!(wire.received(0, 100).len(), 100);
    (0..60).for_each(|_| wire.push(0, &[1; RUN_SEGMENT]));
    assert_eq!(wire.flush(), 2, "no more than 64 kB");
    assert_eq!(wire.received(0, 60).len(), 60);
    (0..3).for_each(|_| wire.push(0, &[1; RUN_SEGMENT + 1]));
    assert_eq!(wire.flush(), 3, "what may not fit a path goes alone");
    assert_eq!(wire.io.runs_refused + wire.io.lost_refused, 0);
}

#[test]
fn nothing_is_lost_where_the_system_refuses_runs() {
    let mut wire = Wire::new();
    // quinn-udp gives up runs on a socket after one refusal; this one is out of any kernel's bounds.
    let destination = wire.receivers[1].local_addr().unwrap();
    let refused = Transmit { destination, local: None, payload: &[0; 200], segment: 1 };
    assert_eq!(wire.socket.send(&refused), Err(SendError::OneByOne));
    (0..5).for_each(|byte| wire.push(0, &[byte; 100]));
    assert_eq!(wire.flush(), 5);
    assert_eq!(wire.received(0, 5), (0..5).map(|byte| vec![byte; 100]).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_sent_is_counted() {
    let mut wire = Wire::new();
    // A broadcast address, which takes an option nobody set.
    let destination = "255.255.255.255:9".parse().unwrap();
    let route = Route { from: From::Shared(0), destination, local: None, dont_fragment: false };
    wire.egress.push(route, &[b"x"]);
    assert_eq!(wire.flush(), 0);
    assert_eq!((wire.io.sent, wire.io.lost_refused), (0, 1));
}

#[test]
fn gathering_in_steady_state_takes_no_more_memory() {
    let mut wire = Wire::new();
    let mut room = None;
    for _ in 0..3 {
        let mut pushed = 0;
        while !wire.egress.is_full() {
            wire.push(pushed % 2, &[0; 1000]);
            pushed += 1;
        }
        assert!(wire.egress.bytes.len() < ARENA + 65_536);
        wire.flush();
        let now =
            (wire.egress.bytes.capacity(), wire.egress.gathered.capacity(), wire.egress.pieces.capacity());
        assert_eq!(*room.get_or_insert(now), now);
    }
}
