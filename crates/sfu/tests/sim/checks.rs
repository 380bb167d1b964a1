//! Judges what happened in a [`World`]: what its plan asks for, and what must always hold.

use std::time::{Duration, Instant};

use kaigi_sfu::{SessionId, Source};
use kaigi_testkit::{Conditions, Loss};

use crate::{
    camera::{QUALITIES, SCREEN},
    client::Client,
    mark::Mark,
    plan::{Check, Span, Step, ms},
    viewer::Shown,
    world::{World, participant},
};

/// What a viewer calls a freeze.
const FREEZE: Duration = ms(500);
/// What is still missing shortly before the end may yet come.
const SETTLED: Duration = Duration::from_secs(2);
/// Signaling and media take different ways, media often the longer one: queues and repairs.
const RACE: Duration = ms(1500);
/// The farthest that a participant's pictures may be from its sounds, in seconds.
const APART: f64 = 0.080;

impl World {
    /// Everything that is not as it should be.
    pub fn verdict(&self) -> Vec<String> {
        let mut wrong = self.errors.clone();
        for (number, client) in &self.clients {
            wrong.extend(client.errors.iter().take(3).map(|error| format!("{number}: {error}")));
            wrong.extend(self.untruthful_slots(client).into_iter().take(3));
            wrong.extend(self.unexplained_gaps(client));
            if client.connected.is_none() && self.now > client.joined + SETTLED {
                wrong.push(format!("{number} was never connected"));
            }
            if client.apart.0 > APART {
                let (apart, at) = client.apart;
                wrong.push(format!(
                    "{number}: picture and sound are {apart:.3} s apart at {:.3} s",
                    at.as_secs_f64()
                ));
            }
        }
        for check in &self.plan.checks {
            if let Err(reason) = self.judge(check) {
                wrong.push(format!("{reason}: {check:?}"));
            }
        }
        wrong
    }

    fn judge(&self, check: &Check) -> Result<(), String> {
        match *check {
            Check::FirstPicture { viewer, of, within } => {
                let since = self.client(viewer)?.joined.max(self.client(of)?.joined);
                let first =
                    self.pictures(viewer, of).first().map(|shown| shown.at).ok_or("there is no picture")?;
                at_most(first.saturating_duration_since(since), within, "the first picture took")
            }
            Check::Picture { viewer, of, span, longest, freezes } => {
                let gaps = self.gaps(&self.pictures(viewer, of), span);
                let worst = gaps.iter().max().copied().unwrap_or_default();
                at_most(worst, longest, "the picture stood still for")?;
                let count = gaps.iter().filter(|gap| **gap > FREEZE).count();
                if count > freezes { Err(format!("{count} freezes")) } else { Ok(()) }
            }
            Check::Screen { viewer, of, span: Span(from, to), within, longest } => {
                let shown = self.shown(viewer, |mark| usize::from(mark.publisher) == of && is_screen(mark));
                let began = self.start + from;
                let first = shown.iter().find(|shown| shown.at >= began).ok_or("there is no screen")?.at;
                at_most(first - began, within, "the screen took")?;
                let gaps = self.gaps(&shown, Span(first - self.start, to));
                at_most(gaps.into_iter().max().unwrap_or_default(), longest, "the screen stood still for")
            }
            Check::Followed { viewer, span, longest } => {
                let worst = self.gaps(&self.shown(viewer, |_| true), span).into_iter().max();
                at_most(worst.unwrap_or_default(), longest, "nothing was seen for")
            }
            Check::Changes { viewer, of, span, most } => {
                let (from, to) = self.bounds(span);
                let pictures = self.pictures(viewer, of);
                let inside: Vec<_> = pictures.iter().filter(|shown| (from..to).contains(&shown.at)).collect();
                let changed = |pair: &&[&Shown]| {
                    pair[0].mark.layer != pair[1].mark.layer || pair[1].at - pair[0].at > FREEZE
                };
                let count = inside.windows(2).filter(changed).count();
                if count > most { Err(format!("{count} changes")) } else { Ok(()) }
            }
            Check::SameSlot { viewer, of } => {
                let whose = Some((SessionId(of as u64 + 1), Source::Camera));
                let told = self.client(viewer)?.slots.iter();
                let mut mids: Vec<_> = told
                    .filter_map(|(_, slots)| slots.iter().find(|slot| slot.track == whose))
                    .map(|slot| slot.mid.clone())
                    .collect();
                mids.dedup();
                if mids.len() == 1 { Ok(()) } else { Err(format!("it was in slots {mids:?}")) }
            }
            Check::Sound { viewer, of, span, longest } => {
                let worst = self.gaps(&self.sounds(viewer, of), span).into_iter().max().unwrap_or_default();
                at_most(worst, longest, "there was no sound for")
            }
            Check::Delay { viewer, of, span, most } => {
                let (from, to) = self.bounds(span);
                let sounds = self.sounds(viewer, of);
                let mut delays: Vec<_> = sounds
                    .iter()
                    .filter(|heard| (from..to).contains(&heard.at))
                    .map(|heard| heard.at - (self.start + Duration::from_micros(heard.mark.captured_us)))
                    .collect();
                delays.sort();
                let slow = delays.get(delays.len() * 95 / 100).ok_or("there was no sound")?;
                at_most(*slow, most, "95 % of the sounds took")
            }
            Check::Height { viewer, of, span, least, most } => {
                let heights = self.heights(viewer, of, span);
                match heights.iter().find(|(_, height)| *height < least || *height > most) {
                    _ if heights.is_empty() => Err("there is no picture".into()),
                    Some((at, height)) => {
                        Err(format!("the picture is {height} high at {:.3} s", self.seconds(*at)))
                    }
                    None => Ok(()),
                }
            }
            Check::Grows { viewer, of, span, height } => {
                let heights = self.heights(viewer, of, span);
                let grown = heights.iter().position(|(_, shown)| *shown >= height).ok_or_else(|| {
                    format!("the picture stays {:?} high", heights.last().map(|(_, height)| *height))
                })?;
                match heights[grown..].iter().find(|(_, shown)| *shown < height) {
                    Some((at, shown)) => {
                        Err(format!("it is {shown} high again at {:.3} s", self.seconds(*at)))
                    }
                    None => Ok(()),
                }
            }
            Check::Rate { viewer, span, least, most } => {
                let (from, to) = self.bounds(span);
                let client = self.client(viewer)?;
                let screens = client.screens.values().flat_map(|screen| &screen.bytes);
                let packets = screens.chain(client.speakers.values().flat_map(|speaker| &speaker.bytes));
                let bytes: usize =
                    packets.filter(|(at, _)| (from..to).contains(at)).map(|(_, bytes)| *bytes).sum();
                let rate = bytes as f64 * 8.0 / (to - from).as_secs_f64();
                if (least..=most).contains(&rate) { Ok(()) } else { Err(format!("{rate:.0} bit/s came")) }
            }
            Check::Repaired { viewer, unrepaired } => {
                let screens = &self.client(viewer)?.screens;
                let received: u64 = screens.values().map(|screen| screen.continuity.received).sum();
                let missing = screens.values().flat_map(|screen| screen.continuity.missing.values());
                let missing = missing.filter(|since| **since + SETTLED < self.now).count();
                let share = missing as f64 / (received as f64).max(1.0);
                if share > unrepaired {
                    Err(format!("{missing} of {received} packets never came"))
                } else {
                    Ok(())
                }
            }
            Check::Emptied { viewer, of, from } => {
                let from = self.start + from;
                let of = SessionId(of as u64 + 1);
                for (at, slots) in &self.client(viewer)?.slots {
                    let holds = slots.iter().any(|slot| slot.track.is_some_and(|(whose, _)| whose == of));
                    let next = self.client(viewer)?.slots.iter().map(|(at, _)| *at).find(|next| next > at);
                    if holds && next.is_none_or(|next| next > from) {
                        return Err(format!("slots told at {:.3} s still hold it", self.seconds(*at)));
                    }
                }
                Ok(())
            }
            Check::Seen { viewer, span: Span(from, to), least } => {
                let all: Vec<_> = (0..self.plan.cast.len()).map(|of| self.pictures(viewer, of)).collect();
                let mut at = from;
                while at + SETTLED <= to {
                    let (begin, end) = self.bounds(Span(at, at + SETTLED));
                    let seen =
                        |shown: &&Vec<Shown>| shown.iter().any(|shown| (begin..end).contains(&shown.at));
                    let count = all.iter().filter(seen).count();
                    if count < least {
                        return Err(format!("only {count} are seen from {:.1} s on", at.as_secs_f64()));
                    }
                    at += ms(500);
                }
                Ok(())
            }
            Check::KeyframeRequests { of, per_second } => {
                let client = self.client(of)?;
                let seconds = (self.now - client.joined).as_secs_f64();
                match client.requests.iter().find(|requests| f64::from(**requests) > per_second * seconds) {
                    Some(_) => Err(format!("{:?} requests in {seconds:.0} s", client.requests)),
                    None => Ok(()),
                }
            }
            Check::Layers { of, span, active } => {
                let (from, to) = self.bounds(span);
                let layers = &self.client(of)?.layers;
                let before = layers.iter().rfind(|(at, _)| *at <= from).map(|(_, active)| *active);
                let within =
                    layers.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, active)| *active);
                let told: Vec<_> = before.into_iter().chain(within).collect();
                if told.is_empty() || told.iter().any(|told| *told != active) {
                    return Err(format!("it was told {told:?}"));
                }
                Ok(())
            }
            Check::Loudest { at, speaker } => {
                let said = self.speakers.iter().rfind(|(told, _)| *told <= self.start + at);
                let loudest =
                    said.and_then(|(_, speakers)| speakers.first()).map(|session| session.0 as usize - 1);
                if loudest == Some(speaker) { Ok(()) } else { Err(format!("it is {loudest:?}")) }
            }
            Check::Delivered => self.judge_messages(0, None),
            Check::DeliveredLossy(share) => self.judge_messages(1, Some(share)),
        }
    }

    /// Who got which messages, in which order.
    fn judge_messages(&self, channel: usize, share: Option<f64>) -> Result<(), String> {
        let (mut due, mut came) = (0, 0);
        for (number, client) in &self.clients {
            for from in self.clients.keys() {
                let head =
                    [&[2, 1, participant(*from).len() as u8][..], participant(*from).as_bytes()].concat();
                let said = self.said.iter().filter(|said| said.0 == *from && said.2 == channel);
                let expected: Vec<_> =
                    said.filter(|said| said.1.contains(number)).map(|said| &said.3).collect();
                let stream = [0, 2][channel];
                let mine = client.messages.iter().filter(|(id, _)| *id == stream);
                let got: Vec<_> = mine.filter_map(|(_, message)| message.strip_prefix(&head[..])).collect();
                due += expected.len();
                came += got.len();
                let strangers = got.iter().any(|got| !expected.iter().any(|expected| expected == got));
                if strangers || share.is_none() && got != expected {
                    return Err(format!(
                        "{number} got {} of {} messages of {from}",
                        got.len(),
                        expected.len()
                    ));
                }
            }
        }
        match share {
            _ if due == 0 => Err("no message was sent".into()),
            Some(share) if (came as f64) < share * due as f64 => {
                Err(format!("{came} of {due} messages came"))
            }
            _ => Ok(()),
        }
    }

    /// Pictures shown as somebody's that are another's, or while the viewer was told that they are paused.
    fn untruthful_slots(&self, client: &Client) -> Vec<String> {
        let mut wrong = vec![];
        for (mid, screen) in &client.screens {
            let states: Vec<_> = client
                .slots
                .iter()
                .filter_map(|(at, slots)| Some((*at, slots.iter().find(|slot| slot.mid == *mid)?)))
                .collect();
            for shown in &screen.shown {
                let source = if is_screen(&shown.mark) { Source::Screen } else { Source::Camera };
                let track = (SessionId(u64::from(shown.mark.publisher) + 1), source);
                let fits = states.iter().enumerate().any(|(at, (from, state))| {
                    let until = states.get(at + 1).map_or(self.now, |(next, _)| *next);
                    *from <= shown.at + RACE
                        && shown.at <= until + RACE
                        && state.track == Some(track)
                        && !state.paused
                });
                if !fits {
                    let (number, at) = (client.number, self.seconds(shown.at));
                    wrong.push(format!("{number}: slot {mid} shows {:?} at {at:.3} s untold", shown.mark));
                }
            }
        }
        wrong
    }

    /// Sequence numbers that never came although nothing on the way explains it.
    fn unexplained_gaps(&self, client: &Client) -> Vec<String> {
        let mut wrong = vec![];
        let perfect = self.uplinks_are_perfect();
        for (ssrc, mid) in &client.ssrcs {
            let Some(egress) = self.egress.get(&(client.number, *ssrc)) else { continue };
            let mid = mid.to_string();
            let screen = client.screens.get(&mid).map(|screen| &screen.continuity);
            let Some(continuity) = screen.or(client.speakers.get(&mid).map(|speaker| &speaker.continuity))
            else {
                continue;
            };
            let skipped = |sequence: u64| egress.skipped.iter().any(|skipped| skipped & 0xFFFF == sequence);
            let vanished = continuity
                .missing
                .iter()
                .filter(|(_, since)| **since + SETTLED < self.now)
                .map(|(sequence, _)| sequence & 0xFFFF)
                .filter(|sequence| !egress.lost.contains(sequence) && !skipped(*sequence))
                .count();
            let number = client.number;
            if vanished > 0 {
                wrong.push(format!(
                    "{number}: {vanished} packets of slot {mid} arrived and were not accepted"
                ));
            }
            if perfect && !egress.skipped.is_empty() {
                wrong.push(format!("{number}: slot {mid} skips {} sequence numbers", egress.skipped.len()));
            }
        }
        wrong
    }

    fn uplinks_are_perfect(&self) -> bool {
        let perfect = |up: &Conditions| up.loss == Loss::None && up.rate.is_none();
        self.plan.cast.iter().all(|part| perfect(&part.up))
            && self.plan.script.iter().all(|(_, step)| match step {
                Step::Up(_, up) => perfect(up),
                // What was on its way over the network of before is lost.
                Step::Vanish(_) | Step::Move(_) => false,
                _ => true,
            })
    }

    /// The times without one of these, from the span's start to its end.
    fn gaps(&self, shown: &[Shown], span: Span) -> Vec<Duration> {
        let (from, to) = self.bounds(span);
        let inside = shown.iter().map(|shown| shown.at).filter(|at| (from..to).contains(at));
        let marks: Vec<_> = [from].into_iter().chain(inside).chain([to]).collect();
        marks.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn heights(&self, viewer: usize, of: usize, span: Span) -> Vec<(Instant, u16)> {
        let (from, to) = self.bounds(span);
        let pictures = self.pictures(viewer, of);
        let inside = pictures.iter().filter(|shown| (from..to).contains(&shown.at));
        inside.map(|shown| (shown.at, QUALITIES[usize::from(shown.mark.layer)].height)).collect()
    }

    /// All pictures of one participant's camera that a viewer saw, in whichever slot.
    fn pictures(&self, viewer: usize, of: usize) -> Vec<Shown> {
        self.shown(viewer, |mark| usize::from(mark.publisher) == of && !is_screen(mark))
    }

    fn shown(&self, viewer: usize, of: impl Fn(&Mark) -> bool) -> Vec<Shown> {
        let screens = self.clients.get(&viewer).into_iter().flat_map(|client| client.screens.values());
        let mut shown: Vec<_> = screens.flat_map(|screen| &screen.shown).copied().collect();
        shown.retain(|shown| of(&shown.mark));
        shown.sort_by_key(|shown| shown.at);
        shown
    }

    fn sounds(&self, viewer: usize, of: usize) -> Vec<Shown> {
        let speakers = self.clients.get(&viewer).into_iter().flat_map(|client| client.speakers.values());
        let mut heard: Vec<_> = speakers.flat_map(|speaker| &speaker.heard).copied().collect();
        heard.retain(|heard| usize::from(heard.mark.publisher) == of);
        heard.sort_by_key(|heard| heard.at);
        heard
    }

    fn client(&self, number: usize) -> Result<&Client, String> {
        self.clients.get(&number).ok_or_else(|| format!("{number} never joined"))
    }

    fn bounds(&self, Span(from, to): Span) -> (Instant, Instant) {
        (self.start + from, self.start + to)
    }

    fn seconds(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.start).as_secs_f64()
    }
}

fn is_screen(mark: &Mark) -> bool {
    usize::from(mark.layer) >= SCREEN
}

fn at_most(took: Duration, most: Duration, what: &str) -> Result<(), String> {
    if took <= most { Ok(()) } else { Err(format!("{what} {:.3} s", took.as_secs_f64())) }
}
