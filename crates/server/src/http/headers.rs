//! Security headers of our own pages.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Content-Security-Policy, Permissions-Policy and the like. The error names the bad `frame-ancestors` source.
pub(super) fn page_headers(frame_ancestors: &[String]) -> Result<HeaderMap, String> {
    for source in frame_ancestors {
        if source.is_empty() || source.contains([';', ',', ' ', '\t', '\r', '\n']) || !source.is_ascii() {
            return Err(format!(
                "frame-ancestors: {source:?} is not a source; give 'self', 'none' or an origin such as https://example.org"
            ));
        }
    }
    let ancestors = if frame_ancestors.is_empty() { "'none'".to_owned() } else { frame_ancestors.join(" ") };
    let csp = format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         media-src 'self' blob: mediastream:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
    );
    let csp = HeaderValue::from_str(&csp).map_err(|_| "frame-ancestors: not a header value".to_owned())?;
    let value = HeaderValue::from_static;
    Ok(HeaderMap::from_iter([
        (header::CONTENT_SECURITY_POLICY, csp),
        (
            HeaderName::from_static("permissions-policy"),
            value(
                "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), \
                 speaker-selection=(self), screen-wake-lock=(self), clipboard-write=(self), \
                 geolocation=(), payment=(), usb=(), midi=()",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        // A room's address is its key: other sites must not see it.
        (header::REFERRER_POLICY, value("same-origin")),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_come_from_the_server_only() {
        let headers = page_headers(&["'self'".into(), "https://example.org".into()]).unwrap();
        let csp = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(csp.contains("script-src 'self';"));
        assert!(csp.ends_with("frame-ancestors 'self' https://example.org"));
    }

    #[test]
    fn a_source_that_would_add_a_directive_is_refused() {
        assert!(page_headers(&["'self'; script-src *".into()]).unwrap_err().contains("not a source"));
    }
}
