//! How to reach the brokers, and what the topics are called.

use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;
use trilby_eventlog::Channel;

use crate::Error;

/// How to reach the brokers.
#[derive(Clone, Default)]
pub struct Options {
    /// `host:port`, several of them with commas.
    pub brokers: String,
    /// What every topic's name begins with: `trilby` makes `trilby.log`.
    pub topic_prefix: String,
    /// Copies of each partition of topics that the relay makes.
    pub replication_factor: u16,
    /// How long the topic of decisions keeps records, where the relay makes it.
    pub decisions_kept: Duration,
    /// How the connection is protected.
    pub security: Security,
}

/// How the connection to the brokers is protected.
#[derive(Clone, Default)]
pub struct Security {
    /// Whether it is encrypted.
    pub tls: bool,
    /// Certificates (PEM) that sign the brokers'; the system's if there are none.
    pub ca_file: Option<PathBuf>,
    /// A login, if the brokers want one.
    pub login: Option<Login>,
}

/// A login by name and password.
#[derive(Clone)]
pub struct Login {
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: String,
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("brokers", &self.brokers)
            .field("topic_prefix", &self.topic_prefix)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Brokers without protection, with one copy of everything.
    #[must_use]
    pub fn plain(brokers: &str, topic_prefix: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
            topic_prefix: topic_prefix.to_owned(),
            replication_factor: 1,
            decisions_kept: Duration::from_secs(7 * 24 * 3_600),
            security: Security::default(),
        }
    }

    /// The topic of a channel.
    pub(crate) fn topic(&self, channel: Channel) -> String {
        match channel {
            Channel::Commits => format!("{}.log", self.topic_prefix),
            Channel::Revocations => format!("{}.revocations", self.topic_prefix),
        }
    }

    /// The topic of decision records.
    pub(crate) fn decisions(&self) -> String {
        format!("{}.decisions", self.topic_prefix)
    }

    /// The group of those who store decision records.
    pub(crate) fn sink_group(&self) -> String {
        format!("{}-decision-sink", self.topic_prefix)
    }

    /// What every client begins with.
    pub(crate) fn client(&self, name: &str) -> Result<ClientConfig, Error> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", format!("trilby-{name}"))
            // The relay makes the topics, with their partitions; one that is made because somebody asks for it would have
            // others.
            .set("allow.auto.create.topics", "false")
            // A broker that comes back is found soon.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            // Small messages that somebody waits for.
            .set("socket.nagle.disable", "true")
            .set("socket.connection.setup.timeout.ms", "5000");
        let security = &self.security;
        let protocol = match (security.tls, &security.login) {
            (false, None) => "plaintext",
            (true, None) => "ssl",
            (false, Some(_)) => "sasl_plaintext",
            (true, Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(file) = &security.ca_file {
            let file = file.to_str().ok_or(Error::Options(
                "the certificates' file has no name that can be handed on",
            ))?;
            config.set("ssl.ca.location", file);
        }
        if let Some(login) = &security.login {
            config
                .set("sasl.mechanism", &login.mechanism)
                .set("sasl.username", &login.user)
                .set("sasl.password", &login.password);
        }
        Ok(config)
    }
}
