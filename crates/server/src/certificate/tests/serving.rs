//! What clients meet: real handshakes, and files that change under a running server.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, version};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::super::watch::{Seen, Watch};
use super::super::{CERTIFICATE_FILE, KEY_FILE, Loaded, Source, Store, provider, renew, self_signed};
use super::{Folder, GOOD, make_chain};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Echoes over TLS with the store's configuration, taken once as the listener does.
async fn serve(store: &Arc<Store>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(store.server_config());
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(socket).await else { return };
                let (mut reader, mut writer) = tokio::io::split(stream);
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
            });
        }
    });
    address
}

async fn connect(
    address: std::net::SocketAddr,
    trusted: &std::path::Path,
    alpn: &[&str],
    old: bool,
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let versions = if old { &[&version::TLS12][..] } else { &[&version::TLS13] };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let socket = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost").unwrap(), socket)
        .await
        .unwrap()
}

async fn echoes(stream: &mut TlsStream<TcpStream>) -> bool {
    let mut answer = [0; 5];
    stream.write_all(b"hello").await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    &answer == b"hello"
}

fn leaf(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

fn self_signed_source(folder: &Folder) -> Source {
    Source::SelfSigned { data_dir: folder.path("data"), names: Vec::new() }
}

#[tokio::test]
async fn a_connection_lives_on_over_a_swap_and_new_ones_get_the_new_certificate() {
    let folder = Folder::empty();
    let store = Store::open(self_signed_source(&folder)).unwrap();
    let address = serve(&store).await;
    let cert = folder.path("data").join(CERTIFICATE_FILE);
    let mut before = connect(address, &cert, &[], false).await;
    assert!(echoes(&mut before).await);

    renew(&folder.path("data"), &[]).unwrap();
    let Seen::Replaced(_) = Watch::default().look(&store, SystemTime::now()) else { panic!() };

    let mut after = connect(address, &cert, &[], false).await;
    assert_ne!(leaf(&before), leaf(&after));
    assert!(echoes(&mut after).await);
    assert!(echoes(&mut before).await);
}

#[tokio::test]
async fn the_watch_future_picks_a_renewal_up_by_itself() {
    let folder = Folder::empty();
    let store = Store::open(self_signed_source(&folder)).unwrap();
    let watch = tokio::spawn(store.watch());
    let renewed = renew(&folder.path("data"), &[]).unwrap();
    tokio::time::timeout(Duration::from_secs(60), async {
        while store.current().fingerprint != renewed.fingerprint {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .unwrap();
    watch.abort();
}

#[tokio::test]
async fn both_tls_versions_and_all_three_protocols_are_offered() {
    let folder = Folder::empty();
    let store = Store::open(self_signed_source(&folder)).unwrap();
    let address = serve(&store).await;
    let cert = folder.path("data").join(CERTIFICATE_FILE);
    for name in ["h2", "http/1.1", "stun.turn"] {
        let stream = connect(address, &cert, &[name], false).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(name.as_bytes()));
        assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    }
    let stream = connect(address, &cert, &[], true).await;
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
}

#[tokio::test]
async fn a_chain_is_sent_whole_so_that_a_client_with_only_the_root_connects() {
    let Some(folder) = Folder::with_openssl() else { return };
    make_chain(&folder);
    folder.sh("cat c.pem middle.pem > chain.pem");
    let store = folder.open("chain.pem", "k.pem").unwrap();
    let mut stream = connect(serve(&store).await, &folder.path("root.pem"), &[], false).await;
    assert!(echoes(&mut stream).await);
}

/// Looks until it says something, at most as often as a watch would in a minute.
fn look_until_told(watch: &mut Watch, store: &Store) -> Option<Seen> {
    (0..30)
        .map(|_| watch.look(store, SystemTime::now()))
        .find(|seen| !matches!(seen, Seen::Unsettled | Seen::Unchanged))
}

#[test]
fn bad_new_files_keep_the_old_certificate_and_are_told_once() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD);
    let store = folder.open("c.pem", "k.pem").unwrap();
    let before = store.current();
    let mut watch = Watch::default();
    folder.sh("echo rubbish > c.pem");
    assert!(matches!(look_until_told(&mut watch, &store), Some(Seen::Bad(_))));
    assert!(look_until_told(&mut watch, &store).is_none(), "told once");
    assert_eq!(store.current(), before);

    folder.sh("rm c.pem");
    assert!(matches!(look_until_told(&mut watch, &store), Some(Seen::Bad(_))), "another fault is told again");
    folder.sh(GOOD);
    assert!(matches!(watch.look(&store, SystemTime::now()), Seen::Replaced(_)));
    assert_ne!(store.current(), before);
}

#[test]
fn a_pair_whose_second_half_is_still_being_written_is_looked_at_again_without_a_warning() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD);
    let store = folder.open("c.pem", "k.pem").unwrap();
    let mut watch = Watch::default();
    folder.sh(&GOOD.replace("k.pem", "k2.pem"));
    assert!(matches!(watch.look(&store, SystemTime::now()), Seen::Unsettled));
    folder.sh("mv k2.pem k.pem");
    assert!(matches!(watch.look(&store, SystemTime::now()), Seen::Replaced(_)));
}

#[test]
fn symbolic_links_that_are_exchanged_as_certbot_does_are_followed() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh("mkdir 1 2; ln -s 1 live").sh(&format!("cd 1; {GOOD}")).sh(&format!("cd 2; {GOOD}"));
    let store = folder.open("live/c.pem", "live/k.pem").unwrap();
    folder.sh("ln -sfn 2 live");
    assert!(matches!(Watch::default().look(&store, SystemTime::now()), Seen::Replaced(_)));
}

#[test]
fn a_running_server_makes_its_self_signed_certificate_anew_before_it_expires() {
    let folder = Folder::empty();
    let store = Store::open(self_signed_source(&folder)).unwrap();
    let before = store.current();
    let mut watch = Watch::default();
    assert!(matches!(watch.look(&store, SystemTime::now() + DAY * 350), Seen::Unchanged));
    let due = SystemTime::now() + DAY * 365;
    assert!(matches!(watch.look(&store, due), Seen::Replaced(_)));
    assert!(store.current().not_after > before.not_after);
    let kept =
        Loaded::read(&folder.path("data").join(CERTIFICATE_FILE), &folder.path("data").join(KEY_FILE), due);
    assert_eq!(kept.unwrap().certificate, store.current());
}

#[test]
fn a_renewal_that_fails_is_told_once_and_the_old_one_stays() {
    let folder = Folder::empty();
    let store = Store::open(self_signed_source(&folder)).unwrap();
    let before = store.current();
    let due = SystemTime::now() + DAY * 365;
    // A folder where the temporary file would be: fails for root too.
    let temporary = format!("{KEY_FILE}.{}.tmp", std::process::id());
    std::fs::create_dir(folder.path("data").join(temporary)).unwrap();
    let mut watch = Watch::default();
    assert!(matches!(watch.look(&store, due), Seen::NotRenewed(_)));
    assert!(matches!(watch.look(&store, due), Seen::Unchanged));
    assert_eq!(store.current(), before);
    assert!(!self_signed::is_due(&before, SystemTime::now()));
}
