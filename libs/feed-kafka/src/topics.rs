//! The topics: made by the relay, and as they must be.
//!
//! One that was there before has the settings of whoever made it. They are compared and told of, never altered: the only
//! call for it that this client has sets everything else that somebody has set back to the broker's defaults.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::metadata::MetadataTopic;
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
/// What the largest request to a partition takes, as the client packs them. Topics are made with the broker's own value,
/// which is that unless somebody has set another.
const MESSAGE_BYTES_MIN: u64 = 1_048_588;
/// With three copies two have to have what is acknowledged.
const SAFE_COPIES: u16 = 3;

/// Makes the topics that are not there yet. Of those that are there nothing is asked but to see them: a login need not be
/// allowed more.
///
/// # Errors
/// `Unavailable` if the brokers do not answer; `Partitions` if a topic is there with another number of partitions, which
/// would break the order of logs; `NotAllowed` if one is missing and this login may not make it.
pub(crate) async fn make(options: &Options) -> Result<(), Error> {
    let admin: AdminClient<Quiet> = options.client("relay")?.create_with_context(Quiet)?;
    let admin = Arc::new(admin);
    let mut missing = Vec::new();
    for topic in all(options) {
        if !is_there(&admin, &topic.name).await? {
            missing.push(topic);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let wanted: Vec<NewTopic<'_>> = missing.iter().map(|topic| new(options, topic)).collect();
    for made in admin.create_topics(&wanted, &patience()).await? {
        match made {
            Ok(name) => tracing::info!(topic = name, "made a topic"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(refused(topic, code)),
        }
    }
    for topic in &missing {
        // It was made a moment ago, and this broker has not heard of it.
        if !is_there(&admin, &topic.name).await? {
            let name = &topic.name;
            return Err(Error::Unavailable(format!(
                "topic `{name}` is not known yet"
            )));
        }
    }
    Ok(())
}

fn refused(topic: String, code: RDKafkaErrorCode) -> Error {
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed
        | RDKafkaErrorCode::ClusterAuthorizationFailed => Error::NotAllowed {
            topic,
            partitions: SHARDS,
        },
        code => Error::Topic {
            topic,
            code: code.to_string(),
        },
    }
}

/// A topic and what it is made with.
struct Topic {
    name: String,
    settings: Vec<(&'static str, String)>,
}

fn all(options: &Options) -> [Topic; 3] {
    let topic = |name, settings: &[(&'static str, &str)]| {
        let settings = settings.iter();
        let mut settings: Vec<_> = settings
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        if options.replication_factor >= SAFE_COPIES {
            settings.push(("min.insync.replicas", "2".to_owned()));
        }
        Topic { name, settings }
    };
    let decisions_kept_ms = options.decisions_kept.as_millis().to_string();
    [
        topic(
            options.topic(Channel::Commits),
            &[
                ("cleanup.policy", "delete"),
                ("retention.ms", COMMITS_KEPT_MS),
            ],
        ),
        topic(
            options.topic(Channel::Revocations),
            &[
                ("cleanup.policy", "compact,delete"),
                ("retention.ms", REVOCATIONS_KEPT_MS),
            ],
        ),
        topic(
            options.decisions(),
            &[
                ("cleanup.policy", "delete"),
                ("retention.ms", &decisions_kept_ms),
                // The brokers unpack what many may write here, and bound it then: no reader meets what it cannot unpack,
                // nor a small record that becomes a huge one.
                ("compression.type", "uncompressed"),
            ],
        ),
    ]
}

fn new<'a>(options: &Options, topic: &'a Topic) -> NewTopic<'a> {
    let copies = TopicReplication::Fixed(i32::from(options.replication_factor));
    let new = NewTopic::new(&topic.name, i32::from(SHARDS), copies);
    let settings = topic.settings.iter();
    settings.fold(new, |new, (key, value)| new.set(key, value))
}

fn patience() -> AdminOptions {
    AdminOptions::new()
        .operation_timeout(Some(PATIENCE))
        .request_timeout(Some(PATIENCE))
}

/// Tells of each topic that is not as the relay makes it, and how to change that. Who may not ask the brokers for it is told
/// nothing.
pub(crate) async fn tell_differences(options: &Options) {
    match compare(options).await {
        Ok(differing) => {
            for (topic, differences) in differing {
                let says: Vec<String> = differences.iter().map(ToString::to_string).collect();
                tracing::warn!(
                    topic,
                    differences = says.join(", "),
                    command = command(options, &topic, &differences),
                    "a topic is not as the relay makes it"
                );
            }
        }
        Err(error) => tracing::debug!(%error, "the settings of the topics cannot be read"),
    }
}

/// A setting of a topic that is another.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    key: &'static str,
    found: String,
    wanted: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { key, found, wanted } = self;
        write!(f, "{key} is {found} and should be {wanted}")
    }
}

async fn compare(options: &Options) -> Result<Vec<(String, Vec<Difference>)>, Error> {
    let admin: AdminClient<Quiet> = options.client("relay")?.create_with_context(Quiet)?;
    let topics = all(options);
    let asked = topics.iter();
    let asked: Vec<_> = asked
        .map(|topic| ResourceSpecifier::Topic(&topic.name))
        .collect();
    let mut differing = Vec::new();
    for found in admin.describe_configs(&asked, &patience()).await? {
        let found = found.map_err(|code| Error::Unavailable(code.to_string()))?;
        let OwnedResourceSpecifier::Topic(name) = &found.specifier else {
            continue;
        };
        let topic = topics.iter().find(|topic| topic.name == *name);
        let differences = topic.map(|topic| differences(topic, &found));
        if let Some(differences) = differences.filter(|some| !some.is_empty()) {
            differing.push((name.clone(), differences));
        }
    }
    Ok(differing)
}

fn differences(topic: &Topic, found: &ConfigResource) -> Vec<Difference> {
    let value = |key| found.get(key).and_then(|entry| entry.value.clone());
    let mut differences = Vec::new();
    for (key, wanted) in &topic.settings {
        let found = value(key).unwrap_or_default();
        if set(&found) != set(wanted) {
            differences.push(Difference {
                key,
                found,
                wanted: wanted.clone(),
            });
        }
    }
    let key = "max.message.bytes";
    let bytes = value(key).and_then(|found| found.parse().ok());
    if let Some(found) = bytes.filter(|found: &u64| *found < MESSAGE_BYTES_MIN) {
        differences.push(Difference {
            key,
            found: found.to_string(),
            wanted: MESSAGE_BYTES_MIN.to_string(),
        });
    }
    differences
}

/// The parts of a value, in whatever order.
fn set(value: &str) -> BTreeSet<&str> {
    value.split(',').map(str::trim).collect()
}

/// What changes the settings, as one calls it where Kafka's own programs are.
fn command(options: &Options, topic: &str, differences: &[Difference]) -> String {
    let settings: Vec<String> = differences
        .iter()
        .map(
            |Difference { key, wanted, .. }| match wanted.contains(',') {
                true => format!("{key}=[{wanted}]"),
                false => format!("{key}={wanted}"),
            },
        )
        .collect();
    format!(
        "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {topic} --add-config {}",
        options.brokers,
        settings.join(",")
    )
}

/// Whether a topic is there, as it must be.
async fn is_there(admin: &Arc<AdminClient<Quiet>>, name: &str) -> Result<bool, Error> {
    let (admin, of) = (Arc::clone(admin), name.to_owned());
    let (found, error) = blocking(move || {
        let metadata = admin.inner().fetch_metadata(Some(&of), PATIENCE)?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == of);
        let error = topic.and_then(MetadataTopic::error);
        let found = topic.map_or(0, |topic| topic.partitions().len());
        Ok((found, error.map(RDKafkaErrorCode::from)))
    })
    .await?;
    match error {
        None | Some(RDKafkaErrorCode::UnknownTopicOrPartition) => {}
        Some(code @ RDKafkaErrorCode::TopicAuthorizationFailed) => {
            return Err(refused(name.to_owned(), code));
        }
        Some(code) => return Err(Error::Unavailable(format!("topic `{name}`: {code}"))),
    }
    match found {
        0 => Ok(false),
        found if found == usize::from(SHARDS) => Ok(true),
        found => Err(Error::Partitions {
            topic: name.to_owned(),
            found,
            wanted: SHARDS,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_three_copies_two_must_have_what_is_acknowledged() {
        let mut options = Options::plain("localhost:9092", "trilby");
        for (copies, safe) in [(1, None), (2, None), (3, Some("2")), (5, Some("2"))] {
            options.replication_factor = copies;
            for topic in &all(&options) {
                let asked = new(&options, topic);
                assert_eq!(asked.num_partitions, i32::from(SHARDS));
                let copies = i32::from(copies);
                assert!(matches!(asked.replication, TopicReplication::Fixed(n) if n == copies));
                let mut settings = asked.config.iter();
                let found = settings.find(|(key, _)| *key == "min.insync.replicas");
                assert_eq!(found.map(|(_, value)| *value), safe, "{}", topic.name);
            }
        }
    }
}
