//! Janus's VideoRoom, over its WebSocket API.

use std::{io, net::SocketAddrV4};

use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpOffer};

use crate::{
    generator::Generator,
    meeting::{Meeting, Sends, begin_sending, logs, offer_sources, wait_connected},
    network,
    websocket::Connection,
};

const ROOM: u64 = 1;

/// One room; every participant has a handle of the one session.
pub struct VideoRoom {
    connection: Connection,
    session: u64,
    transactions: u64,
    feeds: Vec<Feed>,
}

struct Feed {
    id: u64,
    logs: usize,
}

impl VideoRoom {
    /// Opens a room.
    pub fn open(server: SocketAddrV4) -> io::Result<Self> {
        let connection = Connection::open(network::client(0), server, "/", Some("janus-protocol"))?;
        let mut this = Self { connection, session: 0, transactions: 0, feeds: Vec::new() };
        let created = this.request(json!({"janus": "create"}))?;
        this.session = number(&created["data"]["id"])?;
        let handle = this.attach()?;
        let room = json!({
            "request": "create", "room": ROOM, "publishers": 100, "audiocodec": "opus", "videocodec": "vp8",
        });
        this.message(handle, room, None)?;
        Ok(this)
    }

    fn attach(&mut self) -> io::Result<u64> {
        let session = self.session;
        let plugin = "janus.plugin.videoroom";
        number(
            &self.request(json!({"janus": "attach", "session_id": session, "plugin": plugin}))?["data"]["id"],
        )
    }

    /// What the plugin answers, and its session description if there is one.
    fn message(&mut self, handle: u64, body: Value, jsep: Option<Value>) -> io::Result<(Value, String)> {
        let mut request =
            json!({"janus": "message", "session_id": self.session, "handle_id": handle, "body": body});
        if let Some(jsep) = jsep {
            request["jsep"] = jsep;
        }
        let mut answer = self.request(request)?;
        let data = answer["plugindata"]["data"].take();
        if let Some(error) = data["error"].as_str() {
            return Err(io::Error::other(format!("Janus refuses: {error}")));
        }
        Ok((data, answer["jsep"]["sdp"].as_str().unwrap_or_default().to_owned()))
    }

    fn request(&mut self, mut request: Value) -> io::Result<Value> {
        self.transactions += 1;
        let transaction = self.transactions.to_string();
        request["transaction"] = json!(transaction);
        self.connection.send(request.to_string())?;
        loop {
            let answer: Value = serde_json::from_str(&self.connection.next()?)?;
            match answer["janus"].as_str() {
                _ if answer["transaction"] != transaction => {}
                Some("ack") => {}
                Some("error") => {
                    return Err(io::Error::other(format!("Janus refuses: {}", answer["error"]["reason"])));
                }
                _ => return Ok(answer),
            }
        }
    }
}

impl Meeting for VideoRoom {
    fn publish(&mut self, generator: &mut Generator, sends: Sends) -> io::Result<usize> {
        let client = generator.add()?;
        let mut changes = generator.clients[client].rtc.sdp_api();
        let lines = offer_sources(&mut changes, sends.video);
        let Some((offer, pending)) = changes.apply() else {
            return Err(io::Error::other("nothing to offer"));
        };
        let handle = self.attach()?;
        let body = json!({"request": "joinandconfigure", "room": ROOM, "ptype": "publisher"});
        // Lowest layer first, as in the offer.
        let jsep = json!({"type": "offer", "sdp": offer.to_sdp_string(), "rid_order": "lmh"});
        let (data, answer) = self.message(handle, body, Some(jsep))?;
        let answer = SdpAnswer::from_sdp_string(&answer).map_err(io::Error::other)?;
        generator.clients[client].rtc.sdp_api().accept_answer(pending, answer).map_err(io::Error::other)?;
        let logs = generator.add_logs();
        self.feeds.push(Feed { id: number(&data["id"])?, logs });
        begin_sending(generator, client, &lines, logs, sends)?;
        Ok(self.feeds.len() - 1)
    }

    fn watch(
        &mut self,
        generator: &mut Generator,
        _: Option<usize>,
        feeds: &[usize],
        layer: usize,
    ) -> io::Result<usize> {
        let client = generator.add()?;
        let handle = self.attach()?;
        let streams: Vec<Value> = feeds.iter().map(|feed| json!({"feed": self.feeds[*feed].id})).collect();
        let body = json!({"request": "join", "room": ROOM, "ptype": "subscriber", "streams": streams});
        let (data, offer) = self.message(handle, body, None)?;
        let offer = SdpOffer::from_sdp_string(&offer).map_err(io::Error::other)?;
        let answer = generator.clients[client].rtc.sdp_api().accept_offer(offer).map_err(io::Error::other)?;
        let (mut lines, mut videos) = (Vec::new(), Vec::new());
        for stream in data["streams"].as_array().into_iter().flatten() {
            let (Some(mid), Some(id)) = (stream["mid"].as_str(), stream["feed_id"].as_u64()) else {
                continue;
            };
            let Some(feed) = self.feeds.iter().find(|feed| feed.id == id) else { continue };
            let video = stream["type"] == "video";
            lines.push((mid.into(), logs(feed.logs, video)));
            if video {
                videos.push(json!({"mid": mid, "substream": layer}));
            }
        }
        generator.clients[client].set_lines(lines);
        let jsep = json!({"type": "answer", "sdp": answer.to_sdp_string()});
        self.message(handle, json!({"request": "start"}), Some(jsep))?;
        if !videos.is_empty() && layer + 1 < crate::clip::LAYERS {
            wait_connected(generator, client)?;
            self.message(handle, json!({"request": "configure", "streams": videos}), None)?;
        }
        Ok(client)
    }

    fn pump(&mut self, _: &mut Generator) -> io::Result<()> {
        while self.connection.try_next()?.is_some() {}
        Ok(())
    }
}

fn number(value: &Value) -> io::Result<u64> {
    value.as_u64().ok_or_else(|| io::Error::other("Janus's answer lacks a number"))
}
