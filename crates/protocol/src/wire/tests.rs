use std::{fs, path::Path};

use ts_rs::Config;

use super::*;
use crate::vocabulary::{Permissions, Reaction, Receive, Source, VideoSource};

/// The TypeScript of every message, in one file.
fn typescript() -> String {
    let mut text = String::from(
        "// Generated from crates/protocol by `make generate`; do not edit. A test keeps it current.\n\n",
    );
    let config = Config::new();
    let mut add = |declaration: String| {
        text.push_str(&format!("export {declaration}\n"));
    };
    macro_rules! add {
        ($($name:ty),* $(,)?) => { $(add(<$name as TS>::decl(&config));)* };
    }
    add!(
        ProtocolVersion,
        ErrorCode,
        ParticipantId,
        MediaState,
        Permissions,
        Reaction,
        LeaveReason,
        Topology,
        Source,
        VideoSource,
        Receive,
        Error,
        Empty,
        Join,
        Resume,
        JoinOutcome,
        Joined,
        Participant,
        TurnCredential,
        IceServer,
        Signal,
        SignalFrom,
        SignalPayload,
        IceCandidate,
        Chat,
        ChatEdit,
        ChatDelete,
        ChatSent,
        ChatEntry,
        ChatBody,
        NewPoll,
        Poll,
        PollOption,
        Vote,
        PollClose,
        FileOffer,
        SharedFile,
        Hand,
        React,
        ReactionFrom,
        ParticipantLeft,
        Roster,
        ServerClosing,
        RequestError,
        MediaLimits,
        MediaOffer,
        MediaAnswer,
        View,
        Want,
        RoomChange,
        RoomSettings,
        Remove,
        Removed,
        Mute,
        Muted,
        Role,
        WaitingOne,
        Waiting,
        Admit,
        TurnAway,
        TurnedAway,
        BreakoutsOpen,
        Assignment,
        BreakoutMove,
        Breakouts,
        BreakoutRoom,
        BreakoutPerson,
        TopologyChange,
        Slots,
        Slot,
        Layers,
        Speakers,
        Request,
        Event,
    );
    add(<Answer<Empty> as TS>::decl(&config));
    text.push_str(&format!(
        "\nexport const PROTOCOL_VERSION: ProtocolVersion = {{ major: {}, minor: {} }};\n",
        crate::vocabulary::PROTOCOL_VERSION.major,
        crate::vocabulary::PROTOCOL_VERSION.minor
    ));
    use crate::vocabulary::limits::*;
    text.push_str(&format!(
        "export const LIMITS = {{ displayNameGraphemes: {DISPLAY_NAME_GRAPHEMES}, roomNameChars: \
         {ROOM_NAME_CHARS}, chatBytes: {CHAT_BYTES}, chatHistory: {CHAT_HISTORY}, sdpBytes: {SDP_BYTES}, \
         passwordBytes: {PASSWORD_BYTES}, wants: {WANTS}, pollOptions: {POLL_OPTIONS}, pollTextBytes: \
         {POLL_TEXT_BYTES}, fileNameBytes: {FILE_NAME_BYTES}, breakouts: {BREAKOUTS}, breakoutTitleBytes: \
         {BREAKOUT_TITLE_BYTES}, breakoutMinutes: {BREAKOUT_MINUTES} }} as const;\n"
    ));
    text
}

#[test]
fn the_typescript_types_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/sdk/src/wire.gen.ts");
    let wanted = typescript();
    if std::env::var_os("KAIGI_GENERATE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "web/sdk/src/wire.gen.ts is stale: run `make generate`");
}

#[test]
fn requests_are_named_by_their_socket_io_event() {
    for event in Request::EVENTS {
        let data = match event {
            "join" => serde_json::json!({"version": {"major": 1, "minor": 0}, "room": "a", "name": "b",
                "media": {"mic": true, "camera": false, "screen": false, "screenAudio": false}}),
            "signal" => {
                serde_json::json!({"to": "x", "incarnation": 0, "seq": 1, "payload": {"type": "restart"}})
            }
            "media" => {
                serde_json::json!({"mic": true, "camera": false, "screen": false, "screenAudio": false})
            }
            "chat" => serde_json::json!({"text": "hello"}),
            "media-offer" => serde_json::json!({"connection": 1, "sdp": "v=0"}),
            "view" => serde_json::json!({"receive": "everything", "wants": []}),
            "remove" => serde_json::json!({"participant": "x"}),
            "chat-edit" => serde_json::json!({"id": 1, "text": "hello"}),
            "chat-delete" | "turn-away" => serde_json::json!({"id": 1}),
            "poll" => serde_json::json!({"question": "When?", "options": ["now", "later"],
                "multiple": false, "anonymous": true}),
            "vote" => serde_json::json!({"poll": 1, "options": [0]}),
            "poll-close" => serde_json::json!({"poll": 1}),
            "file" => serde_json::json!({"file": {"key": "k", "name": "a.txt", "bytes": 3, "mediaType": ""}}),
            "hand" => serde_json::json!({"raised": true}),
            "react" => serde_json::json!({"reaction": "thumbs-up"}),
            "mute" => serde_json::json!({"source": "microphone"}),
            "role" => serde_json::json!({"participant": "x", "host": true}),
            "breakouts-open" => serde_json::json!({"titles": ["one"], "people": []}),
            _ => serde_json::json!({}),
        };
        serde_json::from_value::<Request>(serde_json::json!({"event": event, "data": data})).unwrap();
    }
}

#[test]
fn answers_hold_ok_or_error() {
    let ok = serde_json::to_value(Answer::Ok(ChatSent { id: 7 })).unwrap();
    assert_eq!(ok, serde_json::json!({"ok": {"id": 7}}));
    let refused: Answer<Empty> = Answer::Error(Error { code: ErrorCode::RoomFull, message: "full".into() });
    assert_eq!(
        serde_json::to_value(refused).unwrap(),
        serde_json::json!({"error": {"code": "room-full", "message": "full"}})
    );
}

#[test]
fn an_absent_password_is_told_from_none() {
    let read = |text: &str| serde_json::from_str::<RoomChange>(text).unwrap();
    assert_eq!(read("{}"), RoomChange::default());
    assert_eq!(read(r#"{"password": null}"#).password, Some(None));
    assert_eq!(read(r#"{"password": "sesame"}"#).password, Some(Some("sesame".into())));
    for change in ["{}", r#"{"password":null}"#, r#"{"locked":true,"password":"sesame"}"#] {
        assert_eq!(serde_json::to_string(&read(change)).unwrap(), change);
    }
}

#[test]
fn a_password_does_not_print_in_debug_output() {
    let change = RoomChange { password: Some(Some("sesame".into())), ..RoomChange::default() };
    assert!(!format!("{change:?}").contains("sesame"));
}
