//! `bench-sfu`: Kaigi's SFU, Janus's VideoRoom, and a floor that only encrypts and sends, side by side.

mod check;
mod client;
mod clip;
mod generator;
mod janus;
mod meeting;
mod network;
mod publisher;
mod sent;
mod servers;
mod websocket;

use std::{rc::Rc, time::{Duration, Instant}, io};
use kaigi_bench::{sys, stats::percentile};
use meeting::{Meeting, Sends};

fn main() -> io::Result<()> {
    let subs: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(10);
    let loops = std::env::args().nth(2).is_some();
    let setup = servers::Setup { kaigi: "target/release/kaigi".into(), janus: "janus".into(), server_core: 1, load_core: 0 };
    sys::raise_open_files(32768);
    sys::pin(0)?;
    network::enter()?;
    let clip = Rc::new(clip::Clip::encode()?);
    println!("{:?} {:?}", clip.bitrates(), sys::take_precedence());
    let server = servers::Server::start(if loops { servers::Kind::JanusLoops } else { servers::Kind::Janus }, &setup)?;
    let mut generator = generator::Generator::new(clip)?;
    let mut room = janus::VideoRoom::open(server.address)?;
    let done = (|| -> io::Result<()> {
    let feed = room.publish(&mut generator, Sends { video: true, level: 30 })?;
    println!("published");
    let mut joins = Vec::new();
    for _ in 0..subs {
        let begin = sys::real_ns();
        let client = room.watch(&mut generator, None, &[feed], 2)?;
        generator.run_while(Instant::now() + Duration::from_secs(5), |g| g.clients[client].first_media_ns.is_none())?;
        joins.push(generator.clients[client].first_media_ns.map_or(u64::MAX, |ns| ns - begin) / 1000);
    }
    println!("join µs p50 {} p99 {}", percentile(&mut joins, 50), percentile(&mut joins, 99));
    generator.run_until(Instant::now() + Duration::from_secs(3))?;
    for _ in 0..3 {
        let (mut outcome, [before, after]) = generator.measure(Duration::from_secs(1), true, || sys::cpu_time(server.process()))?;
        let cpu = after - before;
        println!("{:?} {:?} {:?}", outcome.fault(), generator.shared.logs.iter().map(|l| l.end()).collect::<Vec<_>>(), generator.clients[1].tracks().map(|t| t.carries()).collect::<Vec<_>>());
        let l = &mut outcome.counts.latencies_ns;
        println!("latency µs {} {}", percentile(l, 50)/1000, percentile(l, 99)/1000);
        println!("{} packets, {} ns each, own share {:.2}, server {:.2}, rss {} switches {}", outcome.counts.packets, cpu.as_nanos() / u128::from(outcome.counts.packets.max(1)), outcome.own_share, cpu.as_secs_f64(), server.resident_bytes()?, outcome.counts.switches);
    }
    Ok(())
    })();
    if done.is_err() { println!("{}", server.log()); }
    room.pump(&mut generator)?;
    done
}
