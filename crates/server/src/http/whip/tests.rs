//! The routes in front of real rooms and a real media thread; only the listener is left out.

// Helpers of tests are not tests to clippy.toml's allowances.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::http::{self, request};
use kaigi_protocol::{
    vocabulary::{MediaState, PROTOCOL_VERSION, RoomName},
    wire,
};
use kaigi_room::{ConnectionId, RoomChange};
use tower::ServiceExt;

use super::*;
use crate::{AccessOptions, Options, Server, TurnOptions, signaling::Hub, visitor::Link};

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n\
    a=fingerprint:sha-256 DA:7B:57:DC:28:CE:04:4F:31:79:85:C4:31:67:EB:27:58:29:ED:77:2A:0D:24:AE:ED:AD:30:BC:BD:F1:9C:02\r\n\
    a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n\
    a=fingerprint:sha-256 DA:7B:57:DC:28:CE:04:4F:31:79:85:C4:31:67:EB:27:58:29:ED:77:2A:0D:24:AE:ED:AD:30:BC:BD:F1:9C:02\r\n\
    a=setup:actpass\r\na=mid:1\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n";

/// One server for all tests of this process, whose metrics are the process's. Each test has rooms of its own.
struct House {
    router: Router,
    hub: Arc<Hub>,
}

/// Where a test runs there is a runtime already, and one cannot be waited for in another: it has a thread of its own.
static HOUSE: LazyLock<House> = LazyLock::new(|| std::thread::spawn(open).join().unwrap());

fn open() -> House {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let options = Options {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        data_dir: tempfile::tempdir().unwrap().keep(),
        tls: None,
        trust_proxy: Vec::new(),
        public_address: Vec::new(),
        lan_address: None,
        http_redirect: None,
        allow_origin: vec!["https://player.example".into()],
        frame_ancestors: Vec::new(),
        assets: |_| None,
        site_dir: None,
        create_key: Some("open sesame".into()),
        metrics_token: None,
        api_key: None,
        access: AccessOptions::default(),
        max_rooms: 1_000,
        max_participants: 1_000,
        room_capacity: 3,
        media_threads: 1,
        drain_timeout: Default::default(),
        turn: TurnOptions::default(),
        ice_servers: Vec::new(),
    };
    let (router, hub) = runtime.block_on(async { Server::bind(options).await.unwrap().into_router() });
    let (reports, deadlines) = (hub.clone(), hub.clone());
    runtime.spawn(async move { deadlines.run_deadlines().await });
    std::thread::spawn(move || runtime.block_on(reports.run_reports()));
    House { router, hub }
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What a refusal says to do; it has the form of RFC 9457.
    fn detail(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        assert!(problem["type"].is_string() && problem["title"].is_string());
        problem["detail"].as_str().unwrap().to_owned()
    }
}

fn post(path: &str) -> request::Builder {
    http::Request::post(path).header("content-type", SDP)
}

/// From a network of the path's own, so that no test takes another's rate.
async fn send(request: request::Builder, body: impl Into<Body>) -> Answer {
    let mut request = request.header("host", "kaigi.example:8443").body(body.into()).unwrap();
    let path: String = request.uri().path().to_owned();
    let room = path.split('/').nth(2).unwrap_or_default().bytes();
    let [a, b] = room.fold(0u16, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())).to_be_bytes();
    let link = Link { peer: ([198, 18, a, b], 4000).into(), local: ([127, 0, 0, 1], 8443).into(), tls: true };
    request.extensions_mut().insert(link);
    let response = HOUSE.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.into()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A participant with a page, who has the key.
fn enter(number: u64, room: &str, name: &str) -> wire::Participant {
    let join = wire::Join {
        version: PROTOCOL_VERSION,
        room: room.into(),
        name: name.into(),
        media: MediaState::default(),
        resume: None,
        create_key: Some("open sesame".into()),
        password: None,
        token: None,
    };
    let visitor = Visitor { ip: Some([203, 0, 113, number as u8].into()), ..Visitor::default() };
    let mut joined = None;
    HOUSE.hub.join(connection(number), &visitor, join, |answer| joined = Some(answer));
    match joined {
        Some(wire::Answer::Ok(joined)) => joined.participant,
        other => panic!("{other:?}"),
    }
}

const fn connection(number: u64) -> ConnectionId {
    ConnectionId(1_000_000 + number)
}

fn names(room: &str) -> Vec<String> {
    let room = RoomName::parse(room).unwrap();
    let mut names = Vec::new();
    HOUSE.hub.request(
        |rooms, _| Ok(rooms.participants(&room)),
        |answer| {
            if let wire::Answer::Ok(here) = answer {
                names = here.into_iter().map(|who| who.name.as_str().to_owned()).collect();
            }
        },
    );
    names
}

fn change(number: u64, change: RoomChange) {
    HOUSE.hub.request(
        |rooms, now| rooms.change(now, connection(number), change),
        |answer| assert!(matches!(answer, wire::Answer::Ok(())), "{answer:?}"),
    );
}

#[tokio::test]
async fn a_publisher_is_a_participant_until_it_ends() {
    enter(1, "whip-1", "Ann");
    let begun = send(post("/whip/whip-1?name=Camera%201"), OFFER).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    assert_eq!(begun.header("content-type"), SDP);
    assert_eq!(begun.header("accept-patch"), FRAGMENT);
    assert_eq!(begun.body.matches("a=recvonly").count(), 2, "{}", begun.body);
    assert!(begun.body.contains("a=ice-lite") && begun.body.contains("a=candidate:"));
    assert_eq!(begun.header("etag"), format!("\"{}\"", attribute(&begun.body, "ice-ufrag").unwrap()));
    let links: Vec<_> = begun.headers.get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
    assert!(!links.iter().any(|link| link.contains("stun:") || link.contains("transport=udp")), "{links:?}");
    let relay = |link: &&str| link.starts_with("<turn:kaigi.example:") && link.contains("; credential=\"");
    assert!(links.iter().any(relay), "{links:?}");
    assert_eq!(names("whip-1"), ["Ann", "Camera 1"]);

    let session = begun.header("location").to_owned();
    assert_eq!(send(http::Request::get(&session), "").await.status, 204);
    assert_eq!(send(http::Request::put(&session), "").await.status, 405);
    assert_eq!(send(http::Request::delete(&session), "").await.status, 200);
    assert_eq!(names("whip-1"), ["Ann"]);
    let again = send(http::Request::delete(&session), "").await;
    assert_eq!(again.status, 404);
    assert!(again.detail().contains("no such session"));
}

#[tokio::test]
async fn what_is_no_offer_is_refused_and_nobody_joins() {
    enter(2, "whip-2", "Ann");
    let refused = async |request: request::Builder, body: String, status: u16, words: &str| {
        let answer = send(request, body).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.detail().contains(words), "{}", answer.body);
        assert_eq!(names("whip-2"), ["Ann"]);
        answer
    };
    let json = http::Request::post("/whip/whip-2").header("content-type", "application/json");
    let answer = refused(json, OFFER.into(), 415, "application/sdp").await;
    assert_eq!(answer.header("accept-post"), SDP);
    refused(http::Request::post("/whip/whip-2"), OFFER.into(), 415, "Content-Type").await;
    refused(post("/whip/whip-2"), "hello".into(), 422, "v=0").await;
    refused(post("/whip/whip-2"), OFFER.replace("VP8", "AV1"), 406, "VP8 or H.264").await;
    refused(post("/whip/whip-2"), OFFER.replace("sendrecv", "recvonly"), 422, "sendonly").await;
    refused(post("/whip/whip-2"), format!("{OFFER}a=x:{}\r\n", "x".repeat(128 * 1024)), 413, "131072").await;
    // Only the media threads see this.
    refused(post("/whip/whip-2"), OFFER.replace("a=ice-pwd", "a=no-pwd"), 422, "ice-pwd").await;
    refused(post("/whip/whip-2?name=%07"), OFFER.into(), 400, "U+0007").await;
    refused(post("/whip/a%2Fb"), OFFER.into(), 400, "room name").await;
    let large = send(post("/whip/whip-2?name=Large"), format!("{OFFER}{}", "a=x:y\r\n".repeat(10_000))).await;
    assert_eq!(large.status, 201, "70 kB are fine: {}", large.body);
}

#[tokio::test]
async fn a_room_that_is_not_open_asks_for_the_key() {
    let without = send(post("/whip/whip-3"), OFFER).await;
    assert_eq!((without.status, without.header("www-authenticate")), (401, r#"Bearer realm="kaigi""#));
    assert!(without.detail().contains("--create-key"));
    let wrong = send(post("/whip/whip-3").header("authorization", "Bearer hello"), OFFER).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.header("www-authenticate").contains("invalid_token"));
    assert_eq!(names("whip-3"), Vec::<String>::new());
    let right = send(post("/whip/whip-3").header("authorization", "bearer open sesame"), OFFER).await;
    assert_eq!(right.status, 201, "{}", right.body);
    assert_eq!(names("whip-3"), [NAMELESS]);
    assert_eq!(send(post("/whep/whip-3"), OFFER).await.status, 201, "whoever watches opens nothing");
}

#[tokio::test]
async fn passwords_and_locks_are_for_everybody() {
    enter(4, "whip-4", "Ann");
    let room = RoomName::parse("whip-4").unwrap();
    let password = Some(Some(HOUSE.hub.password_digest(&room, "mellon")));
    change(4, RoomChange { password, ..RoomChange::default() });
    for path in ["/whip/whip-4", "/whep/whip-4"] {
        let without = send(post(path), OFFER).await;
        assert_eq!(without.status, 401, "{path}");
        assert!(without.detail().contains("password"));
        assert_eq!(
            send(post(path).header("authorization", "Bearer wrong"), OFFER).await.status,
            401,
            "{path}"
        );
        let with = send(post(path).header("authorization", "Bearer mellon"), OFFER).await;
        assert_eq!(with.status, 201, "{path}: {}", with.body);
        assert_eq!(send(http::Request::delete(with.header("location")), "").await.status, 200);
    }
    change(4, RoomChange { locked: Some(true), ..RoomChange::default() });
    for path in ["/whip/whip-4", "/whep/whip-4"] {
        let locked = send(post(path).header("authorization", "Bearer mellon"), OFFER).await;
        assert_eq!(locked.status, 403, "{path}");
        assert!(locked.detail().contains("unlock"));
    }
}

#[tokio::test]
async fn a_viewer_watches_one_or_whoever_speaks_and_is_not_seen() {
    assert_eq!(send(post("/whep/whip-5"), OFFER).await.status, 404, "nobody is there");
    let ann = enter(5, "whip-5", "Ann Lee");
    for path in
        ["/whep/whip-5".to_owned(), "/whep/whip-5/Ann%20Lee".into(), format!("/whep/whip-5/{}", ann.id)]
    {
        let begun = send(post(&path), OFFER).await;
        assert_eq!(begun.status, 201, "{path}: {}", begun.body);
        assert_eq!(begun.body.matches("a=sendonly").count(), 2, "{}", begun.body);
        assert_eq!(names("whip-5"), ["Ann Lee"]);
        assert_eq!(send(http::Request::delete(begun.header("location")), "").await.status, 200);
    }
    let nobody = send(post("/whep/whip-5/Bob"), OFFER).await;
    assert_eq!(nobody.status, 404);
    assert!(nobody.detail().contains("nobody of this name"));
    let two = send(post("/whep/whip-5"), OFFER).await.status;
    assert_eq!((two, send(post("/whep/whip-5"), OFFER).await.status), (201, 201));
    let full = send(post("/whep/whip-5"), OFFER).await;
    assert_eq!(
        full.status, 409,
        "the room holds three, and those who were refused have given their places back"
    );
    assert!(full.detail().contains("3 people"));
}

#[tokio::test]
async fn ice_is_trickled_and_restarted_under_its_tag() {
    enter(6, "whip-6", "Ann");
    let begun = send(post("/whip/whip-6"), OFFER).await;
    let (session, tag) = (begun.header("location").to_owned(), begun.header("etag").to_owned());
    let patch = |condition: Option<&str>, ufrag: &str| {
        let mut request = http::Request::patch(&session).header("content-type", FRAGMENT);
        if let Some(condition) = condition {
            request = request.header("if-match", condition);
        }
        let body = format!(
            "a=ice-ufrag:{ufrag}\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
             a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"
        );
        send(request, body)
    };
    let trickled = patch(Some(&tag), "EsAw").await;
    assert_eq!((trickled.status, trickled.header("etag"), &*trickled.body), (204, "", ""));
    assert_eq!(patch(Some(&format!("\"other\", {tag}")), "EsAw").await.status, 204);
    assert_eq!(patch(Some(&format!("W/{tag}")), "EsAw").await.status, 412);
    assert_eq!(patch(Some("\"other\""), "EsAw").await.status, 412);
    assert!(patch(None, "EsAw").await.detail().contains("If-Match"));
    assert_eq!(patch(None, "EsAw").await.status, 428);

    let restarted = patch(Some("*"), "ysXw").await;
    assert_eq!((restarted.status, restarted.header("content-type")), (200, FRAGMENT), "{}", restarted.body);
    let renewed = restarted.header("etag").to_owned();
    assert_ne!(renewed, tag);
    assert_eq!(renewed, format!("\"{}\"", attribute(&restarted.body, "ice-ufrag").unwrap()));
    assert_ne!(attribute(&restarted.body, "ice-pwd"), attribute(&begun.body, "ice-pwd"));
    assert!(restarted.body.contains("a=candidate:"));
    assert_eq!(patch(Some(&tag), "ysXw").await.status, 412, "the tag is of the ICE session before");
    assert_eq!(patch(Some(&renewed), "ysXw").await.status, 204);
    assert_eq!(patch(Some("*"), "ysXw").await.status, 204, "the same again is no restart");
    assert_eq!(patch(Some("*"), "y").await.status, 400);

    let sdp = http::Request::patch(&session).header("content-type", SDP).header("if-match", &renewed);
    let unsupported = send(sdp, OFFER).await;
    assert_eq!((unsupported.status, unsupported.header("accept-patch")), (415, FRAGMENT));
    assert_eq!(names("whip-6"), ["Ann", NAMELESS], "it is one session all along");
    assert_eq!(send(http::Request::delete(&session).header("if-match", "\"any\""), "").await.status, 200);
    assert_eq!(patch(Some(&renewed), "ysXw").await.status, 404);
}

#[tokio::test]
async fn who_does_not_connect_in_time_is_gone() {
    enter(7, "whip-7", "Ann");
    let begun = send(post("/whip/whip-7"), OFFER).await;
    assert_eq!(names("whip-7").len(), 2);
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(names("whip-7").len(), 2);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(names("whip-7"), ["Ann"]);
    tokio::time::resume();
    assert_eq!(send(http::Request::delete(begun.header("location")), "").await.status, 404);
}

#[tokio::test]
async fn what_is_watched_may_end() {
    enter(8, "whip-8", "Ann");
    let camera = send(post("/whip/whip-8?name=Cam"), OFFER).await;
    let viewer = send(post("/whep/whip-8/Cam"), OFFER).await;
    assert_eq!((camera.status, viewer.status), (201, 201));
    send(http::Request::delete(camera.header("location")), "").await;
    assert_eq!(
        send(http::Request::delete(viewer.header("location")), "").await.status,
        404,
        "there is nothing to see"
    );

    let viewer = send(post("/whep/whip-8"), OFFER).await;
    let removed = send(post("/whip/whip-8?name=Cam"), OFFER).await;
    let id = {
        let room = RoomName::parse("whip-8").unwrap();
        let mut id = None;
        HOUSE.hub.request(
            |rooms, _| Ok(rooms.participants(&room)),
            |answer| {
                if let wire::Answer::Ok(here) = answer {
                    id = here.into_iter().find(|who| who.name.as_str() == "Cam").map(|who| who.id);
                }
            },
        );
        id.unwrap()
    };
    HOUSE.hub.request(|rooms, now| rooms.send_away(now, connection(8), &id, true), |_| ());
    assert_eq!(names("whip-8"), ["Ann"]);
    assert_eq!(send(http::Request::delete(removed.header("location")), "").await.status, 404);
    HOUSE.hub.request(|rooms, now| rooms.leave(now, connection(8)), |_| ());
    assert_eq!(
        send(http::Request::delete(viewer.header("location")), "").await.status,
        404,
        "the room is closed"
    );
}

#[tokio::test]
async fn other_origins_ask_first_and_may_read_what_they_need() {
    let preflight = |origin: &str| {
        http::Request::options("/whep/whip-9")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
    };
    let allowed = send(preflight("https://player.example"), "").await;
    assert_eq!((allowed.status, allowed.header("accept-post")), (200, SDP));
    assert_eq!(allowed.header("access-control-allow-origin"), "https://player.example");
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    assert!(allowed.header("access-control-allow-headers").contains("if-match"));
    assert_eq!(send(preflight("https://evil.example"), "").await.header("access-control-allow-origin"), "");
    let refused = send(post("/whep/whip-9").header("origin", "https://evil.example"), OFFER).await;
    assert_eq!(refused.status, 403);
    let read = send(post("/whep/whip-9").header("origin", "https://player.example"), OFFER).await;
    let exposed = read.header("access-control-expose-headers").to_owned();
    assert!(["location", "etag", "link"].iter().all(|name| exposed.contains(name)), "{exposed}");
}

#[tokio::test]
async fn one_source_has_a_bound() {
    let mut last = 0;
    for _ in 0..400 {
        last = send(post("/whep/whip-10"), OFFER).await.status;
        if last == 429 {
            let limited = send(post("/whep/whip-10"), OFFER).await;
            assert!(limited.detail().contains("wait") && !limited.header("retry-after").is_empty());
            break;
        }
        assert_eq!(last, 404);
    }
    assert_eq!(last, 429);
}

#[test]
fn tags_are_read_as_http_has_them() {
    let tags = |conditions| match matches(conditions) {
        Matches::Any => vec!["any"],
        Matches::Tags(tags) => tags,
    };
    assert_eq!(tags(" * "), ["any"]);
    assert_eq!(tags("\"a\", W/\"b\",\"c\""), ["a", "c"]);
    assert_eq!(tags("a"), Vec::<&str>::new());
}
