//! `kaigi check`: everything that is wrong, at once, without changing anything.

use kaigi_server::certificate::{Source, Store};

use crate::settings::{KEYS, Loaded, Origin, Tls};
use crate::{acme_rules, addresses, data_dir, peer_rules};

/// Prints what was found; whether all is well.
pub fn run(loaded: &Loaded) -> bool {
    let mut mistakes: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    let mut warnings = loaded.warnings.clone();
    warnings.extend(peer_rules::findings(loaded, &addresses::interfaces()));
    let settings = &loaded.settings;
    if let (Tls::On, Some(cert), Some(key)) = (settings.tls, &settings.tls_cert, &settings.tls_key) {
        let origin =
            KEYS.iter().find(|key| key.name == "tls-cert").map_or(Origin::Default, |key| loaded.origin(key));
        match Store::open(Source::Files { cert: cert.clone(), key: key.clone() }) {
            Ok(store) => {
                warnings.extend(store.current().warnings.iter().map(|text| format!("{origin}: {text}")))
            }
            Err(error) => mistakes.push(format!("{origin}: {error}")),
        }
    }
    let (wrong, unlikely) = acme_rules::findings(settings, &data_dir::of(settings));
    mistakes.extend(wrong);
    warnings.extend(unlikely);
    for mistake in &mistakes {
        eprintln!("{mistake}");
    }
    for warning in &warnings {
        eprintln!("warning: {warning}");
    }
    if !mistakes.is_empty() {
        return false;
    }
    let changed = settings.changed();
    let lines =
        changed.iter().map(|(key, value)| format!("  {} = {value}  ({})\n", key.name, loaded.origin(key)));
    crate::print(&format!("configuration is fine\n{}", lines.collect::<String>()));
    true
}
