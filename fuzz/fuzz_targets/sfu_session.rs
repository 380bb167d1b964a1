//! What arrives on the UDP port for live sessions: what clients really send, changed, cut, repeated, delayed, swapped
//! and mixed with anything else. The SFU never panics, and the other session goes on.
#![no_main]

mod live;

use libfuzzer_sys::fuzz_target;
use live::Live;

struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }
}

fuzz_target!(|data: &[u8]| {
    let mut live = Live::new();
    let mut script = Script(&data[..data.len().min(512)]);
    let mut kept = vec![];
    while !script.0.is_empty() {
        match script.byte() % 8 {
            0 => live.pass(u64::from(script.byte())),
            1 => live.deliver_all(),
            2 => drop(live.clients[0].wire.pop_front()),
            3 => kept = live.clients[0].wire.front().cloned().unwrap_or_default(),
            4 => live.deliver(0, &kept),
            5 => {
                let bytes = script.bytes();
                live.deliver(0, bytes);
            }
            6 => {
                // The length at first, then some of the bytes.
                let mut datagram = live.clients[0].wire.pop_front().unwrap_or_else(|| kept.clone());
                let end = usize::from(script.byte()) * 8;
                datagram.truncate(end.max(1));
                let changes = script.bytes();
                for change in changes.chunks_exact(2) {
                    let at = usize::from(change[0]) % datagram.len().max(1);
                    datagram.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= change[1]);
                }
                live.deliver(0, &datagram);
            }
            _ => {
                // From an address that nobody has.
                let mut path = live.clients[0].path;
                path.remote.set_port(u16::from(script.byte()) + 1);
                live.sfu.handle_datagram(live.now, &path, &kept);
            }
        }
        live.drain();
    }
    // Whatever one client sent, the other still has its session.
    assert!(live.sfu.session_count() >= 1);
    live.deliver_all();
    live.pass(100);
});
