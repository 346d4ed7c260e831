//! From settings to a client's options.

use std::time::Duration;

use anyhow::{anyhow, bail};
use trilby_feed_kafka::{Error, Login, Options, Security};
use trilby_service::Settings;

use crate::keys::{KAFKA_PASSWORD, Variables, password};

/// How to reach Kafka, if there is one.
pub fn of(settings: &Settings, variables: Variables<'_>) -> anyhow::Result<Option<Options>> {
    let kafka = &settings.kafka;
    let Some(brokers) = &kafka.brokers else {
        return Ok(None);
    };
    let login = match (&kafka.sasl_user, kafka.security_protocol.has_login()) {
        (Some(user), true) => {
            let file = (
                "kafka.sasl_password_file",
                kafka.sasl_password_file.as_deref(),
            );
            let Some(password) = password(file, KAFKA_PASSWORD, variables)? else {
                bail!(
                    "the login at Kafka has no password: set `kafka.sasl_password_file` or {KAFKA_PASSWORD}"
                );
            };
            Some(Login {
                mechanism: kafka.sasl_mechanism.to_string().to_uppercase(),
                user: user.clone(),
                password: password.to_string(),
            })
        }
        (Some(_), false) | (None, _) => None,
    };
    Ok(Some(Options {
        brokers: brokers.clone(),
        topic_prefix: kafka.topic_prefix.clone(),
        replication_factor: u16::try_from(kafka.replication_factor).unwrap_or(1),
        decisions_kept: Duration::from_secs(kafka.decisions_hours.saturating_mul(3_600)),
        security: Security {
            tls: kafka.security_protocol.has_tls(),
            ca_file: kafka.ca_file.clone(),
            login,
        },
    }))
}

/// What failed and why, and which settings mend it if any do.
pub fn told(error: Error) -> anyhow::Error {
    let error = match error {
        Error::Refused(_) => anyhow!(
            "{error}: see `kafka.security_protocol`, `kafka.ca_file`, `kafka.sasl_mechanism`, `kafka.sasl_user` and its password"
        ),
        error => anyhow::Error::new(error),
    };
    error.context("Kafka cannot be used")
}
