//! The topics: made by the relay, and as they must be.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use trilby_eventlog::Channel;
use trilby_eventlog::shard::SHARDS;

use crate::context::{Quiet, blocking};
use crate::{Error, Options};

/// How long brokers are given to make topics, or to tell of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// Commits can be read back for a week.
const COMMITS_KEPT_MS: &str = "604800000";
/// The longest session, and what clocks may differ.
const REVOCATIONS_KEPT_MS: &str = "43800000";
/// With three copies two have to have what is acknowledged.
const SAFE_COPIES: u16 = 3;

/// Makes the topics that are not there yet.
///
/// # Errors
/// `Unavailable` if the brokers do not answer; `Partitions` if a topic is there with another number of partitions, which
/// would break the order of logs.
pub(crate) async fn make(options: &Options) -> Result<(), Error> {
    let admin: AdminClient<Quiet> = options.client("relay")?.create_with_context(Quiet)?;
    let admin = Arc::new(admin);
    let names = [
        options.topic(Channel::Commits),
        options.topic(Channel::Revocations),
        options.decisions(),
    ];
    let [commits, revocations, decisions] = &names;
    let decisions_kept_ms = options.decisions_kept.as_millis().to_string();
    let wanted = [
        topic(options, commits)
            .set("cleanup.policy", "delete")
            .set("retention.ms", COMMITS_KEPT_MS),
        topic(options, revocations)
            .set("cleanup.policy", "compact,delete")
            .set("retention.ms", REVOCATIONS_KEPT_MS),
        topic(options, decisions)
            .set("cleanup.policy", "delete")
            .set("retention.ms", &decisions_kept_ms)
            // The brokers unpack what many may write here, and bound it then: no reader meets what it cannot unpack, nor a
            // small record that becomes a huge one.
            .set("compression.type", "uncompressed"),
    ];
    let patience = AdminOptions::new()
        .operation_timeout(Some(PATIENCE))
        .request_timeout(Some(PATIENCE));
    for made in admin.create_topics(&wanted, &patience).await? {
        match made {
            Ok(name) => tracing::info!(topic = name, "made a topic"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                return Err(Error::Topic {
                    topic,
                    code: code.to_string(),
                });
            }
        }
    }
    for name in names {
        check(&admin, name).await?;
    }
    Ok(())
}

fn topic<'a>(options: &Options, name: &'a str) -> NewTopic<'a> {
    let copies = options.replication_factor;
    let replication = TopicReplication::Fixed(i32::from(copies));
    let topic = NewTopic::new(name, i32::from(SHARDS), replication);
    match copies >= SAFE_COPIES {
        true => topic.set("min.insync.replicas", "2"),
        false => topic,
    }
}

async fn check(admin: &Arc<AdminClient<Quiet>>, name: String) -> Result<(), Error> {
    let (admin, of) = (Arc::clone(admin), name.clone());
    let found = blocking(move || {
        let metadata = admin.inner().fetch_metadata(Some(&of), PATIENCE)?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == of);
        Ok(topic.map_or(0, |topic| topic.partitions().len()))
    })
    .await?;
    match found == usize::from(SHARDS) {
        true => Ok(()),
        // It was made a moment ago, and this broker has not heard of it.
        false if found == 0 => Err(Error::Unavailable(format!(
            "topic `{name}` is not known yet"
        ))),
        false => Err(Error::Partitions {
            topic: name,
            found,
            wanted: SHARDS,
        }),
    }
}
