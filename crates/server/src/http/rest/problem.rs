//! Refusals in the form of RFC 9457.

use axum::{
    body::Body,
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{HeaderName, HeaderValue, Response, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use kaigi_protocol::{vocabulary::ErrorCode, wire};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error},
};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::Site;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    code: Option<ErrorCode>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// A problem (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Always `about:blank`: `title` and `status` are HTTP's.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// For people: what happened and what to do.
    #[schema(example = "no room of this name is open")]
    detail: String,
    /// For programs, where the signaling protocol has a word for it.
    #[schema(value_type = Option<String>, example = "room-not-open")]
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), code: None, header: None }
    }

    pub(crate) fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, HeaderValue::from_static(value))), ..self }
    }
}

/// What the rooms refused.
impl From<wire::Error> for Problem {
    fn from(wire::Error { code, message }: wire::Error) -> Self {
        use ErrorCode::*;
        let status = match code {
            InvalidRoomName | InvalidDisplayName | BadRequest | TooLarge => StatusCode::UNPROCESSABLE_ENTITY,
            RoomNotOpen | NoSuchParticipant | NotFound => StatusCode::NOT_FOUND,
            RoomExists => StatusCode::CONFLICT,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { code: Some(code), ..Self::new(status, message) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let Self { status, detail, code, header } = self;
        let title = status.canonical_reason().unwrap_or_default();
        let body = ProblemBody { kind: "about:blank", title, status: status.as_u16(), detail, code };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response();
        response.headers_mut().extend(header);
        response
    }
}

/// axum adds `Allow`.
pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address does not know the method; Allow names those it knows",
    )
}

/// A JSON body; what is wrong with it becomes a problem.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Site> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        let wrong = |words: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words);
        match axum::Json::<Map<String, Value>>::from_request(request, site).await {
            Ok(axum::Json(fields)) => {
                let value =
                    T::deserialize(Value::Object(fields)).map_err(|error| wrong(error.to_string()))?;
                Ok(Self(value))
            }
            Err(JsonRejection::JsonDataError(error)) => Err(wrong(error.body_text())),
            Err(rejection) => Err(Problem::new(rejection.status(), rejection.body_text())),
        }
    }
}

/// An object below the body; serde takes an array for one as well.
pub(super) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let fields = Map::deserialize(from)?;
    T::deserialize(Value::Object(fields)).map_err(D::Error::custom)
}

/// An object, or null.
pub(super) fn object_or_null<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let fields = Option::<Map<String, Value>>::deserialize(from)?;
    fields.map(|fields| T::deserialize(Value::Object(fields)).map_err(D::Error::custom)).transpose()
}

/// The same for the query.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Site> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let query: Result<axum::extract::Query<T>, QueryRejection> =
            axum::extract::Query::from_request_parts(parts, site).await;
        let query = query.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        Ok(Self(query.0))
    }
}

/// The same for what the path names.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let path: Result<axum::extract::Path<T>, PathRejection> =
            axum::extract::Path::from_request_parts(parts, site).await;
        let path = path.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        Ok(Self(path.0))
    }
}
