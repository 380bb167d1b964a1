//! Offers and answers.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use str0m::change::SdpOffer;
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::Mid;
use str0m::{Candidate, IceCreds, Input, Rtc};

use crate::endpoint::ice::Lite;
use crate::endpoint::{Endpoint, LOCAL, Setup, description};
use crate::keys;
use crate::model::{CloseReason, OfferError};

impl Endpoint {
    /// Answers a client's first offer. `ice` are our credentials, `candidates` the values of our candidate attributes
    /// (RFC 8839 §5.1: `candidate:…`).
    pub(crate) fn accept(
        setup: &Setup,
        ice: IceCreds,
        now: Instant,
        offer: &str,
        candidates: &[String],
    ) -> Result<(Self, String), OfferError> {
        let offer = description::admit(offer)?;
        let (mut rtc, captured) = keys::captured(|| setup.config().build(now));
        let local =
            Candidate::host(LOCAL, "udp").map_err(|error| OfferError::Malformed(error.to_string()))?;
        rtc.add_local_candidate(local);
        let mut endpoint = Self {
            rtc,
            setup: setup.clone(),
            ice: Lite::new(setup.hmac(), ice),
            identity: description::Identity::default(),
            remote: offer.remote,
            captured,
            secured: None,
            nominated: false,
            connected: false,
            lines: Vec::new(),
            streams: HashMap::default(),
            newest_media: false,
            channels: Vec::new(),
            outputs: VecDeque::new(),
            unfinished: false,
            wakes: now,
            last_heard: now,
            closed: false,
            scratch: Vec::new(),
        };
        let answer = endpoint.negotiate(now, &offer.text, candidates)?;
        endpoint.drive(Input::Timeout(now));
        Ok((endpoint, answer))
    }

    /// Answers another offer of the same peer connection: an ICE restart, more slots, a source that stops. `fresh` are
    /// the credentials to use if it is an ICE restart. An error leaves the session as it was.
    pub(crate) fn reoffer(
        &mut self,
        now: Instant,
        fresh: IceCreds,
        offer: &str,
        candidates: &[String],
    ) -> Result<String, OfferError> {
        let offer = description::admit(offer)?;
        if self.closed {
            return Err(OfferError::Malformed("its session is over".to_owned()));
        }
        let restarts = offer.remote != self.remote;
        let former = restarts.then(|| self.ice.clone());
        if restarts {
            self.ice.restart(fresh);
        }
        match self.negotiate(now, &offer.text, candidates) {
            Ok(answer) => {
                self.remote = offer.remote;
                self.drive(Input::Timeout(now));
                Ok(answer)
            }
            Err(error) => {
                if let Some(former) = former {
                    self.ice = former;
                }
                Err(error)
            }
        }
    }

    /// Has str0m answer an offer, and reads what was agreed out of its answer: what it says is what we do. A second
    /// `Rtc`, which is dropped at once, answers all of it; the one that stays never hears of slots, for which it would
    /// keep memory and time.
    fn negotiate(&mut self, now: Instant, offer: &str, candidates: &[String]) -> Result<String, OfferError> {
        let own = description::own(offer, |mid| self.rtc.media(Mid::from(mid)).is_some());
        let (mut whole, _) = keys::captured(|| self.setup.config().build(now));
        // str0m panics where an offer gives payload types contradictory meanings, in more ways than can be looked for
        // beforehand (an unreadable profile counts as another one's). One client's offer must not end the
        // thread with everybody's rooms; after that, its `Rtc` is not touched again.
        let rtc = AssertUnwindSafe((&mut whole, &mut self.rtc));
        let answer = catch_unwind(|| {
            let AssertUnwindSafe((whole, rtc)) = { rtc };
            let text = answer(whole, offer)?;
            answer(rtc, &own)?;
            Ok(text)
        });
        let Ok(answer) = answer else {
            self.end(CloseReason::Failed);
            return Err(OfferError::Malformed("its payload types contradict each other".to_owned()));
        };
        let text = answer.map_err(OfferError::Malformed)?;
        self.identity = description::Identity::of(&text, &self.identity);
        let text = self.identity.put_into(&text);
        let text = description::answer(&text, self.ice.credentials(), candidates);
        self.lines = description::lines(&text, &self.lines);
        self.streams.clear();
        self.open_channels(&text);
        Ok(text)
    }

    fn open_channels(&mut self, answer: &str) {
        if !self.channels.is_empty() || !answer.contains("m=application") {
            return;
        }
        let unreliable = Reliability::MaxRetransmits { retransmits: 0 };
        for (number, ordered, reliability) in [(0, true, Reliability::Reliable), (2, false, unreliable)] {
            let id = self.rtc.direct_api().create_data_channel(ChannelConfig {
                label: String::new(),
                ordered,
                reliability,
                negotiated: Some(number),
                protocol: String::new(),
            });
            self.channels.push((number, id));
        }
    }
}

fn answer(rtc: &mut Rtc, offer: &str) -> Result<String, String> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|error| error.to_string())?;
    let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| error.to_string())?;
    Ok(answer.to_sdp_string())
}
