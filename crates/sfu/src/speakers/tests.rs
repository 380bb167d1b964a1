use proptest::prelude::*;

use super::*;

const SPEECH_LEVEL: u8 = 25;
const SOFT_LEVEL: u8 = 45;
const BACKGROUND_LEVEL: u8 = 75;

/// A room whose voices send a packet each 20 ms, on virtual time.
struct Room {
    now: Instant,
    start: Instant,
    speakers: Speakers,
    voices: Vec<(VoiceId, Sound)>,
}

#[derive(Clone, Copy, Debug)]
enum Sound {
    /// Nothing is sent (DTX).
    Nothing,
    Level(u8),
    /// Packets without a level.
    Untold,
}
use Sound::{Level, Nothing, Untold};

impl Room {
    fn of(voices: u64) -> Self {
        let now = Instant::now();
        let mut room = Self { now, start: now, speakers: Speakers::new(), voices: Vec::new() };
        for session in 0..voices {
            room.join(session, Source::Microphone);
        }
        room
    }

    fn join(&mut self, session: u64, source: Source) -> usize {
        self.voices.push((self.speakers.add(SessionId(session), source), Nothing));
        self.voices.len() - 1
    }

    fn sounds(&mut self, sounds: impl IntoIterator<Item = (usize, Sound)>) -> &mut Self {
        for (at, sound) in sounds {
            self.voices[at].1 = sound;
        }
        self
    }

    /// Lets time pass; whoever leads goes on being looked at after each step.
    fn pass(&mut self, millis: u64, mut look: impl FnMut(u64, &Speakers)) {
        for _ in 0..millis / 20 {
            self.now += Duration::from_millis(20);
            for (voice, sound) in &self.voices {
                match sound {
                    Nothing => {}
                    Level(level) => self.speakers.heard(self.now, *voice, Some(*level)),
                    Untold => self.speakers.heard(self.now, *voice, None),
                }
            }
            self.speakers.update(self.now);
            look((self.now - self.start).as_millis() as u64, &self.speakers);
        }
    }

    fn run(&mut self, millis: u64) -> Vec<u64> {
        self.pass(millis, |_, _| {});
        self.speaking()
    }

    fn speaking(&self) -> Vec<u64> {
        self.speakers.speaking().iter().map(|session| session.0).collect()
    }

    fn heard_by(&self, slots: &mut AudioSlots, own: u64) -> Vec<Option<usize>> {
        slots.assign(&self.speakers, SessionId(own));
        let of = |id: &VoiceId| self.voices.iter().position(|(voice, _)| voice == id);
        slots.slots().iter().map(|slot| slot.as_ref().and_then(of)).collect()
    }
}

#[test]
fn speech_is_noticed_within_half_a_second_and_a_click_is_not() {
    for level in [SPEECH_LEVEL, SOFT_LEVEL] {
        let mut room = Room::of(3);
        room.sounds((0..3).map(|at| (at, Level(BACKGROUND_LEVEL)))).run(2000);
        assert!(room.speaking().is_empty());
        // A click.
        room.sounds([(2, Level(10))]).run(60);
        room.sounds([(2, Level(BACKGROUND_LEVEL))]).run(1000);
        assert!(room.speaking().is_empty());
        let began = (room.now - room.start).as_millis() as u64;
        let mut noticed = None;
        room.sounds([(1, Level(level))]).pass(1000, |at, speakers| {
            if !speakers.speaking().is_empty() {
                noticed.get_or_insert(at - began);
            }
        });
        assert_eq!(room.speaking(), [1]);
        let noticed = noticed.unwrap();
        assert!((100..=500).contains(&noticed), "after {noticed} ms at -{level} dBov");
    }
}

#[test]
fn a_pause_for_breath_does_not_end_speaking_but_silence_does() {
    for silence in [Nothing, Level(127), Level(BACKGROUND_LEVEL)] {
        let mut room = Room::of(2);
        assert_eq!(room.sounds([(0, Level(SPEECH_LEVEL))]).run(1000), [0]);
        assert_eq!(room.sounds([(0, silence)]).run(1000), [0]);
        assert_eq!(room.sounds([(0, Level(SPEECH_LEVEL))]).run(300), [0]);
        assert_eq!(room.sounds([(0, silence)]).run(1000), [0]);
        assert!(room.run(2000).is_empty());
    }
}

#[test]
fn the_dominant_speaker_is_replaced_by_one_who_is_clearly_louder() {
    let mut room = Room::of(3);
    room.sounds([(0, Level(30))]).run(2000);
    // About as loud is not enough, however long.
    assert_eq!(room.sounds([(1, Level(26))]).run(10_000), [0, 1]);
    assert_eq!(room.sounds([(1, Level(15))]).run(1000), [1, 0]);
    // However they outdo each other, each keeps it for a second.
    let mut changed: Vec<(u64, SessionId)> = Vec::new();
    for turn in 0..40 {
        let (one, other) = if turn % 2 == 0 { (0, 1) } else { (1, 0) };
        room.sounds([(one, Level(5)), (other, Level(50))]).pass(300, |at, speakers| {
            let first = speakers.speaking()[0];
            if changed.last().is_none_or(|(_, last)| *last != first) {
                changed.push((at, first));
            }
        });
    }
    assert!(changed[1..].windows(2).all(|pair| pair[1].0 - pair[0].0 >= 1000), "{changed:?}");
}

#[test]
fn two_who_talk_in_turns_take_turns() {
    let mut room = Room::of(2);
    let mut changes = Vec::new();
    for turn in 0..10 {
        let (one, other) = (turn % 2, 1 - turn % 2);
        let mut look = |_, speakers: &Speakers| changes.extend(speakers.speaking().first().copied());
        room.sounds([(one, Level(SPEECH_LEVEL)), (other, Nothing)]).pass(2000, &mut look);
        assert_eq!(room.speaking()[0], one as u64);
    }
    changes.dedup();
    assert_eq!(changes.len(), 10);
}

#[test]
fn a_publisher_without_levels_speaks_only_while_nobody_else_does() {
    let mut room = Room::of(2);
    assert_eq!(room.sounds([(0, Untold)]).run(2000), [0]);
    assert_eq!(room.sounds([(1, Level(30))]).run(2000), [1, 0]);
    assert_eq!(room.sounds([(1, Nothing)]).run(5000), [0]);
}

#[test]
fn a_silent_room_asks_for_nothing() {
    let mut room = Room::of(3);
    assert_eq!(room.speakers.poll_timeout(), None);
    room.sounds([(0, Level(20)), (1, Level(127))]).run(1000);
    assert!(room.speakers.poll_timeout().is_some());
    room.sounds([(0, Nothing), (1, Nothing)]).run(10_000);
    assert_eq!(room.speakers.poll_timeout(), None);
    assert_eq!(room.sounds([(1, Level(20))]).run(1000), [1]);
    // Who leaves speaks no longer.
    room.speakers.remove(room.voices[1].0);
    room.voices.truncate(1);
    assert!(room.speakers.poll_timeout().is_some_and(|due| due <= room.now));
    assert!(room.speakers.update(room.now));
    assert!(room.speaking().is_empty());
}

#[test]
fn in_a_small_room_everybody_has_a_slot_and_keeps_it() {
    let mut room = Room::of(4);
    let mut slots = AudioSlots::new(4);
    let first = room.heard_by(&mut slots, 9);
    assert_eq!(first, [Some(0), Some(1), Some(2), Some(3)]);
    for speaker in [3, 1, 2] {
        room.sounds((0..4).map(|at| (at, if at == speaker { Level(20) } else { Nothing }))).run(3000);
        assert_eq!(room.heard_by(&mut slots, 9), first);
    }
    // One's own voice is not among them.
    let mut slots = AudioSlots::new(4);
    assert_eq!(room.heard_by(&mut slots, 2).iter().flatten().count(), 3);
    assert!(!room.heard_by(&mut slots, 2).contains(&Some(2)));
}

#[test]
fn in_a_large_room_the_loudest_are_heard_within_a_fifth_of_a_second() {
    let mut room = Room::of(200);
    room.sounds((0..200).map(|at| (at, Level(BACKGROUND_LEVEL)))).run(3000);
    let mut slots: Vec<AudioSlots> = (0..200).map(|_| AudioSlots::new(4)).collect();
    for speaker in [150, 17, 199, 42, 88] {
        room.sounds([(speaker, Level(30))]).run(200);
        for (own, slots) in slots.iter_mut().enumerate() {
            let heard = room.heard_by(slots, own as u64);
            assert_eq!(heard.contains(&Some(speaker)), own != speaker);
            assert!(!heard.contains(&Some(own)));
            assert_eq!(heard.iter().flatten().count(), 4);
        }
        room.run(2000);
        room.sounds([(speaker, Level(BACKGROUND_LEVEL))]).run(500);
    }
    // The last four are heard still, by one who is none of them.
    let mut heard = room.heard_by(&mut slots[0], 0);
    heard.sort();
    assert_eq!(heard, [17, 42, 88, 199].map(Some));
}

#[test]
fn a_slot_is_not_taken_from_one_who_speaks_by_one_who_is_as_loud() {
    let mut room = Room::of(6);
    room.sounds((0..4).map(|at| (at, Level(30)))).run(3000);
    let mut slots = AudioSlots::new(4);
    let first = room.heard_by(&mut slots, 9);
    room.sounds([(4, Level(28)), (5, Level(26))]).pass(10_000, |_, _| {});
    assert_eq!(room.heard_by(&mut slots, 9), first);
    // One who is clearly louder takes one, and the other three stay where they are.
    room.sounds([(4, Level(15))]).run(500);
    let heard = room.heard_by(&mut slots, 9);
    assert!(heard.contains(&Some(4)));
    assert_eq!(heard.iter().zip(&first).filter(|(one, other)| one != other).count(), 1);
}

#[test]
fn those_who_outdo_each_other_do_not_throw_each_other_out_all_the_time() {
    let mut room = Room::of(5);
    let mut slots = AudioSlots::new(4);
    room.sounds((0..3).map(|at| (at, Level(5)))).run(3000);
    let mut changes = 0;
    for turn in 0..40 {
        let (one, other) = if turn % 2 == 0 { (3, 4) } else { (4, 3) };
        room.sounds([(one, Level(15)), (other, Level(60))]).run(300);
        let before = slots.slots().to_vec();
        room.heard_by(&mut slots, 9);
        changes += usize::from(before != slots.slots());
    }
    // In twelve seconds, with a hold of one and a half.
    assert!((2..=9).contains(&changes), "{changes}");
}

#[test]
fn screen_sound_is_pinned_and_leaves_room_for_voices() {
    let mut room = Room::of(6);
    room.sounds((0..6).map(|at| (at, Level(20)))).run(1000);
    let mut slots = AudioSlots::new(4);
    room.heard_by(&mut slots, 9);
    let screens: Vec<usize> = (6..9).map(|session| room.join(session, Source::ScreenAudio)).collect();
    room.sounds(screens.iter().map(|at| (*at, Level(90)))).run(5000);
    let heard = room.heard_by(&mut slots, 9);
    assert_eq!(heard.iter().flatten().filter(|at| screens.contains(at)).count(), 2);
    // It is nobody's voice.
    assert!(room.speaking().iter().all(|session| *session < 6));
    // Where there are no voices to be heard, all of it is.
    let mut slots = AudioSlots::new(4);
    for (voice, _) in room.voices.drain(..6) {
        room.speakers.remove(voice);
    }
    assert_eq!(room.heard_by(&mut slots, 9).iter().flatten().count(), 3);
}

#[test]
fn who_leaves_is_gone_and_his_number_is_not_taken_for_another() {
    let mut room = Room::of(2);
    room.sounds([(0, Level(20))]).run(1000);
    let mut slots = AudioSlots::new(2);
    room.heard_by(&mut slots, 9);
    let (left, _) = room.voices[0];
    room.speakers.remove(left);
    room.speakers.remove(left);
    room.join(7, Source::Microphone);
    assert!(slots.assign(&room.speakers, SessionId(9)));
    assert!(!slots.slots().contains(&Some(left)));
    room.speakers.heard(room.now, left, Some(0));
    assert!(room.run(500).is_empty());
}

proptest! {
    /// Any coming, going and sounding: slots hold voices of others, each once, as many as there are.
    #[test]
    fn slots_are_always_well_filled(
        steps in prop::collection::vec((0u8..4, 0usize..12, 0u8..=127, 0u64..4000), 1..80),
        count in 0usize..6,
    ) {
        let mut room = Room::of(3);
        let mut slots = AudioSlots::new(count);
        for (what, at, level, millis) in steps {
            match what {
                0 if room.voices.len() < 12 => {
                    let source = if level % 4 == 0 { Source::ScreenAudio } else { Source::Microphone };
                    room.join(u64::from(level % 5), source);
                }
                1 if at < room.voices.len() => {
                    let (voice, _) = room.voices.remove(at);
                    room.speakers.remove(voice);
                }
                _ if at < room.voices.len() => {
                    room.sounds([(at, if level == 127 { Nothing } else { Level(level) })]);
                }
                _ => {}
            }
            room.run(millis);
            let before: Vec<_> = slots.slots().to_vec();
            let changed = slots.assign(&room.speakers, SessionId(1));
            prop_assert_eq!(changed, before != slots.slots());
            let own = |id: &VoiceId| {
                room.speakers.order().any(|(voice, session, _)| voice == *id && session == SessionId(1))
            };
            let held: Vec<_> = slots.slots().iter().flatten().copied().collect();
            let others = room.speakers.order().filter(|(_, session, _)| *session != SessionId(1)).count();
            prop_assert_eq!(held.len(), others.min(count));
            prop_assert!(held.iter().enumerate().all(|(place, id)| !held[..place].contains(id) && !own(id)));
            // Who stays, stays in his slot.
            for (place, id) in before.iter().enumerate() {
                if let Some(id) = id && held.contains(id) {
                    prop_assert_eq!(slots.slots()[place], Some(*id));
                }
            }
        }
    }
}
