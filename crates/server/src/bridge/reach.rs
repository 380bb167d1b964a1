//! How clients reach this server, from what their own connection shows.

use std::{net::IpAddr, sync::Arc};

use axum::http::uri::Authority;

use super::{
    candidates::{Reach, candidates},
    names::{Found, Names},
};
use crate::{certificate::Store, visitor::Visitor};

/// What candidates are made of.
pub(crate) struct Reaching {
    port: u16,
    listening: Vec<IpAddr>,
    public: Vec<IpAddr>,
    store: Option<Arc<Store>>,
    names: Names,
}

impl Reaching {
    /// `listening` are the addresses that are bound. Without a certificate (`store`) a proxy is in front, and what clients see of the server says nothing of where
    /// its media port is.
    pub(crate) fn new(
        port: u16,
        listening: Vec<IpAddr>,
        public: &[IpAddr],
        store: Option<Arc<Store>>,
    ) -> Self {
        Self { port, listening, public: public.to_vec(), store, names: Names::new() }
    }

    /// The candidates for this client; or the name that has to be [looked up](Self::look_up) first.
    pub(crate) fn candidates(&self, visitor: &Visitor) -> Result<Vec<String>, String> {
        match self.host(visitor) {
            None => Ok(self.candidates_with(visitor, &[], None)),
            Some((host, port)) => {
                let certified = self.store.as_ref().map(|store| store.current());
                match self.names.find(&host, certified.as_ref().map_or(&[], |current| &current.names)) {
                    Found::Addresses(ips) => Ok(self.candidates_with(visitor, &ips, Some(port))),
                    Found::Unknown(name) => Err(name),
                }
            }
        }
    }

    /// The same, with a name looked up.
    pub(crate) async fn look_up(&self, visitor: &Visitor, name: String) -> Vec<String> {
        let ips = self.names.look_up(name).await;
        self.candidates_with(visitor, &ips, self.host(visitor).map(|(_, port)| port))
    }

    /// The host and port in the client's URL, where they lead to this server itself.
    fn host(&self, visitor: &Visitor) -> Option<(String, u16)> {
        if self.store.is_none() || visitor.proxied {
            return None;
        }
        let authority: Authority = visitor.host.as_ref()?.parse().ok()?;
        Some((authority.host().to_owned(), authority.port_u16().unwrap_or(443)))
    }

    fn candidates_with(&self, visitor: &Visitor, host: &[IpAddr], url_port: Option<u16>) -> Vec<String> {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let interfaces: Vec<IpAddr> =
            interfaces.iter().map(|interface| interface.ip()).filter(|ip| self.listens_on(*ip)).collect();
        candidates(&Reach {
            port: self.port,
            public: &self.public,
            interfaces: &interfaces,
            client: visitor.ip,
            arrived: visitor.local.map(|local| local.ip()),
            host,
            url_port,
        })
    }

    fn listens_on(&self, ip: IpAddr) -> bool {
        let all = |bound: &&IpAddr| bound.is_unspecified() && bound.is_ipv4() == ip.is_ipv4();
        self.listening.contains(&ip) || self.listening.iter().any(|bound| all(&bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_counts_where_tls_ends_here_and_no_proxy_is_between() {
        let dir = tempfile::tempdir().unwrap();
        let source = crate::certificate::Source::SelfSigned {
            data_dir: dir.path().to_owned(),
            names: vec!["meet.example.org".into()],
        };
        let store = Store::open(source).unwrap();
        let visitor = |host: &str| Visitor {
            host: Some(host.into()),
            ip: Some([198, 51, 100, 7].into()),
            local: Some("192.0.2.1:8443".parse().unwrap()),
            ..Visitor::default()
        };
        let direct = Reaching::new(8443, vec![[0; 4].into()], &[], Some(store));
        assert_eq!(direct.candidates(&visitor("meet.example.org")), Err("meet.example.org".into()));
        let told = direct.candidates(&visitor("203.0.113.9:9443")).unwrap().join("\n");
        assert!(told.contains(" 203.0.113.9 9443 typ") && told.contains(" 192.0.2.1 8443 typ"), "{told}");
        let told = direct.candidates(&visitor("evil.test")).unwrap().join("\n");
        assert!(!told.contains("443 typ host tcptype passive\ncandidate:3 1 tcp"), "{told}");
        let proxied = Visitor { proxied: true, ..visitor("203.0.113.9:9443") };
        let behind = Reaching::new(8443, vec![[0; 4].into()], &[], None);
        for told in [direct.candidates(&proxied), behind.candidates(&visitor("203.0.113.9:9443"))] {
            let told = told.unwrap().join("\n");
            assert!(!told.contains("203.0.113.9") && told.contains(" 192.0.2.1 8443 typ"), "{told}");
        }
    }

    #[test]
    fn only_addresses_that_are_listened_on_count() {
        let visitor = Visitor {
            ip: Some([127, 0, 0, 1].into()),
            local: Some("127.0.0.1:8443".parse().unwrap()),
            ..Visitor::default()
        };
        let bound: IpAddr = [127, 0, 0, 1].into();
        let alone = Reaching::new(8443, vec![bound], &[], None).candidates(&visitor).unwrap();
        assert_eq!(alone.len(), 3, "UDP, TCP and the virtual one: {alone:?}");
        assert!(alone.iter().all(|line| line.contains(" 127.0.0.1 ")), "{alone:?}");
        let six = Reaching::new(8443, vec![bound, "::".parse().unwrap()], &[], None);
        assert!(!six.listens_on([192, 0, 2, 1].into()) && six.listens_on("2001:db8::1".parse().unwrap()));
    }
}
