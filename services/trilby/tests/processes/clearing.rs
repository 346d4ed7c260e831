//! What is over goes by itself while the processes run.

use std::time::{Duration, Instant};

use tempfile::TempDir;
use trilby_cluster::Cluster;
use trilby_testkit::http::Client;

use crate::acme;
use crate::database::{Database, sql};
use crate::founded::{config, found};

/// Longer than the clearing takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "needs services"]
fn a_running_installation_clears_away_what_is_over() {
    let database = Database::fresh();
    let folder = TempDir::new().unwrap();
    let mut config = config(folder.path(), database.url(), database.password(), 2);
    config
        .env
        .push(("TRILBY_LOG__CLEAR_EVERY_S".to_owned(), "1".to_owned()));
    let cluster = Cluster::start(&config).unwrap();
    let stranger = Client::new(cluster.url());
    let (account, admin) = found(&stranger, cluster.ticket().unwrap());
    let admin_url = database.admin_url();
    // Long ago, of a log that is no log: the others' chains stay whole. `1 / 0` is how the questions fail.
    sql(
        &admin_url,
        "insert into receipt select log_id, sha256('old'), sha256('r'), 1, 1, 200, null, 1 from log_head;
        insert into event values (999999, 1, 1, 1, 1, 'test.happened', 1, 1, '', '', '');
        insert into outbox (shard, log_id, first_seq, last_seq, tx_id, since) values (0, 999999, 1, 1, repeat('x', 16)::bytea, now() - interval '1 hour')",
    )
    .unwrap();
    let is_gone = "select 1 / (not exists (select from receipt where key = sha256('old')))::int;
        select 1 / (not exists (select from outbox where log_id = 999999))::int";
    let begun = Instant::now();
    while let Err(error) = sql(&admin_url, is_gone) {
        assert!(begun.elapsed() < PATIENCE, "{error}");
        std::thread::sleep(Duration::from_millis(50));
    }
    // What is new stays.
    acme::create_user(&admin, &account, "mary");
    sql(
        &admin_url,
        "select 1 / (exists (select from receipt))::int; select 1 / (exists (select from outbox))::int",
    )
    .unwrap();
    admin
        .get(&format!("/v1/accounts/{account}/users"))
        .expect(200);
}
