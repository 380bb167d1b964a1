//! The thread's loop: a batch in, through the TURN core, out again; then what the core has queued.

use std::{
    cell::RefCell,
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kaigi_packet::{
    Receive,
    demux::{self, Datagram},
};
use kaigi_turn::{
    Event, Family, FiveTuple, Forward, Metrics, Now, Outcome, Output, RelayError, RelayId, Server, StreamId,
    Transport,
};
use kaigi_udp::{Batch, Socket};
use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    sync::{Notify, mpsc},
    task::spawn_local,
    time::{MissedTickBehavior, interval},
};

use crate::{
    Input, Options, Outgoing,
    relays::{Addresses, Relay, Relays},
};

/// Everything the thread owns. Its tasks run one at a time and borrow for the length of one packet.
struct Media {
    turn: RefCell<Server>,
    sockets: Vec<Socket>,
    relays: RefCell<Relays>,
    streams: RefCell<HashMap<StreamId, mpsc::Sender<Outgoing>>>,
    addresses: Addresses,
    batch: RefCell<Batch>,
    scratch: RefCell<Vec<u8>>,
    /// The next deadline may have changed.
    deadline: Notify,
}

/// Runs until the inputs end.
pub(crate) async fn run(
    options: Options,
    mut inputs: mpsc::Receiver<Input>,
    shown: Arc<Mutex<Metrics>>,
) -> io::Result<()> {
    let rng = Box::new(StdRng::from_os_rng());
    let sockets = options.sockets.into_iter().map(Socket::new).collect::<io::Result<Vec<_>>>()?;
    let media = Rc::new(Media {
        turn: RefCell::new(Server::new(options.turn, options.nonce_key, rng, Instant::now())),
        sockets,
        relays: RefCell::default(),
        streams: RefCell::default(),
        addresses: Addresses { local: options.local_addresses, public: options.public_addresses },
        batch: RefCell::default(),
        scratch: RefCell::default(),
        deadline: Notify::new(),
    });
    for index in 0..media.sockets.len() {
        spawn_local(media.clone().serve(index));
    }
    spawn_local(media.clone().run_deadlines());
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            input = inputs.recv() => match input {
                Some(input) => media.handle_input(input),
                None => return Ok(()),
            },
            _ = tick.tick() => {
                let now = media.turn.borrow().metrics().clone();
                *shown.lock().unwrap_or_else(PoisonError::into_inner) = now;
            }
        }
    }
}

impl Media {
    /// Reads one of the sockets everybody talks to.
    async fn serve(self: Rc<Self>, index: usize) {
        self.read(&self.sockets[index], |receive| {
            // DTLS and SRTP are the SFU's, which is not here yet.
            if let Some(Datagram::Stun | Datagram::ChannelData) = demux::udp(receive.payload) {
                let from =
                    FiveTuple { client: receive.source, server: receive.local, transport: Transport::Udp };
                self.handle_client(&from, receive.payload);
            }
        })
        .await;
    }

    async fn read(self: &Rc<Self>, socket: &Socket, mut handle: impl FnMut(Receive<'_>)) {
        loop {
            let received = match socket.readable().await {
                Ok(()) => socket.try_receive(&mut self.batch.borrow_mut(), &mut handle),
                Err(error) => Err(error),
            };
            self.drain();
            if let Err(error) = received {
                tracing::debug!(%error, "reading from a UDP socket failed");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    fn handle_input(self: &Rc<Self>, input: Input) {
        match input {
            Input::StreamOpened { from, outbox } => {
                if let Some(id) = from.transport.stream() {
                    self.streams.borrow_mut().insert(id, outbox);
                }
            }
            Input::StreamFrame { from, frame } => self.handle_client(&from, &frame),
            Input::StreamClosed { from } => {
                if let Some(id) = from.transport.stream() {
                    self.streams.borrow_mut().remove(&id);
                }
                self.turn.borrow_mut().handle_stream_closed(now(), &from);
            }
        }
        self.drain();
    }

    fn handle_client(&self, from: &FiveTuple, message: &[u8]) {
        let outcome = self.turn.borrow_mut().handle_client(now(), from, message);
        if let Outcome::Forward(forward) = outcome {
            self.forward(forward, message);
        }
    }

    fn forward(&self, forward: Forward, message: &[u8]) {
        match forward {
            Forward::Peer { relay, peer, payload, .. } => {
                if let Some(relay) = self.relays.borrow().get(relay) {
                    // A full buffer drops, as a network would.
                    let _ = relay.socket.try_send(peer, None, &message[payload]);
                }
            }
            Forward::Client { client, head, payload, padding } => {
                let mut scratch = self.scratch.borrow_mut();
                scratch.clear();
                scratch.extend_from_slice(&head);
                scratch.extend_from_slice(&message[payload]);
                scratch.extend_from_slice(&[0; 3][..usize::from(padding)]);
                self.send(&client, &scratch);
            }
            // Only where several threads share the port.
            Forward::Neighbour { .. } => {}
        }
    }

    fn send(&self, client: &FiveTuple, bytes: &[u8]) {
        match client.transport {
            Transport::Udp => {
                if let Some(socket) = self.socket_for(client.client, client.server) {
                    let _ = socket.try_send(client.client, client.server, bytes);
                }
            }
            Transport::Tcp(id) | Transport::Tls(id) => {
                if let Some(outbox) = self.streams.borrow().get(&id) {
                    // A connection that does not keep up loses frames; it is closed by what it cannot write.
                    let _ = outbox.try_send(Outgoing { queued: Instant::now(), frame: bytes.to_vec() });
                }
            }
        }
    }

    /// The socket a client talks to: the one bound to that address, or to all of its family.
    fn socket_for(&self, client: SocketAddr, server: Option<IpAddr>) -> Option<&Socket> {
        let bound = |socket: &&Socket| {
            socket.local_addr().is_ok_and(|local| {
                let all = local.ip().is_unspecified() && local.is_ipv4() == client.is_ipv4();
                all || server == Some(local.ip())
            })
        };
        self.sockets.iter().find(bound)
    }

    /// Does what the core has queued.
    fn drain(self: &Rc<Self>) {
        loop {
            let output = self.turn.borrow_mut().poll_output();
            match output {
                None => break,
                Some(Output::Message { client, payload }) => self.send(&client, &payload),
                Some(Output::OpenRelay { relay, family, even_port, client }) => {
                    let opened = self.open(relay, family, even_port, &client);
                    self.turn.borrow_mut().handle_relay_opened(now(), relay, opened);
                }
                Some(Output::CloseRelay(relay)) => self.relays.borrow_mut().remove(relay),
                Some(Output::Event(event)) => log(&event),
            }
        }
        self.deadline.notify_one();
    }

    fn open(
        self: &Rc<Self>,
        id: RelayId,
        family: Family,
        even_port: bool,
        client: &FiveTuple,
    ) -> Result<SocketAddr, RelayError> {
        let (socket, address) = self.addresses.open(family, even_port, client)?;
        let socket = Rc::new(socket);
        let (media, reading) = (self.clone(), socket.clone());
        let reader = spawn_local(async move {
            media
                .read(&reading, |receive| {
                    let peer =
                        media.turn.borrow_mut().handle_peer(now(), id, receive.source, receive.payload);
                    if let Ok(forward) = peer {
                        media.forward(forward, receive.payload);
                    }
                })
                .await;
        });
        let reader = reader.abort_handle();
        self.relays.borrow_mut().insert(Relay { id, socket, reader });
        Ok(address)
    }

    async fn run_deadlines(self: Rc<Self>) {
        loop {
            let next = self.turn.borrow().poll_timeout();
            let wait = async {
                match next {
                    Some((at, _)) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => {
                    self.turn.borrow_mut().handle_timeout(now());
                    self.drain();
                }
                () = self.deadline.notified() => {}
            }
        }
    }
}

/// A line for each step of an allocation's life; whose it is does not stand in it.
fn log(event: &Event) {
    match event {
        Event::Created { allocation, client, lifetime, .. } => {
            tracing::info!(
                allocation,
                transport = client.transport.name(),
                seconds = lifetime.as_secs(),
                "relay opened"
            );
        }
        Event::Refreshed { allocation, lifetime } => {
            tracing::debug!(allocation, seconds = lifetime.as_secs(), "relay refreshed");
        }
        Event::Closed { allocation, reason, age, counters, .. } => {
            tracing::info!(
                allocation,
                ?reason,
                seconds = age.as_secs(),
                up_bytes = counters.up_bytes,
                down_bytes = counters.down_bytes,
                "relay closed"
            );
        }
    }
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { instant: Instant::now(), unix_s: unix.as_secs() }
}
