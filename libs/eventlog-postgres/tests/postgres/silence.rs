//! A database that takes what it is sent and answers nothing: a host that hangs, a network that swallows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use trilby_eventlog::{AppendError, Error, EventLog};
use trilby_eventlog_postgres::{OpenError, Options, Postgres, Role};

use crate::support::common::{Database, account};
use crate::support::work::{assert_sound, commit_of, execute, execute_surely};

/// How long a question may take that nobody answers; a write asks once more whether it was written.
const PATIENCE: Duration = Duration::from_secs(7);

/// Stands before a server. While it is silent it takes connections and bytes, passes on what clients send, and brings
/// back nothing.
struct Proxy {
    port: u16,
    silent: Arc<AtomicBool>,
}

impl Proxy {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let silent = Arc::new(AtomicBool::new(false));
        let is_silent = Arc::clone(&silent);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) =
                    TcpStream::connect(&server).await.unwrap().into_split();
                let never = Arc::new(AtomicBool::new(false));
                tokio::spawn(pass(from_client, to_server, never));
                tokio::spawn(pass(from_server, to_client, Arc::clone(&is_silent)));
            }
        });
        Self { port, silent }
    }

    fn be_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    swallows: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if !swallows.load(Ordering::SeqCst) && to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

fn address(url: &str) -> String {
    let after = url.rsplit_once('@').unwrap().1;
    after.split(['/', '?']).next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn who_asks_a_silent_database_is_told_so_in_seconds() {
    let database = Database::new();
    let server = address(&database.url);
    let proxy = Proxy::before(server.clone()).await;
    let through = database
        .url
        .replace(&server, &format!("127.0.0.1:{}", proxy.port));
    let options = Options::new(through, Role::Identity);
    let store = Postgres::open(&options).await.unwrap();
    let first = execute(&store, (0, 0, 0)).await.unwrap();

    let commit = commit_of(&store, (0, 0, 1)).await.unwrap();
    proxy.be_silent(true);
    let begun = Instant::now();
    let (read, written, opened) = futures::join!(
        async { (store.head(&account(0)).await, begun.elapsed()) },
        async { (store.append(commit).await, begun.elapsed()) },
        async { (Postgres::open(&options).await, begun.elapsed()) },
    );
    assert!(matches!(read.0, Err(Error::Unavailable(_))), "{read:?}");
    assert!(read.1 < PATIENCE, "{read:?}");
    assert!(
        matches!(written.0, Err(AppendError::Unavailable(_))),
        "{written:?}"
    );
    assert!(written.1 < PATIENCE * 2, "{written:?}");
    assert!(
        matches!(opened.0, Err(OpenError::Unreachable(_))),
        "{opened:?}"
    );
    assert!(opened.1 < PATIENCE, "{opened:?}");

    // The connections that heard nothing are gone; what they had sent was done, and is found.
    proxy.be_silent(false);
    let second = execute(&store, (0, 0, 1)).await.unwrap();
    let told = BTreeMap::from([((0, 0, 0), first), ((0, 0, 1), second)]);
    let direct = database.open(Role::Admin).await;
    assert_eq!(execute_surely(&direct, (0, 0, 1)).await, second);
    assert_sound(&direct, &told, told.keys().copied()).await;
}
