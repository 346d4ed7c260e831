//! Brokers that know logins and what each may do: the rights that docs/operating.md names are enough.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use trilby_cluster::kafka::Broker;
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{ActivitySink as _, Feed as _, FeedMessage};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::{Error, Login, Options, Pace, Security};

use crate::decisions::{record, sender, sink, stored};
use crate::outbox::Outbox;
use crate::support::{
    Database, PATIENCE, Running, Topics, append, heard, hearing, positioned, relaying, until,
};

const USER: &str = "trilby";
const PASSWORD: &str = "nine-quiet-rivers";

/// Kafka's numbers: <https://kafka.apache.org/protocol#The_Messages_CreateAcls>.
const CREATE_ACLS: i16 = 30;
const TOPIC: i8 = 2;
const GROUP: i8 = 3;
const LITERAL: i8 = 3;
const READ: i8 = 3;
const WRITE: i8 = 4;
const DESCRIBE: i8 = 8;
const ALLOW: i8 = 3;

/// A broker that lets nobody do anything but who comes without a login, from here.
fn strict_broker(folder: &Path) -> Broker {
    let mut broker = Broker::start_secured(folder, USER, PASSWORD).unwrap();
    broker.stop().unwrap();
    let properties = folder.join("server.properties");
    let settings = std::fs::read_to_string(&properties).unwrap();
    let authorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    let settings =
        format!("{settings}\nauthorizer.class.name={authorizer}\nsuper.users=User:ANONYMOUS\n");
    std::fs::write(&properties, settings).unwrap();
    broker.restart().unwrap();
    broker
}

/// Lets the login do something; the client library's bindings know no such request.
fn allow(broker: SocketAddr, kind: i8, name: &str, may: &[i8]) {
    let text = |to: &mut Vec<u8>, text: &str| {
        to.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
        to.extend(text.as_bytes());
    };
    let mut request = Vec::new();
    request.extend(CREATE_ACLS.to_be_bytes());
    // Version, a number that comes back, and no client name.
    request.extend([0, 1, 0, 0, 0, 1, 255, 255]);
    request.extend(i32::try_from(may.len()).unwrap().to_be_bytes());
    for operation in may {
        request.extend(kind.to_be_bytes());
        text(&mut request, name);
        request.extend(LITERAL.to_be_bytes());
        text(&mut request, &format!("User:{USER}"));
        text(&mut request, "*");
        request.extend(operation.to_be_bytes());
        request.extend(ALLOW.to_be_bytes());
    }
    let mut stream = TcpStream::connect(broker).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = i32::try_from(request.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &request].concat()).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut answer).unwrap();
    // The number, how long to wait, how many; then no error and no text for each.
    let granted = [0; 4].repeat(may.len());
    assert_eq!(answer.split_off(12), granted);
}

/// The same topics, as the login reaches them.
fn by_login(broker: &Broker, topics: &Topics) -> Options {
    let secured = broker.secured().unwrap();
    Options {
        brokers: secured.brokers(),
        security: Security {
            tls: true,
            ca_file: Some(secured.ca_file()),
            login: Some(Login {
                mechanism: "SCRAM-SHA-512".to_owned(),
                user: USER.to_owned(),
                password: PASSWORD.to_owned(),
            }),
        },
        ..topics.0.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn the_documented_rights_are_enough_where_the_topics_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let started = tokio::task::spawn_blocking(move || strict_broker(&path));
    let mut broker = started.await.unwrap();
    let plain = broker.address();
    let topics = Topics::at(&plain.to_string());
    let restricted = Topics(by_login(&broker, &topics));

    // Without any right; then it may see them, and there are none.
    let names = topics.names();
    for rights in [&[][..], &[READ, WRITE, DESCRIBE]] {
        for name in &names {
            allow(plain, TOPIC, name, rights);
        }
        let started = Running::try_start(Arc::new(Outbox::new()), &restricted.0, None).await;
        let error = started.map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::NotAllowed { .. }), "{error}");
        assert!(error.to_string().contains(&names[0]), "{error}");
    }
    let made: Vec<_> = names
        .iter()
        .map(|name| NewTopic::new(name, i32::from(SHARDS), TopicReplication::Fixed(1)))
        .collect();
    let admin = topics.admin();
    let made = admin.create_topics(&made, &AdminOptions::new()).await;
    assert!(made.unwrap().iter().all(Result::is_ok));
    let group = format!("{}-decision-sink", topics.0.topic_prefix);
    allow(plain, GROUP, &group, &[READ]);

    // All that a relay does, and whoever listens and decides.
    let database = Database::new();
    let relay = Running::start(relaying(&database).await, &restricted.0).await;
    let feed = hearing(&database, &restricted, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    positioned(&mut receiver).await;
    let head = append(&database.open(Role::Identity).await, 1, 1).await;
    heard(
        &mut receiver,
        |message| matches!(message, FeedMessage::Commit(commit) if commit.hash == head.hash),
    )
    .await;
    let _sinking = sink(database.open(Role::Relay).await, &restricted.0, false).await;
    let sender = sender(&database, &restricted).await;
    sender.hand_over(vec![record(1, 1)]).await.unwrap();
    until(|| async { stored(&database, 1).await.len() == 1 }).await;
    relay.stop().await;
    drop(feed);
    // The login may delete none, and the other prefix is the same.
    std::mem::forget(restricted);
    drop(topics);
    broker.kill().unwrap();
}
