//! One order, from the account to the certificate in its file.

use std::path::Path;
use std::time::{Duration, SystemTime};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeStatus, Error, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use tokio::time::timeout;

use super::challenges::{Answering, Challenges, Kind};
use super::failure::{Failure, Refusal};
use super::https::Https;
use super::{Place, Plan, keeping};
use crate::certificate::{Certificate, read};

/// All of it. Authorities look from several places of the world, and some only after a while.
const ORDER: Duration = Duration::from_secs(300);
/// How long an authority may take to validate, and then to issue.
const POLLING: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).timeout(Duration::from_secs(120));

/// Orders a certificate and keeps it; what is kept is read back, so that nothing is served that was not judged.
pub(super) async fn order(
    plan: &Plan,
    folder: &Path,
    challenges: &Challenges,
    kind: Kind,
    place: &Place,
) -> Result<Certificate, Failure> {
    let https = Https::new(plan.ca.as_deref()).map_err(|why| Failure::new(why.to_string()))?;
    let attempt = Attempt { plan, folder, challenges, kind, https };
    match timeout(ORDER, attempt.run()).await {
        Ok(Ok(pem)) => {
            let file = folder.join("certificate.pem");
            let unwritable = |error| Failure::new(format!("cannot write {}: {error}", file.display()));
            // Judged under another name first: a bad one must not replace a good one.
            let new = file.with_extension("new");
            keeping::keep_certificate(&new, &pem).map_err(unwritable)?;
            let certificate = read(&new, SystemTime::now()).map_err(|error| {
                Failure::new(format!("the authority issued what cannot be served: {error}"))
            })?;
            std::fs::rename(&new, &file).map_err(unwritable)?;
            Ok(certificate)
        }
        Ok(Err(refusal)) => Err(refusal.explain(plan, kind, place, attempt.https.take_retry_after()).await),
        Err(_elapsed) => {
            Err(Failure::new(format!("the authority did not finish the order in {} s", ORDER.as_secs())))
        }
    }
}

struct Attempt<'a> {
    plan: &'a Plan,
    folder: &'a Path,
    challenges: &'a Challenges,
    kind: Kind,
    https: Https,
}

impl Attempt<'_> {
    /// Chain and key, PEM.
    async fn run(&self) -> Result<String, Refusal> {
        let names: Vec<Identifier> = self.plan.hosts.iter().cloned().map(Identifier::Dns).collect();
        let account = self.account().await?;
        let mut order = match account.new_order(&NewOrder::new(&names)).await {
            // The authority has lost the account, or somebody has closed it.
            Err(Error::Api(problem)) if is_gone(&problem) => {
                keeping::forget_account(self.folder);
                self.account().await?.new_order(&NewOrder::new(&names)).await?
            }
            order => order?,
        };
        let answering = self.challenges.begin();
        self.answer(&mut order).await?;
        if order.state().status != OrderStatus::Ready {
            let ready = order.poll_ready(&POLLING).await;
            if !matches!(ready, Ok(OrderStatus::Ready)) {
                return Err(self.refusal(&mut order, ready, &answering).await);
            }
        }
        drop(answering);
        let (key, request) = request(&self.plan.hosts)?;
        order.finalize_csr(&request).await?;
        let chain = order.poll_certificate(&POLLING).await?;
        Ok(format!("{}\n{key}", chain.trim_end()))
    }

    async fn account(&self) -> Result<Account, Refusal> {
        if let Some(credentials) = keeping::account(self.folder) {
            let builder = Account::builder_with_http(Box::new(self.https.clone()));
            return Ok(builder.from_credentials(credentials).await?);
        }
        let contact = self.plan.contact.as_ref().map(|address| format!("mailto:{address}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let builder = Account::builder_with_http(Box::new(self.https.clone()));
        let (account, credentials) = builder.create(&new, self.plan.directory.clone(), None).await?;
        keeping::keep_account(self.folder, &credentials).map_err(|error| {
            Refusal::Ours(format!("cannot keep the account in {}: {error}", self.folder.display()))
        })?;
        Ok(account)
    }

    async fn answer(&self, order: &mut Order) -> Result<(), Refusal> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            // Valid: the authority remembers an earlier order.
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let host = authorization.identifier().to_string();
            let Some(mut challenge) = authorization.challenge(self.kind.challenge()) else {
                return Err(Refusal::Ours(format!(
                    "the authority does not offer to prove {host} by {}",
                    self.kind
                )));
            };
            self.challenges
                .answer(self.kind, &host, &challenge.token, &challenge.key_authorization())
                .map_err(|error| Refusal::Ours(format!("cannot make the proof for {host}: {error}")))?;
            challenge.set_ready().await?;
        }
        Ok(())
    }

    /// Why the order is not ready: what the first host failed by, which says more than the order itself.
    async fn refusal(
        &self,
        order: &mut Order,
        ready: Result<OrderStatus, Error>,
        answering: &Answering<'_>,
    ) -> Refusal {
        let mut authorizations = order.authorizations();
        while let Some(Ok(mut authorization)) = authorizations.next().await {
            if authorization.refresh().await.is_err() {
                break;
            }
            let host = authorization.identifier().to_string();
            let failed = |status| status == ChallengeStatus::Invalid;
            if let Some(challenge) = authorization.challenges.iter().find(|one| failed(one.status))
                && let Some(problem) = challenge.error.clone()
            {
                return Refusal::Validation { host, problem, asked: answering.was_asked() };
            }
        }
        match ready {
            Err(error) => error.into(),
            Ok(_) => Refusal::Ours("the authority refused the order and did not say why".into()),
        }
    }
}

/// A new key for each certificate.
fn request(hosts: &[String]) -> Result<(String, Vec<u8>), Refusal> {
    let make = || {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(hosts.to_vec())?;
        params.distinguished_name = DistinguishedName::new();
        Ok((key.serialize_pem(), params.serialize_request(&key)?.der().to_vec()))
    };
    make().map_err(|error: rcgen::Error| Refusal::Ours(format!("cannot make the request: {error}")))
}

fn is_gone(problem: &Problem) -> bool {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    kind.ends_with(":accountDoesNotExist") || (kind.ends_with(":unauthorized") && problem.status == Some(403))
}
