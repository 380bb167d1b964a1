//! What every server can do for a benchmark, each in its own way of signaling.

use std::{
    io,
    time::{Duration, Instant},
};

use str0m::{
    Rtc,
    media::{Direction, MediaKind, Mid, Pt, Simulcast, SimulcastLayer},
};

use crate::{
    clip::LAYERS,
    generator::Generator,
    publisher::{Line, Publisher, RIDS},
};

/// A client is connected within this time, or something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One meeting on one server.
pub trait Meeting {
    /// Somebody enters and sends from now on. Returns its number.
    fn publish(&mut self, generator: &mut Generator, sends: Sends) -> io::Result<usize>;

    /// One of these, or somebody new, watches the others, `feeds`, in this layer. Returns the client that receives.
    /// It need not be connected yet.
    fn watch(
        &mut self,
        generator: &mut Generator,
        who: Option<usize>,
        feeds: &[usize],
        layer: usize,
    ) -> io::Result<usize>;

    /// Reads what signaling has to say.
    fn pump(&mut self, generator: &mut Generator) -> io::Result<()>;
}

/// What a publisher sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sends {
    /// A camera too, not only a microphone.
    pub video: bool,
    /// What the microphone claims, in decibels below overload.
    pub level: i8,
}

/// The publishing m-lines of an offer.
pub struct Lines {
    audio: Mid,
    /// What is not sent, but offered all the same, is `None`.
    pub video: Option<Mid>,
}

/// Adds microphone and camera.
pub fn offer_sources(changes: &mut str0m::change::SdpApi<'_>, video: bool) -> Lines {
    let audio = changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
    let layers = || Simulcast { send: RIDS.map(SimulcastLayer::new).into(), recv: Vec::new() };
    let video =
        video.then(|| changes.add_media(MediaKind::Video, Direction::SendOnly, None, None, Some(layers())));
    Lines { audio, video }
}

/// Waits until the client is connected, and lets it send.
pub fn begin_sending(
    generator: &mut Generator,
    client: usize,
    lines: &Lines,
    logs: usize,
    sends: Sends,
) -> io::Result<()> {
    wait_connected(generator, client)?;
    let rtc = &generator.clients[client].rtc;
    let mut all = vec![Line { log: logs, mid: lines.audio, pt: pt(rtc, lines.audio)? }];
    if let Some(mid) = lines.video {
        let pt = pt(rtc, mid)?;
        all.extend((0..LAYERS).map(|layer| Line { log: logs + 1 + layer, mid, pt }));
    }
    let bitrates = generator.clip().bitrates();
    let publisher = Publisher::new(all, &generator.shared.logs, bitrates, -sends.level, Instant::now());
    generator.clients[client].publisher = Some(publisher);
    Ok(())
}

/// Waits until the client is connected.
pub fn wait_connected(generator: &mut Generator, client: usize) -> io::Result<()> {
    let connected =
        generator.run_while(Instant::now() + PATIENCE, |generator| !generator.clients[client].connected)?;
    let failed = || io::Error::other(format!("client {client} was not connected within {PATIENCE:?}"));
    connected.then_some(()).ok_or_else(failed)
}

/// The logs of a publisher's audio or video, of which the first is its audio's.
pub fn logs(first: usize, video: bool) -> std::ops::Range<usize> {
    if video { first + 1..first + 1 + LAYERS } else { first..first + 1 }
}

/// The payload type that was agreed on.
fn pt(rtc: &Rtc, mid: Mid) -> io::Result<Pt> {
    let media = rtc.media(mid).ok_or_else(|| io::Error::other("the server's answer lacks an m-line"))?;
    let first = media.remote_pts().first().copied();
    first.ok_or_else(|| io::Error::other("the server's answer has no codec for an m-line"))
}
