//! From a wish to facts, or to a refusal.
//!
//! Pure: the same state, command and context give the same events. Each command checks the thing as
//! it will be, not the difference; quotas are counted in the fold, so of two commands that race for
//! the last place the one that comes second in the log is refused.

use trilby_model::{
    Entropy, GroupId, LinkId, PolicyId, ProviderId, RoleId, Seq, Timestamp, UserId,
};
use trilby_policy::{Document, Grammar, Kind};

use crate::command::Command;
use crate::context::{Context, Precondition};
use crate::event::Event;
use crate::id::{
    CustomerPolicyRef, GroupRef, Holder, HolderRef, LinkRef, ManagedPolicyRef, PolicyRef,
    PrincipalId, PrincipalRef, ProviderRef, RoleRef, UserRef,
};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::{
    Account, AccountStatus, Application, Grants, Group, Policy, Provider, ProviderLink, Resource,
    Role, User,
};
use crate::system_policies;
use crate::text::PolicyText;

/// What a command decides.
pub(crate) type Verdict = Result<Vec<Event>, Rejection>;

/// What a command decides with.
pub(crate) struct Desk<'a> {
    pub account: &'a Account,
    pub ctx: &'a Context,
    pub entropy: &'a mut Entropy,
}

impl Account {
    /// The events that make `command` so, none if it already is.
    ///
    /// Errors: the first rule it breaks; nothing is changed either way. The caller's rights are not
    /// asked here.
    pub fn decide(&self, command: Command, ctx: &Context) -> Result<Vec<Event>, Rejection> {
        self.decide_with(command, ctx, &mut ctx.entropy())
    }

    /// The events of several commands that become one commit, each decided on what those before it
    /// have made so. All or none; the precondition of `ctx` is the first one's.
    pub fn decide_all(
        &self,
        commands: impl IntoIterator<Item = Command>,
        ctx: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let mut entropy = ctx.entropy();
        let mut ctx = ctx.clone();
        let mut state = self.clone();
        let mut all = Vec::new();
        for command in commands {
            let events = state.decide_with(command, &ctx, &mut entropy)?;
            state.take_in(&events, ctx.now);
            all.extend(events);
            ctx.precondition = Precondition::None;
        }
        fits_a_commit(&all)?;
        Ok(all)
    }

    /// Folds in events that are about to be stored next to each other.
    pub(crate) fn take_in(&mut self, events: &[Event], at: Timestamp) {
        for event in events {
            self.evolve(event, self.seq().next(), at);
        }
    }

    fn decide_with(&self, command: Command, ctx: &Context, entropy: &mut Entropy) -> Verdict {
        self.is_open_to(&command)?;
        let mut desk = Desk {
            account: self,
            ctx,
            entropy,
        };
        let events = command.decide(&mut desk)?;
        fits_a_commit(&events)?;
        Ok(events)
    }

    fn is_open_to(&self, command: &Command) -> Result<(), Rejection> {
        match self.status() {
            AccountStatus::Active => Ok(()),
            AccountStatus::Suspended if command.is_open_while_suspended() => Ok(()),
            AccountStatus::Suspended | AccountStatus::Closed => Err(Rejection::AccountNotActive {
                status: self.status(),
            }),
            AccountStatus::Absent => Err(Rejection::not_found(ThingKind::Account, &self.id())),
        }
    }
}

fn fits_a_commit(events: &[Event]) -> Result<(), Rejection> {
    within(Quota::CommitEvents, count(events.len()))?;
    let bytes = events.iter().map(|event| event.to_data().to_string().len());
    within(Quota::CommitBytes, count(bytes.sum()))
}

impl<'a> Desk<'a> {
    /// Refuses unless the precondition fits a thing that was last changed at `current`, or is absent.
    pub fn require(&self, current: Option<Seq>) -> Result<(), Rejection> {
        let holds = match self.ctx.precondition {
            Precondition::None => true,
            Precondition::Unchanged(seq) => current == Some(seq),
            Precondition::Absent => current.is_none(),
        };
        if holds {
            Ok(())
        } else {
            Err(Rejection::EtagMismatch { current })
        }
    }

    pub fn user(&self, user: &UserRef) -> Result<&'a User, Rejection> {
        let found = self.account.user(user);
        found.ok_or_else(|| Rejection::not_found(ThingKind::User, user))
    }

    pub fn group(&self, group: &GroupRef) -> Result<&'a Group, Rejection> {
        let found = self.account.group(group);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Group, group))
    }

    pub fn role(&self, role: &RoleRef) -> Result<&'a Role, Rejection> {
        let found = self.account.role(role);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Role, role))
    }

    pub fn policy(&self, policy: &CustomerPolicyRef) -> Result<&'a Policy, Rejection> {
        let found = self.account.policy(policy);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Policy, policy))
    }

    pub fn provider(&self, provider: &ProviderRef) -> Result<&'a Provider, Rejection> {
        let found = self.account.provider(provider);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Provider, provider))
    }

    pub fn link(&self, link: &LinkRef) -> Result<&'a ProviderLink, Rejection> {
        let found = self.account.link(link);
        found.ok_or_else(|| Rejection::not_found(ThingKind::ProviderLink, link))
    }

    pub fn application(
        &self,
        name: &trilby_model::ApplicationName,
    ) -> Result<&'a Application, Rejection> {
        let found = self.account.application(name);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Application, name))
    }

    pub fn resource(
        &self,
        application: &trilby_model::ApplicationName,
        name: &crate::id::ResourceName,
    ) -> Result<&'a Resource, Rejection> {
        let found = self.application(application)?.resources.get(name);
        found.ok_or_else(|| Rejection::not_found(ThingKind::Resource, name))
    }

    pub fn holder(&self, holder: &HolderRef) -> Result<(Holder, &'a Grants), Rejection> {
        Ok(match holder {
            HolderRef::User(user) => {
                let user = self.user(user)?;
                (Holder::User(user.id.clone()), &user.grants)
            }
            HolderRef::Group(group) => {
                let group = self.group(group)?;
                (Holder::Group(group.id.clone()), &group.grants)
            }
            HolderRef::Role(role) => {
                let role = self.role(role)?;
                (Holder::Role(role.id.clone()), &role.grants)
            }
        })
    }

    pub fn principal(&self, principal: &PrincipalRef) -> Result<PrincipalId, Rejection> {
        Ok(match principal {
            PrincipalRef::User(user) => PrincipalId::User(self.user(user)?.id.clone()),
            PrincipalRef::Role(role) => PrincipalId::Role(self.role(role)?.id.clone()),
        })
    }

    /// The policy as an attachment made now would keep it.
    pub fn attachable(&self, policy: &ManagedPolicyRef) -> Result<PolicyRef, Rejection> {
        match policy {
            ManagedPolicyRef::Customer(policy) => {
                Ok(PolicyRef::Customer(self.policy(policy)?.id.clone()))
            }
            ManagedPolicyRef::System(name) => system_policies::find(name, Kind::Identity)
                .and_then(system_policies::SystemPolicy::newest)
                .ok_or_else(|| Rejection::not_found(ThingKind::Policy, name)),
        }
    }
}

/// Refuses names that could be taken for unique ids.
pub(crate) fn is_no_id(name: &str) -> Result<(), Rejection> {
    let is_id = name.parse::<UserId>().is_ok()
        || name.parse::<GroupId>().is_ok()
        || name.parse::<RoleId>().is_ok()
        || name.parse::<PolicyId>().is_ok()
        || name.parse::<ProviderId>().is_ok()
        || name.parse::<LinkId>().is_ok();
    if is_id {
        let name = name.to_owned();
        return Err(Rejection::InvalidName { name });
    }
    Ok(())
}

/// The stored form of a document, after checking it again for the seat it takes.
///
/// Whoever parsed it may have meant another seat: an identity policy has no principals to check, a
/// resource policy without any would let nobody in or everybody.
pub(crate) fn checked(
    document: &Document,
    kind: Kind,
) -> Result<(Document, PolicyText), Rejection> {
    let grammar = Grammar::stored();
    let document = Document::parse(&document.canonical(), kind, &grammar)
        .map_err(|findings| Rejection::MalformedPolicy { findings })?;
    let text = PolicyText::of(&document);
    Ok((document, text))
}

/// As [`checked`], within a quota of bytes.
pub(crate) fn checked_within(
    document: &Document,
    kind: Kind,
    quota: Quota,
) -> Result<PolicyText, Rejection> {
    let (_, text) = checked(document, kind)?;
    within(quota, count(text.document.len()))?;
    Ok(text)
}
