//! What an operation is about: where its path lies, and of which resource its action is asked.

use std::sync::Arc;

use trilby_directory::{AccountView, OrganizationView};
use trilby_model::{AccountId, Arn, OrganizationId, Tags, Timestamp};
use trilby_policy::{Context, ContextValue};
use trilby_service::caller::Caller;

/// Where an operation's path lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In no account: public documents, calculators.
    Nowhere,
    /// In the caller's own account, which the path does not name.
    Caller,
    /// In an account that the path names.
    Account(AccountId),
    /// In an organization that the path names.
    Organization(OrganizationId),
    /// Nowhere but in the installation, which is the operator account's.
    Installation,
}

/// The state of the place, for building the target. What does not exist is absent.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// The account of the place; of an organization its management account, of the installation the operator account.
    pub account: Option<&'a Arc<AccountView>>,
    /// The organization of the place: the one named, or the one the account is in.
    pub organization: Option<&'a Arc<OrganizationView>>,
    /// The present.
    pub now: Timestamp,
}

/// What an action is asked of.
#[derive(Debug, Clone)]
pub struct Target {
    /// The resource.
    pub resource: Arn,
    /// Who owns it.
    pub account: Option<AccountId>,
    /// Condition keys of this request, besides those that every request has.
    pub context: Context,
    /// A narrower right that suffices for this very request in place of the operation's action.
    pub instead: Option<&'static str>,
    /// Further actions that must be allowed as well, each on its own resource and with the same condition keys.
    pub also: Vec<Question>,
}

/// One more thing that must be allowed.
#[derive(Debug, Clone)]
pub struct Question {
    /// The action, `iam:TagUser`.
    pub action: &'static str,
    /// Its resource.
    pub resource: Arn,
}

impl Target {
    /// A resource of an account.
    #[must_use]
    pub fn new(account: AccountId, resource: Arn) -> Self {
        Self {
            resource,
            account: Some(account),
            context: Context::new(),
            instead: None,
            also: Vec::new(),
        }
    }

    /// Adds a condition key. Keys of the `trilby:` and `aws:` families may be spelled either way.
    #[must_use]
    pub fn key(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.insert(key, ContextValue::Scalar(value.into()));
        self
    }

    /// Adds a condition key of many values.
    #[must_use]
    pub fn keys(mut self, key: &str, values: Vec<String>) -> Self {
        self.context.insert(key, ContextValue::List(values));
        self
    }

    /// The request passes these tags: `trilby:RequestTag/K` for each and `trilby:TagKeys`.
    #[must_use]
    pub fn request_tags(mut self, tags: &Tags) -> Self {
        let mut names = Vec::new();
        for (key, value) in tags.iter() {
            self.context.insert(
                format!("trilby:RequestTag/{key}"),
                ContextValue::Scalar(value.to_string()),
            );
            names.push(key.to_string());
        }
        self.keys("trilby:TagKeys", names)
    }

    /// The resource has these tags: `trilby:ResourceTag/K` and `iam:ResourceTag/K` for each.
    #[must_use]
    pub fn resource_tags(mut self, tags: &Tags) -> Self {
        for (key, value) in tags.iter() {
            let value = ContextValue::Scalar(value.to_string());
            self.context
                .insert(format!("trilby:ResourceTag/{key}"), value.clone());
            self.context.insert(format!("iam:ResourceTag/{key}"), value);
        }
        self
    }

    /// A narrower right suffices, too: this request asks for less than the operation could give.
    #[must_use]
    pub fn or(mut self, action: &'static str) -> Self {
        self.instead = Some(action);
        self
    }

    /// Another action must be allowed as well.
    #[must_use]
    pub fn also(mut self, action: &'static str, resource: Arn) -> Self {
        self.also.push(Question { action, resource });
        self
    }
}
