//! The plans, each made for a seed: the network's luck is in the links, a plan's own variation is drawn here.

use std::time::Duration;

use kaigi_sfu::Receive;
use kaigi_testkit::{Conditions, Loss};
use rand::{Rng as _, rngs::StdRng};

use crate::plan::{Check, Layout, Part, Plan, Step, ms, span};

/// A plan's name and what makes it.
pub type Entry = (&'static str, fn(&mut StdRng) -> Plan);

pub const PLANS: [Entry; 15] = [
    ("a_screen_is_shared", a_screen_is_shared),
    ("another_network", another_network),
    ("ten_seconds_without_network", ten_seconds_without_network),
    ("good_lines", good_lines),
    ("five_cameras_over_one_megabit", five_cameras_over_one_megabit),
    ("a_speaker_change", a_speaker_change),
    ("a_viewer_from_outside", a_viewer_from_outside),
    ("a_publisher_vanishes", a_publisher_vanishes),
    ("bursts_of_loss", bursts_of_loss),
    ("one_three_two", one_three_two),
    ("a_dip", a_dip),
    ("a_tile_is_enlarged", a_tile_is_enlarged),
    ("jitter_and_reordering", jitter_and_reordering),
    ("data_messages", data_messages),
    ("two_hundred_subscribers", two_hundred_subscribers),
];

const S: fn(u64) -> Duration = Duration::from_secs;

/// A line of ordinary quality, different for each seed: 5 to 60 ms, a little jitter.
fn line(rng: &mut StdRng) -> Conditions {
    let jitter = ms(rng.random_range(0..8));
    Conditions { jitter, ..Conditions::delay(ms(rng.random_range(5..60))) }
}

fn part(rng: &mut StdRng) -> Part {
    Part { up: line(rng), down: line(rng), temporal_layers: rng.random_bool(0.7), ..Part::new() }
}

fn parts(rng: &mut StdRng, count: usize) -> Vec<Part> {
    (0..count).map(|_| part(rng)).collect()
}

/// All pairs of different participants among the first `count`.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |viewer| (0..count).map(move |of| (viewer, of))).filter(|(a, b)| a != b)
}

/// One shares a screen while others show cameras: it is there within a second, and one who has 2.5 Mbit/s gets it all the
/// same, though it may stand still once, when the keyframe of its larger layer fills the line.
fn a_screen_is_shared(rng: &mut StdRng) -> Plan {
    let mut cast = parts(rng, 4);
    let down = cast[3].down;
    cast[3].down = down.with_rate(2_500_000, ms(rng.random_range(200..400)));
    let sharer = rng.random_range(0..3);
    let mut script = vec![(S(1), Step::Speak(sharer, true))];
    script.extend([(S(6), Step::Share(sharer, true)), (S(14), Step::Share(sharer, false))]);
    let mut checks = vec![];
    for viewer in (0..4).filter(|viewer| *viewer != sharer) {
        let narrow = viewer == 3;
        let (within, longest) = if narrow { (ms(1500), S(2)) } else { (ms(1200), ms(350)) };
        checks.push(Check::Screen { viewer, of: sharer, span: span(6.0, 14.0), within, longest });
        checks.push(Check::Sound { viewer, of: sharer, span: span(3.0, 19.0), longest: ms(250) });
        for of in (0..3).filter(|of| *of != viewer) {
            let (from, longest) = if narrow { (16.5, ms(500)) } else { (4.0, ms(300)) };
            checks.push(Check::Picture { viewer, of, span: span(from, 19.0), longest, freezes: 0 });
        }
    }
    Plan { length: S(19), cast, script, checks }
}

/// A publisher changes from one network to another: all go on to see and hear it after a second at most, in the same
/// slot, and it sees them.
fn another_network(rng: &mut StdRng) -> Plan {
    let cast = parts(rng, 3);
    let script = vec![(S(1), Step::Speak(1, true)), (S(6), Step::Move(1)), (S(13), Step::Move(1))];
    let all = span(3.0, 20.0);
    let mut checks = vec![];
    for viewer in [0, 2] {
        let picture = |viewer, of| Check::Picture { viewer, of, span: all, longest: S(1), freezes: 2 };
        checks.extend([picture(viewer, 1), picture(1, viewer)]);
        checks.push(Check::Sound { viewer, of: 1, span: all, longest: S(1) });
        checks.push(Check::SameSlot { viewer, of: 1 });
        checks.push(Check::Picture { viewer, of: 2 - viewer, span: all, longest: ms(300), freezes: 0 });
    }
    Plan { length: S(20), cast, script, checks }
}

/// A publisher's network is gone for 10 s. It is seen again soon after, in the slot it had, and sees the others.
fn ten_seconds_without_network(rng: &mut StdRng) -> Plan {
    let cast = parts(rng, 3);
    let (up, down) = (cast[1].up, cast[1].down);
    let out = Conditions::default().with_loss(Loss::All);
    let mut script = vec![(S(1), Step::Speak(1, true))];
    script.extend([(S(5), Step::Up(1, out)), (S(5), Step::Down(1, out))]);
    script.extend([(S(15), Step::Up(1, up)), (S(15), Step::Down(1, down))]);
    let mut checks = vec![];
    for viewer in [0, 2] {
        let back =
            |viewer, of| Check::Picture { viewer, of, span: span(18.0, 22.0), longest: ms(500), freezes: 0 };
        checks.extend([back(viewer, 1), back(1, viewer)]);
        checks.push(Check::Sound { viewer, of: 1, span: span(16.5, 22.0), longest: ms(250) });
        checks.push(Check::SameSlot { viewer, of: 1 });
        let others = span(3.0, 22.0);
        checks.push(Check::Picture { viewer, of: 2 - viewer, span: others, longest: ms(300), freezes: 0 });
    }
    Plan { length: S(22), cast, script, checks }
}

/// Nothing is wrong with anything: nobody waits, nothing freezes.
fn good_lines(rng: &mut StdRng) -> Plan {
    let mut cast = parts(rng, 4);
    cast.iter_mut().enumerate().for_each(|(at, part)| part.joins = ms(700 * at as u64));
    let script = (0..4).map(|number| (ms(3500), Step::Speak(number, true))).collect();
    let mut checks = vec![];
    for (viewer, of) in pairs(4) {
        checks.push(Check::FirstPicture { viewer, of, within: S(2) });
        checks.push(Check::Picture { viewer, of, span: span(5.0, 12.0), longest: ms(250), freezes: 0 });
        checks.push(Check::Sound { viewer, of, span: span(5.0, 12.0), longest: ms(150) });
        checks.push(Check::Repaired { viewer, unrepaired: 0.0 });
        // Room for three 360 lines high pictures, and nobody asks for more.
        checks.push(Check::Grows { viewer, of, span: span(5.0, 12.0), height: 360 });
        checks.push(Check::Height { viewer, of, span: span(5.0, 12.0), least: 180, most: 360 });
        checks.push(Check::KeyframeRequests { of, per_second: 0.7 });
    }
    checks.extend((0..4).map(|of| Check::Layers { of, span: span(9.0, 12.0), active: [true, true, false] }));
    Plan { length: S(12), cast, script, checks }
}

/// One participant has 1 Mbit/s for five cameras of up to 2.3 Mbit/s each: its sound never suffers, and some are seen
/// all the while. All five just do not fit: the lowest layers with their headers are 860 kbit/s on the wire, four
/// voices 240.
fn five_cameras_over_one_megabit(rng: &mut StdRng) -> Plan {
    let mut cast = parts(rng, 6);
    let down = line(rng).with_rate(1_000_000, ms(rng.random_range(150..400)));
    cast[0] = Part { down, ..Part::audience() };
    let script = vec![(S(1), Step::Speak(1, true)), (S(1), Step::Speak(2, true))];
    let steady = span(8.0, 25.0);
    let mut checks = vec![
        Check::Rate { viewer: 0, span: steady, least: 500_000.0, most: 1_000_000.0 },
        Check::Sound { viewer: 0, of: 1, span: steady, longest: ms(400) },
        Check::Sound { viewer: 0, of: 2, span: steady, longest: ms(400) },
        Check::Delay { viewer: 0, of: 1, span: steady, most: ms(400) },
        Check::Repaired { viewer: 0, unrepaired: 0.02 },
        Check::Seen { viewer: 0, span: steady, least: 3 },
    ];
    checks.extend((1..6).map(|of| Check::KeyframeRequests { of, per_second: 1.0 }));
    checks.extend((1..6).map(|of| Check::Changes { viewer: 0, of, span: steady, most: 4 }));
    Plan { length: S(25), cast, script, checks }
}

/// First one speaks, then another; both are heard, and the loudest is told within a moment.
fn a_speaker_change(rng: &mut StdRng) -> Plan {
    let cast = parts(rng, 4);
    let script = vec![
        (S(2), Step::Speak(1, true)),
        (S(7), Step::Speak(1, false)),
        (S(7), Step::Speak(2, true)),
        (S(12), Step::Speak(2, false)),
        (S(12), Step::Speak(3, true)),
    ];
    let mut checks = vec![];
    for (speaker, at) in [(1, 2.0), (2, 7.0), (3, 12.0)] {
        checks.push(Check::Loudest { at: Duration::from_secs_f64(at + 2.0), speaker });
        checks.push(Check::Loudest { at: Duration::from_secs_f64(at + 4.5), speaker });
        for viewer in (0..4).filter(|viewer| *viewer != speaker) {
            checks.push(Check::Sound {
                viewer,
                of: speaker,
                span: span(at + 0.5, at + 4.9),
                longest: ms(200),
            });
        }
    }
    Plan { length: S(17), cast, script, checks }
}

/// Two watch who take no part, with one slot of each kind: whoever speaks is seen, and the last who did while nobody
/// does; who was asked for is seen and heard, and nobody else.
fn a_viewer_from_outside(rng: &mut StdRng) -> Plan {
    let outside = |rng: &mut StdRng, layout| Part {
        layout,
        video_slots: 1,
        audio_slots: 1,
        camera: false,
        microphone: false,
        ..part(rng)
    };
    let mut cast = parts(rng, 3);
    cast.push(outside(rng, Layout::Speaker));
    cast.push(outside(rng, Layout::Only(1)));
    let (follower, fan) = (3, 4);
    let script = vec![
        (S(4), Step::Speak(2, true)),
        (S(9), Step::Speak(2, false)),
        (S(12), Step::Speak(1, true)),
        (S(17), Step::Leave(1)),
    ];
    let mut checks = vec![
        Check::FirstPicture { viewer: fan, of: 1, within: ms(1500) },
        Check::Picture { viewer: fan, of: 1, span: span(2.0, 16.9), longest: ms(500), freezes: 0 },
        Check::Sound { viewer: fan, of: 1, span: span(12.5, 16.9), longest: ms(200) },
        Check::Emptied { viewer: fan, of: 1, from: ms(18_000) },
        // Until the next one speaks.
        Check::Picture { viewer: follower, of: 2, span: span(6.5, 11.9), longest: ms(500), freezes: 0 },
        Check::Sound { viewer: follower, of: 2, span: span(5.0, 8.9), longest: ms(200) },
        Check::Picture { viewer: follower, of: 1, span: span(14.5, 16.9), longest: ms(500), freezes: 0 },
        Check::Sound { viewer: follower, of: 1, span: span(13.0, 16.9), longest: ms(200) },
        // She has left: somebody else is there within a moment.
        Check::Followed { viewer: follower, span: span(17.0, 21.0), longest: ms(900) },
    ];
    checks.extend([0, 2].map(|of| Check::Emptied { viewer: fan, of, from: Duration::ZERO }));
    Plan { length: S(21), cast, script, checks }
}

/// A browser is killed. The others go on as if nothing had happened, and its tile is gone when the server knows.
fn a_publisher_vanishes(rng: &mut StdRng) -> Plan {
    let cast = parts(rng, 3);
    let script = vec![(S(1), Step::Speak(1, true)), (S(4), Step::Vanish(2))];
    let mut checks = vec![];
    for viewer in 0..2 {
        checks.push(Check::Picture { viewer, of: 2, span: span(2.0, 4.0), longest: ms(300), freezes: 0 });
        checks.push(Check::Picture {
            viewer,
            of: 1 - viewer,
            span: span(2.0, 24.0),
            longest: ms(300),
            freezes: 0,
        });
        checks.push(Check::Emptied { viewer, of: 2, from: ms(19_500) });
    }
    checks.push(Check::Sound { viewer: 0, of: 1, span: span(2.0, 24.0), longest: ms(200) });
    checks.push(Check::KeyframeRequests { of: 0, per_second: 0.5 });
    Plan { length: S(24), cast, script, checks }
}

/// 10 % are lost in bursts, both ways, for 10 s, and what is lost is repaired.
fn bursts_of_loss(rng: &mut StdRng) -> Plan {
    let cast = parts(rng, 3);
    let bursts = Loss::Bursts { share: 0.1, length: rng.random_range(2.0..6.0) };
    let mut script = vec![(S(1), Step::Speak(1, true))];
    for (number, part) in cast.iter().enumerate() {
        script.push((S(4), Step::Down(number, part.down.with_loss(bursts))));
        script.push((S(14), Step::Down(number, part.down)));
    }
    let up = cast[1].up;
    script.push((S(4), Step::Up(1, up.with_loss(bursts))));
    script.push((S(14), Step::Up(1, up)));
    let mut checks = vec![];
    for (viewer, of) in pairs(3) {
        checks.push(Check::Picture { viewer, of, span: span(4.0, 16.0), longest: S(2), freezes: 4 });
        checks.push(Check::Picture { viewer, of, span: span(17.0, 20.0), longest: ms(400), freezes: 0 });
        checks.push(Check::Repaired { viewer, unrepaired: 0.02 });
    }
    // A burst of six, four times over.
    checks.push(Check::Sound { viewer: 0, of: 1, span: span(2.0, 20.0), longest: ms(900) });
    Plan { length: S(20), cast, script, checks }
}

/// One is alone, two come, one of them goes: nobody else's picture stops.
fn one_three_two(rng: &mut StdRng) -> Plan {
    let mut cast = parts(rng, 3);
    cast[1].joins = S(3);
    cast[2].joins = S(5);
    let leaver = rng.random_range(1..3);
    let stayer = 3 - leaver;
    let script = vec![(S(9), Step::Leave(leaver))];
    let mut checks = vec![];
    for (viewer, of) in pairs(3) {
        checks.push(Check::FirstPicture { viewer, of, within: S(2) });
    }
    for (viewer, of) in [(0, stayer), (stayer, 0)] {
        checks.push(Check::Picture { viewer, of, span: span(7.0, 14.0), longest: ms(300), freezes: 0 });
        checks.push(Check::Emptied { viewer, of: leaver, from: ms(9500) });
    }
    // Alone, nobody watches: only the lowest layer is sent, so that whoever comes sees something at once.
    checks.push(Check::Layers { of: 0, span: span(2.6, 3.0), active: [true, false, false] });
    Plan { length: S(14), cast, script, checks }
}

/// 2 Mbit/s, then 400 kbit/s for 14 s, then 2 Mbit/s: the pictures shrink, the sound goes on, and they come back.
fn a_dip(rng: &mut StdRng) -> Plan {
    let mut cast = parts(rng, 3);
    let queue = ms(rng.random_range(150..400));
    let down = cast[0].down;
    cast[0].down = down.with_rate(2_000_000, queue);
    let script = vec![
        (S(1), Step::Speak(1, true)),
        (S(10), Step::Down(0, down.with_rate(400_000, queue))),
        (S(24), Step::Down(0, down.with_rate(2_000_000, queue))),
    ];
    let mut checks = vec![
        Check::Seen { viewer: 0, span: span(19.0, 24.0), least: 1 },
        Check::Rate { viewer: 0, span: span(19.0, 24.0), least: 150_000.0, most: 400_000.0 },
        Check::Sound { viewer: 0, of: 1, span: span(2.0, 44.0), longest: S(1) },
        Check::Delay { viewer: 0, of: 1, span: span(14.0, 24.0), most: ms(500) },
        Check::Rate { viewer: 0, span: span(34.0, 44.0), least: 900_000.0, most: 2_000_000.0 },
    ];
    for of in 1..3 {
        checks.push(Check::Grows { viewer: 0, of, span: span(2.0, 10.0), height: 360 });
        // Within ten seconds it is as it was.
        checks.push(Check::Height { viewer: 0, of, span: span(34.0, 44.0), least: 360, most: 360 });
        checks.push(Check::Picture { viewer: 0, of, span: span(34.0, 44.0), longest: ms(400), freezes: 0 });
    }
    Plan { length: S(44), cast, script, checks }
}

/// A small tile becomes a large one and a small one again: the layer follows within 2 s, without a freeze.
fn a_tile_is_enlarged(rng: &mut StdRng) -> Plan {
    let mut cast = parts(rng, 3);
    cast[0].layout = Layout::Everyone(150);
    let small = Layout::Everyone(150);
    let script = vec![
        (S(5), Step::Show(0, Layout::These(vec![(1, 720), (2, 150)]))),
        (S(11), Step::Show(0, small)),
        (S(15), Step::Receive(0, Receive::AudioOnly)),
        (S(18), Step::Receive(0, Receive::Everything)),
    ];
    let picture =
        |from, to, of| Check::Picture { viewer: 0, of, span: span(from, to), longest: ms(400), freezes: 0 };
    let height = |from, to, of, height| Check::Height {
        viewer: 0,
        of,
        span: span(from, to),
        least: height,
        most: height,
    };
    let checks = vec![
        height(2.0, 5.0, 1, 180),
        height(7.0, 11.0, 1, 720),
        height(13.0, 15.0, 1, 180),
        height(2.0, 15.0, 2, 180),
        picture(2.0, 15.0, 1),
        picture(2.0, 15.0, 2),
        Check::Rate { viewer: 0, span: span(16.0, 18.0), least: 0.0, most: 20_000.0 },
        picture(20.0, 22.0, 1),
        Check::Layers { of: 1, span: span(7.0, 10.9), active: [true, true, true] },
    ];
    Plan { length: S(22), cast, script, checks }
}

/// A radio link: 50 ms of jitter, 2 % reordered, some twice, 1 % lost.
fn jitter_and_reordering(rng: &mut StdRng) -> Plan {
    let rough = |line: Conditions| Conditions { jitter: ms(50), reorder: 0.02, duplicate: 0.01, ..line };
    let mut cast = parts(rng, 3);
    for part in &mut cast {
        part.up = rough(part.up).with_loss(Loss::Random(0.01));
        part.down = rough(part.down).with_loss(Loss::Random(0.01));
    }
    let script = vec![(S(1), Step::Speak(1, true))];
    let mut checks = vec![Check::Sound { viewer: 0, of: 1, span: span(3.0, 15.0), longest: ms(400) }];
    for (viewer, of) in pairs(3) {
        checks.push(Check::FirstPicture { viewer, of, within: S(4) });
        checks.push(Check::Picture { viewer, of, span: span(4.0, 15.0), longest: S(1), freezes: 2 });
        checks.push(Check::Changes { viewer, of, span: span(6.0, 15.0), most: 3 });
        checks.push(Check::Repaired { viewer, unrepaired: 0.005 });
    }
    Plan { length: S(15), cast, script, checks }
}

/// Messages to all and to one, over lines that lose 3 %.
fn data_messages(rng: &mut StdRng) -> Plan {
    let lossy = Loss::Random(0.03);
    let mut cast = parts(rng, 3);
    for part in &mut cast {
        *part = Part {
            camera: false,
            up: part.up.with_loss(lossy),
            down: part.down.with_loss(lossy),
            ..part.clone()
        };
    }
    let mut script = vec![];
    for number in 0..60 {
        let from = rng.random_range(0..3);
        let to = if rng.random_bool(0.5) { vec![] } else { vec![(from + rng.random_range(1..3)) % 3] };
        let bytes = if number % 10 == 0 { 16_000 } else { rng.random_range(4..1000) };
        let at = ms(6000 + number * 50);
        script.push((at, Step::Say { from, to: to.clone(), channel: 0, bytes }));
        script.push((at, Step::Say { from, to, channel: 1, bytes: bytes.min(1000) }));
    }
    let checks = vec![Check::Delivered, Check::DeliveredLossy(0.75)];
    Plan { length: S(15), cast, script, checks }
}

/// Two cameras and 200 who watch; 8 s are enough.
fn two_hundred_subscribers(rng: &mut StdRng) -> Plan {
    let mut cast = parts(rng, 2);
    for number in 0..200 {
        let (up, down) = (line(rng), line(rng));
        let joins = ms(1000 + 5 * number);
        let (video_slots, audio_slots) = (2, 1);
        cast.push(Part { joins, up, down, video_slots, audio_slots, ..Part::audience() });
    }
    let script = vec![(S(1), Step::Speak(0, true))];
    let mut checks = vec![];
    for viewer in 2..202 {
        for of in 0..2 {
            checks.push(Check::FirstPicture { viewer, of, within: S(2) });
            checks.push(Check::Picture { viewer, of, span: span(4.5, 8.0), longest: ms(350), freezes: 0 });
        }
        checks.push(Check::Sound { viewer, of: 0, span: span(4.5, 8.0), longest: ms(150) });
    }
    // 200 that come within a second are not 200 keyframes.
    checks.extend((0..2).map(|of| Check::KeyframeRequests { of, per_second: 2.0 }));
    Plan { length: S(8), cast, script, checks }
}
