use std::net::{SocketAddr, TcpListener, TcpStream};

use super::*;

fn held() -> (Vec<OwnedFd>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (vec![listener.into()], address)
}

/// Until the file is there.
async fn taken_from(folder: &Path) -> Inherited {
    loop {
        let folder = folder.to_owned();
        let taken = tokio::task::spawn_blocking(move || Inherited::from_running(&folder)).await.unwrap();
        match taken.unwrap() {
            Some(inherited) => return inherited,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

#[tokio::test]
async fn the_next_server_gets_the_sockets_and_the_running_one_learns_when_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let (sockets, address) = held();
    let running = successor(folder.path(), sockets);
    let next = async {
        let mut inherited = taken_from(folder.path()).await;
        let listener = inherited.listen(address).unwrap();
        let client = TcpStream::connect(address).unwrap();
        assert_eq!(listener.accept().await.unwrap().1, client.local_addr().unwrap());
        let predecessor = inherited.predecessor.take().unwrap();
        tokio::task::spawn_blocking(|| predecessor.relieve()).await.unwrap().unwrap();
    };
    let leave = async { running.await.go() };
    tokio::time::timeout(PATIENCE, async { tokio::join!(leave, next) }).await.unwrap();
}

#[tokio::test]
async fn one_that_fails_to_start_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (sockets, address) = held();
    let mut running = Box::pin(successor(folder.path(), sockets));
    let tries = async {
        drop(taken_from(folder.path()).await);
        let mut stranger = UnixStream::connect(folder.path().join(SOCKET_FILE)).unwrap();
        stranger.write_all(b"what is this, please?").unwrap();
        drop(stranger);
        let mut inherited = taken_from(folder.path()).await;
        assert!(inherited.listen(address).is_ok());
    };
    let tries = tokio::time::timeout(4 * PATIENCE, tries);
    tokio::select! {
        _ = &mut running => panic!("nobody said it was ready"),
        done = tries => done.unwrap(),
    }
}

#[tokio::test]
async fn where_nobody_runs_there_is_nothing_to_take_and_a_file_that_was_left_is_no_hindrance() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Inherited::from_running(folder.path()).unwrap().is_none());
    drop(std::os::unix::net::UnixListener::bind(folder.path().join(SOCKET_FILE)).unwrap());
    assert!(Inherited::from_running(folder.path()).unwrap().is_none());
    let first = listen(&folder.path().join(SOCKET_FILE)).unwrap();
    assert!(listen(&folder.path().join(SOCKET_FILE)).is_err(), "the first one keeps it");
    drop(first);
}

#[test]
fn more_sockets_than_fit_one_message_arrive_in_their_order() {
    let (mut here, mut there) = UnixStream::pair().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp: Vec<_> = (0..150).map(|_| std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    let ports: Vec<_> = udp.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
    let mut fds: Vec<OwnedFd> = vec![listener.into()];
    fds.extend(udp.into_iter().map(OwnedFd::from));
    send(&mut here, &fds).unwrap();
    let received = receive(&mut there).unwrap();
    let came: Vec<_> = received.into_iter().skip(1).map(std::net::UdpSocket::from).collect();
    assert_eq!(came.iter().map(|socket| socket.local_addr().unwrap().port()).collect::<Vec<_>>(), ports);
}
