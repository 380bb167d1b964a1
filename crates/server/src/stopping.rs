//! The end of a server: because it was told to stop, or because the next one has taken its sockets over.

use std::{future::Future, sync::Arc, time::Duration};

use socketioxide::SocketIo;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{server::CONNECTIONS, signaling::Hub, takeover::Successor};

/// How long clients are told to wait before they come back after a stop.
const RETRY_AFTER: Duration = Duration::from_millis(1_500);

/// How long a stop waits for the last words to reach the clients.
const LAST_WORDS: Duration = Duration::from_millis(1_000);

/// How often it is looked whether there is anything left to wait for.
const LOOK: Duration = Duration::from_millis(200);

/// What has to be let go of.
pub(crate) struct Stopping {
    pub(crate) hub: Arc<Hub>,
    pub(crate) io: SocketIo,
    pub(crate) worker: kaigi_worker::Worker,
    pub(crate) acceptors: JoinSet<()>,
    pub(crate) connections: Arc<Semaphore>,
    /// Said to every HTTP connection.
    pub(crate) leaving: watch::Sender<bool>,
    pub(crate) drain_timeout: Duration,
}

impl Stopping {
    /// Waits for the reason, and goes through with it.
    pub(crate) async fn run(
        self,
        stop: impl Future<Output = ()>,
        successor: impl Future<Output = Successor>,
    ) {
        tokio::pin!(successor);
        tokio::select! {
            () = stop => {}
            next = &mut successor => return self.leave(next).await,
        }
        tracing::info!(
            at_most_seconds = self.drain_timeout.as_secs(),
            "stopping; open rooms go on for a while"
        );
        self.hub.drain();
        tokio::select! {
            () = self.drained() => self.close().await,
            next = &mut successor => self.leave(next).await,
        }
    }

    /// Nobody's media goes through the server any more, or the time is over.
    async fn drained(&self) {
        let until = Instant::now() + self.drain_timeout;
        while self.hub.carries_media() && Instant::now() < until {
            sleep(LOOK).await;
        }
    }

    /// Tells the clients, which come back to whoever serves then.
    async fn close(mut self) {
        tracing::info!("stopping now");
        self.hub.close(RETRY_AFTER);
        sleep(LAST_WORDS).await;
        self.acceptors.shutdown().await;
    }

    /// Leaves the port to the next server: what comes new is its own from here on. Connections that are in use end
    /// when they are done; whoever is in a room is sent there.
    async fn leave(mut self, next: Successor) {
        tracing::info!("another server takes over");
        self.acceptors.shutdown().await;
        self.worker.release_sockets();
        next.go();
        // Before anybody is sent away: browsers would come back by the connection that they have.
        self.leaving.send_replace(true);
        self.hub.send_away();
        sleep(LAST_WORDS).await;
        // Those who do not know what they were told, and those of the relay, whose clients come back by themselves.
        let _ = timeout(LAST_WORDS, self.io.close()).await;
        // Streams of TURN and ICE.
        let until = Instant::now() + self.drain_timeout;
        while self.connections.available_permits() < CONNECTIONS && Instant::now() < until {
            sleep(LOOK).await;
        }
    }
}
