use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use trilby_eventlog::chain;

use super::*;

const STORE: [u8; 16] = [7; 16];

const OTHER: [u8; 16] = [8; 16];

fn told(channel: Channel, record: &Record) -> Result<Told, Refused> {
    told_to(&STORE, channel, record)
}

fn told_to(store_id: &[u8; 16], channel: Channel, record: &Record) -> Result<Told, Refused> {
    let header = |name: &str| {
        let found = record.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_bytes())
    };
    decode(&source(store_id), channel, header, &record.value)
}

fn log() -> impl Strategy<Value = LogId> {
    prop_oneof![
        "[0-9]{12}".prop_map(|text| text.parse().unwrap()),
        "o-[a-z0-9]{10}".prop_map(|text| text.parse().unwrap()),
        Just(LogId::Platform),
    ]
}

prop_compose! {
    fn commits()(
        log in log(),
        first in 1_u64..1_000_000,
        at in any::<i64>(),
        incarnation in any::<u32>(),
        prev in any::<[u8; 32]>(),
        events in vec(("[a-z]{1,9}\\.[a-z_]{1,20}", any::<u16>(), proptest::option::of(vec(any::<u8>(), 0..300)), any::<[u8; 32]>()), 1..8),
    ) -> RecordedCommit {
        let last = first + u64::try_from(events.len()).unwrap() - 1;
        let events: Vec<Recorded> = events.into_iter().zip(first..).map(|((etype, ever, body, hash), seq)| Recorded {
            log: log.clone(),
            seq: Seq::new(seq),
            commit_first: Seq::new(first),
            commit_last: Seq::new(last),
            at: Timestamp::from_micros(at),
            etype,
            ever,
            incarnation,
            body_hash: chain::body_hash(body.as_deref().unwrap_or_default()),
            body,
            hash: Hash(hash),
        }).collect();
        RecordedCommit {
            log,
            first: Seq::new(first),
            last: Seq::new(last),
            prev_hash: Hash(prev),
            hash: events.last().unwrap().hash,
            incarnation,
            at: Timestamp::from_micros(at),
            events,
        }
    }
}

prop_compose! {
    fn revocations()(
        log in log(), kind in 0..10_usize, id_hash in any::<[u8; 16]>(), seq in any::<u64>(), before in any::<u64>(), at in any::<i64>(),
    ) -> Revocation {
        Revocation {
            log, kind: RevocationKind::ALL[kind], id_hash, seq: Seq::new(seq), before: Seq::new(before), at: Timestamp::from_micros(at),
        }
    }
}

proptest! {
    #[test]
    fn a_commit_is_told_as_it_is(one in commits()) {
        let record = commit(&STORE, &one, Some("00-aa-bb-01"), false);
        prop_assert_eq!(record.value.len(), size(&one));
        prop_assert_eq!(told(Channel::Commits, &record), Ok(Told::Commit(one)));
    }

    #[test]
    fn a_pointer_names_the_end_of_its_commit(one in commits()) {
        let record = commit(&STORE, &one, None, true);
        prop_assert!(record.value.is_empty());
        let place = Place { log: one.log, seq: one.last, hash: one.hash };
        prop_assert_eq!(told(Channel::Commits, &record), Ok(Told::Moved(one.first, place)));
    }

    #[test]
    fn a_revocation_is_told_as_it_is(one in revocations()) {
        let record = revocation(&STORE, &one, None);
        prop_assert_eq!(told(Channel::Revocations, &record), Ok(Told::Revocation(one)));
        prop_assert!(told(Channel::Commits, &record).is_err());
    }

    #[test]
    fn a_place_and_a_beat_are_told_as_they_are(
        log in log(), seq in any::<u64>(), hash in any::<[u8; 32]>(), at in any::<i64>(), us in any::<u64>(), run in any::<[u8; 16]>(), base in any::<i64>(),
        incarnation in any::<u32>(), is_told in any::<bool>(),
    ) {
        let keep = Place { log, seq: Seq::new(seq), hash: Hash(hash) };
        prop_assert_eq!(told(Channel::Commits, &rewound(&STORE, &keep, incarnation)), Ok(Told::Rewound(keep, Some(incarnation))));
        let sign = Beat { at: Timestamp::from_micros(at), waiting: Duration::from_micros(us), run, base, incarnation: is_told.then_some(incarnation) };
        for channel in [Channel::Commits, Channel::Revocations] {
            prop_assert_eq!(told(channel, &beat(&STORE, 3, &sign)), Ok(Told::Beat(sign)));
        }
    }

    /// Whatever a relay tells is told to its own store, and to no other.
    #[test]
    fn nothing_of_another_store_is_believed(commits in commits(), revocations in revocations(), is_pointer in any::<bool>()) {
        let keep = Place { log: commits.log.clone(), seq: commits.last, hash: commits.hash };
        let sign = Beat { at: commits.at, waiting: Duration::ZERO, run: [1; 16], base: 0, incarnation: Some(2) };
        let of_commits = [commit(&STORE, &commits, None, is_pointer), rewound(&STORE, &keep, 2), beat(&STORE, 3, &sign)];
        let of_revocations = [revocation(&STORE, &revocations, None), beat(&STORE, 3, &sign)];
        for (channel, records) in [(Channel::Commits, &of_commits[..]), (Channel::Revocations, &of_revocations[..])] {
            for record in records {
                prop_assert!(told(channel, record).is_ok());
                prop_assert_eq!(told_to(&OTHER, channel, record), Err(Refused::OtherStore));
            }
        }
    }

    /// Whatever is cut off, put on or changed in a value: nothing but what was written is read, and nothing panics.
    #[test]
    fn another_length_is_refused(one in commits(), cut in any::<prop::sample::Index>(), more in vec(any::<u8>(), 1..40)) {
        let record = commit(&STORE, &one, None, false);
        let mut short = record.clone();
        short.value.truncate(cut.index(record.value.len()));
        if let Ok(Told::Commit(found)) = told(Channel::Commits, &short) {
            prop_assert!(found.check().is_err());
        }
        let mut long = record;
        long.value.extend(more);
        prop_assert!(told(Channel::Commits, &long).is_err());
    }

    #[test]
    fn noise_is_refused_without_a_panic(
        kind in prop_oneof![Just(COMMIT), Just(MOVED), Just(REWOUND), Just(REVOCATION), Just(HEARTBEAT), Just("")],
        texts in vec("[ -~]{0,40}", 8), value in vec(any::<u8>(), 0..400),
    ) {
        let own = source(&STORE);
        let names = ["ce_partitionkey", "inc", "first_seq", "last_seq", "prev_hash", "hash", "at"];
        for channel in [Channel::Commits, Channel::Revocations] {
            let header = |name: &str| match name {
                "ce_specversion" => Some(SPEC.as_bytes()),
                "ce_source" => Some(own.as_bytes()),
                "ce_type" => Some(kind.as_bytes()),
                _ => names.iter().position(|known| *known == name).map(|at| texts[at].as_bytes()),
            };
            let _ = decode(&own, channel, header, &value);
        }
    }
}

#[test]
fn a_record_that_names_no_store_or_is_of_a_later_release_is_none() {
    let sign = Beat {
        at: Timestamp::from_micros(1),
        waiting: Duration::ZERO,
        run: [1; 16],
        base: 0,
        incarnation: None,
    };
    let mut unknown = beat(&OTHER, 3, &sign);
    unknown.headers.retain(|(name, _)| *name != "ce_type");
    let refused = told(Channel::Commits, &unknown);
    assert_eq!(refused, Err(Refused::OtherStore));
    let mut nobody = beat(&STORE, 3, &sign);
    nobody.headers.retain(|(name, _)| *name != "ce_source");
    let refused = told(Channel::Commits, &nobody);
    assert!(matches!(refused, Err(Refused::Malformed(_))));
}

#[test]
fn what_is_too_large_becomes_a_pointer() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut one = commits().new_tree(&mut runner).unwrap().current();
    one.events[0].body = Some(vec![0; VALUE_BYTES_MAX]);
    let record = commit(&STORE, &one, None, false);
    assert!(matches!(
        told(Channel::Commits, &record),
        Ok(Told::Moved(..))
    ));
}
