//! Which layer of which video a subscriber gets: a pure function of what it wants and what its network carries,
//! plus the little memory that keeps it from flapping.
//!
//! Wants are put in order: screens, then who is preferred or speaks, then the rest, taller pictures first. In this
//! order everybody gets its lowest layer, then everybody the next one up to the smallest that fills its picture,
//! round by round. A step that does not fit is left out, and smaller ones behind it may still fit.
//!
//! What holds, always:
//! - audio and the chosen layers together cost at most the estimate, and a tenth more where all of them are being sent
//!   already: neither estimates nor the cost of layers are known any better;
//! - no layer is larger than useful while a smaller one is being sent by the publisher;
//! - no want is paused while one behind it that costs no less is served (but for one waiting out its hold);
//! - a higher estimate worsens nobody unless somebody before him gains by it.
//!
//! A step up needs headroom, and time since the network last took it away; a step down happens at once.

use std::{
    cmp::Reverse,
    time::{Duration, Instant},
};

use crate::model::{Receive, Source};

/// What a network is taken to carry while nothing is known of it; to be probed up from. Bits per second.
pub(crate) const START_BITRATE: u64 = 1_000_000;

/// Layers of a source, lowest first.
pub(crate) const LAYERS: usize = 3;

/// A step up is taken if this much more than it costs would fit.
const HEADROOM_PERCENT: u64 = 115;
/// A step that was taken is kept while it costs this much more than what fits.
const KEPT_PERCENT: u64 = 110;
/// A layer fills a picture that is this much taller than it.
const TOLERANCE_PERCENT: u32 = 85;
/// How long a step that the network took away stays away; twice as long each time it happens again.
const HOLD: Duration = Duration::from_secs(2);
const MOST_STRIKES: u8 = 3;
/// After so long without another loss its earlier ones are forgotten.
const FORGIVEN: Duration = Duration::from_secs(30);

/// What layers cost and how tall they are until they have been measured: as the web client encodes them.
const ASSUMED_CAMERA: [(u64, u16); LAYERS] = [(150_000, 180), (500_000, 360), (1_700_000, 720)];
const ASSUMED_SCREEN: [(u64, u16); LAYERS] = [(500_000, 540), (2_500_000, 1080), (2_500_000, 1080)];

/// What is to be fitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a, K> {
    /// What the network carries, bits per second; `None` while nothing is known.
    pub(crate) estimate: Option<u64>,
    /// What audio needs first, bits per second.
    pub(crate) audio: u64,
    pub(crate) receive: Receive,
    /// How many videos there is room for, however cheap they are.
    pub(crate) slots: usize,
    /// Each key at most once.
    pub(crate) candidates: &'a [Candidate<K>],
}

/// One video that a subscriber shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<K> {
    pub(crate) key: K,
    pub(crate) source: Source,
    pub(crate) preferred: bool,
    pub(crate) speaking: bool,
    /// The picture's height on the subscriber's screen, in device pixels.
    pub(crate) height: u16,
    /// Lowest first; `None` where the publisher has no such layer.
    pub(crate) layers: [Option<Layer>; LAYERS],
}

/// One simulcast layer of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Bits per second, smoothed; of a layer that is not active what it had when it last was. 0: never measured.
    pub(crate) bitrate: u64,
    /// Of its last keyframe.
    pub(crate) height: Option<u16>,
    /// Packets are coming.
    pub(crate) active: bool,
}

/// What a subscriber gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allocation<K> {
    /// In the order of the candidates.
    pub(crate) choices: Vec<Choice<K>>,
    /// What everything wanted would cost, with the headroom it takes to be chosen: the estimate worth probing for.
    pub(crate) desired: u64,
    /// When a step that fits will have waited long enough.
    pub(crate) again: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice<K> {
    pub(crate) key: K,
    /// The layer to forward.
    pub(crate) layer: Option<usize>,
    /// The layer it would be if the publisher sent all of its layers: nobody may let it pause this one.
    pub(crate) asks: Option<usize>,
    /// It has a slot and layers, but not even the lowest fits.
    pub(crate) paused: bool,
}

/// The choices of one subscriber over time.
#[derive(Debug)]
pub(crate) struct Allocator<K> {
    /// Among the layers that are being sent.
    sending: Vec<Held<K>>,
    /// Among all layers.
    asking: Vec<Held<K>>,
}

impl<K: Copy + Eq> Allocator<K> {
    pub(crate) fn new() -> Self {
        Self { sending: Vec::new(), asking: Vec::new() }
    }

    /// Chooses anew. Worth calling when the estimate, a want or a layer has changed, and at [`Allocation::again`].
    pub(crate) fn allocate(&mut self, now: Instant, demand: &Demand<'_, K>) -> Allocation<K> {
        let candidates = demand.candidates;
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by_key(|&at| (rank(&candidates[at]), at));
        order.truncate(if demand.receive == Receive::AudioOnly { 0 } else { demand.slots });

        let budget = demand.estimate.unwrap_or(START_BITRATE).saturating_sub(demand.audio);
        let mut choices: Vec<Choice<K>> = candidates
            .iter()
            .map(|candidate| Choice { key: candidate.key, layer: None, asks: None, paused: false })
            .collect();

        let ladders = |active_only| {
            order.iter().map(move |&at| {
                (candidates[at].key, Ladder::of(&candidates[at], demand.receive, active_only))
            })
        };
        let (sending, again) = fit(now, &mut self.sending, ladders(true), budget);
        let (asking, again_asking) = fit(now, &mut self.asking, ladders(false), budget);
        let mut wanted = 0u64;
        for (place, &at) in order.iter().enumerate() {
            let ladder = Ladder::of(&candidates[at], demand.receive, false);
            let choice = &mut choices[at];
            choice.layer = sending[place];
            choice.asks = asking[place];
            choice.paused = choice.layer.is_none() && choice.asks.is_none() && ladder.len > 0;
            wanted = wanted.saturating_add(ladder.cost(ladder.len));
        }
        Allocation {
            choices,
            desired: demand.audio.saturating_add(wanted.saturating_mul(HEADROOM_PERCENT) / 100),
            again: [again, again_asking].into_iter().flatten().min(),
        }
    }
}

/// Lower is served first.
fn rank<K>(candidate: &Candidate<K>) -> (bool, bool, Reverse<u16>) {
    (
        candidate.source != Source::Screen,
        !(candidate.preferred || candidate.speaking),
        Reverse(candidate.height),
    )
}

/// The layers one video may climb, each costing at least as much as the one before.
#[derive(Clone, Copy, Debug)]
struct Ladder {
    steps: [Step; LAYERS],
    len: usize,
    /// What each layer costs, useful or not.
    costs: [u64; LAYERS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Step {
    layer: usize,
    /// Bits per second.
    cost: u64,
}

impl Ladder {
    fn of<K>(candidate: &Candidate<K>, receive: Receive, active_only: bool) -> Self {
        let assumed = if candidate.source == Source::Screen { ASSUMED_SCREEN } else { ASSUMED_CAMERA };
        let mut ladder = Self { steps: [Step::default(); LAYERS], len: 0, costs: [0; LAYERS] };
        let target = useful(candidate, receive, &assumed);
        let mut least = 0;
        for (at, layer) in candidate.layers.iter().enumerate() {
            let Some(layer) = layer.filter(|layer| layer.active || !active_only) else { continue };
            least = least.max(if layer.bitrate == 0 { assumed[at].0 } else { layer.bitrate });
            ladder.costs[at] = least;
            // A layer above the useful one serves only while there is none below.
            if at <= target || ladder.len == 0 {
                ladder.steps[ladder.len] = Step { layer: at, cost: least };
                ladder.len += 1;
            }
        }
        ladder
    }

    /// What the first steps cost together.
    fn cost(&self, steps: usize) -> u64 {
        steps.checked_sub(1).map_or(0, |last| self.steps[last].cost)
    }

    /// What this layer costs, if it is still there.
    fn now(&self, layer: Option<usize>) -> u64 {
        layer.map_or(0, |layer| self.costs[layer])
    }

    fn layer(&self, steps: usize) -> Option<usize> {
        steps.checked_sub(1).map(|last| self.steps[last].layer)
    }

    /// How many steps lead to this layer.
    fn steps_to(&self, layer: Option<usize>) -> usize {
        self.steps[..self.len].iter().filter(|step| layer.is_some_and(|layer| step.layer <= layer)).count()
    }
}

/// The smallest layer that fills the picture.
fn useful<K>(candidate: &Candidate<K>, receive: Receive, assumed: &[(u64, u16); LAYERS]) -> usize {
    let mut existing =
        candidate.layers.iter().enumerate().filter_map(|(at, layer)| layer.map(|layer| (at, layer)));
    if receive == Receive::Low {
        return existing.next().map_or(0, |(at, _)| at);
    }
    let enough = u32::from(candidate.height) * TOLERANCE_PERCENT;
    existing
        .find(|(at, layer)| u32::from(layer.height.unwrap_or(assumed[*at].1)) * 100 >= enough)
        .map_or(LAYERS - 1, |(at, _)| at)
}

/// What a video holds, and what it has lost.
#[derive(Clone, Copy, Debug)]
struct Held<K> {
    key: K,
    layer: Option<usize>,
    /// When the network last took a step away, and how often lately.
    lost: Option<Instant>,
    strikes: u8,
}

impl<K> Held<K> {
    /// Where nothing is shown there is nothing to spare by waiting longer each time.
    fn hold_ends(&self) -> Option<Instant> {
        let strikes = if self.layer.is_none() { 1 } else { self.strikes };
        self.lost.map(|lost| lost + HOLD * (1 << strikes.saturating_sub(1)))
    }

    fn lose(&mut self, now: Instant) {
        let forgiven = self.lost.is_none_or(|lost| now.saturating_duration_since(lost) >= FORGIVEN);
        self.strikes = if forgiven { 1 } else { (self.strikes + 1).min(MOST_STRIKES) };
        self.lost = Some(now);
    }
}

/// One want while it is being fitted.
struct Climb {
    ladder: Ladder,
    /// Steps it had, and has got now.
    had: usize,
    got: usize,
    /// It must not climb yet, although it might fit.
    on_hold: bool,
}

/// Fits ladders, in their order, into a budget; remembers and tells the layer each has reached. The other result is
/// when the first of those on hold may climb.
fn fit<K: Copy + Eq>(
    now: Instant,
    memory: &mut Vec<Held<K>>,
    ladders: impl Iterator<Item = (K, Ladder)>,
    budget: u64,
) -> (Vec<Option<usize>>, Option<Instant>) {
    let (mut held, mut climbs): (Vec<Held<K>>, Vec<Climb>) = ladders
        .map(|(key, ladder)| {
            let held = memory.iter().find(|held| held.key == key).copied().unwrap_or(Held {
                key,
                layer: None,
                lost: None,
                strikes: 0,
            });
            let on_hold = held.hold_ends().is_some_and(|ends| now < ends);
            (held, Climb { ladder, had: ladder.steps_to(held.layer), got: 0, on_hold })
        })
        .unzip();
    // What is being sent, also where it has just become more than useful.
    let sent =
        |(held, climb): (&Held<K>, &Climb)| climb.ladder.now(held.layer).max(climb.ladder.cost(climb.had));
    let mut before: u64 = held.iter().zip(&climbs).map(sent).sum();
    let congested = climbs.iter().map(|climb| climb.ladder.cost(climb.had)).sum::<u64>() > kept(budget);
    let waiting = loop {
        let waiting = climb(&mut climbs, budget, before);
        // Taking a step can free others; each time around something gains that comes before all that lose.
        if climbs.iter().all(|climb| climb.got == climb.had) {
            break waiting;
        }
        for (held, climb) in held.iter_mut().zip(&mut climbs) {
            // Giving way to somebody is not the network's doing: the step may come back at once.
            if climb.got < climb.had && congested {
                held.lose(now);
            }
            climb.had = climb.got;
        }
        before = climbs.iter().map(|climb| climb.ladder.cost(climb.had)).sum();
    };
    for (held, climb) in held.iter_mut().zip(&climbs) {
        held.layer = climb.ladder.layer(climb.got);
    }
    let ends = held.iter().filter_map(|held| held.hold_ends()).filter(|ends| *ends > now);
    let again = if waiting { ends.min() } else { None };
    let layers = held.iter().map(|held| held.layer).collect();
    *memory = held;
    (layers, again)
}

fn kept(budget: u64) -> u64 {
    budget.saturating_mul(KEPT_PERCENT) / 100
}

/// Goes through all rounds once; `before` is what is being sent. Whether one on hold would have climbed.
fn climb(climbs: &mut [Climb], budget: u64, before: u64) -> bool {
    // A swap that does not raise the sum needs no headroom.
    let limit = (budget.saturating_mul(100) / HEADROOM_PERCENT).max(before.min(kept(budget)));
    let mut used = 0u64;
    // What those on hold would take is not given to others meanwhile, but not taken from them either.
    let mut reserved = 0u64;
    climbs.iter_mut().for_each(|climb| climb.got = 0);
    for round in 0..LAYERS {
        for climb in climbs.iter_mut().filter(|climb| climb.got == round && round < climb.ladder.len) {
            let extra = climb.ladder.cost(round + 1) - climb.ladder.cost(round);
            if round < climb.had {
                if used.saturating_add(extra) > kept(budget) {
                    continue;
                }
            } else if used.saturating_add(reserved).saturating_add(extra) > limit {
                continue;
            } else if climb.on_hold {
                reserved += extra;
                continue;
            }
            used += extra;
            climb.got = round + 1;
        }
    }
    reserved > 0
}

#[cfg(test)]
mod tests;
