//! One service alone does not reach the store, and Kafka brings it all the news.

use tempfile::TempDir;
use trilby_cluster::kafka::Broker;
use trilby_testkit::http::Client;

use crate::database::sql;
use crate::founded::Founded;
use crate::kafka::{Relay, settings_at};
use crate::records::until;

/// As after its password was changed there. (The tests' processes have one login: rights are what each has of its own.)
#[test]
#[ignore = "needs services"]
fn who_alone_does_not_reach_the_store_is_not_ready_whatever_kafka_brings() {
    let folder = TempDir::new().unwrap();
    let broker = Broker::start(&folder.path().join("kafka")).unwrap();
    let settings = settings_at(&broker.address().to_string());
    let mut here = Founded::with(1, settings.clone());
    let _relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    let mut ready = |service: &str| {
        let operator = here.cluster.service(service)[0].operator();
        let answer = Client::new(format!("http://{operator}")).get("/readyz");
        (answer.status == 200, answer.body())
    };
    until("all is well", || ready("identity").0 && ready("token").0);
    let url = here.database.admin_url();
    sql(&url, "revoke all on store_meta from trilby_identity").unwrap();
    // On a busy machine the news may not come through Kafka yet, and fail as well.
    until(
        "identity is not ready, as the store does not answer",
        || {
            let (is_ready, said) = ready("identity");
            !is_ready && said.contains("the store has not answered for")
        },
    );
    assert!(ready("token").0 && ready("decision").0);
    sql(&url, "grant select on store_meta to trilby_identity").unwrap();
    until("identity is ready again", || ready("identity").0);
}
