use super::*;

const FRAME: [u8; 100] = [7; 100];

async fn take(outbox: &Outbox) -> Vec<u8> {
    let mut taken = Vec::new();
    outbox.take(&mut taken).await;
    taken
}

#[test]
fn a_client_that_never_reads_holds_half_a_second_of_frames_and_no_more() {
    let outbox = Outbox::default();
    let start = Instant::now();
    let mut dropped = 0;
    for millisecond in 0..10_000 {
        dropped += outbox.push(start + Duration::from_millis(millisecond), &[&FRAME]);
        assert!(outbox.waiting() <= 501 * FRAME.len());
    }
    // What is dropped is what is old, not what is new.
    assert_eq!(outbox.waiting(), 501 * FRAME.len());
    assert_eq!(dropped, 10_000 - 501);
}

#[test]
fn the_bytes_have_a_bound_for_whoever_has_no_bandwidth_limit() {
    let outbox = Outbox::default();
    let now = Instant::now();
    let frame = vec![0; 60_000];
    let dropped: u64 = (0..1000).map(|_| outbox.push(now, &[&frame])).sum();
    assert!(outbox.waiting() <= MOST_BYTES && outbox.waiting() > MOST_BYTES - 60_000);
    assert_eq!(dropped as usize, 1000 - outbox.waiting() / 60_000);
}

#[tokio::test]
async fn what_waits_is_taken_in_order_up_to_a_bound_and_never_half_a_frame() {
    let outbox = Outbox::default();
    let now = Instant::now();
    for byte in 0..100u8 {
        outbox.push(now, &[&[byte; 500], &[byte; 500]]);
    }
    let first = take(&outbox).await;
    assert_eq!(first.len(), TAKE / 1000 * 1000);
    let all = [first, take(&outbox).await].concat();
    assert_eq!(all.len(), 100_000);
    assert!(all.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at / 1000));
    // A frame longer than the bound is taken all the same.
    outbox.push(now, &[&vec![1; TAKE + 1]]);
    assert_eq!(take(&outbox).await.len(), TAKE + 1);
}

#[tokio::test]
async fn stale_frames_are_not_taken() {
    let outbox = Outbox::default();
    let past = Instant::now().checked_sub(STALE + Duration::from_secs(1)).unwrap();
    outbox.push(past, &[&FRAME]);
    outbox.push(Instant::now(), &[b"new"]);
    assert_eq!(take(&outbox).await, b"new");
}

#[tokio::test]
async fn whoever_waits_is_woken_by_the_bell_and_by_the_end() {
    let outbox = std::sync::Arc::new(Outbox::default());
    let waiting = tokio::spawn({
        let outbox = outbox.clone();
        async move { (take(&outbox).await, outbox.take(&mut Vec::new()).await) }
    });
    tokio::task::yield_now().await;
    outbox.push(Instant::now(), &[b"one"]);
    outbox.ring();
    while outbox.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    outbox.close();
    assert_eq!(waiting.await.unwrap(), (b"one".to_vec(), false));
}
