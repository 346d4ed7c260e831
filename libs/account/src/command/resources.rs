//! Registered resources and their policies.

use trilby_model::{ApplicationName, Tags};
use trilby_policy::Document;

use super::deletion::{self, Part};
use crate::decide::{Desk, Verdict};
use crate::event::{
    ResourceDeleted, ResourcePolicyDeleted, ResourcePolicyPut, ResourceRegistered,
    ResourceTagsChanged, ResourceUpdated,
};
use crate::guard;
use crate::id::{PrincipalId, ResourceName};
use crate::quota::Quota;
use crate::rejection::{Blocker, Rejection, ThingKind, within};
use crate::text::KnownPrincipals;
use crate::value::Description;

/// Registers a resource, or replaces what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutResource {
    /// The application.
    pub application: ApplicationName,
    /// Type and id.
    pub resource: ResourceName,
    /// Free text.
    pub description: Option<Description>,
    /// The user or role of the account that owns it, for conditions.
    pub owner: Option<PrincipalId>,
    /// Its tags.
    pub tags: Tags,
}

/// Removes a registered resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteResource {
    /// The application.
    pub application: ApplicationName,
    /// Type and id.
    pub resource: ResourceName,
    /// Whether its policy goes with it; otherwise it must have none.
    pub cascade: bool,
}

/// Gives a resource a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PutResourcePolicy {
    /// The application.
    pub application: ApplicationName,
    /// Type and id.
    pub resource: ResourceName,
    /// The policy.
    pub document: Document,
    /// What is known of principals of other accounts that it names.
    pub known: KnownPrincipals,
}

/// Takes a resource's policy away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteResourcePolicy {
    /// The application.
    pub application: ApplicationName,
    /// Type and id.
    pub resource: ResourceName,
}

impl PutResource {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let application = desk.application(&self.application)?;
        let old = application.resources.get(&self.resource);
        desk.require(old.map(|resource| resource.stamp.changed))?;
        self.owner_exists(desk)?;
        let Some(old) = old else {
            within(Quota::Resources, desk.account.resource_count() + 1)?;
            let fact = ResourceRegistered {
                application: self.application.clone(),
                resource: self.resource.clone(),
                description: self.description.clone(),
                owner: self.owner.clone(),
                tags: self.tags.clone(),
            };
            return Ok(vec![fact.into()]);
        };
        let mut events = Vec::new();
        if (&old.description, &old.owner) != (&self.description, &self.owner) {
            let fact = ResourceUpdated {
                application: self.application.clone(),
                resource: self.resource.clone(),
                description: self.description.clone(),
                owner: self.owner.clone(),
            };
            events.push(fact.into());
        }
        if !old.tags.iter().eq(self.tags.iter()) {
            let fact = ResourceTagsChanged {
                application: self.application.clone(),
                resource: self.resource.clone(),
                tags: self.tags.clone(),
            };
            events.push(fact.into());
        }
        Ok(events)
    }

    fn owner_exists(&self, desk: &Desk<'_>) -> Result<(), Rejection> {
        let exists = match &self.owner {
            None => true,
            Some(PrincipalId::User(id)) => desk.account.users().contains_key(id),
            Some(PrincipalId::Role(id)) => desk.account.roles().contains_key(id),
        };
        if exists {
            return Ok(());
        }
        let principals = self.owner.iter().map(PrincipalId::to_string).collect();
        Err(Rejection::InvalidPrincipal { principals })
    }
}

impl DeleteResource {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let resource = desk.resource(&self.application, &self.resource)?;
        desk.require(Some(resource.stamp.changed))?;
        let parts = resource.policy.iter().map(|_| Part {
            blocker: Blocker {
                kind: ThingKind::ResourcePolicy,
                id: self.resource.to_string(),
                name: None,
            },
            removal: ResourcePolicyDeleted {
                application: self.application.clone(),
                resource: self.resource.clone(),
            }
            .into(),
        });
        let last = ResourceDeleted {
            application: self.application.clone(),
            resource: self.resource.clone(),
        };
        deletion::decide(
            ThingKind::Resource,
            &self.resource,
            parts,
            self.cascade,
            last.into(),
        )
    }
}

impl PutResourcePolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let resource = desk.resource(&self.application, &self.resource)?;
        let old = resource.policy.as_ref();
        desk.require(old.map(|policy| policy.stamp.changed))?;
        let policy = guard::resource(desk.account, &self.document, &self.known)?;
        if old.is_some_and(|old| old.text == policy) {
            return Ok(Vec::new());
        }
        if old.is_none() {
            let used = desk.account.resource_policy_count() + 1;
            within(Quota::ResourcePolicies, used)?;
        }
        let fact = ResourcePolicyPut {
            application: self.application.clone(),
            resource: self.resource.clone(),
            policy,
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteResourcePolicy {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let resource = desk.resource(&self.application, &self.resource)?;
        let Some(old) = &resource.policy else {
            let name = &self.resource;
            return Err(Rejection::not_found(ThingKind::ResourcePolicy, name));
        };
        desk.require(Some(old.stamp.changed))?;
        let fact = ResourcePolicyDeleted {
            application: self.application.clone(),
            resource: self.resource.clone(),
        };
        Ok(vec![fact.into()])
    }
}
