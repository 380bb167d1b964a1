//! Real media: a few seconds of VP8 in three simulcast layers and of Opus, encoded once by GStreamer and sent over
//! and over.

use std::{collections::HashMap, fs, io, path::Path, process::Command};

/// Layers of a camera.
pub const LAYERS: usize = 3;

/// Frames a second of the camera.
pub const FRAMES: u32 = 30;

/// Milliseconds of one Opus packet.
pub const AUDIO_MS: u32 = 20;

/// Width, height and bits a second of the layers, lowest first.
const CAMERA: [(u32, u32, u32); LAYERS] = [(320, 180, 150_000), (640, 360, 500_000), (1280, 720, 1_700_000)];

const SECONDS: u32 = 10;

/// Seconds from one keyframe to the next; who asks for one earlier gets the next.
const KEYFRAME_S: u32 = 5;

/// Bytes of VP8 in one packet, which is what browsers leave with their MTU of 1,200.
const MOST: usize = 1110;

/// Everything a participant sends.
pub struct Clip {
    /// Lowest first.
    pub video: [Layer; LAYERS],
    /// The microphone.
    pub audio: Layer,
}

/// One encoding.
pub struct Layer {
    /// In order.
    pub packets: Vec<Packet>,
    /// The packets of each frame, and whether it is a keyframe.
    pub frames: Vec<(std::ops::Range<u32>, bool)>,
    by_hash: HashMap<u64, u32>,
}

/// What one RTP packet carries, without the payload descriptor.
pub struct Packet {
    /// Encoded media.
    pub payload: Vec<u8>,
    /// It begins a frame.
    pub first: bool,
    /// It ends one.
    pub last: bool,
    /// It belongs to a frame that needs no other.
    pub keyframe: bool,
}

impl Clip {
    /// Encodes it with `gst-launch-1.0`: some seconds.
    pub fn encode() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let camera = CAMERA.map(|(width, height, bitrate)| {
            // A moving pattern with detail, so that the encoder needs the bits it may have.
            let pipeline = format!(
                "videotestsrc num-buffers={frames} pattern=zone-plate kx2=10 ky2=10 kt=10 \
                 ! video/x-raw,width={width},height={height},framerate={FRAMES}/1 \
                 ! vp8enc deadline=1 cpu-used=-8 threads=1 end-usage=cbr target-bitrate={bitrate} \
                 max-quantizer=56 max-intra-bitrate=450 buffer-size=1000 buffer-initial-size=500 \
                 buffer-optimal-size=600 overshoot=15 keyframe-max-dist={keyframe}",
                frames = FRAMES * SECONDS,
                keyframe = FRAMES * KEYFRAME_S,
            );
            let frames = run(&pipeline, &folder.path().join(format!("video{height}")))?;
            Layer::new(frames, |frame| frame.first().is_some_and(|byte| byte & 1 == 0))
        });
        let pipeline = format!(
            "audiotestsrc num-buffers={buffers} samplesperbuffer=960 wave=pink-noise \
             ! audio/x-raw,rate=48000,channels=1 ! opusenc bitrate=40000 frame-size={AUDIO_MS}",
            buffers = SECONDS * 1000 / AUDIO_MS,
        );
        let audio = Layer::new(run(&pipeline, &folder.path().join("audio"))?, |_| true)?;
        let [low, middle, high] = camera;
        Ok(Self { video: [low?, middle?, high?], audio })
    }

    /// Bits a second of each layer as encoded, payload alone.
    pub fn bitrates(&self) -> [u64; LAYERS] {
        self.video.each_ref().map(|layer| {
            let bytes: usize = layer.packets.iter().map(|packet| packet.payload.len()).sum();
            bytes as u64 * 8 * u64::from(FRAMES) / layer.frames.len() as u64
        })
    }
}

impl Layer {
    fn new(frames: Vec<Vec<u8>>, is_keyframe: impl Fn(&[u8]) -> bool) -> io::Result<Self> {
        let mut layer = Self { packets: Vec::new(), frames: Vec::new(), by_hash: HashMap::new() };
        for frame in frames {
            let begin = layer.packets.len() as u32;
            let keyframe = is_keyframe(&frame);
            let count = frame.len().div_ceil(MOST).max(1);
            let mut rest = &frame[..];
            for index in 0..count {
                // Of sizes as equal as can be, as browsers cut frames.
                let (payload, left) = rest.split_at(rest.len().div_ceil(count - index));
                rest = left;
                let (first, last) = (index == 0, index + 1 == count);
                let number = layer.packets.len() as u32;
                if layer.by_hash.insert(hash(payload), number).is_some() {
                    return Err(io::Error::other("two packets of the clip are the same"));
                }
                layer.packets.push(Packet { payload: payload.to_vec(), first, last, keyframe });
            }
            layer.frames.push((begin..layer.packets.len() as u32, keyframe));
        }
        match layer.frames.first() {
            Some((_, true)) => Ok(layer),
            _ => Err(io::Error::other("the encoder's first frame is no keyframe")),
        }
    }

    /// Which packet this is.
    pub fn find(&self, payload: &[u8]) -> Option<u32> {
        let number = *self.by_hash.get(&hash(payload))?;
        (self.packets[number as usize].payload == payload).then_some(number)
    }

    /// The next keyframe at or after this frame; the first one if there is none.
    pub fn keyframe_after(&self, frame: usize) -> usize {
        let is_keyframe = |(_, (_, keyframe)): &(usize, &(_, bool))| *keyframe;
        self.frames.iter().enumerate().skip(frame).find(is_keyframe).map_or(0, |(index, _)| index)
    }
}

/// Runs a pipeline; returns what it made, buffer by buffer.
fn run(pipeline: &str, folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    fs::create_dir(folder)?;
    let mut command = Command::new("gst-launch-1.0");
    command.arg("-q").args(pipeline.split_whitespace()).args(["!", "multifilesink"]);
    command.arg(format!("location={}/%06d", folder.display()));
    let missing =
        |error| io::Error::other(format!("gst-launch-1.0: {error}; `scripts/setup-test` installs it"));
    let output = command.output().map_err(missing)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("gst-launch-1.0 failed: {said}")));
    }
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.sort();
    files.iter().map(fs::read).collect()
}

/// Tells the packets of a clip apart.
fn hash(payload: &[u8]) -> u64 {
    payload.chunks(8).fold(payload.len() as u64, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A clip without an encoder: 10 frames of so many bytes, every fifth a keyframe.
    pub fn layer(bytes: usize) -> Layer {
        let frames = (0..10_u8).map(|number| {
            let mut frame: Vec<u8> = (0..bytes).map(|at| (at / 256) as u8 ^ at as u8).collect();
            frame[0] = u8::from(number % 5 != 0);
            // Frames of other lengths have nothing in common with these.
            frame.iter_mut().skip(1).for_each(|byte| *byte = byte.wrapping_add(number + (bytes / 50) as u8));
            frame
        });
        Layer::new(frames.collect(), |frame| frame[0] & 1 == 0).unwrap()
    }

    #[test]
    fn frames_are_cut_into_equal_packets_that_can_be_told_apart() {
        let layer = layer(3000);
        assert_eq!(layer.packets.len(), 30);
        assert!(layer.packets.iter().all(|packet| packet.payload.len() == 1000));
        for (number, packet) in layer.packets.iter().enumerate() {
            assert_eq!(layer.find(&packet.payload), Some(number as u32));
            assert_eq!((packet.first, packet.last), (number % 3 == 0, number % 3 == 2));
        }
        let mut changed = layer.packets[4].payload.clone();
        changed[999] ^= 1;
        assert_eq!(layer.find(&changed), None);
    }

    #[test]
    fn the_next_keyframe_is_found_past_the_end_too() {
        let layer = layer(100);
        assert_eq!([0, 1, 5, 6].map(|frame| layer.keyframe_after(frame)), [0, 5, 5, 0]);
    }
}
