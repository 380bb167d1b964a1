//! A WebSocket over plain TCP: requests that wait for their answer, and reading what has come meanwhile.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};
use tungstenite::{ClientRequestBuilder, Message, WebSocket, http::Uri};

/// An answer is waited for this long.
const WAIT: Duration = Duration::from_secs(10);

/// Text messages both ways.
pub struct Connection(WebSocket<TcpStream>);

impl Connection {
    /// From this local address.
    pub fn open(from: Ipv4Addr, to: SocketAddrV4, path: &str, protocol: Option<&str>) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddrV4::new(from, 0).into())?;
        socket.connect_timeout(&SocketAddrV4::into(to), WAIT)?;
        let stream: TcpStream = socket.into();
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(WAIT))?;
        let uri: Uri = format!("ws://{to}{path}").parse().map_err(io::Error::other)?;
        let mut request = ClientRequestBuilder::new(uri);
        if let Some(protocol) = protocol {
            request = request.with_sub_protocol(protocol);
        }
        let (socket, _) =
            tungstenite::client(request, stream).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self(socket))
    }

    /// Sends.
    pub fn send(&mut self, text: String) -> io::Result<()> {
        self.0.get_ref().set_nonblocking(false)?;
        self.0.send(Message::text(text)).map_err(io::Error::other)
    }

    /// The next message, waited for.
    pub fn next(&mut self) -> io::Result<String> {
        self.0.get_ref().set_nonblocking(false)?;
        let deadline = Instant::now() + WAIT;
        while Instant::now() < deadline {
            if let Message::Text(text) = self.0.read().map_err(io::Error::other)? {
                return Ok(text.as_str().to_owned());
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// The next message, if it has come.
    pub fn try_next(&mut self) -> io::Result<Option<String>> {
        self.0.get_ref().set_nonblocking(true)?;
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return Ok(Some(text.as_str().to_owned())),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(None);
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}
