//! Whether the server still does its work, tried as a client would: for a service manager that restarts what hangs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use kaigi_worker::Worker;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Feels a server's pulse.
#[derive(Clone)]
pub struct Pulse {
    pub(crate) worker: Worker,
    pub(crate) listener: Option<SocketAddr>,
}

impl Pulse {
    /// Whether every media thread has a turn, and a connection is accepted and answered, in this time; else what
    /// hangs.
    pub async fn feel(&self, within: Duration) -> Result<(), String> {
        let (silent, served) =
            tokio::join!(self.worker.silent_threads(within), timeout(within, self.connect()));
        if !silent.is_empty() {
            return Err(format!("media threads hang: {silent:?}"));
        }
        match served {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the own port cannot be connected to: {error}")),
            Err(_elapsed) => Err("connections are not answered".into()),
        }
    }

    /// Plain HTTP, which every listener answers in some way. One that is full closes the connection: alive as well.
    async fn connect(&self) -> std::io::Result<()> {
        let Some(listener) = self.listener else { return Ok(()) };
        let ip = match listener.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let mut stream = TcpStream::connect(SocketAddr::new(ip, listener.port())).await?;
        let asked =
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        if asked.is_ok() {
            let _ = stream.read(&mut [0; 64]).await;
        }
        Ok(())
    }
}
