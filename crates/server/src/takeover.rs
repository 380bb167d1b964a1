//! Handing the listening sockets over to the next server: over a UNIX socket in the data folder, which only its owner
//! can open. Until the newcomer says that it is ready nothing changes, so one that fails to start does no harm.
//!
//! What is said: the newcomer `kaigi takeover 1\n`; the running one how many sockets there are (four bytes, big
//! endian) and then the sockets, at most 64 with each byte; the newcomer `R`, once it could serve; the running one,
//! which has stopped to accept and to read, `G`.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::PermissionsExt, net::UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use crate::Inherited;

/// In the data folder.
const SOCKET_FILE: &str = "takeover.sock";

const GREETING: &[u8] = b"kaigi takeover 1\n";

/// How long one side waits for an answer of the other.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a newcomer may take to start: loading certificates, binding what the server before did not.
const START: Duration = Duration::from_secs(30);

/// File descriptors in one message; the system takes up to 253.
const AT_ONCE: usize = 64;

/// The most sockets: two addresses with 64 threads each, and a few more.
const MOST: usize = 1024;

/// Why nothing could be taken over.
#[derive(Debug, thiserror::Error)]
pub enum TakeoverError {
    /// Something is wrong with the file, or with the other side.
    #[error(
        "cannot take over from the server that runs with the data folder of {0}: {1}; stop that one first, or start \
         without --takeover"
    )]
    Failed(PathBuf, io::Error),
}

impl Inherited {
    /// The sockets of the server that runs with this data folder; `None` when none does.
    pub fn from_running(data_dir: &Path) -> Result<Option<Self>, TakeoverError> {
        let file = data_dir.join(SOCKET_FILE);
        let asked = match UnixStream::connect(&file) {
            Err(error) if is_nobody(&error) => return Ok(None),
            Err(error) => Err(error),
            Ok(stream) => ask(stream),
        };
        asked.map(Some).map_err(|error| TakeoverError::Failed(file, error))
    }
}

fn ask(mut stream: UnixStream) -> io::Result<Inherited> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(GREETING)?;
    let fds = receive(&mut stream)?;
    Inherited::new(fds, Predecessor(stream))
}

/// The server whose sockets these are, and which goes on serving until it is relieved.
pub(crate) struct Predecessor(UnixStream);

impl Predecessor {
    /// Says that we can serve, and waits until the other has stopped to.
    pub(crate) fn relieve(mut self) -> io::Result<()> {
        self.0.write_all(b"R")?;
        self.0.read_exact(&mut [0])
    }
}

/// Lets the server before this one go. If it is gone already, its sockets are ours all the same.
pub(crate) async fn relieve(predecessor: Predecessor) {
    let relieved = tokio::task::spawn_blocking(|| predecessor.relieve()).await;
    match relieved.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(()) => tracing::info!("took over from the server that ran before"),
        Err(error) => tracing::warn!(%error, "the server that ran before ended while this one took over"),
    }
}

/// The server that wants to go on with our sockets, and could.
pub(crate) struct Successor(UnixStream);

impl Successor {
    /// The sockets are left alone from now on.
    pub(crate) fn go(mut self) {
        let _ = self.0.write_all(b"G");
    }
}

/// Waits for the next server. Never returns where there cannot be one.
pub(crate) async fn successor(data_dir: &Path, sockets: Vec<OwnedFd>) -> Successor {
    let file = data_dir.join(SOCKET_FILE);
    let listener = match listen(&file) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "no other server will be able to take over from this one");
            return std::future::pending().await;
        }
    };
    let sockets = Arc::new(sockets);
    loop {
        let asked = match listener.accept().await {
            Ok((stream, _)) => {
                let sockets = sockets.clone();
                tokio::task::spawn_blocking(move || hand_over(stream.into_std()?, &sockets)).await
            }
            Err(error) => Ok(Err(error)),
        };
        match asked {
            Ok(Ok(successor)) => return successor,
            Ok(Err(error)) => {
                tracing::warn!(%error, "another server wanted to take over and did not; going on");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => tracing::error!(%error, "handing over failed"),
        }
    }
}

/// Whoever runs with the same folder and does not hand over keeps the file.
fn listen(file: &Path) -> io::Result<tokio::net::UnixListener> {
    match UnixStream::connect(file) {
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server has this data folder")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(file)?,
        Err(_) => {}
    }
    let listener = tokio::net::UnixListener::bind(file)?;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn hand_over(mut stream: UnixStream, sockets: &[OwnedFd]) -> io::Result<Successor> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut greeting = [0; GREETING.len()];
    stream.read_exact(&mut greeting)?;
    if greeting != GREETING {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it speaks something else"));
    }
    send(&mut stream, sockets)?;
    stream.set_read_timeout(Some(START))?;
    stream.read_exact(&mut [0])?;
    Ok(Successor(stream))
}

fn send(stream: &mut UnixStream, sockets: &[OwnedFd]) -> io::Result<()> {
    stream.write_all(&(sockets.len() as u32).to_be_bytes())?;
    for some in sockets.chunks(AT_ONCE) {
        let fds: Vec<_> = some.iter().map(AsFd::as_fd).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&fds));
        sendmsg(&*stream, &[IoSlice::new(b"s")], &mut control, SendFlags::NOSIGNAL)?;
    }
    Ok(())
}

fn receive(stream: &mut UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut count = [0; 4];
    stream.read_exact(&mut count)?;
    let count = u32::from_be_bytes(count) as usize;
    if count > MOST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it speaks something else"));
    }
    let mut sockets = Vec::with_capacity(count);
    while sockets.len() < count {
        let mut byte = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received =
            recvmsg(&*stream, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                sockets.extend(fds);
            }
        }
    }
    Ok(sockets)
}

/// There is no file, or nobody behind it any more.
fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests;
