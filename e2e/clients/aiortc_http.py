"""aiortc as a publisher by WHIP or a viewer by WHEP.

Arguments: `publish` or `watch`, the address to POST to, and optionally a bearer token. A JSON line says how it began,
then one every half second what was sent or received so far. Ends with DELETE when its input ends; when it is killed,
without a word.
"""

import asyncio
import fractions
import json
import sys
from urllib.parse import urljoin

import aiohttp
import numpy
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from av import AudioFrame, VideoFrame


class Bars(VideoStreamTrack):
    """Coloured bars that move."""

    def __init__(self):
        super().__init__()
        self.sent = 0

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        columns = (numpy.arange(320) + 4 * self.sent) // 40 % 8
        bars = numpy.stack([255 * (columns >> bit & 1) for bit in range(3)], axis=1).astype(numpy.uint8)
        frame = VideoFrame.from_ndarray(numpy.tile(bars, (240, 1, 1)), format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        self.sent += 1
        return frame


class Tone(AudioStreamTrack):
    """A tone of 440 Hz."""

    async def recv(self):
        frame = await super().recv()
        phase = (numpy.arange(frame.samples) + frame.pts) * 2 * numpy.pi * 440 / frame.sample_rate
        wave = (12_000 * numpy.sin(phase)).astype(numpy.int16).reshape(1, -1)
        tone = AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        tone.pts, tone.sample_rate = frame.pts, frame.sample_rate
        tone.time_base = fractions.Fraction(1, frame.sample_rate)
        return tone


class Watched:
    """What has come of a video and of a sound."""

    def __init__(self):
        self.frames = self.changes = self.colours = self.loud = 0
        self.width = self.height = 0
        self.last = None
        self.ended = []

    async def watch(self, track: MediaStreamTrack):
        while True:
            try:
                frame = await track.recv()
            except Exception as error:  # aiortc's MediaStreamError, and whatever comes of a closed transport.
                self.ended.append(f"{track.kind}: {type(error).__name__}")
                return
            if track.kind == "audio":
                self.loud += int(numpy.abs(frame.to_ndarray()).max() > 300)
                continue
            picture = frame.to_ndarray(format="rgb24")[::16, ::16]
            self.width, self.height = frame.width, frame.height
            self.frames += 1
            self.changes += int(self.last is not None and not numpy.array_equal(picture, self.last))
            self.colours = len(numpy.unique(picture.reshape(-1, 3) // 32, axis=0))
            self.last = picture


def say(**what):
    print(json.dumps(what), flush=True)


async def main(mode, url, token=None):
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    watched, tracks = Watched(), []
    if mode == "publish":
        tracks = [Tone(), Bars()]
        for track in tracks:
            peer.addTransceiver(track, direction="sendonly")
    else:
        peer.addTransceiver("audio", direction="recvonly")
        peer.addTransceiver("video", direction="recvonly")
        peer.on("track", lambda track: asyncio.ensure_future(watched.watch(track)))
    await peer.setLocalDescription(await peer.createOffer())

    headers = {"Content-Type": "application/sdp"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as http:
        async with http.post(url, data=peer.localDescription.sdp, headers=headers) as response:
            body = await response.text()
            say(status=response.status, location=response.headers.get("Location"), tag=response.headers.get("ETag"),
                links=response.headers.getall("Link", []), body=body)
            if response.status != 201:
                return
            session = urljoin(url, response.headers["Location"])
        await peer.setRemoteDescription(RTCSessionDescription(body, "answer"))

        ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        while not ended.done():
            say(state=peer.connectionState, sent=tracks[1].sent if tracks else 0, frames=watched.frames,
                changes=watched.changes, colours=watched.colours, width=watched.width, height=watched.height,
                loud=watched.loud, ended=watched.ended)
            await asyncio.wait([ended], timeout=0.5)
        async with http.delete(session) as response:
            say(deleted=response.status)
    await peer.close()


asyncio.run(main(*sys.argv[1:]))
