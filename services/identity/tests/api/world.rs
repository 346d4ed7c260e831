//! An installation with the identity service, and an account whose administrator may do everything.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use trilby_access::{Registry, Services};
use trilby_credential::password::Params;
use trilby_credential::password::rules::RefusedPasswords;
use trilby_credential::{CredentialKind, HashPool, Pepper, PepperVersion, Peppers};
use trilby_eventlog::{Credential, Memory};
use trilby_federation::cache::KeyCache;
use trilby_federation::fetch::{Fetch, FetchError, Fetched};
use trilby_federation::guard::{Guard, Refused};
use trilby_model::{AccountId, LogId, Seq};
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::{Installation, allow};

/// A password that nothing can be said against.
pub const PASSWORD: &str = "seven grey umbrellas";

pub struct World {
    pub inside: Installation,
    pub account: AccountId,
    /// A session of `admin`, who may do everything.
    pub admin: Client,
    /// The world outside.
    pub issuers: Issuers,
}

/// The pepper of test installations.
pub fn peppers() -> Peppers {
    Peppers::single(Pepper::new(PepperVersion::FIRST, [5; 32]))
}

/// An installation without accounts.
pub fn empty() -> Installation {
    empty_with(&Issuers::default())
}

/// An installation without accounts, in a world with these issuers.
pub fn empty_with(issuers: &Issuers) -> Installation {
    let memory = Memory::for_tests();
    let mut registry = Registry::new();
    trilby_identity::register(&mut registry);
    Installation::start_on(
        registry,
        Arc::new(memory.clone()),
        Arc::new(memory),
        |services| complete(services, issuers),
    )
}

/// What issuers show, by address. Whatever is not here cannot be reached.
#[derive(Clone, Default)]
pub struct Issuers(Arc<Mutex<BTreeMap<String, String>>>);

impl Issuers {
    /// An issuer whose keys are at `/keys` below it.
    pub fn stand(&self, issuer: &str) {
        self.show_keys_at(issuer, &format!("{issuer}/keys"));
    }

    /// An issuer that says that its keys are there, where they are.
    pub fn show_keys_at(&self, issuer: &str, jwks_uri: &str) {
        let description = json!({ "issuer": issuer, "jwks_uri": jwks_uri });
        self.show(
            &format!("{issuer}/.well-known/openid-configuration"),
            &description,
        );
        // RFC 8037, appendix A.2.
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        self.show(jwks_uri, &json!({ "keys": [key] }));
    }

    /// A document.
    pub fn show(&self, url: &str, document: &Value) {
        self.0
            .lock()
            .unwrap()
            .insert(url.to_owned(), document.to_string());
    }
}

#[async_trait::async_trait]
impl Fetch for Issuers {
    fn allows(&self, url: &str) -> Result<(), Refused> {
        Guard::default().allows(url)
    }

    async fn get(&self, url: &str, _: usize) -> Result<Fetched, FetchError> {
        let found = self.0.lock().unwrap().get(url).cloned();
        found.ok_or(FetchError::Unreachable).map(|body| Fetched {
            body: body.into_bytes(),
            max_age_s: None,
        })
    }
}

fn complete(services: Services, issuers: &Issuers) -> Services {
    let clock = Arc::clone(services.clock());
    let keys = KeyCache::new(Arc::new(issuers.clone()), Arc::new(move || clock.now()));
    services
        .with(keys)
        .with(peppers())
        .with(HashPool::new(NonZeroUsize::new(2).unwrap(), 64).unwrap())
        .with(Params::FLOOR)
        .with(RefusedPasswords::shipped())
}

/// A key for `Idempotency-Key` that was not used yet.
pub fn once() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-key-{:08}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl World {
    pub fn new() -> Self {
        let issuers = Issuers::default();
        let inside = empty_with(&issuers);
        let account = inside.account("Acme");
        inside.user(account, "admin", &allow(&["*"]));
        let admin = inside.as_user(account, "admin");
        Self {
            inside,
            account,
            admin,
            issuers,
        }
    }

    /// A path below the account.
    pub fn at(&self, rest: &str) -> String {
        format!("/v1/accounts/{}{rest}", self.account)
    }

    /// A session of a new user with this inline policy.
    pub fn caller(&self, name: &str, policy: &Value) -> Client {
        self.inside.user(self.account, name, policy);
        self.inside.as_user(self.account, name)
    }

    /// A session of a new user that may do these actions on everything.
    pub fn allowed(&self, name: &str, actions: &[&str]) -> Client {
        self.caller(name, &allow(actions))
    }

    /// A session of a new user that may do everything but these actions.
    pub fn all_but(&self, name: &str, actions: &[&str]) -> Client {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Action": "*", "Resource": "*" },
                { "Effect": "Deny", "Action": actions, "Resource": "*" },
            ],
        });
        self.caller(name, &policy)
    }

    /// Makes an access key.
    pub fn key(&self, user: &str) -> Answer {
        let admin = self.admin.with_header("idempotency-key", &once());
        admin
            .post(&self.at(&format!("/users/{user}/access-keys")), &json!({}))
            .expect(201)
    }

    /// The newest verifier in a side table.
    pub fn credential(&self, subject: &str, kind: CredentialKind) -> Option<Credential> {
        credential(&self.inside, &LogId::Account(self.account), subject, kind)
    }
}

/// The newest verifier in a side table.
pub fn credential(
    inside: &Installation,
    log: &LogId,
    subject: &str,
    kind: CredentialKind,
) -> Option<Credential> {
    inside
        .wait(
            inside
                .services()
                .log()
                .credential(log, subject, kind.number()),
        )
        .unwrap()
}

/// Every byte that a log keeps for ever.
pub fn kept(inside: &Installation, log: &LogId) -> String {
    let commits = inside
        .wait(inside.services().log().read(log, Seq::ZERO, 1_000))
        .unwrap();
    let bodies = commits
        .iter()
        .flat_map(|commit| commit.events.iter())
        .filter_map(|event| event.body.clone());
    bodies
        .map(|body| String::from_utf8(body).unwrap())
        .collect()
}

/// The names of a list's items.
pub fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no list: {answer:?}"));
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A problem's body without what differs from request to request.
pub fn told(answer: &Answer) -> Value {
    let mut body = answer.json.clone();
    for member in ["instance", "request_id"] {
        body.as_object_mut()
            .unwrap_or_else(|| panic!("no problem: {answer:?}"))
            .remove(member);
    }
    body
}
