//! Records of activity where there are very many hours.

use std::time::Instant;

use trilby_eventlog::{Activity, ActivityFilter, ActivityKeeper as _, EventLog};
use trilby_eventlog_postgres::Role;

use crate::support::common::{Database, account, activity, append, now};

/// The longest that activity is kept by default, and more. A plan that opens all hours takes longer than a statement may.
#[tokio::test]
#[ignore = "needs services"]
async fn records_of_many_hours_are_found_soon() {
    const HOURS: i64 = 2_200;
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let client = database.client().await;
    // In parts: a transaction has only so many locks.
    for first in (1..HOURS).step_by(200) {
        let make = format!(
            "set synchronous_commit = off; set role trilby_token;
            select make_activity_hour((extract(epoch from clock_timestamp()) * 1000000)::bigint - ago * 3600000000)
            from generate_series({first}, {}) as ago",
            first + 199
        );
        client.batch_execute(&make).await.unwrap();
    }
    let admin = database.open(Role::Admin).await;
    for ago_h in [HOURS - 2, 700, 0] {
        let record = activity(now().plus_seconds(-ago_h * 3_600), &format!("r{ago_h}"));
        admin.activity_append(vec![record]).await.unwrap();
    }
    // The sixth time a statement is asked of one connection it may be planned for any values.
    for _ in 0..8 {
        let begun = Instant::now();
        let found = token.activity_get(&account(1), "r700").await.unwrap();
        assert!(found.is_some());
        let all = ActivityFilter::default();
        let found = token.activity_list(&account(1), &all, 9).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|one| one.activity.id.as_str()).collect();
        assert_eq!(ids, ["r0", "r700", "r2198"]);
        let found = token.activity_list(&account(1), &all, 1).await.unwrap();
        assert_eq!(found[0].activity.id, "r0");
        println!("found after {:?}", begun.elapsed());
    }
    let relay = database.open(Role::Relay).await;
    for n in 0..8 {
        let record = |id: &str| Activity {
            kind: "decision.made".to_owned(),
            ..activity(now(), id)
        };
        let (new, old) = (record(&format!("d{n}")), record("d0"));
        let kept = relay.keep(vec![new, old]).await.unwrap();
        assert_eq!(kept.n_new, 1, "{kept:?}");
    }
}

/// As where there are as many as there may be: clearing away is what makes room.
#[tokio::test]
#[ignore = "needs services"]
async fn what_is_over_goes_though_no_hour_can_be_made() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let over = activity(now().plus_seconds(-50 * 3_600), "over");
    token.activity_append(vec![over]).await.unwrap();
    let holder = database.client().await;
    holder
        .batch_execute("begin; select take_turn('activity')")
        .await
        .unwrap();
    token.activity_purge(now()).await.unwrap_err();
    let found = token.activity_get(&account(1), "over").await.unwrap();
    assert_eq!(found, None);
}
