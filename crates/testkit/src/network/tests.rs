use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Sends numbered datagrams of 972 bytes (1,000 on the wire) at an even pace and says what arrives when.
fn run(link: &mut Link<u32>, start: Instant, count: u32, every: Duration) -> Vec<(Duration, u32)> {
    for number in 0..count {
        link.send(start + every * number, 1000 - UDP_OVERHEAD, number);
    }
    let mut arrived = vec![];
    while let Some(at) = link.poll_timeout() {
        assert_eq!(link.poll(at - Duration::from_nanos(1)), None, "nothing comes early");
        arrived.push((at - start, link.poll(at).expect("it said so")));
    }
    arrived
}

fn share(arrived: usize, sent: u32) -> f64 {
    1.0 - arrived as f64 / f64::from(sent)
}

#[test]
fn a_plain_link_only_delays() {
    let mut link = Link::new(1, Conditions::delay(ms(40)));
    let arrived = run(&mut link, Instant::now(), 100, ms(10));
    let expected: Vec<_> = (0..100).map(|number| (ms(40 + 10 * u64::from(number)), number)).collect();
    assert_eq!(arrived, expected);
}

#[test]
fn a_seed_decides_everything() {
    let rough = Conditions { jitter: ms(30), reorder: 0.05, duplicate: 0.05, ..Conditions::delay(ms(20)) }
        .with_loss(Loss::Bursts { share: 0.1, length: 4.0 })
        .with_rate(1_500_000, ms(100));
    let once = |seed| run(&mut Link::new(seed, rough), Instant::now(), 2000, ms(5));
    assert_eq!(once(7), once(7));
    assert_ne!(once(7), once(8));
}

#[test]
fn jitter_keeps_the_order_and_stays_in_its_bound() {
    let conditions = Conditions { jitter: ms(50), ..Conditions::delay(ms(20)) };
    let arrived = run(&mut Link::new(1, conditions), Instant::now(), 1000, ms(10));
    assert!(arrived.is_sorted() && arrived.iter().map(|(_, number)| *number).is_sorted());
    let delays: Vec<_> = arrived.iter().map(|(at, number)| *at - ms(10) * *number).collect();
    assert!(delays.iter().all(|delay| (ms(20)..=ms(70)).contains(delay)));
    assert!(delays.iter().min() < Some(&ms(25)) && delays.iter().max() > Some(&ms(65)));
}

#[test]
fn reordered_datagrams_are_overtaken_and_others_are_not() {
    let conditions = Conditions { reorder: 0.1, ..Conditions::delay(ms(20)) };
    let mut link = Link::new(1, conditions);
    let arrived = run(&mut link, Instant::now(), 2000, ms(5));
    let late = arrived.windows(2).filter(|pair| pair[1].1 < pair[0].1).count();
    assert!((150..250).contains(&late), "{late} of 2000 at 10 %");
    assert!(link.counts().reordered >= late as u64);
    let in_time = arrived.iter().filter(|(at, number)| *at == ms(20) + ms(5) * *number).count();
    assert_eq!(in_time as u64, 2000 - link.counts().reordered);
}

#[test]
fn random_loss_takes_its_share_and_seldom_neighbours() {
    let mut link = Link::new(1, Conditions::default().with_loss(Loss::Random(0.1)));
    let arrived = run(&mut link, Instant::now(), 20_000, ms(1));
    assert!((0.09..0.11).contains(&share(arrived.len(), 20_000)));
    let longest = arrived.windows(2).map(|pair| pair[1].1 - pair[0].1 - 1).max();
    assert!(longest <= Some(6), "{longest:?} in a row");
}

#[test]
fn bursts_take_the_same_share_in_longer_runs() {
    let mut link = Link::new(1, Conditions::default().with_loss(Loss::Bursts { share: 0.1, length: 8.0 }));
    let arrived = run(&mut link, Instant::now(), 50_000, ms(1));
    assert!((0.08..0.12).contains(&share(arrived.len(), 50_000)), "{}", share(arrived.len(), 50_000));
    let gaps: Vec<_> =
        arrived.windows(2).map(|pair| pair[1].1 - pair[0].1 - 1).filter(|gap| *gap > 0).collect();
    let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
    assert!((7.0..9.0).contains(&mean), "{mean} in a row");
}

#[test]
fn a_rate_really_limits() {
    // 4 Mbit/s into 1 Mbit/s for ten seconds.
    let mut link = Link::new(1, Conditions::default().with_rate(1_000_000, ms(200)));
    let arrived = run(&mut link, Instant::now(), 5000, ms(2));
    let within = arrived.iter().filter(|(at, _)| *at <= 10 * SECOND).count();
    assert!((1240..=1250).contains(&within), "{within} kB in 10 s");
    let counts = link.counts();
    assert_eq!(counts.overflowed + arrived.len() as u64, 5000);
    assert_eq!(counts.bytes, arrived.len() as u64 * 1000);
    // Nothing waits longer than the queue is.
    let most = arrived.iter().map(|(at, number)| *at - ms(2) * *number).max();
    assert!(Some(ms(190)) < most && most <= Some(ms(200)), "{most:?}");
}

#[test]
fn what_fits_the_rate_does_not_wait_for_more_than_itself() {
    let mut link = Link::new(1, Conditions::default().with_rate(1_000_000, ms(200)));
    let arrived = run(&mut link, Instant::now(), 100, ms(10));
    assert!(arrived.iter().all(|(at, number)| *at == ms(8) + ms(10) * *number));
}

#[test]
fn duplicates_come_and_are_counted() {
    let conditions = Conditions { duplicate: 0.2, ..Conditions::delay(ms(10)) };
    let mut link = Link::new(1, conditions);
    let arrived = run(&mut link, Instant::now(), 1000, ms(1));
    assert_eq!(arrived.len() as u64, 1000 + link.counts().duplicated);
    assert!((150..250).contains(&link.counts().duplicated));
}

#[test]
fn conditions_change_when_they_should() {
    let start = Instant::now();
    let mut link = Link::new(1, Conditions::delay(ms(10)));
    link.set_at(start + SECOND, Conditions::default().with_loss(Loss::All));
    link.set_at(start + 2 * SECOND, Conditions::delay(ms(30)));
    let arrived = run(&mut link, start, 300, ms(10));
    let expected = (0..100).map(|n| (ms(10 + 10 * n), n as u32));
    let expected: Vec<_> = expected.chain((200..300).map(|n| (ms(30 + 10 * n), n as u32))).collect();
    assert_eq!(arrived, expected);
    assert_eq!(link.counts().lost, 100);
}

#[test]
fn the_fate_is_what_happens() {
    let mut link =
        Link::new(3, Conditions::default().with_loss(Loss::Random(0.3)).with_rate(100_000, ms(100)));
    let now = Instant::now();
    let fates: Vec<_> = (0..20).map(|number| link.send(now, 72, number)).collect();
    let mut arrived = vec![];
    while let Some(at) = link.poll_timeout() {
        arrived.extend(link.poll(at));
    }
    let promised: Vec<_> = (0..20).filter(|number| fates[*number as usize] == Fate::Arrives).collect();
    assert_eq!(arrived, promised);
    assert!(fates.contains(&Fate::Lost) && fates.contains(&Fate::Overflowed));
}

#[test]
fn links_of_a_network_share_time_and_not_luck() {
    let start = Instant::now();
    let conditions = Conditions::delay(ms(10)).with_loss(Loss::Random(0.5));
    let only_first = {
        let mut network = Network::new(5);
        network.lay(1, conditions);
        let link = network.link(1).expect("it was laid");
        (0..100).map(|number| link.send(start, 100, number)).collect::<Vec<_>>()
    };
    let mut network = Network::new(5);
    network.lay(1, conditions);
    network.lay(2, conditions);
    let mut fates = [vec![], vec![]];
    for number in 0..100 {
        for key in [1, 2] {
            let link = network.link(key).expect("it was laid");
            fates[key as usize - 1].push(link.send(start + ms(number), 100, number));
        }
    }
    assert_eq!(fates[0], only_first);
    assert_ne!(fates[0], fates[1]);
    assert_eq!(network.poll(start), None);
    let mut before = start;
    while let Some(at) = network.poll_timeout() {
        assert!(at >= before);
        before = at;
        assert!(network.poll(at).is_some());
    }
    let arrived = fates.iter().flatten().filter(|fate| **fate == Fate::Arrives).count() as u64;
    let lost = [1, 2].map(|key| network.link(key).expect("it was laid").counts().lost);
    assert_eq!(arrived + lost[0] + lost[1], 200);
}
