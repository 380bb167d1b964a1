//! Two allocations, and packets from one to the other and back: what a call does whose two ends both need the relay.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::turn_client::{Client, Failure, Transport};

/// Packets that are sent to the other end and back, one after the other.
pub const PACKETS: usize = 20;

/// About as long as a packet of video.
const PAYLOAD: usize = 1000;

/// A packet that takes longer than this inside one machine is lost.
const LOST: Duration = Duration::from_secs(1);

/// After so many lost in a row nothing more is to be learnt.
const GIVE_UP: usize = 3;

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relayed {
    pub returned: usize,
    /// There and back, the median.
    pub round_trip: Duration,
}

/// The error names the step that failed.
pub async fn try_relay(
    server: SocketAddr,
    transport: Transport,
    credential: &(String, String),
) -> Result<Relayed, (&'static str, Failure)> {
    let connect =
        || async { Ok(Client::connect(server, transport).await?.with_credential(credential.clone())) };
    let mut ann = connect().await.map_err(at("connecting"))?;
    let mut bob = connect().await.map_err(at("connecting"))?;
    let to_ann = ann.allocate().await.map_err(at("allocating"))?;
    let to_bob = bob.allocate().await.map_err(at("allocating"))?;
    let outcome = exchange((&mut ann, to_ann), (&mut bob, to_bob)).await;
    // Given back whatever happened: the quota is not ours alone. They would end by themselves in minutes.
    let _ = ann.release().await;
    let _ = bob.release().await;
    outcome
}

async fn exchange(
    (ann, to_ann): (&mut Client, SocketAddr),
    (bob, to_bob): (&mut Client, SocketAddr),
) -> Result<Relayed, (&'static str, Failure)> {
    ann.permit(to_bob).await.map_err(at("permitting the peer"))?;
    bob.permit(to_ann).await.map_err(at("permitting the peer"))?;
    let mut times = Vec::new();
    let mut lost = 0;
    for number in 0..PACKETS {
        let payload = vec![number as u8; PAYLOAD];
        let sent = Instant::now();
        match there_and_back((ann, to_ann), (bob, to_bob), &payload).await {
            Ok(()) => {
                times.push(sent.elapsed());
                lost = 0;
            }
            Err(Failure::Silent) => lost += 1,
            Err(failure) => return Err(("relaying", failure)),
        }
        if lost == GIVE_UP {
            break;
        }
    }
    times.sort();
    let round_trip = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(Relayed { returned: times.len(), round_trip })
}

async fn there_and_back(
    (ann, to_ann): (&mut Client, SocketAddr),
    (bob, to_bob): (&mut Client, SocketAddr),
    payload: &[u8],
) -> Result<(), Failure> {
    let deadline = Instant::now() + LOST;
    ann.send(to_bob, payload).await?;
    // One that comes late is another packet's: wait for ours.
    while bob.receive(deadline).await? != (to_ann, payload.to_vec()) {}
    bob.send(to_ann, payload).await?;
    while ann.receive(deadline).await? != (to_bob, payload.to_vec()) {}
    Ok(())
}

fn at(step: &'static str) -> impl Fn(Failure) -> (&'static str, Failure) {
    move |failure| (step, failure)
}
