use trilby_eventlog::{EventLog, Memory};

use super::*;

#[tokio::test]
async fn the_level_of_readers_is_raised_and_never_falls() {
    let store = Memory::for_tests();
    let said = raise_reader_level(&store, 3).await.expect("raised");
    assert!(said.contains("level 3 from now on (it was 1)"), "{said}");
    for level in [3, 2] {
        let said = raise_reader_level(&store, level).await.expect("as it was");
        assert!(said.contains("level 3 already"), "{said}");
    }
    let meta = store.store_meta().await.expect("a store");
    assert_eq!(meta.min_reader_level, 3);
}

#[tokio::test]
async fn two_fences_of_one_backup_are_of_different_incarnations() {
    let (first, second) = (Memory::for_tests(), Memory::for_tests());
    let now = SystemTime::now();
    let later = now + Duration::from_secs(1);
    let first = first.fence(incarnation_at(now)).await.expect("fenced");
    let second = second.fence(incarnation_at(later)).await.expect("fenced");
    assert_eq!(second, first + 1);
    // Clocks of before that count, and those of a far time, leave the counting.
    assert_eq!(incarnation_at(SystemTime::UNIX_EPOCH), 0);
    assert_eq!(incarnation_at(now + Duration::from_secs(1 << 33)), 0);
}
