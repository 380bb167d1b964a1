//! Tells applications what happens in rooms, by HTTP requests signed as the Standard Webhooks specification says
//! (standardwebhooks.com, version 1): each receiver in order, again with back-off while it does not answer, and with a bound
//! on what waits for it. docs/api.md explains it to receivers.

mod delivery;
mod message;

use std::sync::Arc;

use kaigi_room::Happening;
use metrics::counter;
use tokio::sync::mpsc;

pub use delivery::WebhookProblem;
use delivery::{Delivery, Signer};
use message::Message;

/// Messages that wait for one receiver; past that the newest are lost and counted.
const QUEUE: usize = 1_000;

/// Who is told.
#[derive(Default)]
pub(crate) struct Webhooks {
    receivers: Vec<mpsc::Sender<Arc<Message>>>,
}

impl Webhooks {
    /// Begins to deliver to these addresses. Needs a runtime.
    pub(crate) fn start(addresses: &[String], secret: Option<&str>) -> Result<Self, WebhookProblem> {
        let signer = Signer::new(secret)?;
        let mut receivers = Vec::new();
        for address in addresses {
            let delivery = Delivery::new(address, signer.clone())?;
            let (sender, queue) = mpsc::channel(QUEUE);
            tokio::spawn(delivery.run(queue));
            receivers.push(sender);
        }
        Ok(Self { receivers })
    }

    /// Tells all receivers; never waits. `now` in milliseconds since the Unix epoch.
    pub(crate) fn tell(&self, happening: Happening, now: u64) {
        if self.receivers.is_empty() {
            return;
        }
        let message = Arc::new(Message::new(happening, now));
        for receiver in &self.receivers {
            if receiver.try_send(message.clone()).is_err() {
                counter!("kaigi_webhooks_total", "outcome" => "dropped").increment(1);
                tracing::debug!(id = message.id, "a webhook's receiver is too far behind; an event is lost");
            }
        }
    }
}
