//! Serves the web client that is inside the binary: compressed when it was built, named by content, cached accordingly.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};

/// Finds a file of the web client by its path, `index.html` or `assets/…`; a compressed one has the suffix `.br` or `.gz`.
/// It is the binary that holds the client, so that a change of it compiles nothing else.
pub type Assets = fn(&str) -> Option<Asset>;

/// A file of the web client.
#[derive(Clone, Debug)]
pub struct Asset {
    /// What is in it.
    pub bytes: Cow<'static, [u8]>,
    /// SHA-256 of that.
    pub digest: [u8; 32],
}

const YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers with a file of the bundle, in the best encoding the client takes; 404 if there is none.
pub(crate) fn serve(assets: Assets, path: &str, request: &HeaderMap) -> Response<Body> {
    let Some((file, encoding)) = find(assets, path, request) else {
        return text(
            StatusCode::NOT_FOUND,
            "no such page here; meetings are at /r/NAME, and the start page is /",
        );
    };
    let hashed = path.starts_with("assets/");
    let etag = format!("\"{}\"", hex(&file.digest[..8]));
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = if known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(match file.bytes {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        })
    };
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = match kind.type_().as_str() {
        "text" => format!("{kind}; charset=utf-8"),
        _ => kind.to_string(),
    };
    for (name, value) in [(header::CONTENT_TYPE, kind), (header::ETAG, etag)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::CACHE_CONTROL, if hashed { YEAR } else { REVALIDATE });
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// A plain answer in words.
pub(crate) fn text(status: StatusCode, words: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(words.into() + "\n"));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn find(assets: Assets, path: &str, request: &HeaderMap) -> Option<(Asset, Option<&'static str>)> {
    for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        if accepts(request, encoding)
            && let Some(file) = assets(&format!("{path}{suffix}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    assets(path).map(|file| (file, None))
}

/// Does the client take this encoding (RFC 9110 §12.5.3)? `q=0` refuses; `*` is not read as consent.
fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>() == Ok(0.0)));
        named && !refused
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(path: &str) -> Option<Asset> {
        let known = [
            "index.html",
            "index.html.br",
            "index.html.gz",
            "assets/main-1a2b3c.js",
            "assets/main-1a2b3c.js.br",
        ];
        let at = known.iter().position(|known| *known == path)?;
        Some(Asset { bytes: Cow::Borrowed(known[at].as_bytes()), digest: [at as u8; 32] })
    }

    fn get(path: &str, accept: &'static str) -> Response<Body> {
        let accept = HeaderValue::from_static(accept);
        serve(client, path, &HeaderMap::from_iter([(header::ACCEPT_ENCODING, accept)]))
    }

    #[test]
    fn the_page_comes_compressed_and_is_revalidated() {
        let page = get("index.html", "gzip, deflate, br");
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(page.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
        let etag = page.headers()[header::ETAG].clone();
        let again = serve(
            client,
            "index.html",
            &HeaderMap::from_iter([
                (header::IF_NONE_MATCH, etag),
                (header::ACCEPT_ENCODING, HeaderValue::from_static("br")),
            ]),
        );
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn an_encoding_the_client_refuses_is_not_used() {
        assert_eq!(get("index.html", "gzip, br;q=0").headers()[header::CONTENT_ENCODING], "gzip");
        assert!(get("index.html", "identity").headers().get(header::CONTENT_ENCODING).is_none());
    }

    #[test]
    fn assets_are_named_by_content_and_kept_for_a_year() {
        let script = get("assets/main-1a2b3c.js", "br");
        assert!(script.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert_eq!(script.headers()[header::CONTENT_ENCODING], "br");
        assert!(script.headers()[header::CONTENT_TYPE].to_str().unwrap().contains("javascript"));
    }

    #[test]
    fn what_is_not_there_is_said_in_words() {
        assert_eq!(get("../Cargo.toml", "").status(), StatusCode::NOT_FOUND);
    }
}
