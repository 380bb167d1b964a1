//! Refusals in the form of RFC 9457, with the status RFC 9725 or HTTP has for them.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use kaigi_protocol::{vocabulary::ErrorCode, wire};

use super::offer::Refused;

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// For people: what to do.
    detail: String,
    /// For programs: what `/meet` calls it.
    code: Option<ErrorCode>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), code: None, header: None }
    }

    pub(super) fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, HeaderValue::from_static(value))), ..self }
    }

    /// What the rooms or the media threads refused, for one who has shown a token or not.
    pub(super) fn of(error: wire::Error, token: bool) -> Self {
        use ErrorCode::*;
        let wire::Error { code, message } = error;
        let status = match code {
            InvalidRoomName | InvalidDisplayName | BadRequest => StatusCode::BAD_REQUEST,
            PasswordRequired | WrongPassword | WrongKey | RoomNotOpen | TokenRequired | BadToken => {
                StatusCode::UNAUTHORIZED
            }
            RoomLocked | Removed | NotAllowed => StatusCode::FORBIDDEN,
            NoSuchParticipant => StatusCode::NOT_FOUND,
            RoomFull | NotRouted => StatusCode::CONFLICT,
            OfferRefused => StatusCode::UNPROCESSABLE_ENTITY,
            RateLimited => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        let detail = match code {
            PasswordRequired | WrongPassword => {
                format!("{message}: Authorization: Bearer <the room's password>")
            }
            WrongKey | RoomNotOpen => format!("{message}: Authorization: Bearer <the key of --create-key>"),
            _ => message,
        };
        let header = match status {
            // RFC 6750 §3.
            StatusCode::UNAUTHORIZED if token => {
                Some((header::WWW_AUTHENTICATE, r#"Bearer realm="kaigi", error="invalid_token""#))
            }
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, r#"Bearer realm="kaigi""#)),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some((header::RETRY_AFTER, "5"))
            }
            _ => None,
        };
        let header = header.map(|(name, value)| (name, HeaderValue::from_static(value)));
        Self { status, detail, code: Some(code), header }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match refused {
            Refused::Malformed(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refused::NoCodec(_) => StatusCode::NOT_ACCEPTABLE,
        };
        Self::new(status, refused.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let Self { status, detail, code, header } = self;
        metrics::counter!("kaigi_whip_refused_total", "status" => status.as_u16().to_string()).increment(1);
        let body = serde_json::json!({
            // What the status does not say by itself is in `code`.
            "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail,
            "code": code,
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, body.to_string()).into_response();
        response.headers_mut().extend(header);
        response
    }
}
