//! Signaling over Socket.IO: the namespace `/meet` for Kaigi's own clients and the plain relay on `/`.

mod asking;
mod budget;
mod convert;
mod hub;
mod meet;
mod ordered;
mod relay;
mod sizes;
mod token;

pub(crate) use hub::{Begun, Changed, Hub, HubOptions, Matches};

use std::{sync::Arc, time::Duration};

use kaigi_protocol::vocabulary::limits;
use socketioxide::{SocketIo, TransportType, layer::SocketIoLayer};

/// How often the server looks whether a client is still there, and how long it waits for the answer: a dead
/// connection is noticed within the sum.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// Packets that may wait for one client; one that does not read is disconnected at this point.
const SEND_BUFFER: usize = 1024;

/// Room for a read from a WebSocket, kept for as long as the connection: for most messages. What is longer gets room of its
/// own once its length is known.
const READ: usize = 1024;

/// Makes the Socket.IO layer with both namespaces.
pub(crate) fn layer(hub: Arc<Hub>) -> (SocketIoLayer, SocketIo) {
    // A WebSocket message takes a few bytes more than its content: the packet type, namespace and ack id.
    let largest = limits::MESSAGE_BYTES + 1024;
    let (layer, io) = SocketIo::builder()
        .req_path("/socket.io")
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .connect_timeout(Duration::from_secs(10))
        .max_buffer_size(SEND_BUFFER)
        .max_payload(largest as u64)
        .ws_read_buffer_size(READ)
        .ws_max_message_size(largest)
        .ws_max_frame_size(largest)
        .transports([TransportType::Polling, TransportType::Websocket])
        .build_layer();
    io.ns("/meet", meet::Connect(hub.clone()));
    io.ns("/", relay::Connect::new(hub));
    (layer, io)
}
