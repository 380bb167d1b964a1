//! Credentials for our own TURN server, minted where somebody may relay: at a join, by the API, for the
//! connection test. They follow the "TURN REST API" convention, as the applications' own do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::uri::Authority;
use kaigi_protocol::wire::{IceServer, TurnCredential};
use kaigi_turn::SharedSecret;

use crate::secrets::Secrets;

/// How long a participant's credential is good: longer than meetings are, and renewed in those that are longer.
pub(crate) const PARTICIPANT: Duration = Duration::from_secs(24 * 3600);

/// Long enough to test a connection; nobody can relay a meeting with it.
pub(crate) const CONNECTION_TEST: Duration = Duration::from_secs(120);

/// Mints credentials.
#[derive(Clone, Debug)]
pub(crate) struct Minter {
    secret: SharedSecret,
    port: Option<u16>,
}

impl Minter {
    /// `port`: where it is another than that of the page.
    pub(crate) fn new(secrets: &Secrets, port: Option<u16>) -> Self {
        Self { secret: secret(secrets), port }
    }

    /// A credential whose relays count towards `name`'s quotas.
    pub(crate) fn mint(&self, name: &str, lifetime: Duration) -> TurnCredential {
        let minted = self.secret.mint(name, unix_seconds() + lifetime.as_secs());
        TurnCredential {
            username: minted.username,
            credential: minted.password,
            seconds: lifetime.as_secs() as u32,
            port: self.port,
        }
    }

    /// Our STUN and TURN servers as `RTCPeerConnection` takes them (RFC 7064, RFC 7065), for clients that reach
    /// the server under this `host[:port]`.
    pub(crate) fn ice_servers(&self, host: &Authority, secure: bool, turn: TurnCredential) -> [IceServer; 2] {
        let default = if secure { 443 } else { 80 };
        let address = format!("{}:{}", host.host(), self.port.or(host.port_u16()).unwrap_or(default));
        let mut urls = vec![format!("turn:{address}?transport=udp"), format!("turn:{address}?transport=tcp")];
        // Where a proxy speaks TLS, our own port does not.
        if self.port.is_none() && secure {
            urls.push(format!("turns:{address}?transport=tcp"));
        }
        let stun = IceServer { urls: vec![format!("stun:{address}")], username: None, credential: None };
        [stun, IceServer { urls, username: Some(turn.username), credential: Some(turn.credential) }]
    }
}

/// Seconds since the Unix epoch.
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// What this server's own credentials are made with; the TURN server takes them besides the operator's.
pub(crate) fn secret(secrets: &Secrets) -> SharedSecret {
    SharedSecret::new(secrets.derive("turn credentials"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(host: &str, secure: bool, port: Option<u16>) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let minter = Minter::new(&Secrets::open(dir.path()).unwrap(), port);
        let turn = minter.mint("ann", PARTICIPANT);
        let servers = minter.ice_servers(&host.parse().unwrap(), secure, turn);
        servers.into_iter().flat_map(|server| server.urls).collect()
    }

    #[test]
    fn the_urls_follow_the_name_the_client_used() {
        let shown = urls("kaigi.example:8443", true, None);
        assert_eq!(
            shown,
            [
                "stun:kaigi.example:8443",
                "turn:kaigi.example:8443?transport=udp",
                "turn:kaigi.example:8443?transport=tcp",
                "turns:kaigi.example:8443?transport=tcp",
            ]
        );
        assert_eq!(urls("kaigi.example", true, None)[0], "stun:kaigi.example:443");
        assert_eq!(urls("[2001:db8::1]:8443", true, None)[0], "stun:[2001:db8::1]:8443");
    }

    #[test]
    fn behind_a_proxy_they_name_our_own_port_without_tls() {
        let shown = urls("kaigi.example", true, Some(8080));
        assert_eq!(
            shown[1..],
            ["turn:kaigi.example:8080?transport=udp", "turn:kaigi.example:8080?transport=tcp"]
        );
    }
}
