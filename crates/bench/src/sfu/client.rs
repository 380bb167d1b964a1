//! One WebRTC client: str0m on a socket of its own.

use std::{
    io::{self, IoSlice},
    net::{SocketAddr, SocketAddrV4, UdpSocket},
    ops::Range,
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use kaigi_bench::sys::{self, Arrival, Received};
use str0m::{
    Candidate, Event, Input, Output, Rtc, RtcConfig,
    crypto::dtls::DtlsCert,
    media::{KeyframeRequestKind, Mid},
    net::{Protocol, Receive},
    rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc},
};

use crate::{
    check::{Arrived, Track, Window},
    network,
    publisher::Publisher,
    sent::Log,
};

/// Receive buffers that do not lose a packet while this thread does something else.
const BUFFERS: i32 = 2 << 20;

/// Datagrams in one `sendmmsg`.
const AT_ONCE: usize = 32;

/// A client.
pub struct Client {
    /// Its peer connection.
    pub rtc: Rtc,
    /// Its sending side, once it is connected and has one.
    pub publisher: Option<Publisher>,
    /// Whose media comes on which m-line; the default is for those not listed.
    pub lines: Vec<(Mid, Range<usize>)>,
    /// For the m-lines that are not listed, if there can be no doubt.
    pub any_line: Option<Range<usize>>,
    /// What came first, since 1970.
    pub first_media_ns: Option<u64>,
    /// ICE and DTLS are up.
    pub connected: bool,
    /// When str0m wants to be called.
    pub timeout: Instant,
    tracks: Vec<(Ssrc, Mid, Track)>,
    socket: UdpSocket,
    address: SocketAddr,
    outbox: Vec<Vec<u8>>,
    outbox_to: Option<SocketAddrV4>,
}

/// What [`Client`]s share while something is done with them.
pub struct Shared {
    /// What all publishers have sent.
    pub logs: Vec<Log>,
    /// What is measured now.
    pub window: Window,
    clock: (Instant, u64),
    certificate: Option<DtlsCert>,
}

impl Shared {
    /// Nothing sent yet.
    pub fn new() -> Self {
        let certificate = str0m::crypto::from_feature_flags().dtls_provider.generate_certificate();
        Self {
            logs: Vec::new(),
            window: Window::default(),
            clock: (Instant::now(), sys::real_ns()),
            certificate,
        }
    }

    /// The monotonic moment of a wall-clock time.
    fn instant(&self, at_ns: u64) -> Instant {
        self.clock.0 + Duration::from_nanos(at_ns.saturating_sub(self.clock.1))
    }
}

impl Client {
    /// Not connected to anybody.
    pub fn new(index: usize, shared: &Shared) -> io::Result<Self> {
        let ip = network::client(index);
        let socket = UdpSocket::bind((ip, 0))?;
        socket.set_nonblocking(true)?;
        sys::set_buffers(&socket, BUFFERS);
        sys::set_gro(&socket, true)?;
        sys::set_arrival_times(&socket, true)?;
        let mut config =
            RtcConfig::new().set_rtp_mode(true).clear_codecs().enable_opus(true, false).enable_vp8(true);
        if let Some(certificate) = &shared.certificate {
            config = config.set_dtls_cert(certificate.clone());
        }
        let now = Instant::now();
        let mut rtc = config.build(now);
        let address = socket.local_addr()?;
        rtc.add_local_candidate(Candidate::host(address, "udp").map_err(io::Error::other)?);
        Ok(Self {
            rtc,
            publisher: None,
            lines: Vec::new(),
            any_line: None,
            first_media_ns: None,
            connected: false,
            timeout: now,
            tracks: Vec::new(),
            socket,
            address,
            outbox: Vec::new(),
            outbox_to: None,
        })
    }

    /// Its socket.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// What it receives.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().map(|(_, _, track)| track)
    }

    /// The same, to begin a measurement.
    pub fn tracks_mut(&mut self) -> impl Iterator<Item = &mut Track> {
        self.tracks.iter_mut().map(|(_, _, track)| track)
    }

    /// Signaling has said whose media comes on which m-line.
    pub fn set_lines(&mut self, lines: Vec<(Mid, Range<usize>)>) {
        self.lines = lines;
        for index in 0..self.tracks.len() {
            let logs = self.logs_of(self.tracks[index].1);
            self.tracks[index].2.assign(logs);
        }
    }

    /// Takes all that has come; returns how many reads it was.
    pub fn receive(&mut self, received: &mut Received, shared: &mut Shared) -> io::Result<usize> {
        let reads = received.read(self.socket.as_raw_fd())?;
        for Arrival { source, bytes, stride, at_ns } in received.arrivals() {
            let at_ns = at_ns.unwrap_or_else(sys::real_ns);
            let at = shared.instant(at_ns);
            for datagram in bytes.chunks(stride) {
                let contents = datagram.try_into().map_err(io::Error::other);
                let Ok(contents) = contents else { continue };
                let source = source.into();
                let receive = Receive { proto: Protocol::Udp, source, destination: self.address, contents };
                self.rtc.handle_input(Input::Receive(at, receive)).map_err(io::Error::other)?;
                self.drain(at_ns, shared)?;
            }
        }
        self.send(shared);
        Ok(reads)
    }

    /// What is due by the clock.
    pub fn tick(&mut self, now: Instant, shared: &mut Shared) -> io::Result<()> {
        if let Some(publisher) = &mut self.publisher
            && publisher.due() <= now
        {
            publisher.write(now, &mut shared.logs, &mut |rtp| {
                let extensions = ExtensionValues {
                    audio_level: rtp.level,
                    voice_activity: rtp.level.map(|_| true),
                    ..ExtensionValues::default()
                };
                if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(rtp.mid, rtp.rid) {
                    let nackable = rtp.level.is_none();
                    let write = RtpWrite::new(rtp.pt, rtp.sequence.into(), rtp.timestamp, now, rtp.payload);
                    stream.write_rtp(write.marker(rtp.marker).ext_vals(extensions).nackable(nackable));
                }
            });
        } else if self.timeout > now {
            return Ok(());
        }
        self.rtc.handle_input(Input::Timeout(now)).map_err(io::Error::other)?;
        self.drain(sys::real_ns(), shared)?;
        self.send(shared);
        Ok(())
    }

    /// The next moment for [`Self::tick`].
    pub fn due(&self) -> Instant {
        self.publisher.as_ref().map_or(self.timeout, |publisher| publisher.due().min(self.timeout))
    }

    fn drain(&mut self, at_ns: u64, shared: &mut Shared) -> io::Result<()> {
        loop {
            match self.rtc.poll_output().map_err(io::Error::other)? {
                Output::Timeout(timeout) => {
                    self.timeout = timeout;
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    let SocketAddr::V4(to) = transmit.destination else { continue };
                    if self.outbox_to.is_some_and(|other| other != to) {
                        self.send(shared);
                    }
                    self.outbox_to = Some(to);
                    self.outbox.push(transmit.contents.into());
                }
                Output::Event(Event::RtpPacket(packet)) => self.take(&packet, at_ns, shared),
                Output::Event(Event::KeyframeRequest(request)) => {
                    debug_assert!(matches!(
                        request.kind,
                        KeyframeRequestKind::Pli | KeyframeRequestKind::Fir
                    ));
                    if let Some(publisher) = &mut self.publisher {
                        publisher.want_keyframe(request.mid, request.rid);
                    }
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(_) => {}
            }
        }
    }

    fn take(&mut self, packet: &RtpPacket, at_ns: u64, shared: &Shared) {
        // Padding is not media.
        if packet.payload.is_empty() {
            return;
        }
        self.first_media_ns.get_or_insert(at_ns);
        let ssrc = packet.header.ssrc;
        let index = match self.tracks.iter().position(|(known, ..)| *known == ssrc) {
            Some(index) => index,
            None => {
                let Some(mid) = self.rtc.direct_api().stream_rx(&ssrc).map(|stream| stream.mid()) else {
                    return;
                };
                self.tracks.push((ssrc, mid, Track::new(self.logs_of(mid))));
                self.tracks.len() - 1
            }
        };
        let arrived = Arrived {
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: &packet.payload,
            at_ns,
        };
        self.tracks[index].2.take(&arrived, &shared.logs, &shared.window);
    }

    fn logs_of(&self, mid: Mid) -> Option<Range<usize>> {
        let listed = self.lines.iter().find(|(line, _)| *line == mid).map(|(_, logs)| logs.clone());
        listed.or_else(|| self.any_line.clone())
    }

    /// Everything in the outbox, in as few calls as possible. What the kernel does not take is lost, and noticed.
    fn send(&mut self, shared: &mut Shared) {
        if let Some(publisher) = &mut self.publisher {
            publisher.stamp(sys::real_ns(), &mut shared.logs);
        }
        for batch in self.outbox.chunks(AT_ONCE) {
            let slices: Vec<IoSlice<'_>> = batch.iter().map(|datagram| IoSlice::new(datagram)).collect();
            let _ = sys::send_each(self.socket.as_raw_fd(), self.outbox_to, &slices);
        }
        self.outbox.clear();
        self.outbox_to = None;
    }
}
