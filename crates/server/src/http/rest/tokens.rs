//! `/api/v1/tokens`: access tokens for applications that have no library for JWT.

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    operator::Operator,
    problem::{Json, Problem},
};
use crate::{
    access::{Claims, Publish, Role, See},
    http::Site,
    minter::unix_seconds,
};

/// What the token says.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewToken {
    /// The room; `*`: any. Needed unless the role is `operator`.
    #[schema(example = "team")]
    room: Option<String>,
    /// Who it is, in the application's words (`sub`), up to 128 characters.
    identity: Option<String>,
    /// Its display name; absent: it chooses one.
    name: Option<String>,
    /// Absent: a host or none as the room has it.
    role: Option<Role>,
    /// What it may send; absent: everything that the hosts allow.
    publish: Option<Vec<Publish>>,
    /// What it may receive; absent: everything.
    see: Option<Vec<See>>,
    /// How long it is good for, 1 second to 30 days. Who is in by then stays.
    #[serde(default = "usual_seconds")]
    #[schema(minimum = 1, maximum = 2_592_000, default = 3_600)]
    seconds: u64,
}

const fn usual_seconds() -> u64 {
    3_600
}

/// An access token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    /// A JWT. Its link is `/r/<room>#token=<token>`.
    token: String,
    /// Until when it is good.
    expires_at: u64,
}

/// Makes an access token, signed with the server's own key.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "access", operation_id = "createToken", security(("key" = [])),
    request_body = NewToken,
    responses(
        (status = 201, description = "The token.", body = Token),
    )
)]
pub(super) async fn create(
    _: Operator,
    State(site): State<Site>,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Answer<Token>), Problem> {
    let NewToken { room, identity, name, role, publish, see, seconds } = new;
    let bad = |words: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words);
    if !(1..=2_592_000).contains(&seconds) {
        return Err(bad("seconds: 1 to 2592000".into()));
    }
    let exp = unix_seconds() + seconds;
    let claims = Claims { room, sub: identity, name, role, publish, see, nbf: None, exp };
    claims.check().map_err(|why| bad(why.to_string()))?;
    let token = site.hub.keys().make(&claims).map_err(|why| bad(why.to_string()))?;
    Ok((StatusCode::CREATED, Answer(Token { token, expires_at: exp * 1_000 })))
}
