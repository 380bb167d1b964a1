//! The API's description, and a page to read and try it.

use std::sync::{Arc, LazyLock};

use axum::{
    body::Body,
    extract::Path,
    http::{Response, StatusCode, header},
    response::{IntoResponse, Redirect},
};
use utoipa_swagger_ui::{Config, serve};

use super::Problem;

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/api/v1/openapi.json")));

pub(super) async fn description(json: &'static str) -> Response<Body> {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/api/v1/docs/")
}

pub(super) async fn index() -> Response<Body> {
    part("index.html")
}

pub(super) async fn file(Path(name): Path<String>) -> Response<Body> {
    part(&name)
}

fn part(name: &str) -> Response<Body> {
    match serve(name, CONFIG.clone()) {
        Ok(Some(file)) => {
            let kind = [(header::CONTENT_TYPE, file.content_type)];
            (kind, file.bytes.into_owned()).into_response()
        }
        _ => Problem::new(StatusCode::NOT_FOUND, "no such file").into_response(),
    }
}
