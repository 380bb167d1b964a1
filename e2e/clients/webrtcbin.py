"""Two GStreamer webrtcbin peers (libnice) in one process that may use nothing but a TURN server.

Arguments: the server as turn://NAME:PASSWORD@HOST:PORT?transport=udp|tcp, and how many RTP packets each peer
has to receive from the other. Prints one JSON line when both have, or fails after 20 s.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

SENDER = (
    "audiotestsrc is-live=true wave=ticks ! opusenc ! rtpopuspay pt=96 "
    "! application/x-rtp,media=audio,encoding-name=OPUS,payload=96 ! {name}."
)
PEER = "webrtcbin name={name} bundle-policy=max-bundle ice-transport-policy=relay"


class Peer:
    def __init__(self, pipeline, name, turn_server):
        self.pipeline = pipeline
        self.element = pipeline.get_by_name(name)
        self.element.set_property("turn-server", turn_server)
        # libnice binds its sockets to interfaces, none of which is the loopback one unless told so. The agent is
        # kept because its reference is a floating one: dropping it here would free it.
        self.agent = self.element.get_property("ice-agent")
        self.agent.emit("add-local-ip-address", "127.0.0.1")
        self.element.connect("on-ice-candidate", self.on_candidate)
        self.element.connect("pad-added", self.on_pad)
        self.other = None
        self.candidates = []
        self.received = 0

    def on_candidate(self, _element, line, candidate):
        self.candidates.append(candidate.split(" typ ")[1].split(" ")[0])
        self.other.element.emit("add-ice-candidate", line, candidate)

    def on_pad(self, _element, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("sync", False)
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.add_probe(Gst.PadProbeType.BUFFER, self.on_buffer)
        pad.link(sink.get_static_pad("sink"))

    def on_buffer(self, _pad, _info):
        self.received += 1
        return Gst.PadProbeReturn.OK

    def describe(self, kind, then):
        def made(promise, _):
            # The description lies inside the reply, which has to live as long.
            reply = promise.get_reply()
            description = reply.get_value(kind)
            self.element.emit("set-local-description", description, Gst.Promise.new())
            then(description)

        self.element.emit(f"create-{kind}", None, Gst.Promise.new_with_change_func(made, None))

    def take(self, description, then):
        done = Gst.Promise.new_with_change_func(lambda _promise, _: then(), None)
        self.element.emit("set-remote-description", description, done)


def main(turn_server, packets):
    Gst.init(None)
    graph = " ".join(f"{PEER} {SENDER}".format(name=name) for name in ("a", "b"))
    pipeline = Gst.parse_launch(graph)
    a, b = (Peer(pipeline, name, turn_server) for name in ("a", "b"))
    a.other, b.other = b, a
    loop = GLib.MainLoop()
    failure = []

    def fail(why):
        failure.append(why)
        loop.quit()

    def answered(answer):
        a.take(answer, lambda: None)

    def offered(offer):
        b.take(offer, lambda: b.describe("answer", answered))

    def on_message(_bus, message):
        if message.type == Gst.MessageType.ERROR:
            fail(str(message.parse_error()))

    def look():
        if min(a.received, b.received) >= packets:
            loop.quit()
        return True

    a.element.connect("on-negotiation-needed", lambda _: a.describe("offer", offered))
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message)
    GLib.timeout_add(50, look)
    GLib.timeout_add(20_000, lambda: fail(f"received {a.received} and {b.received} packets in 20 s"))
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)
    if failure:
        sys.exit(failure[0])
    print(json.dumps({"received": [a.received, b.received], "candidates": a.candidates + b.candidates}))


main(sys.argv[1], int(sys.argv[2]))
