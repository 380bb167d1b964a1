//! The kernel's calls, IPv4 only. Everything unsafe is here.
#![allow(unsafe_code)]

use std::{
    io::{self, IoSlice},
    mem,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    process::Command,
    ptr,
    time::Duration,
};

use libc::{c_int, c_void, cmsghdr, iovec, mmsghdr, msghdr, sockaddr_in};

/// Datagrams, or with GRO trains of them, that one call reads.
pub const BATCH: usize = 32;

/// What GRO may join into one read.
const BUFFER: usize = 1 << 16;

/// Buffers do not begin at the same cache set.
const STRIDE: usize = BUFFER + 192;

/// Room for two control messages, aligned as the kernel wants them.
type Control = [u64; 8];

/// Buffers and headers of one `recvmmsg`.
pub struct Received {
    buffers: Box<[u8]>,
    names: Box<[sockaddr_in]>,
    controls: Box<[Control]>,
    iovs: Box<[iovec]>,
    headers: Box<[mmsghdr]>,
    count: usize,
}

impl Default for Received {
    fn default() -> Self {
        Self::new()
    }
}

impl Received {
    /// Empty.
    pub fn new() -> Self {
        // SAFETY: all-zero bytes are valid for these plain C structures.
        let (name, header) = unsafe { (mem::zeroed::<sockaddr_in>(), mem::zeroed::<mmsghdr>()) };
        let mut this = Self {
            buffers: vec![0; STRIDE * BATCH].into(),
            names: vec![name; BATCH].into(),
            controls: vec![[0; 8]; BATCH].into(),
            iovs: vec![iovec { iov_base: ptr::null_mut(), iov_len: BUFFER }; BATCH].into(),
            headers: vec![header; BATCH].into(),
            count: 0,
        };
        for i in 0..BATCH {
            // The boxes never move or grow, so these pointers stay good as long as `this`.
            this.iovs[i].iov_base = this.buffers[i * STRIDE..].as_mut_ptr().cast();
            let header = &mut this.headers[i].msg_hdr;
            header.msg_iov = &raw mut this.iovs[i];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut this.names[i]).cast();
            header.msg_control = (&raw mut this.controls[i]).cast();
        }
        this
    }

    /// Reads what is there, without waiting. Returns how many reads it was; 0 if there was nothing.
    pub fn read(&mut self, socket: RawFd) -> io::Result<usize> {
        for header in &mut self.headers[..] {
            header.msg_hdr.msg_namelen = mem::size_of::<sockaddr_in>() as u32;
            header.msg_hdr.msg_controllen = mem::size_of::<Control>();
        }
        // SAFETY: every header points to buffers of `self` with their true lengths.
        let read = unsafe {
            let headers = self.headers.as_mut_ptr();
            libc::recvmmsg(socket, headers, BATCH as u32, libc::MSG_DONTWAIT, ptr::null_mut())
        };
        self.count = usize::try_from(read).unwrap_or(0);
        match read {
            0.. => Ok(self.count),
            _ => match io::Error::last_os_error() {
                // An ICMP error belongs to something sent earlier.
                e if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionRefused) => {
                    Ok(0)
                }
                e => Err(e),
            },
        }
    }

    /// The sender, the bytes, and the length of each datagram in them (the last may be shorter).
    pub fn trains(&self) -> impl Iterator<Item = (SocketAddrV4, &[u8], usize)> {
        self.arrivals().map(|arrival| (arrival.source, arrival.bytes, arrival.stride))
    }

    /// The same, and when each came.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival<'_>> {
        (0..self.count).map(|i| {
            let header = &self.headers[i];
            let bytes = &self.buffers[i * STRIDE..][..header.msg_len as usize];
            let (segment, at_ns) = told(&header.msg_hdr);
            let stride = segment.unwrap_or(bytes.len()).max(1);
            Arrival { source: address(&self.names[i]), bytes, stride, at_ns }
        })
    }
}

/// One read: a datagram, or several that the kernel has joined (GRO).
pub struct Arrival<'a> {
    /// The sender.
    pub source: SocketAddrV4,
    /// All datagrams, back to back.
    pub bytes: &'a [u8],
    /// The length of each; the last may be shorter.
    pub stride: usize,
    /// When the kernel had it, by [`real_ns`]; only if [`set_arrival_times`] asked for it.
    pub at_ns: Option<u64>,
}

/// What the control messages say: the length of GRO's segments, and the time of arrival.
fn told(header: &msghdr) -> (Option<usize>, Option<u64>) {
    let (mut segment, mut at_ns) = (None, None);
    if header.msg_controllen < mem::size_of::<cmsghdr>() {
        return (segment, at_ns);
    }
    // SAFETY: the kernel has filled the control buffer this header points to and set its length.
    unsafe {
        let mut next = libc::CMSG_FIRSTHDR(header);
        while !next.is_null() {
            let data = libc::CMSG_DATA(next);
            match ((*next).cmsg_level, (*next).cmsg_type) {
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    segment = Some(ptr::read_unaligned(data.cast::<c_int>()) as usize);
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    at_ns = Some(nanoseconds(ptr::read_unaligned(data.cast::<libc::timespec>())));
                }
                _ => {}
            }
            next = libc::CMSG_NXTHDR(header, next);
        }
    }
    (segment, at_ns)
}

/// The clock of [`Arrival::at_ns`]: nanoseconds since 1970.
pub fn real_ns() -> u64 {
    // SAFETY: the result is a plain value, written before it is read.
    unsafe {
        let mut time: libc::timespec = mem::zeroed();
        libc::clock_gettime(libc::CLOCK_REALTIME, &mut time);
        nanoseconds(time)
    }
}

fn nanoseconds(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Sends the slices as one datagram, or as several of `segment` bytes (GSO).
pub fn send(
    socket: RawFd,
    to: Option<SocketAddrV4>,
    slices: &[IoSlice<'_>],
    segment: Option<u16>,
) -> io::Result<()> {
    let mut name = to.map(raw_address);
    let mut control: Control = [0; 8];
    // SAFETY: `IoSlice` has the layout of `iovec`; everything pointed to outlives the call.
    let sent = unsafe {
        let mut header: msghdr = mem::zeroed();
        header.msg_iov = slices.as_ptr().cast_mut().cast();
        header.msg_iovlen = slices.len();
        if let Some(name) = &mut name {
            header.msg_name = ptr::from_mut(name).cast();
            header.msg_namelen = mem::size_of::<sockaddr_in>() as u32;
        }
        if let Some(segment) = segment {
            header.msg_control = (&raw mut control).cast();
            header.msg_controllen = libc::CMSG_SPACE(2) as usize;
            let first = libc::CMSG_FIRSTHDR(&header);
            (*first).cmsg_level = libc::SOL_UDP;
            (*first).cmsg_type = libc::UDP_SEGMENT;
            (*first).cmsg_len = libc::CMSG_LEN(2) as usize;
            ptr::write_unaligned(libc::CMSG_DATA(first).cast::<u16>(), segment);
        }
        libc::sendmsg(socket, &header, libc::MSG_DONTWAIT)
    };
    checked(sent as c_int).map(drop)
}

/// Sends each slice as a datagram of its own with one call (`sendmmsg`). Returns how many went.
pub fn send_each(socket: RawFd, to: Option<SocketAddrV4>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut name = to.map(raw_address);
    let name = name.as_mut().map_or(ptr::null_mut(), |name| ptr::from_mut(name).cast::<c_void>());
    let mut headers: [mmsghdr; BATCH] = {
        // SAFETY: all-zero bytes are a valid header.
        unsafe { mem::zeroed() }
    };
    let count = slices.len().min(BATCH);
    for (header, slice) in headers.iter_mut().zip(slices) {
        header.msg_hdr.msg_iov = ptr::from_ref(slice).cast_mut().cast();
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_name = name;
        header.msg_hdr.msg_namelen = if name.is_null() { 0 } else { mem::size_of::<sockaddr_in>() as u32 };
    }
    // SAFETY: the headers point to the slices and the name, which outlive the call.
    let sent = unsafe { libc::sendmmsg(socket, headers.as_mut_ptr(), count as u32, libc::MSG_DONTWAIT) };
    checked(sent).map(|sent| sent as usize)
}

/// Lets a socket hold this much, more than the system's limit where that is permitted.
pub fn set_buffers(socket: &impl AsRawFd, bytes: c_int) {
    let by_force = [libc::SO_RCVBUFFORCE, libc::SO_SNDBUFFORCE];
    for (force, plain) in by_force.into_iter().zip([libc::SO_RCVBUF, libc::SO_SNDBUF]) {
        if set_option(socket, libc::SOL_SOCKET, force, bytes).is_err() {
            // What is within the limit is better than nothing.
            let _ = set_option(socket, libc::SOL_SOCKET, plain, bytes);
        }
    }
}

/// Whether reads tell when a datagram came.
pub fn set_arrival_times(socket: &UdpSocket, on: bool) -> io::Result<()> {
    set_option(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, c_int::from(on))
}

/// Whether a socket takes trains of datagrams in one read.
pub fn set_gro(socket: &UdpSocket, on: bool) -> io::Result<()> {
    set_option(socket, libc::SOL_UDP, libc::UDP_GRO, c_int::from(on))
}

fn set_option(socket: &impl AsRawFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    // SAFETY: the value is an int and its size is told.
    let done = unsafe {
        let size = mem::size_of::<c_int>() as u32;
        libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), size)
    };
    checked(done).map(drop)
}

/// An epoll set; level-triggered, for reading.
pub struct Poll(OwnedFd);

impl Poll {
    /// Empty.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the descriptor is new and ours.
        checked(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
            .map(|fd| Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Watches a socket, under this number.
    pub fn add(&self, socket: &impl AsRawFd, number: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number as u64 };
        // SAFETY: both descriptors are open, the event is valid.
        let done = unsafe {
            libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &mut event)
        };
        checked(done).map(drop)
    }

    /// Numbers of the sockets that have something; waits for it at most this long, for ever if `None`.
    pub fn wait<'a>(
        &self,
        events: &'a mut Events,
        wait: Option<Duration>,
    ) -> io::Result<impl Iterator<Item = usize> + use<'a>> {
        let timeout = wait.map(|wait| libc::timespec {
            tv_sec: wait.as_secs() as libc::time_t,
            tv_nsec: wait.subsec_nanos() as libc::c_long,
        });
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the buffer has the length that is told, and the time outlives the call.
        let ready = unsafe {
            let (events, most) = (events.0.as_mut_ptr(), events.0.len() as c_int);
            libc::epoll_pwait2(self.0.as_raw_fd(), events, most, timeout, ptr::null())
        };
        let ready = match checked(ready) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            other => other? as usize,
        };
        Ok(events.0[..ready].iter().map(|event| event.u64 as usize))
    }
}

/// Room for what [`Poll::wait`] finds.
pub struct Events(Vec<libc::epoll_event>);

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl Events {
    /// As many as it finds at once.
    pub fn new() -> Self {
        Self(vec![libc::epoll_event { events: 0, u64: 0 }; 256])
    }
}

/// User and system time of a whole process, ended threads included. The kernel counts it in nanoseconds, at
/// every switch of tasks; nothing is sampled.
pub fn cpu_time(process: u32) -> io::Result<Duration> {
    // SAFETY: both results are plain values, written before they are read.
    unsafe {
        let mut clock = 0;
        match libc::clock_getcpuclockid(process as libc::pid_t, &mut clock) {
            0 => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
        let mut time: libc::timespec = mem::zeroed();
        checked(libc::clock_gettime(clock, &mut time))?;
        Ok(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }
}

/// The cores this process may use.
pub fn cores() -> io::Result<Vec<usize>> {
    // SAFETY: the set is plain bits, and its size is told.
    unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        checked(libc::sched_getaffinity(0, mem::size_of_val(&set), &mut set))?;
        Ok((0..libc::CPU_SETSIZE as usize).filter(|core| libc::CPU_ISSET(*core, &set)).collect())
    }
}

/// Binds this thread, and what it starts from now on, to one core.
pub fn pin(core: usize) -> io::Result<()> {
    // SAFETY: as above.
    unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        libc::CPU_SET(core, &mut set);
        checked(libc::sched_setaffinity(0, mem::size_of_val(&set), &set)).map(drop)
    }
}

/// A process that does not outlive this one, however it ends.
pub fn die_with_parent(command: &mut Command) {
    // SAFETY: between fork and exec the child makes one system call and touches no memory.
    unsafe {
        command.pre_exec(|| checked(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL)).map(drop));
    }
}

/// Leaves the network for an empty one, with the rights to set it up; without being root where the system lets
/// anybody do so.
pub fn own_network() -> io::Result<()> {
    // SAFETY: both calls change what this process sees and touch no memory of it.
    unsafe {
        if libc::unshare(libc::CLONE_NEWNET) < 0 {
            checked(libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET))?;
        }
    }
    Ok(())
}

/// How far this process, and what it starts from now on, goes before what else the machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// `SCHED_RR`: runs as soon as there is something to do.
    RealTime,
    /// Only a larger share.
    Nice,
    /// As everything else.
    None,
}

/// Asks for precedence, and says how much was permitted.
pub fn take_precedence() -> Precedence {
    // SAFETY: the parameter is a plain structure, the rest are numbers.
    unsafe {
        let mut parameter: libc::sched_param = mem::zeroed();
        parameter.sched_priority = 1;
        if libc::sched_setscheduler(0, libc::SCHED_RR, &parameter) == 0 {
            Precedence::RealTime
        } else if libc::setpriority(libc::PRIO_PROCESS, 0, -15) == 0 {
            Precedence::Nice
        } else {
            Precedence::None
        }
    }
}

/// Raises the limit of open files to `wanted`, or as near as is permitted; returns what it is then.
pub fn raise_open_files(wanted: u64) -> u64 {
    // SAFETY: the limit is a plain structure.
    unsafe {
        let mut limit: libc::rlimit = mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        for most in [limit.rlim_max.max(wanted), limit.rlim_max] {
            let raised = libc::rlimit { rlim_cur: wanted.max(limit.rlim_cur).min(most), rlim_max: most };
            if libc::setrlimit(libc::RLIMIT_NOFILE, &raised) == 0 {
                return raised.rlim_cur;
            }
        }
        limit.rlim_cur
    }
}

fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn raw_address(address: SocketAddrV4) -> sockaddr_in {
    sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(*address.ip()).to_be() },
        sin_zero: [0; 8],
    }
}

fn address(raw: &sockaddr_in) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from(u32::from_be(raw.sin_addr.s_addr)), u16::from_be(raw.sin_port))
}
