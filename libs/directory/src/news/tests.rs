use super::*;

const PARTITIONS: u16 = 3;

fn beat_all(news: &News, until: Instant) {
    for partition in 0..PARTITIONS {
        news.beat(Channel::Commits, partition, until);
        news.beat(Channel::Revocations, partition, until);
    }
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn all_partitions_of_both_channels_must_beat() {
    let begun = Instant::now();
    for missing in 0..PARTITIONS {
        for channel in [Channel::Commits, Channel::Revocations] {
            let news = News::new(begun, PARTITIONS);
            for partition in 0..PARTITIONS {
                for one in [Channel::Commits, Channel::Revocations] {
                    if (one, partition) != (channel, missing) {
                        news.beat(one, partition, begun);
                    }
                }
            }
            assert!(news.is_silent(), "{channel:?} {missing}");
            news.beat(channel, missing, begun);
            assert!(!news.is_silent(), "{channel:?} {missing}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_what_the_worst_partition_of_revocations_has_told() {
    let begun = Instant::now();
    let news = News::new(begun, PARTITIONS);
    pass(10).await;
    let now = Instant::now();
    beat_all(&news, now);
    pass(1).await;
    news.beat(Channel::Revocations, 0, Instant::now());
    news.beat(Channel::Revocations, 1, Instant::now());
    assert_eq!(news.heard(), now);
    news.beat(Channel::Revocations, 2, Instant::now());
    assert_eq!(news.heard(), Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_partition_of_commits_that_tells_nothing_makes_what_is_known_old() {
    let news = News::new(Instant::now(), PARTITIONS);
    beat_all(&news, Instant::now());
    let told = Instant::now();
    pass(60).await;
    for partition in 0..PARTITIONS {
        news.beat(Channel::Revocations, partition, Instant::now());
    }
    for partition in 1..PARTITIONS {
        news.beat(Channel::Commits, partition, Instant::now());
    }
    assert_eq!(news.heard(), Instant::now());
    assert_eq!(news.all_heard(), told);
    // Whoever has asked where the logs end knows as much.
    let round = news.begin_round();
    news.has_revocations(round);
    assert_eq!(news.all_heard(), told);
    news.end_round(round);
    assert_eq!(news.all_heard(), Instant::now());
}

#[tokio::test(start_paused = true)]
async fn one_that_stops_is_silence_after_three_seconds() {
    let news = News::new(Instant::now(), PARTITIONS);
    beat_all(&news, Instant::now());
    for _ in 0..3 {
        pass(1).await;
        assert!(!news.is_silent());
        news.beat(Channel::Commits, 0, Instant::now());
        news.beat(Channel::Commits, 1, Instant::now());
        for partition in 0..PARTITIONS {
            news.beat(Channel::Revocations, partition, Instant::now());
        }
    }
    pass(1).await;
    assert!(news.is_silent());
}

#[tokio::test(start_paused = true)]
async fn after_a_gap_nothing_vouches_until_a_round_that_began_after_it() {
    let news = News::new(Instant::now(), PARTITIONS);
    beat_all(&news, Instant::now());
    let known = news.heard();
    pass(1).await;
    let before = news.begin_round();
    news.gap();
    assert!(news.is_silent());
    beat_all(&news, Instant::now());
    assert_eq!(news.heard(), known, "a heartbeat after the gap");
    assert!(news.is_silent());
    news.has_revocations(before);
    assert_eq!(news.heard(), Instant::now(), "what it read it has read");
    news.end_round(before);
    assert!(news.is_silent(), "the round began before the gap");
    let after = news.begin_round();
    pass(1).await;
    beat_all(&news, Instant::now());
    news.has_revocations(after);
    assert!(news.heard() < Instant::now());
    assert!(news.is_silent(), "the heads are not read");
    news.end_round(after);
    assert!(!news.is_silent());
    // What came while the round was at work counts as soon as it is done.
    assert_eq!(news.heard(), Instant::now());
}

#[tokio::test(start_paused = true)]
async fn heartbeats_from_before_a_gap_are_forgotten() {
    let news = News::new(Instant::now(), PARTITIONS);
    beat_all(&news, Instant::now());
    news.gap();
    let round = news.begin_round();
    news.end_round(round);
    assert!(news.is_silent());
}

#[tokio::test(start_paused = true)]
async fn a_partition_nobody_knows_says_nothing() {
    let news = News::new(Instant::now(), PARTITIONS);
    for channel in [Channel::Commits, Channel::Revocations] {
        news.beat(channel, PARTITIONS, Instant::now());
        news.beat(channel, u16::MAX, Instant::now());
    }
    assert!(news.is_silent());
    // And where there are no partitions nothing ever vouches.
    assert!(News::new(Instant::now(), 0).is_silent());
}
