//! What an operator can set, in one table.
//!
//! A setting comes from the settings file (TOML), then the environment (`TRILBY_SERVER__LISTEN`), then the
//! command line; later ones win. The table below is the struct, the defaults, the parser and the document
//! `docs/SETTINGS.md` at once, so none can lack what another has. An unknown key, section or `TRILBY_*`
//! variable is refused with a hint: a misspelt limit that is silently ignored is no limit. All faults of a
//! start are told together.

mod document;
mod error;
mod load;
mod private_host;
mod store_url;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use document::document;
pub use error::{Error, Fault};
pub use private_host::PrivateIssuerHost;
pub use store_url::StoreUrl;
pub use table::{Entry, Kind, ParseValue};
pub use values::{ForwardedHeader, KafkaSecurity, LogFormat, Network, PublicUrl, SaslMechanism};

use std::net::SocketAddr;
use std::path::PathBuf;

/// Variables of the command line itself, which are not settings. Each is an option of `trilby` as well.
pub const COMMAND_VARIABLES: &[&str] = &["TRILBY_CONFIG"];

/// Variables that hold secrets. They are no settings, so that settings can be shown; each can lie in a file instead,
/// which a setting names.
pub const SECRET_VARIABLES: &[&str] = &[
    "TRILBY_STORE_KEY",
    "TRILBY_PEPPER",
    "TRILBY_KEK",
    "TRILBY_STORE_PASSWORD",
    "TRILBY_KAFKA_PASSWORD",
];

/// Variables with this beginning belong to the tests and are not looked at.
pub const TEST_PREFIX: &str = "TRILBY_TEST_";

table::settings! {
    /// The address, limits and patience of the HTTP servers.
    server: Server {
        /// Address of the API. Port 0 takes a free port, which the ready line names.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
        /// Address of the operator's port: metrics, health, `/operator/v1`. Keep it off public networks.
        operator_listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 9080));
        /// Address under which clients reach the API, without a path. Every link, issuer and token is made from it, none from a request. Default: `http://` and `listen`, if that is a loopback address.
        public_url: Option<PublicUrl> = None;
        /// Serve plain HTTP on an address that is not loopback. Only behind a proxy that ends TLS.
        allow_insecure_http: bool = false;
        /// Networks of proxies whose word is taken for the client's address.
        trusted_proxies: Vec<Network> = Vec::new();
        /// The header in which those proxies write it. The other one is not read: they pass it on as the client sent it.
        forwarded_header: ForwardedHeader = ForwardedHeader::XForwardedFor;
        /// Largest request body, in bytes, where an operation has no smaller limit of its own.
        body_limit_bytes: usize = 1_048_576, 1_024..=67_108_864;
        /// Largest sum of a request's header names and values, in bytes.
        header_limit_bytes: usize = 16_384, 1_024..=65_536;
        /// Longest time a request may take, in milliseconds.
        request_timeout_ms: u64 = 30_000, 100..=600_000;
        /// Longest time a client may take to send a request's headers, in milliseconds.
        header_timeout_ms: u64 = 5_000, 100..=60_000;
        /// Longest time a client may take to send a request's body, in milliseconds.
        body_timeout_ms: u64 = 10_000, 100..=600_000;
        /// How long an idle connection is kept, in milliseconds.
        keep_alive_ms: u64 = 5_000, 100..=600_000;
        /// Most connections at once, per worker.
        connections_max: usize = 10_000, 1..=1_000_000;
        /// How long a process that is asked to stop says that it is not ready and serves on, in milliseconds, so that balancers look elsewhere first.
        drain_ms: u64 = 0, 0..=600_000;
        /// How long a stopping process waits for running requests, in milliseconds.
        shutdown_grace_ms: u64 = 10_000, 0..=600_000;
        /// Threads that serve requests. 0: one per core.
        workers: usize = 0, 0..=1_024;
    }
    /// Where the events are.
    log: Log {
        /// Directory of the embedded log and of the keys that are made at first start.
        data_dir: PathBuf = PathBuf::from("trilby-data");
        /// The store that `trilby identity`, `token` and `decision` share: `postgres://host:5432/trilby`. Without a user in it each process connects as its own database role. The password stands in no URL: see `password_file`.
        store: Option<StoreUrl> = None;
        /// File with the password of the database role; or the variable `TRILBY_STORE_PASSWORD` holds it.
        password_file: Option<PathBuf> = None;
        /// File of the certificates (PEM) that sign the shared store's. With `sslmode=verify-full` in the store's URL it is needed; with `sslmode=require` the certificate is looked at if it is given.
        store_ca_file: Option<PathBuf> = None;
        /// Most connections to the store, per process. Of a relay they are eight, whatever is set.
        connections_max: usize = 16, 2..=1_000;
        /// How often a store is asked for news that announces none, in milliseconds.
        poll_ms: u64 = 1_000, 50..=2_000;
        /// How often receipts, revocations, marks and counters that are over, and old activity, are cleared away, in seconds. Over a shared store one token process at a time does it.
        clear_every_s: u64 = 60, 1..=3_600;
        /// How long records of activity (sessions, logins, decisions) are kept, in days. Over a shared store at most 400: Postgres keeps each hour of them apart.
        activity_days: u64 = 90, 1..=3_650;
        /// Memory for the states of accounts and organizations, in MiB; those least recently asked for go first, and are read again when asked for.
        memory_mib: u64 = 512, 16..=1_048_576;
    }
    /// The keys of an installation, where they are not in the data folder: of `trilby identity`, `token`, `decision` and the commands that take `--store`.
    keys: Keys {
        /// File of the store key; or the variable `TRILBY_STORE_KEY` holds it. Needed by every process.
        store_file: Option<PathBuf> = None;
        /// File of the pepper; or `TRILBY_PEPPER`. For identity and token.
        pepper_file: Option<PathBuf> = None;
        /// File of the key-encryption key; or `TRILBY_KEK`. For token alone.
        kek_file: Option<PathBuf> = None;
    }
    /// Kafka, which tells the processes over a shared store of each other's commits. Without it they ask the store. Needs a build with the feature `kafka`.
    kafka: Kafka {
        /// Brokers to begin with: `kafka1:9092,kafka2:9092`. Needed by `trilby relay`; the services hear through it if it is set.
        brokers: Option<String> = None;
        /// What the names of the topics begin with: `<prefix>.log`, `<prefix>.revocations`, `<prefix>.decisions`. It has to differ between stores that share a Kafka.
        topic_prefix: String = String::from("trilby");
        /// Copies of each partition of the topics that the relay makes: 1 for one broker, 3 for three and more.
        replication_factor: u64 = 1, 1..=9;
        /// How long `<prefix>.decisions` keeps records of decisions, in hours, where the relay makes it: so long they wait for a relay that stores them.
        decisions_hours: u64 = 168, 1..=720;
        /// How the connection to the brokers is protected: `plaintext`, `tls`, `sasl_plaintext`, `sasl_tls`.
        security_protocol: KafkaSecurity = KafkaSecurity::Plaintext;
        /// How the login is proven where there is one: `plain`, `scram-sha-256`, `scram-sha-512`.
        sasl_mechanism: SaslMechanism = SaslMechanism::ScramSha512;
        /// Name of the login.
        sasl_user: Option<String> = None;
        /// File with its password; or the variable `TRILBY_KAFKA_PASSWORD` holds it.
        sasl_password_file: Option<PathBuf> = None;
        /// File of the certificates (PEM) that sign the brokers'. Without it the system's count.
        ca_file: Option<PathBuf> = None;
    }
    /// What the process tells about itself.
    telemetry: Telemetry {
        /// Form of the log on standard error: `text` for people, `json` for machines.
        log_format: LogFormat = LogFormat::Text;
        /// Which log lines are written, for example `info,trilby=debug`.
        log_filter: String = String::from("info,actix_server=warn");
        /// Base address of an OTLP/HTTP collector (`http://127.0.0.1:4318`); traces go to `/v1/traces` below it. Needs a build with the feature `otlp`.
        otlp_endpoint: Option<String> = None;
        /// Share of requests that are traced when the caller's `traceparent` does not say, in percent.
        trace_sample_percent: u64 = 100, 0..=100;
    }
    /// Sessions and the tokens that carry them.
    tokens: Tokens {
        /// How far two clocks may differ when our own tokens are verified, in seconds.
        skew_s: u64 = 5, 0..=60;
        /// Most passwords that are hashed at once. 0: one per core.
        password_hashers: usize = 0, 0..=256;
        /// Most logins that wait for a hasher; more are told `busy`.
        password_queue_max: usize = 64, 1..=4_096;
        /// Hosts of outside issuers that the guard lets us call although they are not on the public web, each with scheme, port and the addresses it may have: `https://login.internal:8443=10.0.0.5+10.0.0.6`, `http://127.0.0.1:9000`. Whoever may register an identity provider can make us call them.
        private_issuer_hosts: Vec<PrivateIssuerHost> = Vec::new();
    }
    /// The decision API.
    decisions: Decisions {
        /// Most evaluations in one batch.
        batch_max: usize = 1_000, 1..=10_000;
        /// Memory for records of decisions that wait to be stored, or to be sent while Kafka is away, in MiB. What does not fit is dropped and counted; an answer never waits for its record.
        records_mib: usize = 64, 1..=16_384;
    }
}

impl Settings {
    /// The threads that serve requests.
    #[must_use]
    pub fn workers(&self) -> usize {
        match self.server.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }

    /// What no single setting can see: rules between settings.
    fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let server = &self.server;
        if !server.listen.ip().is_loopback() && !server.allow_insecure_http {
            faults.push(Fault::new(
                "server.listen",
                format!(
                    "`{}` is not a loopback address, and plain HTTP beyond loopback needs `server.allow_insecure_http = true` and a proxy that ends TLS",
                    server.listen
                ),
            ));
        }
        match &server.public_url {
            None if !server.listen.ip().is_loopback() => faults.push(Fault::new(
                "server.public_url",
                "must be set when `server.listen` is not a loopback address".to_owned(),
            )),
            Some(url) if !url.is_https() && !url.is_loopback() && !server.allow_insecure_http => {
                faults.push(Fault::new(
                    "server.public_url",
                    format!("`{url}` must begin with `https://`"),
                ));
            }
            None | Some(_) => {}
        }
        if server.listen == server.operator_listen && server.listen.port() != 0 {
            faults.push(Fault::new(
                "server.operator_listen",
                "must differ from `server.listen`: the operator's port is no part of the API"
                    .to_owned(),
            ));
        }
        if self.log.store.is_some() && self.log.activity_days > SHARED_ACTIVITY_DAYS_MAX {
            faults.push(Fault::new(
                "log.activity_days",
                format!(
                    "over a shared store it is at most {SHARED_ACTIVITY_DAYS_MAX}, not {}: copy older records elsewhere",
                    self.log.activity_days
                ),
            ));
        }
        faults.extend(self.kafka.check());
        faults
    }
}

/// Days of activity whose hours Postgres has tables for: `make_activity_hour` makes no more than 10,000.
const SHARED_ACTIVITY_DAYS_MAX: u64 = 400;

/// Longest prefix of topics: their names may have 249 characters.
const TOPIC_PREFIX_MAX: usize = 200;

impl Kafka {
    fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let is_name = |text: &str| {
            !text.is_empty()
                && text.len() <= TOPIC_PREFIX_MAX
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if !is_name(&self.topic_prefix) {
            faults.push(Fault::new(
                "kafka.topic_prefix",
                format!(
                    "`{}` cannot begin a topic's name: letters, digits, `.`, `_` and `-`",
                    self.topic_prefix
                ),
            ));
        }
        if self
            .brokers
            .as_deref()
            .is_some_and(|brokers| brokers.trim().is_empty())
        {
            faults.push(Fault::new(
                "kafka.brokers",
                "names no broker; leave it out to do without Kafka".to_owned(),
            ));
        }
        if self.security_protocol.has_login() && self.sasl_user.is_none() {
            faults.push(Fault::new(
                "kafka.sasl_user",
                format!(
                    "must be set with `security_protocol = \"{}\"`",
                    self.security_protocol
                ),
            ));
        }
        faults
    }
}
