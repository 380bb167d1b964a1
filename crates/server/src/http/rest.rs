//! The API for applications, `/api/v1`: rooms, participants, access tokens, ICE servers. Its description (OpenAPI 3.1) is
//! made from what is here, served at `/api/v1/openapi.json`, kept in docs/openapi.json, and shown at `/api/v1/docs/`.

mod docs;
mod ice;
mod operator;
mod participants;
mod problem;
mod rooms;
mod stats;
mod tokens;

pub(super) use problem::Problem;

use axum::{Router, routing::get};
use utoipa::{
    OpenApi,
    openapi::{
        Components, ContentBuilder, Ref, Response,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Site;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kaigi",
        description = "Rooms, participants, access tokens and ICE servers for applications. \
            Errors are problem details (RFC 9457, `application/problem+json`) whose `code` is the one of the signaling \
            protocol where there is one. Times are milliseconds since the Unix epoch.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(problem::ProblemBody)),
    tags(
        (name = "rooms", description = "Open, change and end rooms."),
        (name = "participants", description = "Who is in a room."),
        (name = "server", description = "How the server is."),
        (name = "access", description = "What participants and applications connect with."),
    )
)]
struct Description;

fn described() -> OpenApiRouter<Site> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(rooms::list, rooms::create))
        .routes(routes!(rooms::show, rooms::change, rooms::end))
        .routes(routes!(participants::list))
        .routes(routes!(participants::show, participants::remove))
        .routes(routes!(participants::mute))
        .routes(routes!(tokens::create))
        .routes(routes!(ice::servers))
        .routes(routes!(stats::show))
}

/// Adds to the description how requests are authorized, and the refusals that any request can get.
fn completed(mut api: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "The key of --api-key, or an access token with the role `operator` (`kaigi token create --role operator`).",
        ))
        .build();
    api.components
        .get_or_insert_with(Components::new)
        .add_security_scheme("key", SecurityScheme::Http(scheme));
    api.info.contact = None;
    for PathItem { get, post, delete, patch, .. } in api.paths.paths.values_mut() {
        for operation in [get, post, delete, patch].into_iter().flatten() {
            add_refusals(operation);
        }
    }
    api
}

fn add_refusals(operation: &mut Operation) {
    let parameters = operation.parameters.iter().flatten().count() > 0;
    let id = operation.operation_id.clone().unwrap_or_default();
    let in_path = parameters && id != "listRooms";
    let body = operation.request_body.is_some();
    for (status, applies, description) in [
        ("400", parameters || body, "The query, the path or the body cannot be read."),
        ("401", operation.security.is_some(), "No key, or a wrong one."),
        ("404", in_path, "No such room is open, or nobody of this id is in it."),
        ("413", body, "The body takes more than 16 kB."),
        ("415", body, "The body is not announced as application/json."),
        ("422", body || id == "listRooms", "Something has a value that is not allowed."),
        ("429", operation.security.is_some(), "Too many wrong keys were tried from this network."),
    ] {
        if applies && !operation.responses.responses.contains_key(status) {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let mut response = Response::new(description);
            response.content.insert("application/problem+json".into(), content.into());
            operation.responses.responses.insert(status.into(), response.into());
        }
    }
}

/// The routes and their description.
pub(super) fn routes() -> Router<Site> {
    let (router, description) = described().split_for_parts();
    let description = completed(description);
    // Of a description of our own making there is always a JSON.
    let description: &'static str = description.to_pretty_json().unwrap_or_default().leak();
    router
        .route("/api/v1/openapi.json", get(move || docs::description(description)))
        .route("/api/v1/docs", get(docs::redirect))
        .route("/api/v1/docs/", get(docs::index))
        .route("/api/v1/docs/{file}", get(docs::file))
        .method_not_allowed_fallback(problem::method_not_allowed)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_description_in_docs_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        let current = super::completed(super::described().into_openapi()).to_pretty_json().unwrap() + "\n";
        if std::env::var_os("KAIGI_GENERATE").is_some() {
            return std::fs::write(&path, current).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == current, "docs/openapi.json is stale; run `make generate`");
    }
}
