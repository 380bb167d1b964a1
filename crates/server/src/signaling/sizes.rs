//! Bounds of what a request holds: past one comes an error, never a silent cut.

use kaigi_protocol::{
    vocabulary::{ErrorCode, limits},
    wire::{self, Request, SignalPayload},
};

pub(super) fn check_sizes(request: &Request) -> Result<(), wire::Error> {
    let (what, bytes, most) = match request {
        Request::Join(join) => {
            let password = join.password.as_ref().map_or(0, String::len);
            ("password", password, limits::PASSWORD_BYTES)
        }
        Request::Room(wire::RoomChange { password: Some(Some(password)), .. }) => {
            if password.is_empty() {
                return bad_request("the password is empty; give one, or null for none");
            }
            ("password", password.len(), limits::PASSWORD_BYTES)
        }
        Request::Signal(wire::Signal { payload, .. }) => match payload {
            SignalPayload::Offer { sdp } | SignalPayload::Answer { sdp } => {
                ("SDP", sdp.len(), limits::SDP_BYTES)
            }
            SignalPayload::Candidate(_) => ("candidate", payload_bytes(payload), limits::CANDIDATE_BYTES),
            SignalPayload::Restart => return Ok(()),
        },
        Request::MediaOffer(wire::MediaOffer { sdp, .. }) => ("SDP", sdp.len(), limits::SDP_BYTES),
        Request::View(wire::View { wants, .. }) if wants.len() > limits::WANTS => {
            let message =
                format!("{} videos are asked for; at most {} are allowed", wants.len(), limits::WANTS);
            return Err(wire::Error { code: ErrorCode::TooLarge, message });
        }
        Request::Chat(wire::Chat { text, .. }) | Request::ChatEdit(wire::ChatEdit { text, .. }) => {
            if text.trim().is_empty() {
                return bad_request("the message is empty; write something first");
            }
            ("message", text.len(), limits::CHAT_BYTES)
        }
        // How many options there may be is the poll's own rule.
        Request::Poll(wire::NewPoll { question, options, .. }) => {
            let longest = options.iter().chain([question]).map(String::len).max().unwrap_or(0);
            ("longest text of the poll", longest, limits::POLL_TEXT_BYTES)
        }
        Request::File(wire::FileOffer { file, .. }) => return check_file(file),
        _ => return Ok(()),
    };
    if bytes <= most {
        return Ok(());
    }
    let message = format!("the {what} takes {bytes} bytes; at most {most} are allowed");
    Err(wire::Error { code: ErrorCode::TooLarge, message })
}

fn bad_request(message: &str) -> Result<(), wire::Error> {
    Err(wire::Error { code: ErrorCode::BadRequest, message: message.into() })
}

pub(super) fn payload_bytes(payload: &SignalPayload) -> usize {
    match payload {
        SignalPayload::Offer { sdp } | SignalPayload::Answer { sdp } => sdp.len(),
        SignalPayload::Candidate(candidate) => {
            let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            candidate.candidate.len() + optional(&candidate.sdp_mid) + optional(&candidate.username_fragment)
        }
        SignalPayload::Restart => 0,
    }
}

fn check_file(file: &wire::SharedFile) -> Result<(), wire::Error> {
    let wire::SharedFile { key, name, bytes, media_type } = file;
    if name.trim().is_empty() || name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) {
        return bad_request("the file's name is empty or holds a path; give the name alone");
    }
    if key.is_empty() || *bytes > limits::FILE_BYTES {
        return bad_request("a file has a key and less than 2^53 bytes");
    }
    let longest = name.len().max(key.len()).max(media_type.len());
    if longest > limits::FILE_NAME_BYTES {
        let message = format!(
            "a text of the file's takes {longest} bytes; at most {} are allowed",
            limits::FILE_NAME_BYTES
        );
        return Err(wire::Error { code: ErrorCode::TooLarge, message });
    }
    Ok(())
}
