//! Who made a request, as far as the connection, a trusted proxy and the cookie tell.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header, request::Parts};
use ipnet::IpNet;

use crate::session::{Session, Sessions};

/// How a connection came in; put into every request by the listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) peer: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) tls: bool,
}

/// Who made a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    /// The client's own address, behind a trusted proxy too.
    pub(crate) ip: Option<IpAddr>,
    /// The address the connection arrived at.
    pub(crate) local: Option<SocketAddr>,
    /// The host and port in its URL, as its connection says.
    pub(crate) host: Option<String>,
    /// The client's browser speaks https, to us or to the proxy.
    pub(crate) secure: bool,
    /// A proxy handed the request on, trusted or not.
    pub(crate) proxied: bool,
    /// What its cookie says; `None` without a valid one.
    pub(crate) session: Option<Session>,
}

impl Visitor {
    pub(crate) fn of(request: &Parts, trusted: &[IpNet], sessions: &Sessions) -> Self {
        let headers = &request.headers;
        let session = sessions.read(headers);
        let proxied = ["x-forwarded-for", "forwarded"].iter().any(|name| headers.contains_key(*name));
        // HTTP/2 has it in the URI, HTTP/1 in a header.
        let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = request.uri.authority().map(|authority| authority.as_str()).or(named).map(str::to_owned);
        let Some(link) = request.extensions.get::<Link>() else {
            return Self { session, proxied, ..Self::default() };
        };
        let peer = link.peer.ip().to_canonical();
        let believed = trusts(trusted, peer);
        let ip = if believed { forwarded_for(headers, trusted).unwrap_or(peer) } else { peer };
        let secure = link.tls || (believed && headers.get("x-forwarded-proto").is_some_and(|p| p == "https"));
        Self { ip: Some(ip), local: Some(link.local), host, secure, proxied, session }
    }
}

/// The last address in `X-Forwarded-For` that is not a trusted proxy's: the first ones can be invented.
fn forwarded_for(headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let values: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    let hops = values.iter().flat_map(|value| value.split(',')).map(|hop| hop.trim().parse::<IpAddr>().ok());
    let hops: Vec<IpAddr> = hops.collect::<Option<_>>()?;
    hops.iter().rev().find(|hop| !trusts(trusted, **hop)).or(hops.first()).copied()
}

fn trusts(trusted: &[IpNet], address: IpAddr) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::Request;

    use super::*;
    use crate::secrets::Secrets;

    fn visitor(peer: &str, forwarded: &[(&str, &str)]) -> Visitor {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::new(Arc::new(Secrets::open(dir.path()).unwrap()));
        let mut request = Request::builder();
        for (name, value) in forwarded {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let local = "192.0.2.1:8443".parse().unwrap();
        parts.extensions.insert(Link { peer: peer.parse().unwrap(), local, tls: false });
        Visitor::of(&parts, &["10.0.0.0/8".parse().unwrap()], &sessions)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let claim = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        let honest = visitor("10.0.0.2:4000", &claim);
        assert_eq!((honest.ip, honest.secure), (Some("203.0.113.9".parse().unwrap()), true));
        let liar = visitor("198.51.100.3:4000", &claim);
        assert_eq!(
            (liar.ip, liar.secure, liar.proxied),
            (Some("198.51.100.3".parse().unwrap()), false, true)
        );
    }

    #[test]
    fn an_address_the_client_invented_is_not_taken() {
        let claim = [("x-forwarded-for", "127.0.0.1, 203.0.113.9, 10.0.0.7")];
        assert_eq!(visitor("10.0.0.2:4000", &claim).ip, Some("203.0.113.9".parse().unwrap()));
        assert_eq!(
            visitor("10.0.0.2:4000", &[("x-forwarded-for", "garbage")]).ip,
            Some("10.0.0.2".parse().unwrap())
        );
    }
}
