//! The question: who wants to do what to which resource, and what is known about the moment.

use std::fmt;
use std::str::FromStr;

use trilby_model::{AccountId, Action, Arn, ArnError, Timestamp};
use trilby_policy::Context;

use crate::principal::Principal;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// No particular resource, written `*`: only the pattern `*` speaks about it.
    Any,
    /// This one.
    Arn(Arn),
}

impl Resource {
    /// The ARN, if it is about a particular resource.
    #[must_use]
    pub fn arn(&self) -> Option<&Arn> {
        match self {
            Self::Any => None,
            Self::Arn(arn) => Some(arn),
        }
    }

    /// Whether it is a role.
    #[must_use]
    pub fn is_role(&self) -> bool {
        self.arn()
            .is_some_and(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"))
    }
}

impl From<Arn> for Resource {
    fn from(arn: Arn) -> Self {
        Self::Arn(arn)
    }
}

impl FromStr for Resource {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if text == "*" {
            Ok(Self::Any)
        } else {
            text.parse().map(Self::Arn)
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Arn(arn) => arn.fmt(f),
        }
    }
}

/// Whose word counts where a tag is both stored and part of the request's context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precedence {
    /// The stored tag; the context only adds tags that are not stored.
    #[default]
    Stored,
    /// The context.
    Given,
}

/// [`Precedence`] for the tags of either side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagPrecedence {
    /// `aws:PrincipalTag/…`.
    pub principal: Precedence,
    /// `aws:ResourceTag/…`.
    pub resource: Precedence,
}

/// One question.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who.
    pub principal: Principal,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// The account that owns the resource, when it is known better than from the ARN.
    pub resource_account: Option<AccountId>,
    /// Condition keys. [`crate::decide`] fills in and replaces what follows from the principal and from state; the
    /// interface that took the request drops reserved keys a caller set ([`crate::context::is_reserved`]).
    pub context: Context,
    /// The moment of the request, for `aws:CurrentTime`. Without it the key is as the context has it.
    pub time: Option<Timestamp>,
    /// Whose word on tags counts.
    pub tags: TagPrecedence,
}

impl Request {
    /// A request with an empty context.
    #[must_use]
    pub fn new(principal: Principal, action: Action, resource: impl Into<Resource>) -> Self {
        Self {
            principal,
            action,
            resource: resource.into(),
            resource_account: None,
            context: Context::new(),
            time: None,
            tags: TagPrecedence::default(),
        }
    }

    /// The account that owns the resource: as given, else as the ARN says, else the principal's.
    ///
    /// `None` where there is nobody: an ARN whose account part is no account id, or no account in sight at all. Such a
    /// resource is foreign to every principal.
    #[must_use]
    pub fn owner(&self) -> Option<AccountId> {
        if self.resource_account.is_some() {
            return self.resource_account;
        }
        match self.resource.arn().map(Arn::account) {
            Some(account) if !account.is_empty() => account.parse().ok(),
            Some(_) | None => self.principal.account(),
        }
    }

    /// Whether this asks for a role to be put on, or for what comes with it: the trust policy must then say yes itself.
    #[must_use]
    pub fn is_role_assumption(&self) -> bool {
        self.resource.is_role()
            && matches!(
                self.action.key(),
                "sts:assumerole" | "sts:tagsession" | "sts:setsourceidentity"
            )
    }
}
