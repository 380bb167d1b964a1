use super::*;

fn asked(requests: &mut Requests, start: Instant, from: u64, to: u64) -> Vec<u64> {
    (from..to).filter(|&ms| requests.poll(start + Duration::from_millis(ms))).collect()
}

#[test]
fn many_who_want_one_make_one_request() {
    let start = Instant::now();
    let mut requests = Requests::default();
    for _ in 0..100 {
        requests.want(start);
    }
    assert_eq!(asked(&mut requests, start, 0, 100), [0]);
}

#[test]
fn it_is_asked_for_until_one_comes() {
    let start = Instant::now();
    let mut requests = Requests::default();
    requests.want(start);
    assert_eq!(asked(&mut requests, start, 0, 1200), [0, 500, 1000]);
    requests.fulfil();
    assert_eq!(asked(&mut requests, start, 1200, 5000), [0; 0]);
    assert_eq!(requests.poll_timeout(), None);
}

#[test]
fn nobody_wanting_it_any_more_ends_the_requests() {
    let start = Instant::now();
    let mut requests = Requests::default();
    requests.want(start);
    assert_eq!(asked(&mut requests, start, 0, 10_000), [0, 500, 1000, 1500, 2000, 2500]);
    assert_eq!(requests.poll_timeout(), None);
}

#[test]
fn a_keyframe_that_was_lost_again_is_asked_for_no_sooner_than_allowed() {
    let start = Instant::now();
    let mut requests = Requests::default();
    requests.want(start);
    assert!(requests.poll(start));
    requests.fulfil();
    requests.want(start + Duration::from_millis(100));
    assert_eq!(requests.poll_timeout(), Some(start + APART));
    assert_eq!(asked(&mut requests, start, 100, 700), [300]);
}
