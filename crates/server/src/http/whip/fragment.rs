//! `application/trickle-ice-sdpfrag` (RFC 8840 §4.4): what a client tells of its ICE agent, and what we tell of ours.

use super::offer::attribute;

/// What a client's fragment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The client's user name fragment and password, if it says them.
    pub(super) credentials: Option<(String, String)>,
}

/// Reads a client's fragment. Its candidates are let be: a lite agent (RFC 8445 §2.5) learns them from the client's
/// checks. The error says what is wrong with it.
pub(super) fn parse(body: &[u8]) -> Result<Fragment, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "the fragment is not UTF-8")?;
    let lines = || text.lines().filter(|line| !line.is_empty());
    if lines().next().is_none() {
        return Err(
            "the fragment is empty; give a=candidate lines, or a=ice-ufrag and a=ice-pwd to restart ICE",
        );
    }
    if lines().any(|line| !(line.starts_with("a=") || line.starts_with("m="))) {
        return Err("a fragment has a= and m= lines only (RFC 8840 §9)");
    }
    let credentials = match (sole(text, "ice-ufrag")?, sole(text, "ice-pwd")?) {
        (Some(ufrag), Some(password)) => {
            // RFC 8839 §5.4.
            if !is_ice(ufrag, 4) || !is_ice(password, 22) {
                return Err(
                    "a=ice-ufrag has 4 and a=ice-pwd 22 characters or more, of letters, digits, + and /",
                );
            }
            Some((ufrag.to_owned(), password.to_owned()))
        }
        (None, None) => None,
        _ => return Err("a=ice-ufrag and a=ice-pwd belong together"),
    };
    Ok(Fragment { credentials })
}

/// What our answer says of our agent, for a client that restarts ICE.
pub(super) fn of_answer(answer: &str) -> Option<String> {
    let (ufrag, password) = (attribute(answer, "ice-ufrag")?, attribute(answer, "ice-pwd")?);
    let mut fragment = format!("a=ice-lite\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\n");
    if let (Some(media), Some(mid)) =
        (answer.lines().find(|line| line.starts_with("m=")), attribute(answer, "mid"))
    {
        fragment.extend([media, "\r\na=mid:", mid, "\r\n"]);
        for line in answer.lines().filter(|line| line.starts_with("a=candidate:")) {
            fragment.extend([line, "\r\n"]);
        }
        fragment.push_str("a=end-of-candidates\r\n");
    }
    Some(fragment)
}

/// An attribute that may be repeated for several m-lines but says one thing.
fn sole<'a>(text: &'a str, name: &str) -> Result<Option<&'a str>, &'static str> {
    let mut values = text.lines().filter_map(|line| attribute(line, name));
    let first = values.next();
    if values.any(|other| Some(other) != first) {
        return Err("all m-lines are one bundle: there is one a=ice-ufrag and one a=ice-pwd for them");
    }
    Ok(first)
}

fn is_ice(text: &str, shortest: usize) -> bool {
    (shortest..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRICKLED: &str = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n\
        a=end-of-candidates\r\n";

    #[test]
    fn the_fragment_of_the_rfc_is_read() {
        let credentials = Some(("EsAw".to_owned(), "P2uYro0UCOQ4zxjKXaWCBui1".to_owned()));
        assert_eq!(parse(TRICKLED.as_bytes()), Ok(Fragment { credentials: credentials.clone() }));
        assert_eq!(parse(TRICKLED.replace("\r\n", "\n").as_bytes()), Ok(Fragment { credentials }));
        assert_eq!(
            parse(b"m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n").unwrap().credentials,
            None
        );
    }

    #[test]
    fn other_things_are_refused() {
        for fragment in [
            "",
            "\r\n",
            "v=0\r\n",
            "a=ice-ufrag:EsAw\r\n",
            "a=ice-ufrag:Es w\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
            "a=ice-ufrag:EsAw\r\na=ice-pwd:short\r\n",
            "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=ice-ufrag:Else\r\n",
        ] {
            assert!(parse(fragment.as_bytes()).is_err(), "{fragment}");
        }
        assert!(parse(&[0xFF]).is_err());
    }

    #[test]
    fn ours_holds_credentials_and_candidates_of_the_bundle() {
        let answer = "v=0\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:00abcdefghij\r\n\
            a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=candidate:1 1 udp 2130706431 192.0.2.7 8443 typ host\r\n\
            a=end-of-candidates\r\na=rtpmap:111 opus/48000/2\r\n";
        assert_eq!(
            of_answer(answer).unwrap(),
            "a=ice-lite\r\na=ice-ufrag:00abcdefghij\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 8443 typ host\r\n\
             a=end-of-candidates\r\n"
        );
        assert!(parse(of_answer(answer).unwrap().as_bytes()).unwrap().credentials.is_some());
    }
}
