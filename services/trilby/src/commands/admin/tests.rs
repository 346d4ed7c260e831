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
