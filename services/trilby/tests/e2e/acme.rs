//! An installation with an organization and two members, made over HTTP as an administrator would.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::spawned::{Program, Spawned};

pub const ROOT_EMAIL: &str = "root@acme.example";
pub const ROOT_PASSWORD: &str = "violet-otter-climbs-the-9th-stair";

/// The program under test.
pub fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_trilby"))
}

/// An idempotency key nobody used before.
pub fn fresh_key() -> String {
    static KEYS: AtomicU32 = AtomicU32::new(0);
    format!("e2e-key-{:010}", KEYS.fetch_add(1, Ordering::Relaxed))
}

/// A running installation. Only its first accounts exist.
pub struct Acme {
    pub trilby: Spawned,
    pub account: String,
    pub organization: String,
    pub admin: String,
    pub dev: Member,
    pub prod: Member,
}

/// A member account and its administrator's token.
pub struct Member {
    pub id: String,
    pub admin: String,
}

/// An access key.
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl Acme {
    pub fn start() -> Acme {
        Acme::found(program().start())
    }

    /// From the ticket on the terminal to an administrator in each member account.
    pub fn found(trilby: Spawned) -> Acme {
        let stranger = trilby.client();
        let account = bootstrap(&stranger, &trilby.printed("tbb_")).expect(201);
        let account = account.text("/account/id").to_owned();
        let root = root_login(&stranger, &account, ROOT_PASSWORD).expect(200);
        let root = root.text("/access_token").to_owned();
        let as_root = stranger.with_token(&root);
        create_user(&as_root, &account, "admin");
        attach(&as_root, &account, "admin", "system:AdministratorAccess");
        let admin = key_session(&stranger, &create_key(&as_root, &account, "admin"));
        let as_admin = stranger.with_token(&admin);
        let organization = once(&as_admin, "POST", "/v1/organizations")
            .json(&json!({"name": "Acme"}))
            .send()
            .expect(201);
        let organization = organization.text("/id").to_owned();
        let dev = member(&as_admin, &organization, "acme-dev");
        let prod = member(&as_admin, &organization, "acme-prod");
        Acme {
            trilby,
            account,
            organization,
            admin,
            dev,
            prod,
        }
    }

    /// A client without a token.
    pub fn stranger(&self) -> Client {
        self.trilby.client()
    }

    pub fn admin(&self) -> Client {
        self.stranger().with_token(&self.admin)
    }

    /// An administrator of the operator account, on the operator's port.
    pub fn operator(&self) -> Client {
        self.trilby.operator().with_token(&self.admin)
    }

    pub fn dev_admin(&self) -> Client {
        self.stranger().with_token(&self.dev.admin)
    }

    pub fn prod_admin(&self) -> Client {
        self.stranger().with_token(&self.prod.admin)
    }

    /// Path below the account acme-dev.
    pub fn in_dev(&self, rest: &str) -> String {
        format!("/v1/accounts/{}{rest}", self.dev.id)
    }

    /// Where the log of acme-dev stands.
    pub fn dev_seq(&self) -> String {
        let answer = self.dev_admin().get(&self.in_dev("")).expect(200);
        position(answer.seq(), &self.dev.id)
    }

    /// A new user of acme-dev without any right, and a session of it by a key.
    pub fn nobody(&self, name: &str) -> (Key, String) {
        let admin = self.dev_admin();
        create_user(&admin, &self.dev.id, name);
        let key = create_key(&admin, &self.dev.id, name);
        let token = key_session(&self.stranger(), &key);
        (key, token)
    }
}

/// A request with an idempotency key of its own.
pub fn once<'a>(client: &'a Client, method: &str, path: &str) -> trilby_testkit::http::Call<'a> {
    client
        .request(method, path)
        .header("idempotency-key", &fresh_key())
}

pub fn bootstrap(client: &Client, ticket: &str) -> Answer {
    client.post(
        "/v1/bootstrap",
        &json!({
            "ticket": ticket,
            "account_name": "Acme management",
            "root_email": ROOT_EMAIL,
            "root_password": ROOT_PASSWORD,
        }),
    )
}

pub fn root_login(client: &Client, account: &str, password: &str) -> Answer {
    client.form(
        "/v1/token",
        &[
            ("grant_type", "urn:trilby:grant-type:console-login"),
            ("account", account),
            ("username", ROOT_EMAIL),
            ("password", password),
        ],
    )
}

pub fn create_user(client: &Client, account: &str, name: &str) -> Answer {
    once(client, "POST", &format!("/v1/accounts/{account}/users"))
        .json(&json!({"name": name}))
        .send()
        .expect(201)
}

pub fn attach(client: &Client, account: &str, user: &str, policy: &str) {
    let path = format!("/v1/accounts/{account}/users/{user}/attached-policies/{policy}");
    let answer = once(client, "PUT", &path).send();
    assert!((200..300).contains(&answer.status), "{answer:?}");
}

pub fn create_key(client: &Client, account: &str, user: &str) -> Key {
    let path = format!("/v1/accounts/{account}/users/{user}/access-keys");
    let answer = once(client, "POST", &path)
        .json(&json!({}))
        .send()
        .expect(201);
    Key {
        id: answer.text("/access_key_id").to_owned(),
        secret: answer.text("/secret").to_owned(),
    }
}

/// `client_credentials` with a key.
pub fn key_login(client: &Client, key: &Key) -> Answer {
    let basic = STANDARD.encode(format!("{}:{}", key.id, key.secret));
    client
        .with_header("authorization", &format!("Basic {basic}"))
        .form("/v1/token", &[("grant_type", "client_credentials")])
}

pub fn key_session(client: &Client, key: &Key) -> String {
    let answer = key_login(client, key).expect(200);
    answer.text("/access_token").to_owned()
}

/// One position of a consistency token: `account@seq.hash`.
pub fn position(token: &str, log: &str) -> String {
    let mut positions = token.split(',');
    let found = positions.find(|position| position.split('@').next() == Some(log));
    found
        .unwrap_or_else(|| panic!("{log} is not in {token}"))
        .to_owned()
}

/// The number in one position of a consistency token.
pub fn seq_number(token: &str, log: &str) -> u64 {
    let position = position(token, log);
    let number = position.split(['@', '.']).nth(1).unwrap();
    number.parse().unwrap()
}

/// A question to the decision API.
pub fn question(user: &str, action: &str, kind: &str, id: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": user},
        "action": {"name": action},
        "resource": {"type": kind, "id": id},
    })
}

/// A new member account of an organization.
pub fn member(admin: &Client, organization: &str, name: &str) -> Member {
    let path = format!("/v1/organizations/{organization}/accounts");
    let made = once(admin, "POST", &path)
        .json(&json!({"name": name}))
        .send()
        .expect(201);
    let session = admin
        .post(
            "/v1/assume-role",
            &json!({"role_arn": made.text("/access_role_arn"), "role_session_name": "e2e"}),
        )
        .expect(200);
    Member {
        id: made.text("/account_id").to_owned(),
        admin: session.text("/credentials/session_token").to_owned(),
    }
}
