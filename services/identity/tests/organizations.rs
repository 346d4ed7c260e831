//! Organizations over HTTP: the tree, control policies, members, quarantine and delegation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "api/control_policies.rs"]
mod control_policies;
#[path = "api/organization_members.rs"]
mod organization_members;
#[path = "api/organization_units.rs"]
mod organization_units;
#[path = "api/organizations.rs"]
mod organizations;
#[path = "api/root_credentials.rs"]
mod root_credentials;
#[path = "api/world.rs"]
#[allow(dead_code, reason = "shared with the tests of resources")]
mod world;

use serde_json::Value;
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
        let installation = world::empty();
        let account = installation.account("Acme");
        let root = installation.root(account);
        Self {
            installation,
            account,
            root,
        }
    }

    /// A user with this policy, logged in.
    fn user(&self, name: &str, policy: &Value) -> Client {
        self.installation.user(self.account, name, policy);
        self.installation.as_user(self.account, name)
    }
}
