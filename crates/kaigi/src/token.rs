//! `kaigi token`: access tokens made on the server's own machine, where its key is.

use std::time::{SystemTime, UNIX_EPOCH};

use kaigi_server::access::Claims;
use serde::de::DeserializeOwned;

use crate::cli::NewToken;
use crate::data_dir;
use crate::settings::Settings;

/// Longer than this is a mistake.
const MOST_SECONDS: u64 = 366 * 24 * 3600;

/// Prints a token, and its link where the server's address is given.
pub fn create(settings: &Settings, new: &NewToken) -> Result<(), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = Claims {
        room: new.room.clone(),
        sub: new.identity.clone(),
        name: new.name.clone(),
        role: new.role.as_ref().map(|role| word("--role", role)).transpose()?,
        publish: words("--publish", new.publish.as_deref())?,
        see: words("--see", new.see.as_deref())?,
        nbf: None,
        exp: now + seconds(&new.expires)?,
    };
    claims.check().map_err(|error| error.to_string())?;
    let dir = data_dir::of(settings);
    data_dir::prepare(&dir)?;
    let keys =
        kaigi_server::access_keys(&dir, &settings.access_options()).map_err(|error| error.to_string())?;
    let token = keys.make(&claims).map_err(|error| error.to_string())?;
    match (&new.url, &new.room) {
        (Some(url), Some(room)) if room != "*" => {
            crate::print(&format!("{}/r/{room}#token={token}\n", url.trim_end_matches('/')));
        }
        _ => crate::print(&format!("{token}\n")),
    }
    Ok(())
}

/// `30m`, `12h`, `7d`, or seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3_600),
        Some((at, 'd')) => (&text[..at], 86_400),
        _ => (text, 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    seconds.filter(|seconds| (1..=MOST_SECONDS).contains(seconds)).ok_or_else(|| {
        format!("--expires: expected a time of at most a year, such as 30m, 12h or 7d, found {text:?}")
    })
}

fn words<T: DeserializeOwned>(flag: &str, texts: Option<&[String]>) -> Result<Option<Vec<T>>, String> {
    texts.map(|texts| texts.iter().map(|text| word(flag, text)).collect()).transpose()
}

/// What the API calls it.
fn word<T: DeserializeOwned>(flag: &str, text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|error| format!("{flag}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_a_bound() {
        for (text, expected) in [("90", 90), ("5s", 5), ("30m", 1_800), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(seconds(text), Ok(expected));
        }
        for bad in ["", "0", "h", "-1h", "400d", "1w", "1.5h", "99999999999999999999d", "一h"] {
            assert!(seconds(bad).unwrap_err().contains("--expires"), "{bad}");
        }
    }
}
