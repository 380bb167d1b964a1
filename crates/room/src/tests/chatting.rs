//! Messages, polls, files, hands and reactions.

use super::*;

impl House {
    fn chat(
        &mut self,
        number: u64,
        text: &str,
        to: Option<&str>,
        reply_to: Option<u64>,
    ) -> Result<u64, Refusal> {
        let now = self.now();
        self.rooms.chat(now, connection(number), text.into(), to.map(id), reply_to)
    }

    fn ask(&mut self, number: u64) -> Result<u64, Refusal> {
        let now = self.now();
        let poll = Poll::new("When?", &["now".into(), "later".into()], false, false).unwrap();
        self.rooms.ask(now, connection(number), poll)
    }

    fn vote(&mut self, number: u64, poll: u64, options: &[u16]) -> Result<(), Refusal> {
        let now = self.now();
        self.rooms.vote(now, connection(number), poll, options.to_vec())
    }
}

#[test]
fn a_private_message_reaches_two_and_is_kept_for_them_alone() {
    let mut house = House::with_ann_bob_and_cat();
    house.chat(1, "psst", Some("bob"), None).unwrap();
    assert_eq!(house.drain(), ["1,2: chat ann to bob: psst"]);
    assert_eq!(house.chat(1, "psst", Some("dan"), None), Err(Refusal::NoSuchParticipant));
    assert_eq!(house.chat(1, "psst", Some("ann"), None), Err(Refusal::NoSuchParticipant));
    let reads = |house: &mut House, number, name: &str| {
        let joined = house.join(number, Join { resume: was(name, Some(0)), ..wish(name) }).unwrap();
        joined.chat.iter().any(|line| line.to.is_some())
    };
    assert!(reads(&mut house, 11, "ann") && reads(&mut house, 12, "bob"));
    assert!(!reads(&mut house, 13, "cat"));
}

#[test]
fn an_answer_names_what_it_answers_as_far_as_the_writer_may_read_it() {
    let mut house = House::with_ann_bob_and_cat();
    let open = house.chat(1, "hello", None, None).unwrap();
    let secret = house.chat(1, "psst", Some("bob"), None).unwrap();
    for (number, asked, named) in
        [(3, open, Some(open)), (2, secret, Some(secret)), (3, secret, None), (3, 7, None)]
    {
        let line = house.chat(number, "yes", None, Some(asked)).unwrap();
        let joined = house.join(20, Join { fresh_id: id("eve"), ..wish("eve") }).unwrap();
        assert_eq!(joined.chat.iter().find(|known| known.id == line).unwrap().reply_to, named);
        house.leave(20);
    }
}

#[test]
fn one_edits_and_takes_back_ones_own_words_and_a_host_takes_back_anybodys() {
    let mut house = House::with_ann_bob_and_cat();
    let line = house.chat(2, "helo", None, None).unwrap();
    house.drain();
    let now = house.now();
    assert_eq!(house.rooms.edit(now, connection(3), line, "bye".into()), Err(Refusal::NotYours));
    assert_eq!(house.rooms.edit(now, connection(1), line, "bye".into()), Err(Refusal::NotYours));
    house.rooms.edit(now, connection(2), line, "hello".into()).unwrap();
    assert_eq!(house.drain(), ["1,2,3: changed chat bob: hello"]);
    assert_eq!(house.rooms.delete(connection(3), line), Err(Refusal::NotYours));
    house.rooms.delete(connection(1), line).unwrap();
    assert_eq!(house.drain(), ["1,2,3: changed deleted bob"]);
    assert_eq!(house.rooms.delete(connection(2), line), Err(Refusal::NoSuchMessage));
    assert_eq!(house.rooms.edit(now, connection(2), line, "x".into()), Err(Refusal::NoSuchMessage));
    // Not even that there is one.
    let secret = house.chat(2, "psst", Some("ann"), None).unwrap();
    assert_eq!(house.rooms.delete(connection(3), secret), Err(Refusal::NoSuchMessage));
}

#[test]
fn votes_are_told_together_a_moment_later() {
    let mut house = House::with_ann_bob_and_cat();
    let poll = house.ask(2).unwrap();
    assert_eq!(house.drain(), ["1,2,3: poll bob: When? [0, 0] closed false"]);
    house.vote(1, poll, &[0]).unwrap();
    house.vote(3, poll, &[1]).unwrap();
    assert!(house.drain().is_empty());
    house.pass(Duration::from_millis(200));
    assert_eq!(house.drain(), ["1,2,3: changed poll bob: When? [1, 1] closed false"]);
    assert_eq!(house.rooms.poll_timeout(), None);
    let back = house.join(13, Join { resume: was("cat", Some(0)), ..wish("cat") }).unwrap();
    assert_eq!(back.votes, [(poll, vec![1])]);
    house.drain();
    assert_eq!(house.rooms.close_poll(connection(13), poll), Err(Refusal::NotYours));
    house.rooms.close_poll(connection(1), poll).unwrap();
    assert_eq!(house.drain(), ["1,2,13: changed poll bob: When? [1, 1] closed true"]);
    assert_eq!(house.vote(2, poll, &[0]), Err(Refusal::PollClosed));
    assert_eq!(house.vote(2, poll + 1, &[0]), Err(Refusal::NoSuchPoll));
}

#[test]
fn open_polls_are_bounded() {
    let mut house = House::with_ann_and_bob();
    let first = house.ask(1).unwrap();
    for _ in 1..limits::OPEN_POLLS {
        house.ask(1).unwrap();
    }
    assert_eq!(house.ask(2), Err(Refusal::TooManyPolls));
    house.rooms.close_poll(connection(1), first).unwrap();
    house.ask(2).unwrap();
}

#[test]
fn hands_have_an_order_and_hosts_lower_them() {
    let mut house = House::with_ann_bob_and_cat();
    let now = house.now();
    let hand = |house: &mut House, number, whose: Option<&str>, raised| {
        house.rooms.set_hand(now, connection(number), whose.map(id), raised)
    };
    hand(&mut house, 3, None, true).unwrap();
    hand(&mut house, 2, None, true).unwrap();
    hand(&mut house, 2, None, true).unwrap();
    assert_eq!(house.drain(), ["1,2,3: updated cat here #0 hand", "1,2,3: updated bob here #0 hand"]);
    let everyone = house.rooms.participants(&RoomName::parse("room").unwrap());
    assert!(everyone[1].hand > everyone[2].hand, "cat's was first");
    assert_eq!(hand(&mut house, 2, Some("cat"), false), Err(Refusal::NotYourHand));
    assert_eq!(hand(&mut house, 1, Some("ann"), true), Ok(()));
    assert_eq!(hand(&mut house, 2, Some("ann"), true), Err(Refusal::NotYourHand));
    house.drain();
    hand(&mut house, 1, Some("cat"), false).unwrap();
    assert_eq!(house.drain(), ["1,2,3: updated cat here #0"]);
}

#[test]
fn what_hosts_do_not_allow_only_hosts_do() {
    let mut house = House::with_ann_and_bob();
    let allowed = Some(Permissions { chat: false, files: false, ..Permissions::ALL });
    house.change(1, RoomChange { allowed, ..RoomChange::default() }).unwrap();
    house.drain();
    let file = || SharedFile { key: "k".into(), name: "a".into(), bytes: 1, media_type: String::new() };
    let now = house.now();
    assert_eq!(house.chat(2, "hi", None, None), Err(Refusal::NotAllowed { what: "chat messages" }));
    assert_eq!(house.ask(2), Err(Refusal::NotAllowed { what: "polls" }));
    let refused = house.rooms.react(connection(2), Reaction::Heart);
    assert_eq!(refused, Err(Refusal::NotAllowed { what: "reactions" }));
    let refused = house.rooms.offer_file(now, connection(2), file(), None);
    assert_eq!(refused, Err(Refusal::NotAllowed { what: "files" }));
    assert!(house.drain().is_empty());
    house.rooms.offer_file(now, connection(1), file(), Some(id("bob"))).unwrap();
    house.rooms.react(connection(1), Reaction::Heart).unwrap();
    assert_eq!(house.drain(), ["1,2: file ann to bob: a", "1,2: Heart from ann"]);
}
