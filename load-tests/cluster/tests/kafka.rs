//! A broker can be killed, paused, wiped and left running.

#![allow(clippy::unwrap_used, reason = "tests")]

use trilby_cluster::kafka::{self, Broker};

#[test]
#[ignore = "needs services"]
fn a_broker_outlives_its_own_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(&folder.path().join("broker")).unwrap();
    let address = broker.address();
    assert!(address.ip().is_loopback());
    assert!(kafka::answers(address));

    broker.kill().unwrap();
    assert!(!kafka::answers(address));
    broker.restart().unwrap();
    assert_eq!(broker.address(), address);

    broker.pause().unwrap();
    assert!(!kafka::answers(address));
    broker.resume().unwrap();
    assert!(kafka::answers(address));

    broker.wipe().unwrap();
    assert!(!kafka::answers(address));
    broker.restart().unwrap();
    broker.stop().unwrap();
    assert!(!kafka::answers(address));
}

#[test]
#[ignore = "needs services"]
fn a_broker_that_is_left_is_found_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("broker");
    let broker = Broker::start(&folder).unwrap();
    let address = broker.address();
    broker.leave();
    assert_eq!(kafka::left_in(&folder), Some(address));
    kafka::down(&folder).unwrap();
    assert!(!kafka::answers(address) && !folder.exists());
    assert_eq!(kafka::left_in(&folder), None);
}
