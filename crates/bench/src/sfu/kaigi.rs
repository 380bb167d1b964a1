//! Kaigi's rooms, over Socket.IO (docs/protocol.md): Engine.IO 4 on a WebSocket, and as much of `/meet` as it takes.

use std::{io, net::SocketAddrV4};

use serde_json::{Value, json};
use str0m::{
    change::SdpAnswer,
    channel::{ChannelConfig, Reliability},
    media::{Direction, MediaKind},
};

use crate::{
    clip::LAYERS,
    generator::Generator,
    meeting::{Lines, Meeting, Sends, begin_sending, logs, offer_sources},
    network,
    websocket::Connection,
};

/// What a layer is asked for with: the height of its picture.
const HEIGHTS: [u16; LAYERS] = [180, 360, 720];

/// Receiving m-lines, as browsers offer them.
const VIDEO_SLOTS: usize = 12;
const AUDIO_SLOTS: usize = 4;
const LEAN_VIDEO_SLOTS: usize = 2;

/// One room.
pub struct Room {
    server: SocketAddrV4,
    people: Vec<Person>,
    offer: Offer,
}

/// What clients offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// What a browser does: all sources, and slots for so many videos if that is more than usual.
    Whole(usize),
    /// Those who only watch offer two slots for video and as usual for sound: str0m does work for every m-line at
    /// each packet, and the load generator must not be what limits a measurement.
    Lean,
}

struct Person {
    connection: Connection,
    client: usize,
    id: String,
    logs: Option<usize>,
    acknowledgements: u64,
    events: Vec<Value>,
}

impl Room {
    /// Nobody is in it.
    pub fn new(server: SocketAddrV4, offer: Offer) -> Self {
        Self { server, people: Vec::new(), offer }
    }

    /// Somebody enters and connects; returns their number and their sending m-lines.
    fn enter(
        &mut self,
        generator: &mut Generator,
        sends: Option<Sends>,
    ) -> io::Result<(usize, Option<Lines>)> {
        let client = generator.add()?;
        let mut connection = Connection::open(
            network::client(client),
            self.server,
            "/socket.io/?EIO=4&transport=websocket",
            None,
        )?;
        connection.send("40/meet,".into())?;
        let id = String::new();
        let mut person =
            Person { connection, client, id, logs: None, acknowledgements: 0, events: Vec::new() };
        // The first ping may come before it.
        loop {
            match person.connection.next()? {
                packet if packet.starts_with("40/meet,") => break,
                packet => person.take(&packet)?,
            }
        }
        let (mic, camera) = (sends.is_some(), sends.is_some_and(|sends| sends.video));
        let joined = person.request(
            "join",
            &json!({
                "version": {"major": 1, "minor": 0}, "room": "bench", "name": format!("Participant {client}"),
                "media": {"mic": mic, "camera": camera, "screen": false, "screenAudio": false},
            }),
        )?;
        person.id = joined["participant"]["id"].as_str().unwrap_or_default().to_owned();
        if self.people.is_empty() {
            person.request("room", &json!({"routed": true}))?;
        }
        let mut changes = generator.clients[client].rtc.sdp_api();
        let whole = self.offer != Offer::Lean || sends.is_some();
        let lines = whole.then(|| {
            let lines = offer_sources(&mut changes, true);
            changes.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
            changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
            lines
        });
        let video_slots = match self.offer {
            Offer::Whole(videos) => videos.max(VIDEO_SLOTS),
            Offer::Lean => LEAN_VIDEO_SLOTS,
        };
        for (kind, slots) in [(MediaKind::Video, video_slots), (MediaKind::Audio, AUDIO_SLOTS)] {
            for _ in 0..slots {
                changes.add_media(kind, Direction::RecvOnly, None, None, None);
            }
        }
        changes.add_channel_with_config(ChannelConfig {
            label: "kaigi".into(),
            ordered: true,
            reliability: Reliability::Reliable,
            negotiated: Some(0),
            ..ChannelConfig::default()
        });
        let Some((offer, pending)) = changes.apply() else {
            return Err(io::Error::other("nothing to offer"));
        };
        let answer =
            person.request("media-offer", &json!({"connection": 1, "sdp": offer.to_sdp_string()}))?;
        let answer = SdpAnswer::from_sdp_string(answer["sdp"].as_str().unwrap_or_default());
        let answer = answer.map_err(io::Error::other)?;
        generator.clients[client].rtc.sdp_api().accept_answer(pending, answer).map_err(io::Error::other)?;
        self.people.push(person);
        Ok((self.people.len() - 1, lines))
    }

    /// What the server told one of them.
    fn handle_events(&mut self, generator: &mut Generator, who: usize) {
        for event in std::mem::take(&mut self.people[who].events) {
            let client = &mut generator.clients[self.people[who].client];
            match event[0].as_str() {
                Some("slots") => {
                    let slots = event[1]["slots"].as_array().into_iter().flatten();
                    let lines = slots.filter_map(|slot| {
                        let (mid, id, source) =
                            (slot["mid"].as_str()?, slot["participant"].as_str()?, slot["source"].as_str()?);
                        let whose = self.people.iter().find(|person| person.id == id)?;
                        Some((mid.into(), logs(whose.logs?, source == "camera")))
                    });
                    client.set_lines(lines.collect());
                }
                Some("layers") if event[1]["source"] == "camera" => {
                    let active = std::array::from_fn(|layer| event[1]["active"][layer] == true);
                    if let Some(publisher) = &mut client.publisher {
                        publisher.set_active(active);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Meeting for Room {
    fn publish(&mut self, generator: &mut Generator, sends: Sends) -> io::Result<usize> {
        let (who, lines) = self.enter(generator, Some(sends))?;
        let logs = generator.add_logs();
        self.people[who].logs = Some(logs);
        if let Some(mut lines) = lines {
            lines.video = lines.video.filter(|_| sends.video);
            begin_sending(generator, self.people[who].client, &lines, logs, sends)?;
        }
        Ok(who)
    }

    fn watch(
        &mut self,
        generator: &mut Generator,
        who: Option<usize>,
        feeds: &[usize],
        layer: usize,
    ) -> io::Result<usize> {
        let who = who.map_or_else(|| self.enter(generator, None).map(|(who, _)| who), Ok)?;
        let wants: Vec<Value> = feeds
            .iter()
            .map(|feed| {
                let participant = &self.people[*feed].id;
                json!({"participant": participant, "source": "camera", "height": HEIGHTS[layer], "preferred": false})
            })
            .collect();
        self.people[who].request("view", &json!({"receive": "everything", "wants": wants}))?;
        self.handle_events(generator, who);
        Ok(self.people[who].client)
    }

    fn pump(&mut self, generator: &mut Generator) -> io::Result<()> {
        for who in 0..self.people.len() {
            let lost = |error| io::Error::other(format!("participant {who} lost its signaling: {error}"));
            while let Some(packet) = self.people[who].connection.try_next().map_err(lost)? {
                self.people[who].take(&packet)?;
            }
            self.handle_events(generator, who);
        }
        Ok(())
    }
}

impl Person {
    /// A request and the `ok` of its answer.
    fn request(&mut self, name: &str, content: &Value) -> io::Result<Value> {
        self.acknowledgements += 1;
        let number = self.acknowledgements;
        self.connection.send(format!("42/meet,{number}{}", json!([name, content])))?;
        let prefix = format!("43/meet,{number}");
        loop {
            let failed = |error| io::Error::other(format!("client {}: {name}: {error}", self.client));
            let packet = self.connection.next().map_err(failed)?;
            if let Some(answer) = packet.strip_prefix(&prefix).filter(|rest| rest.starts_with('[')) {
                let mut answer: Value = serde_json::from_str(answer)?;
                if let Some(message) = answer[0]["error"]["message"].as_str() {
                    return Err(io::Error::other(format!("Kaigi refuses {name}: {message}")));
                }
                return Ok(answer[0]["ok"].take());
            }
            self.take(&packet)?;
        }
    }

    /// A packet that answers nothing.
    fn take(&mut self, packet: &str) -> io::Result<()> {
        if packet == "2" {
            return self.connection.send("3".into());
        }
        if let Some(event) = packet.strip_prefix("42/meet,") {
            self.events.push(serde_json::from_str(event)?);
        }
        Ok(())
    }
}
