use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::*;

/// A server that answers at once, except that it does nothing at all from `stalls` on for a while.
fn server(stalls: Option<(Duration, Duration)>, answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (begun, stalled) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let gate = Arc::new(Mutex::new(()));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, gate) = (stream.unwrap(), Arc::clone(&gate));
            let stalled = Arc::clone(&stalled);
            thread::spawn(move || {
                let mut bytes = [0; 1_024];
                while let Ok(1..) = stream.read(&mut bytes) {
                    // Whoever comes first into the stall holds all the others up.
                    let held = gate.lock().unwrap();
                    if let Some((from, time)) = stalls
                        && begun.elapsed() > from
                        && !stalled.swap(true, Ordering::SeqCst)
                    {
                        thread::sleep(time);
                    }
                    drop(held);
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nyes!";

fn requests() -> Vec<Request> {
    vec![Request {
        bytes: b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        status: 200,
        holds: "yes",
    }]
}

fn step(address: SocketAddr, rate: u32, time_ms: u64) -> Outcome {
    run(&Load {
        rate,
        time: Duration::from_millis(time_ms),
        callers: 4,
        addresses: &[address],
        requests: &requests(),
        checks: true,
    })
    .unwrap()
}

#[test]
fn a_rate_is_kept_and_every_request_that_was_due_is_counted() {
    let began = Instant::now();
    let outcome = step(server(None, OK), 200, 1_000);
    assert_eq!((outcome.due, outcome.good, outcome.errors), (200, 200, 0));
    assert_eq!(outcome.times.len(), 200);
    // One that sends as fast as it can would be done at once.
    assert!(began.elapsed() >= Duration::from_millis(995));
    assert!(outcome.reached() <= 200.0);
}

#[test]
fn a_stall_is_in_the_times_of_all_that_were_due_meanwhile() {
    let stall = Duration::from_millis(600);
    let outcome = step(
        server(Some((Duration::from_millis(300), stall)), OK),
        200,
        1_500,
    );
    assert_eq!((outcome.due, outcome.good), (300, 300));
    // A tenth of all were due in the first half of the stall, and waited for its second half. With four connections a
    // generator that counts from the sending would have found four slow ones of 300, and a p95 of next to nothing.
    let p90 = stats::percentile(&outcome.times, 900).unwrap();
    assert!(p90 > stall / 2, "{p90:?}");
    let p99 = stats::percentile(&outcome.times, 990).unwrap();
    assert!(p99 > stall * 9 / 10, "{p99:?}");
}

#[test]
fn a_server_that_is_too_slow_does_not_reach_the_rate() {
    // Four callers at a server that takes one request after the other, each 10 ms: 100 a second.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let gate = Arc::new(Mutex::new(()));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, gate) = (stream.unwrap(), Arc::clone(&gate));
            thread::spawn(move || {
                while let Ok(1..) = stream.read(&mut [0; 1_024]) {
                    let held = gate.lock().unwrap();
                    thread::sleep(Duration::from_millis(10));
                    drop(held);
                    stream.write_all(OK.as_bytes()).unwrap();
                }
            });
        }
    });
    let outcome = step(address, 200, 1_000);
    assert_eq!((outcome.due, outcome.good), (200, 200));
    assert!(outcome.reached() < 110.0, "{}", outcome.reached());
    // The last was due at 1 s and answered at 2 s or later.
    assert!(*outcome.times.last().unwrap() > Duration::from_millis(800));
}

#[test]
fn what_could_not_be_sent_in_time_is_given_up_and_counted() {
    let stall = OVERRUN + Duration::from_millis(600);
    let outcome = step(server(Some((Duration::ZERO, stall)), OK), 100, 400);
    assert_eq!(outcome.due, 40);
    assert_eq!(outcome.good + outcome.unsent, 40);
    assert!(outcome.unsent >= 30, "{}", outcome.unsent);
    assert!(outcome.error_share() > 0.7);
    assert_eq!(outcome.times.len(), 40);
    assert!(outcome.times.first().unwrap() > &OVERRUN);
}

#[test]
fn wrong_answers_are_errors_and_one_is_told() {
    for (answer, told) in [
        (
            "HTTP/1.1 503 x\r\ncontent-length: 4\r\n\r\nbusy",
            "503: busy",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nno!",
            "200: no!",
        ),
    ] {
        let outcome = step(server(None, answer), 100, 200);
        assert_eq!((outcome.good, outcome.errors), (0, 20));
        assert_eq!(outcome.example.as_deref(), Some(told));
    }
}

#[test]
fn nothing_to_send_is_an_error() {
    let load = Load {
        rate: 10,
        time: Duration::from_secs(1),
        callers: 1,
        addresses: &[],
        requests: &requests(),
        checks: true,
    };
    assert!(run(&load).is_err());
    assert!(run(&Load { rate: 0, ..load }).is_err());
}
