use trilby_eventlog::Memory;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_store_that_answers_is_reached_and_who_stops_asking_does_not_know() {
    let reach = Reach::start(Arc::new(Memory::for_tests()));
    let check = reach.check();
    for _ in 0..30 {
        assert_eq!(check(), Ok(()));
        sleep(Duration::from_millis(700)).await;
    }
    drop(reach);
    sleep(Duration::from_secs(7)).await;
    assert!(check().is_err());
}
