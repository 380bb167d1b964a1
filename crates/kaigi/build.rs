//! The web client is part of the binary: says what to run when it has not been built.

use std::path::Path;

fn main() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    println!("cargo::rerun-if-changed={}", web.join("app/dist").display());
    println!("cargo::rerun-if-changed={}", web.join("sdk/dist").display());
    for file in ["app/dist/index.html"] {
        if !web.join(file).exists() {
            println!(
                "cargo::error=the web client is not built (web/{file} is missing): run `make web` first"
            );
        }
    }
}
