//! The web client inside the binary.

use kaigi_server::Asset;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/app/dist"]
struct Bundle;

/// A file of it.
pub fn find(path: &str) -> Option<Asset> {
    let file = Bundle::get(path)?;
    Some(Asset { bytes: file.data, digest: file.metadata.sha256_hash() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_its_scripts_the_sdk_and_the_socket_io_client_are_there_compressed() {
        let names: Vec<_> = Bundle::iter().filter(|name| name.starts_with("assets/")).collect();
        assert!(names.iter().any(|name| name.ends_with(".js")), "{names:?}");
        for path in ["index.html", "sdk/kaigi-client.js", "socket.io/socket.io.js"] {
            for suffix in ["", ".br", ".gz"] {
                assert!(find(&format!("{path}{suffix}")).is_some(), "{path}{suffix}");
            }
        }
        assert!(find("../Cargo.toml").is_none());
    }
}
