//! Signaling messages and names: never panics, and what parses is stable.
#![no_main]

use kaigi_protocol::{
    vocabulary::{DisplayName, RoomName},
    wire::Request,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(request) = serde_json::from_str::<Request>(text) {
        let again = serde_json::to_string(&request).expect("what was parsed can be written");
        assert_eq!(serde_json::from_str::<Request>(&again).expect("and read again"), request);
    }
    if let Ok(name) = RoomName::parse(text) {
        assert_eq!(RoomName::parse(name.as_str()), Ok(name.clone()));
    }
    if let Ok(name) = DisplayName::parse(text) {
        assert_eq!(DisplayName::parse(name.as_str()), Ok(name.clone()));
    }
});
