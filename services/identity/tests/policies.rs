//! Policies, applications, resources, organizations and the log, over a real port.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "api/applications.rs"]
mod applications;
#[path = "api/attached_policies.rs"]
mod attached_policies;
#[path = "api/inline_policies.rs"]
mod inline_policies;
#[path = "api/log.rs"]
mod log;
#[path = "api/managed_policies.rs"]
mod managed_policies;
#[path = "api/resource_policies.rs"]
mod resource_policies;
#[path = "api/resources.rs"]
mod resources;
#[path = "api/subject_aliases.rs"]
mod subject_aliases;

use serde_json::{Value, json};
use trilby_access::Registry;
use trilby_model::AccountId;
use trilby_testkit::http::Client;
use trilby_testkit::installation::Installation;

/// An installation of this service with one account, and root of it.
struct Acme {
    installation: Installation,
    account: AccountId,
    root: Client,
}

impl Acme {
    fn new() -> Self {
        let mut registry = Registry::new();
        trilby_identity::register(&mut registry);
        let installation = Installation::start(registry);
        let account = installation.account("Acme");
        let root = installation.root(account);
        Self {
            installation,
            account,
            root,
        }
    }

    /// A path within the account.
    fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}/{rest}", self.account)
    }

    /// A user with this policy, logged in.
    fn user(&self, name: &str, policy: &Value) -> Client {
        self.installation.user(self.account, name, policy);
        self.installation.as_user(self.account, name)
    }

    /// A managed policy that allows `s3:Get*`.
    fn policy(&self, name: &str) -> Value {
        let body = json!({"name": name, "document": reading()});
        self.root
            .post(&self.path("policies"), &body)
            .expect(201)
            .json
    }

    /// An application with one registered resource, `bucket/drafts`. Gives the resource's path.
    fn bucket(&self) -> String {
        self.root
            .post(&self.path("applications"), &json!({"name": "s3"}))
            .expect(201);
        let bucket = self.path("applications/s3/resources/bucket/drafts");
        self.root.put(&bucket, &json!({})).expect(201);
        bucket
    }
}

fn document(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn reading() -> Value {
    document("s3:Get*")
}
