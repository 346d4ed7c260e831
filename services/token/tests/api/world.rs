//! An installation with the token service and accounts whose people can prove who they are.

use std::num::NonZeroUsize;
use std::sync::Arc;

use serde_json::{Value, json};
use trilby_account::command::{
    CreateAccessKey, CreateRole, IssueRootPasswordTicket, ReplaceTrustPolicy, SetUserPassword,
};
use trilby_account::event::{AccountCreated, RootCredentialSet};
use trilby_account::{
    Hashing, KnownPrincipals, PersonalField, PersonalRef, PrincipalId, Ref, RoleLimits,
};
use trilby_credential::keys::ClaimKey;
use trilby_credential::password::Params;
use trilby_credential::password::rules::RefusedPasswords;
use trilby_credential::{
    AccessKeySecret, Address, CredentialKind, HashPool, Kek, Keks, Password, PasswordHash, Pepper,
    PepperVersion, Peppers, Ticket, TicketKind,
};
use trilby_directory::Events;
use trilby_eventlog::{Credential, Memory, Personal, SideBody, SideWrite};
use trilby_federation::cache::KeyCache;
use trilby_federation::fetch::{Fetch, GuardedFetch, SystemResolver};
use trilby_federation::guard::Guard;
use trilby_model::{AccessKeyId, AccountId, LogId, Tags, Timestamp, UserId, UserName};
use trilby_policy::Kind;
use trilby_service::clock::Clock;
use trilby_testkit::given::document;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::Installation;
use trilby_token::TokenParts;

/// Everyone's password in these tests, unless another was set.
pub const PASSWORD: &str = "seven grey umbrellas";
/// Root's address.
pub const EMAIL: &str = "Root@example.com";

pub struct World {
    pub inside: Installation,
    store: Memory,
    /// An account with root, Mary and an access key of hers.
    pub account: AccountId,
    pub mary: UserId,
    pub key: Key,
}

#[derive(Clone)]
pub struct Key {
    pub id: AccessKeyId,
    pub secret: String,
}

fn peppers() -> Peppers {
    Peppers::single(Pepper::new(PepperVersion::FIRST, [5; 32]))
}

impl World {
    pub fn new() -> Self {
        Self::allowing(&Value::Null)
    }

    /// An account without a credential, and a ticket by which its root gets one.
    pub fn account_with_ticket(&self, name: &str, expires_at: Timestamp) -> (AccountId, String) {
        let account = AccountId::generate(&mut self.inside.services().entropy());
        let created = AccountCreated {
            account,
            name: name.parse().unwrap(),
        };
        self.inside
            .append(Events::Account(account, vec![created.into()]));
        let email = root_email(account);
        let command = IssueRootPasswordTicket {
            expires_at,
            email: Some(email.digest()),
        };
        self.inside.run(account, command);
        file(&self.inside, SideWrite::PersonalInsert(email));
        let mut entropy = self.inside.services().entropy();
        let ticket = Ticket::addressed(TicketKind::Password, Address::Root(account), &mut entropy);
        let row = Credential {
            log: LogId::Account(account),
            subject: account.to_string(),
            kind: CredentialKind::PasswordTicket.number(),
            generation: 1,
            body: SideBody(ticket.mac(&peppers()).to_bytes()),
            expires_at: Some(expires_at),
        };
        file(&self.inside, SideWrite::CredentialInsert(row));
        (account, ticket.expose().to_owned())
    }

    /// Mary has this inline policy.
    pub fn allowing(policy: &Value) -> Self {
        Self::fetching(policy, guarded())
    }

    /// Issuers are called by this.
    pub fn fetching(policy: &Value, fetch: Arc<dyn Fetch>) -> Self {
        let store = Memory::for_tests();
        let inside = start(&store, fetch);
        let account = make_account(&inside, "Acme");
        let mary = make_user(&inside, account, "mary", policy);
        let key = make_key(&inside, account, "mary");
        Self {
            inside,
            store,
            account,
            mary,
            key,
        }
    }

    /// Another process over the same store: a second one beside the first, or the first started again.
    pub fn beside(&self) -> Installation {
        let beside = start(&self.store, guarded());
        beside.clock().set(self.inside.clock().now());
        beside
    }

    pub fn another_account(&self, name: &str) -> AccountId {
        make_account(&self.inside, name)
    }

    pub fn another_user(&self, account: AccountId, name: &str, policy: &Value) -> UserId {
        make_user(&self.inside, account, name, policy)
    }

    pub fn another_key(&self, account: AccountId, user: &str) -> Key {
        make_key(&self.inside, account, user)
    }

    /// A role with this trust policy and these rights.
    pub fn role(&self, account: AccountId, name: &str, trust: &Value) {
        self.role_with(account, name, trust, RoleLimits::default());
    }

    pub fn role_with(&self, account: AccountId, name: &str, trust: &Value, limits: RoleLimits) {
        self.inside.run(
            account,
            CreateRole {
                name: name.parse().unwrap(),
                path: "/".parse().unwrap(),
                description: None,
                tags: Tags::default(),
                trust: document(Kind::Trust, trust),
                known: self.known(),
                limits,
                external_id_waiver: waiver(),
            },
        );
    }

    /// Another trust policy for a role: one that names the role itself, or one made later.
    pub fn trust(&self, account: AccountId, name: &str, trust: &Value) {
        self.inside.run(
            account,
            ReplaceTrustPolicy {
                role: Ref::Name(name.parse().unwrap()),
                trust: document(Kind::Trust, trust),
                known: self.known(),
                revoke_sessions: false,
                external_id_waiver: waiver(),
            },
        );
    }

    /// The first account, Mary and its providers, as other accounts know them.
    fn known(&self) -> KnownPrincipals {
        let mary = format!("arn:trilby:iam::{}:user/mary", self.account);
        KnownPrincipals {
            ids: [(mary, PrincipalId::User(self.mary.clone()))].into(),
            accounts: [self.account].into(),
            providers: self
                .inside
                .state(self.account)
                .providers()
                .values()
                .map(|provider| (provider.id.clone(), provider.settings.clone()))
                .collect(),
            ..KnownPrincipals::default()
        }
    }

    pub fn set_must_change(&self) {
        let command = SetUserPassword {
            user: Ref::Name(user_name("mary")),
            hashing: hashing(),
            must_change: true,
            revoke_sessions: true,
            ticket: None,
        };
        self.inside.run(self.account, command);
        file_password(&self.inside, self.account, self.mary.as_str(), 2);
    }

    /// Posts a form, a while after the one before, so that no throttle is met by accident.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.form_as(&self.inside.stranger(), path, fields)
    }

    pub fn form_as(&self, client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.inside.clock().advance_seconds(6);
        client.form(path, fields)
    }

    pub fn post(&self, client: &Client, path: &str, body: &Value) -> Answer {
        self.inside.clock().advance_seconds(6);
        client.post(path, body)
    }

    /// A session by access key.
    pub fn key_session(&self, key: &Key) -> Client {
        let answer = self.client_credentials(key).expect(200);
        self.inside
            .stranger()
            .with_token(answer.text("/access_token"))
    }

    pub fn client_credentials(&self, key: &Key) -> Answer {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", key.id.as_str()),
            ("client_secret", &key.secret),
        ];
        self.form("/v1/token", &fields)
    }

    /// A login.
    pub fn login(&self, account: &str, username: &str, password: &str) -> Answer {
        let fields = [
            ("grant_type", "urn:trilby:grant-type:console-login"),
            ("account", account),
            ("username", username),
            ("password", password),
        ];
        self.form("/v1/token", &fields)
    }

    /// A session by password.
    pub fn session(&self, username: &str) -> Client {
        let answer = self
            .login(&self.account.to_string(), username, PASSWORD)
            .expect(200);
        self.inside
            .stranger()
            .with_token(answer.text("/access_token"))
    }

    pub fn assume(&self, client: &Client, role_arn: &str) -> Answer {
        self.post(
            client,
            "/v1/assume-role",
            &json!({ "role_arn": role_arn, "role_session_name": "ci-42" }),
        )
    }

    /// A role session.
    pub fn role_session(&self, client: &Client, role_arn: &str) -> Client {
        let answer = self.assume(client, role_arn).expect(200);
        self.inside
            .stranger()
            .with_token(answer.text("/credentials/session_token"))
    }

    pub fn role_arn(&self, account: AccountId, name: &str) -> String {
        format!("arn:trilby:iam::{account}:role/{name}")
    }

    /// Whether a session stands.
    pub fn stands(&self, client: &Client) -> bool {
        match client.get("/v1/caller-identity").status {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }
}

/// Calls nothing but the public web.
fn guarded() -> Arc<dyn Fetch> {
    let guard = Guard::new(Vec::new());
    Arc::new(GuardedFetch::new(guard, Arc::new(SystemResolver)))
}

fn start(store: &Memory, fetch: Arc<dyn Fetch>) -> Installation {
    Installation::start_on(
        trilby_token::registry(),
        Arc::new(store.clone()),
        Arc::new(store.clone()),
        |services| {
            let clock = Arc::clone(services.clock());
            let keys = KeyCache::new(fetch, Arc::new(move || clock.now()));
            services
                .with(peppers())
                .with(HashPool::new(NonZeroUsize::new(2).unwrap(), 64).unwrap())
                .with(Params::FLOOR)
                .with(RefusedPasswords::shipped())
                .with(TokenParts::new(
                    Keks::new(Kek::new([6; 32]), None),
                    ClaimKey::new([3; 32]),
                    keys,
                ))
        },
    )
}

/// A body without what names its request: two refusals that tell the same are equal in it.
pub fn told(answer: &Answer) -> Value {
    let mut json = answer.json.clone();
    if let Some(object) = json.as_object_mut() {
        for own in ["request_id", "decision_id"] {
            object.remove(own);
        }
    }
    json
}

pub fn trusting(principals: &[String]) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "AWS": principals }, "Action": "sts:AssumeRole" }],
    })
}

pub fn user_name(name: &str) -> UserName {
    name.parse().unwrap()
}

fn hashing() -> Hashing {
    Hashing {
        algo: "argon2id".to_owned(),
        params: Default::default(),
    }
}

fn root_email(account: AccountId) -> Personal {
    Personal {
        log: LogId::Account(account),
        subject: account.to_string(),
        field: PersonalField::Email.number(),
        generation: 1,
        salt: [1; 16],
        body: SideBody(EMAIL.as_bytes().to_vec()),
    }
}

fn make_account(inside: &Installation, name: &str) -> AccountId {
    let account = AccountId::generate(&mut inside.services().entropy());
    let email = root_email(account);
    let named = PersonalRef {
        field: PersonalField::Email,
        generation: 1,
        digest: email.digest(),
    };
    let created = AccountCreated {
        account,
        name: name.parse().unwrap(),
    };
    let root = RootCredentialSet {
        account,
        generation: 1,
        hashing: hashing(),
        email: Some(named),
    };
    inside.append(Events::Account(account, vec![created.into(), root.into()]));
    file(inside, SideWrite::PersonalInsert(email));
    file_password(inside, account, &account.to_string(), 1);
    account
}

fn make_user(inside: &Installation, account: AccountId, name: &str, policy: &Value) -> UserId {
    let id = inside.user(account, name, policy);
    inside.run(
        account,
        SetUserPassword {
            user: Ref::Id(id.clone()),
            hashing: hashing(),
            must_change: false,
            revoke_sessions: true,
            ticket: None,
        },
    );
    file_password(inside, account, id.as_str(), 1);
    id
}

fn make_key(inside: &Installation, account: AccountId, user: &str) -> Key {
    let user = Ref::Name(user_name(user));
    let before = inside.state(account);
    inside.run(
        account,
        CreateAccessKey {
            user: user.clone(),
            expires_at: None,
            allowed_cidrs: Vec::new(),
        },
    );
    let after = inside.state(account);
    let known = &before.user(&user).unwrap().access_keys;
    let id = after
        .user(&user)
        .unwrap()
        .access_keys
        .iter()
        .find(|id| !known.contains(*id))
        .unwrap()
        .clone();
    let secret = AccessKeySecret::generate(&mut inside.services().entropy());
    file(
        inside,
        SideWrite::CredentialInsert(Credential {
            log: LogId::Account(account),
            subject: id.to_string(),
            kind: CredentialKind::AccessKey.number(),
            generation: 1,
            body: SideBody(secret.mac(&peppers()).to_bytes()),
            expires_at: None,
        }),
    );
    Key {
        id,
        secret: secret.expose().to_owned(),
    }
}

/// Files the hash of [`PASSWORD`]; made once, since it is slow.
fn file_password(inside: &Installation, account: AccountId, subject: &str, generation: u32) {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let hash = HASH.get_or_init(|| {
        let password = Password::new(PASSWORD).unwrap();
        let mut entropy = trilby_model::Entropy::new([8; 32]);
        PasswordHash::make(&password, &peppers(), Params::FLOOR, &mut entropy)
            .unwrap()
            .encode()
    });
    file(
        inside,
        SideWrite::CredentialInsert(Credential {
            log: LogId::Account(account),
            subject: subject.to_owned(),
            kind: CredentialKind::Password.number(),
            generation,
            body: SideBody(hash.clone().into_bytes()),
            expires_at: None,
        }),
    );
}

fn file(inside: &Installation, row: SideWrite) {
    inside
        .wait(inside.services().log().side_write(vec![row]))
        .unwrap();
}

/// Most tests are about something else than how strangers are told apart.
fn waiver() -> Option<trilby_account::Reason> {
    "a test".parse().ok()
}
