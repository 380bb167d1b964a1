//! The load generator: all clients in one thread on one core, which sleeps when there is nothing to do.

use std::{
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use kaigi_bench::sys::{self, Events, Poll, Received};

use crate::{
    check::{Counts, Track, Window},
    client::{Client, Shared},
    clip::{Clip, LAYERS},
    sent::{Log, Source},
};

/// All clients.
pub struct Generator {
    /// By number.
    pub clients: Vec<Client>,
    /// What they have in common.
    pub shared: Shared,
    /// [`NAP`] or [`SHORT_NAP`].
    pub nap: Duration,
    clip: Rc<Clip>,
    poll: Poll,
    events: Events,
    received: Received,
}

/// What came of a time that was measured.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// All clients and tracks together.
    pub counts: Counts,
    /// Packets that should have come and did not.
    pub lost: u64,
    /// Processor time of this thread, of the time that passed.
    pub own_share: f64,
    /// How long it was.
    pub elapsed: Duration,
}

impl Outcome {
    /// What must not happen in a run that the server has time for.
    pub fn fault(&self) -> Option<String> {
        let counts = &self.counts;
        let all = [
            ("lost", self.lost),
            ("corrupt", counts.corrupt),
            ("twice", counts.duplicate),
            ("late", counts.late),
            ("unclean switches", counts.unclean),
            ("of nobody", counts.unknown),
        ];
        let bad = all.into_iter().filter(|(_, count)| *count > 0);
        let words: Vec<String> = bad.map(|(what, count)| format!("{count} {what}")).collect();
        (!words.is_empty()).then(|| format!("{} of {}", words.join(", "), counts.packets + self.lost))
    }
}

/// What was sent last in a measurement has this long to arrive.
pub const PATIENCE: Duration = Duration::from_millis(150);

/// What arrives is looked at this often; when it arrived, the kernel tells. str0m does work for every m-line at each
/// packet, so that it matters to find several for one client at once.
pub const NAP: Duration = Duration::from_millis(8);

/// The same while somebody joins, who has round trips to make.
pub const SHORT_NAP: Duration = Duration::from_micros(200);

impl Generator {
    /// No clients yet.
    pub fn new(clip: Rc<Clip>) -> io::Result<Self> {
        let (poll, events, received) = (Poll::new()?, Events::new(), Received::new());
        Ok(Self { clients: Vec::new(), shared: Shared::new(), nap: NAP, clip, poll, events, received })
    }

    /// What is sent.
    pub fn clip(&self) -> &Clip {
        &self.clip
    }

    /// One more; returns its number.
    pub fn add(&mut self) -> io::Result<usize> {
        let number = self.clients.len();
        let client = Client::new(number, &self.shared)?;
        self.poll.add(client.socket(), number)?;
        self.clients.push(client);
        Ok(number)
    }

    /// Logs for one more publisher: the audio's, then those of the video's layers. Returns the first one's number.
    pub fn add_logs(&mut self) -> usize {
        let first = self.shared.logs.len();
        let sources = [Source::Audio].into_iter().chain((0..LAYERS).map(Source::Video));
        self.shared.logs.extend(sources.map(|source| Log::new(self.clip.clone(), source)));
        first
    }

    /// Sends and receives until it is time.
    pub fn run_until(&mut self, end: Instant) -> io::Result<()> {
        self.run_while(end, |_| true).map(drop)
    }

    /// Sends and receives as long as there is need; false if that was longer than it may be.
    pub fn run_while(&mut self, end: Instant, mut needed: impl FnMut(&mut Self) -> bool) -> io::Result<bool> {
        let mut look = Instant::now();
        loop {
            let now = Instant::now();
            let mut next = end.min(look);
            for client in &mut self.clients {
                if client.due() <= now {
                    client.tick(now, &mut self.shared)?;
                }
                next = next.min(client.due());
            }
            if !needed(self) {
                return Ok(true);
            }
            if now >= end {
                return Ok(false);
            }
            if now >= look {
                look = now + self.nap;
                for ready in self.poll.wait(&mut self.events, Some(Duration::ZERO))? {
                    if let Some(client) = self.clients.get_mut(ready) {
                        client.receive(&mut self.received, &mut self.shared)?;
                    }
                }
                continue;
            }
            // Asleep, not waiting for packets: waking this thread for each would be at the servers' expense.
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    /// Measures for so long; `cpu` is asked at the beginning and at the end.
    pub fn measure<T>(
        &mut self,
        length: Duration,
        latencies: bool,
        mut cpu: impl FnMut() -> io::Result<T>,
    ) -> io::Result<(Outcome, [T; 2])> {
        let begin_ns = sys::real_ns();
        let times = begin_ns..begin_ns + length.as_nanos() as u64;
        for client in &mut self.clients {
            client.tracks_mut().for_each(Track::restart);
        }
        self.shared.window = Window { times: times.clone(), latencies };
        let (begin, own) = (Instant::now(), sys::cpu_time(std::process::id())?);
        let before = cpu()?;
        self.run_until(begin + length)?;
        let after = cpu()?;
        let own = sys::cpu_time(std::process::id())? - own;
        let elapsed = begin.elapsed();
        let packets: u64 = self.tracks_sum(|counts| counts.packets);
        self.run_until(Instant::now() + PATIENCE)?;
        let mut outcome =
            Outcome { own_share: own.as_secs_f64() / elapsed.as_secs_f64(), elapsed, ..Outcome::default() };
        for client in &mut self.clients {
            for track in client.tracks_mut() {
                let counts = track.finish();
                // Across a switch, the sequence numbers tell (`unclean`).
                if let Some(log) = track.carries().filter(|_| counts.switches == 0) {
                    let sent = self.shared.logs[log].count(&times);
                    outcome.lost += sent.saturating_sub(counts.received);
                }
                outcome.counts.add(counts);
            }
        }
        // Of the time in which processor time was measured, not of the time after.
        outcome.counts.packets = packets;
        self.shared.window = Window::default();
        Ok((outcome, [before, after]))
    }

    fn tracks_sum(&self, of: impl Fn(&Counts) -> u64) -> u64 {
        self.clients.iter().flat_map(Client::tracks).map(|track| of(&track.counts)).sum()
    }
}
