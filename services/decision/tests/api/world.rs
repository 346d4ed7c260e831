//! An installation with the decision service: account acme with Mary, the role `Editor`, and an application that asks.

use std::sync::Arc;

use serde_json::{Value, json};
use trilby_access::Registry;
use trilby_account::command::{CreateRole, RevokeSessions, RevokeTarget};
use trilby_account::{HolderRef, KnownPrincipals, Ref, RoleLimits};
use trilby_decision::DecisionParts;
use trilby_eventlog::{Activity, Memory};
use trilby_model::{AccountId, LogId, Tags, Timestamp};
use trilby_policy::Kind;
use trilby_session::Claims;
use trilby_testkit::given::document;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::{Installation, allow};

pub struct World {
    pub inside: Installation,
    pub account: AccountId,
}

impl World {
    pub fn new() -> Self {
        let memory = Memory::for_tests();
        let mut registry = Registry::new();
        trilby_decision::register(&mut registry);
        let inside = Installation::start_on(
            registry,
            Arc::new(memory.clone()),
            Arc::new(memory),
            |services| {
                let parts = DecisionParts::start(Arc::clone(services.log()), 8 * 1024 * 1024);
                services.with(parts.unwrap())
            },
        );
        let account = inside.account("acme");
        let world = Self { inside, account };
        let asking = [
            "trilby:Evaluate",
            "trilby:ExplainDecision",
            "iam:ReadHistory",
        ];
        world.inside.user(account, "storefront", &allow(&asking));
        world.inside.user(account, "mary", &allow(&["docs:Read"]));
        world.role(account, "Editor", &allow(&["docs:*"]));
        world
    }

    /// A role that every principal of acme may put on.
    pub fn role(&self, account: AccountId, name: &str, policy: &Value) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": self.account.to_string()}, "Action": "sts:AssumeRole",
        }]});
        self.inside.run(
            account,
            CreateRole {
                name: name.parse().unwrap(),
                path: "/".parse().unwrap(),
                description: None,
                tags: Tags::default(),
                trust: document(Kind::Trust, &trust),
                known: KnownPrincipals {
                    accounts: [self.account].into(),
                    ..KnownPrincipals::default()
                },
                limits: RoleLimits::default(),
                external_id_waiver: "a test".parse().ok(),
            },
        );
        self.rights(account, name, policy);
    }

    /// Replaces what a role may do.
    pub fn rights(&self, account: AccountId, role: &str, policy: &Value) {
        let holder = HolderRef::Role(Ref::Name(role.parse().unwrap()));
        self.inside.allow(account, holder, policy);
    }

    /// Claims of a session of `Editor`.
    pub fn editor(&self, session_name: &str) -> Claims {
        self.inside
            .role_claims(self.account, "Editor", session_name)
    }

    /// The application that asks.
    pub fn storefront(&self) -> Client {
        self.inside
            .as_user(self.account, "storefront")
            .with_header("trilby-explain", "explain")
    }

    /// Asks in acme.
    pub fn ask(&self, question: &Value) -> Answer {
        self.storefront()
            .post(&self.path("evaluation"), question)
            .expect(200)
    }

    pub fn path(&self, what: &str) -> String {
        format!("/accounts/{}/access/v1/{what}", self.account)
    }

    pub fn revoke(&self, account: AccountId, target: RevokeTarget) {
        self.inside.run(
            account,
            RevokeSessions {
                target,
                issued_before_seq: None,
                reason: None,
            },
        );
    }

    /// Records a session as the token service does.
    pub fn record(&self, claims: &Claims) {
        let body = json!({"claims": claims, "ip": "192.0.2.7", "request_id": "r"});
        let record = Activity {
            log: LogId::Account(claims.trilby.acct),
            at: Timestamp::from_unix_seconds(claims.iat),
            kind: "session.issued".to_owned(),
            id: claims.jti.to_string(),
            body: body.to_string().into_bytes(),
        };
        let log = self.inside.services().log();
        self.inside.wait(log.activity_append(vec![record])).unwrap();
    }
}

/// May this subject do this to document 7?
pub fn question(subject: &Value, action: &str) -> Value {
    json!({"subject": subject, "action": {"name": action}, "resource": {"type": "document", "id": "7"}})
}

/// A subject with a session token.
pub fn bearer(token: &str) -> Value {
    json!({"type": "session", "id": "customer", "properties": {"token": token}})
}

#[track_caller]
pub fn assert_allowed(answer: &Answer) {
    assert_eq!(answer.json["decision"], true, "{answer:?}");
}

#[track_caller]
pub fn assert_denied(answer: &Answer, because: &str) {
    assert_eq!(answer.json["decision"], false, "{answer:?}");
    let message = answer.text("/context/trilby/message");
    assert!(message.contains(because), "{answer:?}");
}
