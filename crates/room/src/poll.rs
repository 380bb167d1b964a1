//! A poll: what is asked and how everybody has chosen.

use kaigi_protocol::vocabulary::{DisplayName, ParticipantId, limits};

use crate::model::Refusal;

/// A question to all in the room.
#[derive(Clone, Debug, PartialEq)]
pub struct Poll {
    /// What is asked.
    pub question: String,
    /// What can be chosen.
    pub options: Vec<String>,
    /// Several may be chosen.
    pub multiple: bool,
    /// Nobody is told who has chosen what.
    pub anonymous: bool,
    /// No more votes are taken.
    pub closed: bool,
    /// In the order they were first cast, one for each voter.
    ballots: Vec<Ballot>,
}

/// How one has chosen.
#[derive(Clone, Debug, PartialEq)]
struct Ballot {
    who: ParticipantId,
    name: DisplayName,
    options: Vec<u16>,
}

/// How an option of a poll stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// How many have chosen it.
    pub votes: u32,
    /// Who the first of them are; nobody in an anonymous poll.
    pub names: Vec<DisplayName>,
}

impl Poll {
    /// A poll nobody has voted in; the texts without blanks around them.
    pub fn new(question: &str, options: &[String], multiple: bool, anonymous: bool) -> Result<Self, Refusal> {
        let question = question.trim().to_owned();
        let options: Vec<_> = options.iter().map(|option| option.trim().to_owned()).collect();
        if options.len() < 2 || options.len() > limits::POLL_OPTIONS {
            return Err(Refusal::PollOptions { given: options.len() });
        }
        if question.is_empty() || options.iter().any(String::is_empty) {
            return Err(Refusal::PollEmpty);
        }
        Ok(Self { question, options, multiple, anonymous, closed: false, ballots: Vec::new() })
    }

    /// Chooses, or chooses otherwise; nothing chosen takes the vote back.
    pub(crate) fn vote(
        &mut self,
        who: &ParticipantId,
        name: &DisplayName,
        mut options: Vec<u16>,
    ) -> Result<(), Refusal> {
        if self.closed {
            return Err(Refusal::PollClosed);
        }
        options.sort_unstable();
        options.dedup();
        if options.iter().any(|option| usize::from(*option) >= self.options.len()) {
            return Err(Refusal::NoSuchOption { options: self.options.len() });
        }
        if options.len() > 1 && !self.multiple {
            return Err(Refusal::OneOption);
        }
        let known = self.ballots.iter().position(|ballot| ballot.who == *who);
        match known {
            Some(at) if options.is_empty() => {
                self.ballots.remove(at);
            }
            Some(at) => self.ballots[at].options = options,
            None if options.is_empty() => {}
            None => self.ballots.push(Ballot { who: who.clone(), name: name.clone(), options }),
        }
        Ok(())
    }

    /// How many have voted.
    pub fn voters(&self) -> usize {
        self.ballots.len()
    }

    /// How each option stands.
    pub fn standings(&self) -> Vec<Standing> {
        let standing = |option| {
            let chosen = || self.ballots.iter().filter(move |ballot| ballot.options.contains(&option));
            let told = if self.anonymous { 0 } else { limits::POLL_NAMES };
            let names = chosen().take(told).map(|ballot| ballot.name.clone()).collect();
            Standing { votes: chosen().count() as u32, names }
        };
        (0..self.options.len() as u16).map(standing).collect()
    }

    /// How this one has chosen, if it has.
    pub fn vote_of(&self, who: &ParticipantId) -> Option<&[u16]> {
        let ballot = self.ballots.iter().find(|ballot| ballot.who == *who)?;
        Some(&ballot.options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(multiple: bool, anonymous: bool) -> Poll {
        Poll::new("When?", &["now".into(), "later".into(), "never".into()], multiple, anonymous).unwrap()
    }

    fn votes(poll: &Poll) -> Vec<u32> {
        poll.standings().into_iter().map(|standing| standing.votes).collect()
    }

    fn vote(poll: &mut Poll, who: &str, options: &[u16]) -> Result<(), Refusal> {
        let name = DisplayName::parse(who).unwrap();
        poll.vote(&ParticipantId(who.into()), &name, options.to_vec())
    }

    #[test]
    fn everybody_counts_once_however_often_they_choose() {
        let mut poll = poll(false, false);
        vote(&mut poll, "ann", &[0]).unwrap();
        vote(&mut poll, "bob", &[0, 0]).unwrap();
        vote(&mut poll, "ann", &[1]).unwrap();
        assert_eq!((votes(&poll), poll.voters()), (vec![1, 1, 0], 2));
        vote(&mut poll, "bob", &[]).unwrap();
        assert_eq!((votes(&poll), poll.voters()), (vec![0, 1, 0], 1));
        assert_eq!(poll.vote_of(&ParticipantId("ann".into())), Some([1].as_slice()));
    }

    #[test]
    fn what_is_no_vote_is_refused() {
        let mut poll = poll(false, false);
        assert_eq!(vote(&mut poll, "ann", &[3]), Err(Refusal::NoSuchOption { options: 3 }));
        assert_eq!(vote(&mut poll, "ann", &[0, 1]), Err(Refusal::OneOption));
        poll.closed = true;
        assert_eq!(vote(&mut poll, "ann", &[0]), Err(Refusal::PollClosed));
        assert_eq!(votes(&poll), [0, 0, 0]);
    }

    #[test]
    fn several_may_be_chosen_where_that_is_asked() {
        let mut poll = poll(true, false);
        vote(&mut poll, "ann", &[2, 0]).unwrap();
        assert_eq!((votes(&poll), poll.voters()), (vec![1, 0, 1], 1));
    }

    #[test]
    fn an_anonymous_poll_names_nobody() {
        let (mut open, mut secret) = (poll(false, false), poll(false, true));
        vote(&mut open, "ann", &[0]).unwrap();
        vote(&mut secret, "ann", &[0]).unwrap();
        assert_eq!(open.standings()[0].names[0].as_str(), "ann");
        assert_eq!(secret.standings()[0], Standing { votes: 1, names: Vec::new() });
    }

    #[test]
    fn a_poll_needs_a_question_and_two_to_twenty_options() {
        let options = |count: usize| vec!["a".to_owned(); count];
        for count in [0, 1, 21, 100] {
            let refused = Poll::new("When?", &options(count), false, false);
            assert_eq!(refused, Err(Refusal::PollOptions { given: count }));
        }
        assert_eq!(Poll::new(" ", &options(2), false, false), Err(Refusal::PollEmpty));
        assert_eq!(Poll::new("?", &["a".into(), " ".into()], false, false), Err(Refusal::PollEmpty));
        assert!(Poll::new("?", &options(20), false, false).is_ok());
    }
}
