//! Condition keys that follow from who asks and what is asked about.
//!
//! The service owns these keys: what is derived here replaces what anyone put into a request's context, and what cannot
//! be derived is taken out, so that a key is true or absent. Only a simulation keeps what its case says.

use trilby_model::{Tags, Timestamp};
use trilby_policy::{Context, ContextValue, keys};

use crate::organization::Position;
use crate::principal::{Principal, SessionFacts};
use crate::request::{Precedence, TagPrecedence};

/// Whether a key lies in a namespace of the service (`aws:`, `trilby:`, `sts:`, `iam:`): an interface drops such keys
/// from what callers send, except for those it has typed fields for.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    keys::is_reserved(key)
}

/// What state knows of both sides of a request.
#[derive(Clone, Debug, Default)]
pub struct Surroundings<'a> {
    /// Stored tags of the user or role.
    pub principal_tags: Option<&'a Tags>,
    /// Where the principal's account stands in its organization.
    pub principal_position: Option<&'a Position>,
    /// The account that owns the resource.
    pub resource_account: Option<trilby_model::AccountId>,
    /// Stored tags of the resource.
    pub resource_tags: Option<&'a Tags>,
    /// Where that account stands in its organization.
    pub resource_position: Option<&'a Position>,
    /// The resource is a user or role, whose tags go by `iam:ResourceTag/…` too.
    pub is_identity: bool,
    /// The moment of the request.
    pub time: Option<Timestamp>,
}

/// What happens to a derived key that the context already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The derived value stands; keys of the principal that cannot be derived are removed. Tags by precedence.
    Replace(TagPrecedence),
    /// The context's value stands.
    Complete,
}

/// Keys about the caller, its session and the owner of the resource, which nobody but us may state.
const FACTS: [&str; 21] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalType",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:userid",
    "aws:username",
    "aws:FederatedProvider",
    "aws:SourceIdentity",
    "aws:TokenIssueTime",
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "trilby:OriginMfaAge",
    "trilby:ViaSession",
    "trilby:ChainDepth",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
];

/// Fills in every key that follows from the principal and its surroundings.
pub fn derive(
    context: &mut Context,
    principal: &Principal,
    surroundings: &Surroundings<'_>,
    fill: Fill,
) {
    if let Fill::Replace(_) = fill {
        for key in FACTS {
            context.remove(key);
        }
    }
    let tags = match fill {
        Fill::Replace(tags) => tags,
        Fill::Complete => TagPrecedence {
            principal: Precedence::Given,
            resource: Precedence::Given,
        },
    };
    let mut filler = Filler { context };
    filler.principal(principal, surroundings.time);
    filler.principal_tags(principal, surroundings.principal_tags, tags.principal);
    filler.position("aws:Principal", surroundings.principal_position);
    filler.resource(surroundings, tags.resource);
    if let Some(time) = surroundings.time {
        filler.time(time, fill);
    }
}

/// The keys of a place in an organization.
pub(crate) fn position(side: &str, position: &Position) -> Context {
    let mut context = Context::new();
    Filler {
        context: &mut context,
    }
    .position(side, Some(position));
    context
}

/// Tags as keys of these families.
pub(crate) fn tags(families: &[&str], tags: &Tags) -> Context {
    let mut context = Context::new();
    for family in families {
        for (key, value) in tags.iter() {
            context.insert(format!("{family}{}", key.as_str()), value.as_str());
        }
    }
    context
}

struct Filler<'a> {
    context: &'a mut Context,
}

impl Filler<'_> {
    /// Sets a key unless the context still has it.
    fn put(&mut self, key: &str, value: impl Into<ContextValue>) {
        if !self.context.contains(key) {
            self.context.insert(key, value);
        }
    }

    fn put_some(&mut self, key: &str, value: Option<impl Into<ContextValue>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn principal(&mut self, principal: &Principal, now: Option<Timestamp>) {
        self.put_some(
            "aws:PrincipalArn",
            principal.principal_arn().map(|arn| arn.to_string()),
        );
        self.put_some(
            "aws:PrincipalAccount",
            principal.account().map(|account| account.to_string()),
        );
        self.put_some("aws:PrincipalType", kind(principal));
        match principal {
            Principal::Root(root) => self.put("aws:userid", root.account.to_string()),
            Principal::User(user) => {
                self.put_some("aws:userid", user.id.as_ref().map(ToString::to_string));
                self.put("aws:username", user.name.as_str());
            }
            Principal::RoleSession(session) => {
                self.put_some(
                    "aws:userid",
                    session
                        .role_id
                        .as_ref()
                        .map(|id| format!("{id}:{}", session.session_name)),
                );
                self.put("trilby:ViaSession", true);
            }
            Principal::FederatedUserSession(session) => {
                self.put(
                    "aws:userid",
                    format!("{}:{}", session.account, session.name),
                );
                self.put("trilby:ViaSession", true);
            }
            Principal::Service { name } => {
                self.put("aws:PrincipalServiceName", name.as_str());
                self.put("aws:PrincipalServiceNamesList", vec![name.clone()]);
            }
            Principal::WebIdentity { provider, .. } => {
                self.put("aws:FederatedProvider", provider.to_string());
            }
            Principal::Anonymous => {
                self.put("aws:PrincipalAccount", "anonymous");
                self.put("aws:userid", "anonymous");
            }
        }
        self.put(
            "aws:PrincipalIsAWSService",
            matches!(principal, Principal::Service { .. }),
        );
        if let Some(session) = principal.session() {
            self.session(principal, session, now);
        }
    }

    fn session(&mut self, principal: &Principal, session: &SessionFacts, now: Option<Timestamp>) {
        self.put_some(
            "aws:TokenIssueTime",
            session.issued_at.map(|at| at.to_string()),
        );
        self.put_some("aws:SourceIdentity", session.source_identity.as_deref());
        self.put_some(
            "aws:FederatedProvider",
            session.federated_provider.as_deref(),
        );
        let age = session
            .mfa_at
            .zip(now)
            .map(|(at, now)| now.seconds_since(at).max(0).to_string());
        match principal {
            // The second factor speaks for whoever showed it, not for a role put on afterwards.
            Principal::RoleSession(_) | Principal::FederatedUserSession(_) => {
                self.put_some("trilby:OriginMfaAge", age);
                self.put_some(
                    "trilby:ChainDepth",
                    session.chain_depth.map(|depth| depth.to_string()),
                );
            }
            // Absent, not false, with long-term keys: conditions tell the two apart.
            Principal::Root(_) | Principal::User(_) if session.issued_at.is_some() => {
                self.put("aws:MultiFactorAuthPresent", session.mfa_at.is_some());
                self.put_some("aws:MultiFactorAuthAge", age);
            }
            Principal::Root(_)
            | Principal::User(_)
            | Principal::Service { .. }
            | Principal::WebIdentity { .. }
            | Principal::Anonymous => {}
        }
    }

    fn principal_tags(
        &mut self,
        principal: &Principal,
        stored: Option<&Tags>,
        precedence: Precedence,
    ) {
        let own = match principal {
            Principal::User(user) => Some(&user.tags),
            Principal::RoleSession(session) => Some(&session.tags),
            Principal::FederatedUserSession(session) => Some(&session.tags),
            Principal::Root(_)
            | Principal::Service { .. }
            | Principal::WebIdentity { .. }
            | Principal::Anonymous => None,
        };
        let has_stored = |key: &str| stored.is_some_and(|tags| tags.get(key).is_some());
        // A user's stored tags are newer than any it came with; a session's own tags overlay its role's.
        let session_overlays = !matches!(principal, Principal::User(_));
        for (key, value) in own.into_iter().flat_map(Tags::iter) {
            if session_overlays || !has_stored(key.as_str()) {
                self.tag(
                    "aws:PrincipalTag/",
                    key.as_str(),
                    value.as_str(),
                    precedence,
                );
            }
        }
        for (key, value) in stored.into_iter().flat_map(Tags::iter) {
            let overlaid =
                session_overlays && own.is_some_and(|tags| tags.get(key.as_str()).is_some());
            if !overlaid {
                self.tag(
                    "aws:PrincipalTag/",
                    key.as_str(),
                    value.as_str(),
                    precedence,
                );
            }
        }
    }

    fn tag(&mut self, family: &str, key: &str, value: &str, precedence: Precedence) {
        let key = format!("{family}{key}");
        match precedence {
            Precedence::Stored => self.context.insert(key, value),
            Precedence::Given => self.put(&key, value),
        }
    }

    fn position(&mut self, side: &str, position: Option<&Position>) {
        if let Some(position) = position {
            self.put(&format!("{side}OrgID"), position.organization.to_string());
            self.put(&format!("{side}OrgPaths"), vec![position.path.clone()]);
        }
    }

    fn resource(&mut self, surroundings: &Surroundings<'_>, precedence: Precedence) {
        self.put_some(
            "aws:ResourceAccount",
            surroundings
                .resource_account
                .map(|account| account.to_string()),
        );
        self.position("aws:Resource", surroundings.resource_position);
        for (key, value) in surroundings.resource_tags.into_iter().flat_map(Tags::iter) {
            self.tag("aws:ResourceTag/", key.as_str(), value.as_str(), precedence);
            if surroundings.is_identity {
                self.tag("iam:ResourceTag/", key.as_str(), value.as_str(), precedence);
            }
        }
    }

    fn time(&mut self, time: Timestamp, fill: Fill) {
        let (now, epoch) = (time.to_string(), time.unix_seconds().to_string());
        match fill {
            Fill::Replace(_) => {
                self.context.insert("aws:CurrentTime", now);
                self.context.insert("aws:EpochTime", epoch);
            }
            Fill::Complete => {
                self.put("aws:CurrentTime", now);
                self.put("aws:EpochTime", epoch);
            }
        }
    }
}

/// Services and outsiders have no type of their own in the language.
fn kind(principal: &Principal) -> Option<&'static str> {
    match principal {
        Principal::Root(_) => Some("Account"),
        Principal::User(_) => Some("User"),
        Principal::RoleSession(_) => Some("AssumedRole"),
        Principal::FederatedUserSession(_) => Some("FederatedUser"),
        Principal::Anonymous => Some("Anonymous"),
        Principal::Service { .. } | Principal::WebIdentity { .. } => None,
    }
}

#[cfg(test)]
mod tests;
