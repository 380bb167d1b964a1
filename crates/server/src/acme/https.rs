//! The requests to the authority: a connection for each, with a deadline and a bound, and `Retry-After` kept, which the
//! protocol library drops together with the answer that refuses.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::{HeaderValue, Request, Response, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::certificate::provider;

/// One request, from the look-up to the last byte.
const REQUEST: Duration = Duration::from_secs(30);

/// Longer than any chain of certificates.
const MOST_ANSWERED: usize = 1 << 20;

/// Why the authority cannot be talked to: everything before its own words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreachable {
    #[error("{0} is no https address")]
    Address(String),
    #[error("no trusted root certificates: {0}")]
    Roots(String),
    #[error("{0} is not found in the DNS ({1}): does this machine have a working resolver?")]
    Lookup(String, io::Error),
    #[error("cannot connect to {0} ({1}): outbound TCP to it has to be allowed")]
    Connect(String, io::Error),
    #[error("cannot trust {0}: {1}")]
    Tls(String, io::Error),
    #[error("{host} did not answer in {} s", REQUEST.as_secs())]
    Silent { host: String },
    #[error("the connection to {0} broke: {1}")]
    Broken(String, String),
    #[error(
        "{0} answers with status {1} and nothing that ACME knows: is it the address of an ACME directory?"
    )]
    Foreign(String, u16),
}

/// The client, and when the last refusal asked to be left alone until.
#[derive(Clone)]
pub(super) struct Https {
    tls: TlsConnector,
    retry_after: Arc<Mutex<Option<SystemTime>>>,
}

impl Https {
    /// Reads files.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, Unreachable> {
        let mut roots = RootCertStore::empty();
        match ca {
            Some(file) => {
                let wrong = |why: String| Unreachable::Roots(format!("{} (acme-ca): {why}", file.display()));
                for root in CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))? {
                    let root = root.map_err(|error| wrong(error.to_string()))?;
                    roots.add(root).map_err(|error| wrong(error.to_string()))?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            return Err(Unreachable::Roots("install the package ca-certificates".into()));
        }
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Unreachable::Roots(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), retry_after: Arc::default() })
    }

    /// Asks for the directory, and what time it is there.
    pub(super) async fn look(&self, directory: &str) -> Result<Option<SystemTime>, Unreachable> {
        let host = directory.to_owned();
        let request = Request::get(directory).body(BodyWrapper::default());
        let request = request.map_err(|_| Unreachable::Address(host.clone()))?;
        let answer = timeout(REQUEST, self.exchange(request)).await;
        let answer = answer.unwrap_or(Err(Unreachable::Silent { host: host.clone() }))?;
        if !answer.status().is_success() {
            return Err(Unreachable::Foreign(host, answer.status().as_u16()));
        }
        let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        Ok(date.and_then(|date| httpdate::parse_http_date(date).ok()))
    }

    /// What the last refusal said, once.
    pub(super) fn take_retry_after(&self) -> Option<SystemTime> {
        self.retry_after.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn exchange(
        &self,
        mut request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, Unreachable> {
        let wrong = || Unreachable::Address(request.uri().to_string());
        let (Some("https"), Some(authority)) =
            (request.uri().scheme_str(), request.uri().authority().cloned())
        else {
            return Err(wrong());
        };
        let name = authority.to_string();
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let server = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
        let value = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?;
        let path = request.uri().path_and_query().cloned();
        let addresses = tokio::net::lookup_host((host.as_str(), authority.port_u16().unwrap_or(443)))
            .await
            .map_err(|error| Unreachable::Lookup(host.clone(), error))?;
        let stream = connect(addresses).await.map_err(|error| Unreachable::Connect(name.clone(), error))?;
        let stream =
            self.tls.connect(server, stream).await.map_err(|error| Unreachable::Tls(name.clone(), error))?;
        let broken = |error: String| Unreachable::Broken(name.clone(), error);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(error.to_string()))?;
        // Ends with the answer: whoever is not polled any more is dropped.
        let mut connection = tokio::task::JoinSet::from_iter([async move {
            let _ = connection.await;
        }]);
        request.headers_mut().insert(header::HOST, value);
        *request.uri_mut() = path.map_or_else(Default::default, Into::into);
        let answer = sender.send_request(request).await.map_err(|error| broken(error.to_string()))?;
        let (parts, body) = answer.into_parts();
        let body =
            Limited::new(body, MOST_ANSWERED).collect().await.map_err(|error| broken(error.to_string()))?;
        connection.abort_all();
        if parts.status.is_client_error() || parts.status.is_server_error() {
            let until = parts.headers.get(header::RETRY_AFTER).and_then(retry_after);
            *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner) = until;
            let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            if !kind.is_some_and(|kind| kind.contains("json")) {
                return Err(Unreachable::Foreign(name, parts.status.as_u16()));
            }
        }
        Ok(Response::from_parts(parts, Full::new(body.to_bytes())))
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        let host = request.uri().host().unwrap_or_default().to_owned();
        Box::pin(async move {
            match timeout(REQUEST, client.exchange(request)).await {
                Ok(Ok(answer)) => Ok(BytesResponse::from(answer)),
                Ok(Err(why)) => Err(Error::Other(Box::new(why))),
                Err(_elapsed) => Err(Error::Other(Box::new(Unreachable::Silent { host }))),
            }
        })
    }
}

/// One address after the other, each with a share of the time: a family without a route must not eat it all.
async fn connect(addresses: impl Iterator<Item = std::net::SocketAddr>) -> io::Result<TcpStream> {
    const EACH: Duration = Duration::from_secs(6);
    const MOST: usize = 4;
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses.take(MOST) {
        match timeout(EACH, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// Seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(value: &HeaderValue) -> Option<SystemTime> {
    let text = value.to_str().ok()?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => Some(SystemTime::now() + Duration::from_secs(seconds.into())),
        Err(_) => httpdate::parse_http_date(text).ok(),
    }
}
