//! A server that runs: does it answer, in all the ways clients come?

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::relay::{self, PACKETS, Relayed};
use super::report::Finding;
use super::tls;
use super::turn_client::{Client, Failure, Transport};

const WEB: &str = "web page";
const STUN: &str = "STUN";
const RELAY: &str = "TURN relay";

/// How long a page may take.
const PAGE: Duration = Duration::from_secs(4);

/// No health check answers more.
const MOST_ANSWERED: u64 = 16 * 1024;

/// Where to try it.
#[derive(Clone, Debug)]
pub struct Running {
    /// One for each address that is listened on: loopback where that is every interface's.
    pub addresses: Vec<SocketAddr>,
    pub tls: bool,
}

impl Running {
    pub fn at(listen: &[SocketAddr], tls: bool, ipv6: bool) -> Self {
        let reachable = |address: &SocketAddr| {
            let ip = match address.ip() {
                ip if !ip.is_unspecified() => ip,
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            };
            SocketAddr::new(ip, address.port())
        };
        let usable = |address: &SocketAddr| address.is_ipv4() || ipv6;
        Self { addresses: listen.iter().map(reachable).filter(usable).collect(), tls }
    }

    /// Whether what holds the port is a Kaigi.
    pub async fn is_kaigi(&self) -> bool {
        for address in &self.addresses {
            if self.health(*address).await.is_ok() && self.binding(*address, Transport::Tcp).await.is_ok() {
                return true;
            }
        }
        false
    }

    /// Whether it answers on all its addresses.
    pub async fn healthy(&self) -> Result<(), String> {
        for address in &self.addresses {
            self.health(*address).await.map_err(|what| format!("{address}/healthz: {what}"))?;
        }
        Ok(())
    }

    pub async fn web(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for address in &self.addresses {
            let url = format!("{}://{address}", if self.tls { "https" } else { "http" });
            findings.push(match self.health(*address).await {
                Ok(()) => match get(*address, self.tls, "/readyz").await {
                    Ok((200, _)) => Finding::ok(WEB, format!("{url} is served and takes meetings")),
                    _ => Finding::warning(WEB, format!("{url} takes no new meetings: it is stopping"), "start it again"),
                },
                Err(what) => Finding::problem(
                    WEB,
                    format!("{url}/healthz: {what}"),
                    "`ss -lntp` names the program that holds the port; Kaigi's own log says why it does not answer",
                ),
            });
        }
        findings
    }

    async fn health(&self, address: SocketAddr) -> Result<(), String> {
        match get(address, self.tls, "/healthz").await {
            Ok((200, body)) if body.trim() == "ok" => Ok(()),
            Ok((status, _)) => Err(format!("answers with status {status}, as Kaigi would not")),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err("no answer".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// STUN the way each kind of client comes, on every address.
    pub async fn stun(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for transport in self.transports() {
            let mut answered = Vec::new();
            for address in &self.addresses {
                match self.binding(*address, *transport).await {
                    Ok(_) => answered.push(address.to_string()),
                    Err(failure) => findings.push(stun_failed(*address, *transport, &failure)),
                }
            }
            if !answered.is_empty() {
                let text = format!("over {transport}: answered on {}", answered.join(" and "));
                findings.push(Finding::ok(STUN, text));
            }
        }
        findings
    }

    async fn binding(&self, address: SocketAddr, transport: Transport) -> Result<SocketAddr, Failure> {
        Client::connect(address, transport).await?.binding().await
    }

    /// A STUN request to where clients are told to come.
    pub async fn outside(address: SocketAddr) -> Finding {
        let answer = async { Client::connect(address, Transport::Udp).await?.binding().await };
        match answer.await {
            Ok(_) => Finding::ok(STUN, format!("over UDP on the public address {address}: answered")),
            Err(failure) => Finding::warning(
                STUN,
                format!("over UDP on the public address {address}, asked from this machine: {failure}"),
                "many NATs do not lead back inside, so try from outside: the page /test of this server in another \
                 network; if that fails too, forward TCP and UDP of this port",
            ),
        }
    }

    /// Two allocations that talk to each other, over every transport. `whose` says where the credential is from.
    pub async fn relay(&self, credential: &(String, String), whose: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        for address in &self.addresses {
            for transport in self.transports() {
                findings.push(match relay::try_relay(*address, *transport, credential).await {
                    Ok(relayed) => relay_worked(*address, *transport, relayed),
                    Err((step, failure)) => relay_failed(*address, *transport, step, &failure, whose),
                });
            }
        }
        findings
    }

    fn transports(&self) -> &'static [Transport] {
        match self.tls {
            true => &[Transport::Udp, Transport::Tcp, Transport::Tls],
            // The proxy that does TLS carries no TURN.
            false => &[Transport::Udp, Transport::Tcp],
        }
    }
}

fn stun_failed(address: SocketAddr, transport: Transport, failure: &Failure) -> Finding {
    let port = address.port();
    let advice = match transport {
        Transport::Udp => format!(
            "`ss -lunp` names who holds UDP port {port}; if that is Kaigi, a firewall on this machine drops it: open UDP \
             port {port}. A proxy or port forwarding in front has to pass on UDP too, not TCP only"
        ),
        Transport::Tcp | Transport::Tls => {
            "what is in front of Kaigi on this port has to pass on bytes as they are, not HTTP only".into()
        }
    };
    Finding::problem(STUN, format!("over {transport}: {failure} on {address}"), advice)
}

fn relay_worked(address: SocketAddr, transport: Transport, relayed: Relayed) -> Finding {
    let Relayed { returned, round_trip } = relayed;
    let text = format!(
        "over {transport} on {address}: {returned} of {PACKETS} packets came back through two relays, {:.1} ms",
        round_trip.as_secs_f64() * 1000.0
    );
    match returned {
        PACKETS => Finding::ok(RELAY, text),
        0 => Finding::problem(
            RELAY,
            format!("over {transport} on {address}: allocated, but no packet came through"),
            "see the server's log and /metrics (kaigi_udp_dropped_total) for why it dropped them",
        ),
        _ => Finding::warning(
            RELAY,
            text,
            "this machine is overloaded, or its UDP buffers are too small (see limits)",
        ),
    }
}

fn relay_failed(
    address: SocketAddr,
    transport: Transport,
    step: &str,
    failure: &Failure,
    whose: &str,
) -> Finding {
    let advice = match failure {
        Failure::Refused { code: 401, .. } => format!(
            "the server does not know {whose}: call doctor with the same settings and data folder, and as the same user, \
             as the server"
        ),
        Failure::Refused { code: 486 | 508, .. } => {
            "a quota is used up, or no relay socket could be opened: see turn-max-allocations and the limits above".into()
        }
        Failure::Refused { code: 440, .. } => "this machine has no address of this family for relays".into(),
        Failure::Refused { .. } | Failure::Broken(_) => "the server's log may say more".into(),
        Failure::Silent => format!("see STUN over {transport} above"),
    };
    Finding::problem(RELAY, format!("over {transport} on {address}: {step}: {failure}"), advice)
}

/// The redirecting listener, which must send people to https.
pub async fn redirect(address: SocketAddr) -> Finding {
    let address = Running::at(&[address], false, true).addresses[0];
    match get(address, false, "/").await {
        Ok((308, _)) => Finding::ok(WEB, format!("http://{address} redirects to https")),
        Ok((status, _)) => Finding::problem(
            WEB,
            format!("http://{address} answers with status {status} instead of a redirect to https"),
            "another program holds this port (`ss -lntp` names it): stop it or change http-redirect",
        ),
        Err(error) => Finding::problem(WEB, format!("http://{address}: {error}"), "see the server's log"),
    }
}

/// Status and body of a small page.
async fn get(address: SocketAddr, secure: bool, path: &str) -> io::Result<(u16, String)> {
    let exchange = async {
        if secure {
            fetch(tls::connect(address).await?, address, path).await
        } else {
            fetch(TcpStream::connect(address).await?, address, path).await
        }
    };
    timeout(PAGE, exchange).await.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
}

async fn fetch(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    host: SocketAddr,
    path: &str,
) -> io::Result<(u16, String)> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    match stream.take(MOST_ANSWERED).read_to_end(&mut answer).await {
        // Some close a TLS connection without saying so; what came before counts.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        _ => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let status = status.ok_or_else(|| io::Error::other("what answers speaks no HTTP"))?;
    Ok((status, body.to_owned()))
}
