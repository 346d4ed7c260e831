//! The table of processes.

use crate::support::common;
use trilby_eventlog::conformance::nodes::a_table_of_nodes;
use trilby_eventlog::node::LIVE;
use trilby_eventlog::{Error, NodeTable};
use trilby_eventlog_postgres::{Postgres, Role};

async fn open(database: &common::Database, role: Role) -> Postgres {
    Postgres::open(&database.options(role)).await.unwrap()
}

#[tokio::test]
#[ignore = "needs services"]
async fn those_who_judge_sessions_have_the_table_and_others_do_not() {
    for role in [Role::Token, Role::Decision] {
        let database = common::Database::new();
        a_table_of_nodes(&open(&database, role).await).await;
    }
    let database = common::Database::new();
    for role in [Role::Identity, Role::Relay] {
        let refused = open(&database, role).await.nodes(LIVE).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}
