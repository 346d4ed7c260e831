use trilby_model::{Hash, Seq, Timestamp};

use super::*;
use crate::record::{Beat, Malformed, Place};

const CHANNEL: Channel = Channel::Revocations;

fn from(next: i64) -> Continuity {
    Continuity::new(CHANNEL, &[next])
}

fn moved() -> Result<Told, Refused> {
    let place = Place {
        log: trilby_model::LogId::Platform,
        seq: Seq::new(1),
        hash: Hash([0; 32]),
    };
    Ok(Told::Moved(Seq::new(1), place))
}

fn beat(run: u8, base: i64) -> Result<Told, Refused> {
    Ok(Told::Beat(Beat {
        at: Timestamp::from_micros(0),
        waiting: Duration::ZERO,
        run: [run; 16],
        base,
        incarnation: None,
    }))
}

/// What is told, in a letter each.
fn told(continuity: &mut Continuity, offset: i64, what: Result<Told, Refused>) -> String {
    let messages = continuity.take(0, offset, what);
    let letter = |message: &FeedMessage| match message {
        FeedMessage::Gap(_) => 'g',
        FeedMessage::Heartbeat(_) => 'h',
        FeedMessage::Commit(_)
        | FeedMessage::Moved { .. }
        | FeedMessage::Revocation(..)
        | FeedMessage::Rewound { .. } => 'm',
    };
    messages.map_or_else(
        |_| "lost".to_owned(),
        |all| all.iter().map(letter).collect(),
    )
}

#[test]
fn records_in_a_row_are_told_as_they_are() {
    let mut heard = from(7);
    assert_eq!(told(&mut heard, 7, moved()), "m");
    assert_eq!(told(&mut heard, 8, beat(1, 3)), "h");
    assert_eq!(told(&mut heard, 9, moved()), "m");
}

#[test]
fn a_jump_is_told_before_what_follows_it() {
    let mut heard = from(7);
    assert_eq!(told(&mut heard, 8, moved()), "gm");
    assert_eq!(told(&mut heard, 9, moved()), "m");
}

#[test]
fn what_cannot_be_read_is_a_gap() {
    let mut heard = from(0);
    let noise = Err(Malformed("noise").into());
    assert_eq!(told(&mut heard, 0, noise), "g");
    assert_eq!(told(&mut heard, 1, moved()), "m");
}

#[test]
fn what_another_store_tells_is_no_gap_and_no_sign_of_life() {
    let mut heard = from(7);
    let most = Duration::ZERO;
    let silent_since = heard.partitions[&0].heard_at;
    assert_eq!(told(&mut heard, 7, Err(Refused::OtherStore)), "");
    assert_eq!(heard.partitions[&0].heard_at, silent_since);
    assert!(heard.is_silent(silent_since + Duration::from_secs(1), most));
    // Its records count where ours are.
    assert_eq!(told(&mut heard, 8, moved()), "m");
    assert_eq!(told(&mut heard, 10, Err(Refused::OtherStore)), "g");
    assert_eq!(told(&mut heard, 11, moved()), "m");
}

#[test]
fn what_was_silent_goes_on_where_it_was_unless_it_ends_before_that() {
    let mut heard = Continuity::new(CHANNEL, &[7, 20]);
    assert!(!heard.is_heard());
    assert_eq!(told(&mut heard, 7, beat(1, 3)), "h");
    assert!(!heard.is_heard());
    drop(heard.take(1, 20, beat(1, 3)));
    assert!(heard.is_heard());
    // As it was, and with more that was told meanwhile.
    assert_eq!(heard.places(&[8, 21]), Some(vec![8, 21]));
    assert_eq!(heard.places(&[8, 30]), Some(vec![8, 21]));
    assert_eq!(heard.places(&[8, 20]), None);
    assert_eq!(heard.places(&[0, 0]), None);
    assert_eq!(heard.places(&[8]), None);
    let now = Instant::now() + Duration::from_secs(60);
    assert!(heard.is_silent(now, Duration::from_secs(10)));
    heard.rest(now);
    assert!(!heard.is_silent(now, Duration::from_secs(10)));
    assert!(!heard.is_heard());
    // Another partition of that name is still known by its relay's heartbeat.
    assert_eq!(told(&mut heard, 8, beat(2, 0)), "gh");
}

fn commit(incarnation: u32) -> Result<Told, Refused> {
    Ok(Told::Commit(RecordedCommit {
        log: trilby_model::LogId::Platform,
        first: Seq::new(1),
        last: Seq::new(2),
        prev_hash: Hash([0; 32]),
        hash: Hash([1; 32]),
        incarnation,
        at: Timestamp::from_micros(0),
        events: Vec::new(),
    }))
}

fn beat_of(incarnation: u32, base: i64) -> Result<Told, Refused> {
    let Ok(Told::Beat(beat)) = beat(1, base) else {
        panic!("it is one");
    };
    let incarnation = Some(incarnation);
    Ok(Told::Beat(Beat {
        incarnation,
        ..beat
    }))
}

fn rewound_to(incarnation: Option<u32>) -> Result<Told, Refused> {
    let place = Place {
        log: trilby_model::LogId::Platform,
        seq: Seq::new(1),
        hash: Hash([0; 32]),
    };
    Ok(Told::Rewound(place, incarnation))
}

/// It may be one that the store has lost, and arrives after its relay was told so.
#[test]
fn a_commit_of_an_incarnation_that_is_over_only_tells_that_there_may_be_something() {
    let is_believed = |heard: &mut Continuity, offset, of| {
        let told = heard.take(0, offset, commit(of)).unwrap();
        match &told[..] {
            [FeedMessage::Commit(commit)] => commit.incarnation == of,
            [FeedMessage::Moved { last, .. }] if *last == Seq::new(2) => false,
            other => panic!("{other:?}"),
        }
    };
    // By a heartbeat, by the first of a run, and by what tells of a loss.
    for tells in [beat_of(2, 0), beat_of(2, UNKNOWN), rewound_to(Some(2))] {
        let mut heard = from(0);
        assert!(is_believed(&mut heard, 0, 1));
        drop(heard.take(0, 1, beat_of(1, 0)));
        drop(heard.take(0, 2, rewound_to(None)));
        assert!(is_believed(&mut heard, 3, 1));
        drop(heard.take(0, 4, tells));
        assert!(!is_believed(&mut heard, 5, 1));
        assert!(is_believed(&mut heard, 6, 2));
        // Whoever has not heard of it goes on.
        drop(heard.take(0, 7, beat_of(1, 0)));
        assert!(!is_believed(&mut heard, 8, 1));
        assert!(is_believed(&mut heard, 9, 3));
        heard.rest(Instant::now());
        assert!(!is_believed(&mut heard, 10, 1));
    }
}

#[test]
fn a_partition_that_begins_anew_ends_the_position() {
    let mut heard = from(7);
    assert_eq!(told(&mut heard, 3, moved()), "lost");
}

#[test]
fn another_run_that_began_after_what_was_heard_vouches() {
    let mut heard = from(0);
    assert_eq!(told(&mut heard, 0, beat(1, 0)), "h");
    assert_eq!(told(&mut heard, 1, beat(2, UNKNOWN)), "");
    assert_eq!(told(&mut heard, 2, beat(2, 1)), "h");
}

#[test]
fn another_run_that_began_before_what_was_heard_is_of_another_partition() {
    let mut heard = from(0);
    assert_eq!(told(&mut heard, 0, beat(1, 0)), "h");
    // The partition was emptied, and filled again beyond what was heard.
    assert_eq!(told(&mut heard, 1, moved()), "m");
    assert_eq!(told(&mut heard, 2, beat(2, 0)), "gh");
    assert_eq!(told(&mut heard, 3, beat(2, 0)), "h");
}
