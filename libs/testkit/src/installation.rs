//! An installation inside the test process: operations of a registry, on a real port, over a store.
//!
//! Accounts, users and their rights are put into the log directly, and session tokens are signed with the accounts' own
//! keys, so that a service can be tested without the services that would otherwise make these. Everything from the
//! token on is the real thing: verification, revocation, the engine, the registry.

mod sessions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use trilby_access::{Parts, Registry, Services};
use trilby_account::command::{
    ActivateSigningKey, CreateGroup, CreateUser, PublishSigningKey, PutInlinePolicy,
};
use trilby_account::event::{AccountCreated, RootCredentialSet};
use trilby_account::{Actor, Command, Context, HolderRef, Ref, UserKind};
use trilby_directory::{After, Answer, Events, Executed, Plan, ReceiptKey, StoreSecrets, Write};
use trilby_eventlog::{EventLog, Feed, Memory};
use trilby_model::{AccountId, GroupId, LogId, UserId};
use trilby_policy::Kind;
use trilby_service::Settings;
use trilby_service::clock::{Clock, EntropySource, ManualClock, SeededEntropy};
use trilby_service::cursor::CursorKey;
use trilby_service::server::{Listeners, Server};
use trilby_service::telemetry::Telemetry;
use trilby_session::{Algorithm, SigningKey};

use crate::given::document;
use crate::http::Client;

/// An installation that serves until it is dropped.
pub struct Installation {
    services: Services,
    clock: Arc<ManualClock>,
    runtime: tokio::runtime::Runtime,
    base: String,
    keys: Mutex<HashMap<AccountId, Arc<SigningKey>>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
}

impl Installation {
    /// An empty installation over a store in memory.
    pub fn start(registry: Registry) -> Self {
        let memory = Memory::for_tests();
        Self::start_on(
            registry,
            Arc::new(memory.clone()),
            Arc::new(memory),
            |services| services,
        )
    }

    /// An installation over any store. `complete` adds the parts that its operations need besides the shared ones.
    pub fn start_on(
        registry: Registry,
        log: Arc<dyn EventLog>,
        feed: Arc<dyn Feed>,
        complete: impl FnOnce(Services) -> Services,
    ) -> Self {
        registry.check().expect("the registry is consistent");
        let settings = settings();
        let listeners = Listeners::open(&settings).expect("free ports");
        let base = listeners.public_url().to_owned();
        let clock = Arc::new(crate::time::clock());
        let entropy: Arc<dyn EntropySource> = Arc::new(SeededEntropy::new(7));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let services = runtime.block_on(Services::start(Parts {
            log,
            feed,
            clock: Arc::<ManualClock>::clone(&clock),
            entropy: Arc::clone(&entropy),
            settings: Arc::new(settings.clone()),
            public_url: base.clone(),
            secrets: StoreSecrets {
                claim_key: [3; 32],
                snapshot_key: [4; 32],
            },
            cursor_key: CursorKey::new(&[4; 32]),
            directory: trilby_directory::Options::default(),
        }));
        let services = complete(services.expect("an empty store can be read"));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let telemetry = Telemetry::quiet().expect("metrics");
        let for_routes = services.clone();
        let server = Server::new(&settings, listeners, telemetry)
            .with_time(Arc::<ManualClock>::clone(&clock), entropy)
            .routes(move |config| registry.configure(config, &for_routes));
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let served = runtime.block_on(server.run(async { drop(stopped.await) }));
            served.expect("the server ends well");
        });
        Self {
            services,
            clock,
            runtime,
            base,
            keys: Mutex::default(),
            stop: Some(stop),
            server: Some(server),
        }
    }

    /// The parts its operations work with.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The clock of everything in it.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Runs a future on the installation's runtime.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// A client without a token.
    pub fn stranger(&self) -> Client {
        Client::new(&self.base)
    }

    /// Makes an account with a root password and a signing key.
    pub fn account(&self, name: &str) -> AccountId {
        let account = AccountId::generate(&mut self.services.entropy());
        let created = AccountCreated {
            account,
            name: name.parse().expect("an account name"),
        };
        let root = root_credential(account);
        self.append(Events::Account(account, vec![created.into(), root.into()]));
        self.give_key(account);
        account
    }

    /// Gives an account that was made by the API a root password and a signing key, so that it can be entered.
    pub fn adopt(&self, account: AccountId) {
        self.append(Events::Account(
            account,
            vec![root_credential(account).into()],
        ));
        self.give_key(account);
    }

    fn give_key(&self, account: AccountId) {
        let key = SigningKey::generate(Algorithm::Es256).expect("a key");
        let jwk = serde_json::to_value(key.public().to_jwk()).expect("a JWK");
        let kid = key.kid().to_owned();
        self.run(
            account,
            PublishSigningKey {
                kid: kid.clone(),
                alg: key.public().algorithm().as_str().to_owned(),
                jwk: serde_json::from_value(jwk).expect("strings"),
            },
        );
        self.run(
            account,
            ActivateSigningKey {
                kid,
                metadata: None,
            },
        );
        self.keys
            .lock()
            .expect("no panic")
            .insert(account, Arc::new(key));
    }

    /// Decides a command on an account and appends its events.
    pub fn run(&self, account: AccountId, command: impl Into<Command>) {
        let state = self.state(account);
        let ctx = Context::new(
            self.clock.now(),
            Actor::System,
            &mut self.services.entropy(),
        );
        let events = state
            .decide(command.into(), &ctx)
            .expect("an accepted command");
        self.append(Events::Account(account, events));
    }

    /// An account as it is now.
    pub fn state(&self, account: AccountId) -> trilby_account::Account {
        let view = self.wait(self.services.directory().account(account));
        view.expect("an account").state.clone()
    }

    /// Makes a user with an inline policy of this text.
    pub fn user(&self, account: AccountId, name: &str, policy: &Value) -> UserId {
        let name: trilby_model::UserName = name.parse().expect("a user name");
        self.run(
            account,
            CreateUser {
                name: name.clone(),
                path: "/".parse().expect("a path"),
                kind: UserKind::Human,
                description: None,
                tags: trilby_model::Tags::default(),
            },
        );
        if !policy.is_null() {
            self.allow(account, HolderRef::User(Ref::Name(name.clone())), policy);
        }
        self.state(account)
            .user(&Ref::Name(name))
            .expect("the user")
            .id
            .clone()
    }

    /// Makes a group with an inline policy of this text.
    pub fn group(&self, account: AccountId, name: &str, policy: &Value) -> GroupId {
        let name: trilby_model::GroupName = name.parse().expect("a group name");
        self.run(
            account,
            CreateGroup {
                name: name.clone(),
                path: "/".parse().expect("a path"),
                description: None,
                tags: trilby_model::Tags::default(),
            },
        );
        if !policy.is_null() {
            self.allow(account, HolderRef::Group(Ref::Name(name.clone())), policy);
        }
        self.state(account)
            .group(&Ref::Name(name))
            .expect("the group")
            .id
            .clone()
    }

    /// Puts the inline policy `test` into a user, group or role.
    pub fn allow(&self, account: AccountId, holder: HolderRef, policy: &Value) {
        let name = "test".parse().expect("a policy name");
        self.run(
            account,
            PutInlinePolicy {
                holder,
                name,
                document: document(Kind::Identity, policy),
            },
        );
    }

    /// Appends events as they are, in a log that may be new.
    pub fn append(&self, events: Events) {
        self.append_all(vec![events]);
    }

    /// Appends events of several logs in one commit.
    pub fn append_all(&self, events: Vec<Events>) {
        let logs: Vec<LogId> = events.iter().map(Events::log).collect();
        let log = logs.first().expect("events").clone();
        let mut entropy = self.services.entropy();
        let write = Write {
            logs,
            receipt: ReceiptKey {
                log,
                key: entropy.take(),
                request_hash: [0; 32],
                chosen: false,
            },
            meta: serde_json::json!({ "request_id": "test" }),
            alive: Vec::new(),
            incarnation: None,
            trace: None,
            now: self.clock.now(),
            entropy,
        };
        let executed = self.wait(self.services.directory().execute(write, |_| {
            Ok::<_, std::convert::Infallible>(Plan::new(events.clone(), |_: &After| {
                Ok(Answer {
                    value: (),
                    status: 200,
                    stored: None,
                })
            }))
        }));
        match executed {
            Ok(Executed::Done(_)) => {}
            other => panic!("not appended: {other:?}"),
        }
    }

    fn key(&self, account: AccountId) -> Arc<SigningKey> {
        Arc::clone(
            self.keys
                .lock()
                .expect("no panic")
                .get(&account)
                .expect("an account of this installation"),
        )
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take()
            && server.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server panicked");
        }
    }
}

/// An identity policy that allows these actions on everything.
pub fn allow(actions: &[&str]) -> Value {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    })
}

/// Free ports on loopback, one worker, defaults for all else.
fn settings() -> Settings {
    let values = [
        ("server.listen", "127.0.0.1:0"),
        ("server.operator_listen", "127.0.0.1:0"),
        ("server.workers", "1"),
        ("server.shutdown_grace_ms", "1000"),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Settings::load(None, [], values).expect("settings")
}

fn root_credential(account: AccountId) -> RootCredentialSet {
    RootCredentialSet {
        account,
        generation: 1,
        hashing: trilby_account::Hashing {
            algo: "argon2id".to_owned(),
            params: Default::default(),
        },
        email: None,
    }
}
