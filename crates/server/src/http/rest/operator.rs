//! Who may use the API: who shows its key, or an operator's access token.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use metrics::counter;

use super::problem::Problem;
use crate::{
    http::{Site, api::bearer},
    secrets::equal,
    visitor::Visitor,
};

/// Proof that the request may use the API.
pub(crate) struct Operator;

impl Operator {
    /// Judges a bearer's words.
    pub(crate) fn judge(site: &Site, given: &str) -> Result<Self, String> {
        if site.api_key.as_ref().is_some_and(|key| equal(key, given)) {
            return Ok(Self);
        }
        if !crate::access::Keys::looks_like_token(given) {
            return Err("the key is another one than --api-key".into());
        }
        match site.hub.is_operator(given) {
            Ok(true) => Ok(Self),
            Ok(false) => {
                Err("this access token is for meetings; the API needs one with the role operator".into())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

impl FromRequestParts<Site> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let Some(given) = bearer(&parts.headers) else {
            let words = "show the key of --api-key, or an operator's access token (`kaigi token create --role operator`), as \
                         Authorization: Bearer …";
            let problem = Problem::new(StatusCode::UNAUTHORIZED, words);
            return Err(problem.with(header::WWW_AUTHENTICATE, r#"Bearer realm="kaigi""#));
        };
        Self::judge(site, given).map_err(|why| {
            let source = parts.extensions.get::<Visitor>().and_then(|visitor| visitor.ip);
            counter!("kaigi_wrong_keys_total").increment(1);
            if !site.key_guesses.allow(source) {
                let words = "too many wrong keys were tried from your network; wait a minute";
                return Problem::new(StatusCode::TOO_MANY_REQUESTS, words).with(header::RETRY_AFTER, "60");
            }
            let problem = Problem::new(StatusCode::UNAUTHORIZED, why);
            problem.with(header::WWW_AUTHENTICATE, r#"Bearer realm="kaigi", error="invalid_token""#)
        })
    }
}
