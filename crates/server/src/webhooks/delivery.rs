//! One receiver, which gets one message after the other.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::hmac;
use axum::{body::Body, http};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use metrics::counter;
use rand::Rng;
use tokio::sync::mpsc;
use tokio_rustls::rustls::crypto::aws_lc_rs as provider;

use super::message::Message;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long after one attempt the next comes, but for a tenth more or less; the message is lost after the last.
const AGAIN: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(25),
    Duration::from_secs(120),
    Duration::from_secs(300),
    Duration::from_secs(600),
];

/// Why webhooks cannot work.
#[derive(Debug, thiserror::Error)]
pub enum WebhookProblem {
    /// Nobody could tell a genuine message from a forged one.
    #[error(
        "webhook needs webhook-secret, with which messages are signed; `openssl rand -base64 32` makes one"
    )]
    NoSecret,
    /// `whsec_` announces base64.
    #[error("webhook-secret begins with whsec_ but what follows is not base64")]
    Secret,
    /// Not an address.
    #[error("webhook {0}: not an http:// or https:// URL with a host")]
    Address(String),
    /// No receiver's certificate could be checked.
    #[error(
        "webhook: no root certificates are installed ({0}), so that no https receiver can be believed; install ca-certificates"
    )]
    Roots(std::io::Error),
}

/// Signs messages.
#[derive(Clone)]
pub(super) struct Signer(Arc<Option<hmac::Key>>);

impl Signer {
    pub(super) fn new(secret: Option<&str>) -> Result<Self, WebhookProblem> {
        let Some(secret) = secret else { return Ok(Self(Arc::new(None))) };
        let bytes = match secret.strip_prefix("whsec_") {
            Some(base64) => STANDARD.decode(base64).map_err(|_| WebhookProblem::Secret)?,
            None => secret.as_bytes().to_vec(),
        };
        Ok(Self(Arc::new(Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))))
    }

    /// The value of `webhook-signature`.
    fn sign(&self, id: &str, seconds: u64, body: &[u8]) -> Option<String> {
        let mut context = hmac::Context::with_key(Option::as_ref(&self.0)?);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        Some(format!("v1,{}", STANDARD.encode(context.sign())))
    }
}

pub(super) struct Delivery {
    address: http::Uri,
    signer: Signer,
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

/// How an attempt came out.
enum Outcome {
    Delivered,
    /// It does not want this one, and never will (410).
    Unwanted,
    Failed(String),
}

impl Delivery {
    pub(super) fn new(address: &str, signer: Signer) -> Result<Self, WebhookProblem> {
        if signer.0.is_none() {
            return Err(WebhookProblem::NoSecret);
        }
        let wrong = || WebhookProblem::Address(address.to_owned());
        let address: http::Uri = address.parse().map_err(|_| wrong())?;
        if address.host().is_none() || !["http", "https"].contains(&address.scheme_str().unwrap_or_default())
        {
            return Err(wrong());
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider::default_provider())
            .map_err(WebhookProblem::Roots)?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .build(connector);
        Ok(Self { address, signer, client })
    }

    /// Delivers what comes, in order.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Arc<Message>>) {
        while let Some(message) = queue.recv().await {
            self.deliver(&message).await;
        }
    }

    async fn deliver(&self, message: &Message) {
        let host = self.address.host().unwrap_or_default();
        for attempt in 0.. {
            let why = match self.attempt(message).await {
                Outcome::Delivered => {
                    counter!("kaigi_webhooks_total", "outcome" => "delivered").increment(1);
                    return;
                }
                Outcome::Unwanted => "it answered 410 Gone".to_owned(),
                Outcome::Failed(why) => match AGAIN.get(attempt) {
                    Some(wait) => {
                        counter!("kaigi_webhooks_total", "outcome" => "retried").increment(1);
                        tracing::info!(host, id = message.id, %why, "a webhook is tried again in about {} s", wait.as_secs());
                        let part = rand::rng().random_range(0.9..1.1);
                        tokio::time::sleep(wait.mul_f64(part)).await;
                        continue;
                    }
                    None => why,
                },
            };
            counter!("kaigi_webhooks_total", "outcome" => "failed").increment(1);
            tracing::warn!(host, id = message.id, %why, "a webhook could not be delivered; the event is lost");
            return;
        }
    }

    async fn attempt(&self, message: &Message) -> Outcome {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = self.signer.sign(&message.id, seconds, &message.body).unwrap_or_default();
        let request = http::Request::post(self.address.clone())
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::USER_AGENT, concat!("kaigi/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(Body::from(message.body.clone()));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        // What it says in its body is nobody's business, however much that is.
        match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Err(_) => Outcome::Failed(format!("no answer within {} s", PATIENCE.as_secs())),
            Ok(Err(error)) => Outcome::Failed(chain(&error)),
            Ok(Ok(answer)) if answer.status().is_success() => Outcome::Delivered,
            Ok(Ok(answer)) if answer.status() == http::StatusCode::GONE => Outcome::Unwanted,
            Ok(Ok(answer)) => Outcome::Failed(format!("it answered {}", answer.status())),
        }
    }
}

/// An error with its causes, which say more than it does.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the Standard Webhooks specification's reference implementations.
        let signer = Signer::new(Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        let signature =
            signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn what_cannot_work_is_told() {
        let problem = |address: &str, secret: Option<&str>| {
            Signer::new(secret)
                .and_then(|signer| Delivery::new(address, signer))
                .err()
                .map(|why| why.to_string())
        };
        assert!(problem("https://app.example/hook", None).unwrap().contains("webhook-secret"));
        assert!(problem("https://app.example/hook", Some("whsec_!")).unwrap().contains("base64"));
        for bad in ["app.example", "ftp://app.example/", "https:///hook", "not a url"] {
            assert!(problem(bad, Some("secret")).unwrap().contains("http"), "{bad}");
        }
    }
}
