//! G2, G7 and G8: who is capped gives nobody what the cap keeps from him.
//!
//! A caller with a permissions boundary writes grants only for principals that have the same boundary, or one that the
//! account lists as narrower; makes principals only with it; and changes neither the boundary nor who has it. The
//! setting `boundary_sticky` turns this off, but for removing boundaries, which takes a caller without one.

use trilby_account::{
    Account, Event, Holder, PolicyRef, PrincipalId, Ref, settings::SettingsSection,
};
use trilby_model::{Arn, PolicyId};
use trilby_service::problem::Problem;

use super::{Judged, refused, subjects};

pub(super) fn check(judged: &Judged<'_>) -> Result<(), Problem> {
    let principal = judged.principal();
    let cap = principal.and_then(|id| judged.before.boundary(&id).cloned());
    let Some(cap) = cap else {
        return Ok(());
    };
    let sticky = Sticky {
        before: judged.before,
        after: &judged.after,
        cap: &cap.policy,
    };
    let is_on = judged.before.settings().security.boundary_sticky;
    for event in judged.events {
        match event {
            Event::UserBoundaryRemoved(_) | Event::RoleBoundaryRemoved(_) => {
                let detail = "who has a permissions boundary removes none";
                return Err(refused("G7", detail));
            }
            _ if is_on => sticky.event(event)?,
            _ => {}
        }
    }
    Ok(())
}

struct Sticky<'a> {
    before: &'a Account,
    after: &'a Account,
    cap: &'a PolicyRef,
}

impl Sticky<'_> {
    fn event(&self, event: &Event) -> Result<(), Problem> {
        let user = |id: &trilby_model::UserId| PrincipalId::User(id.clone());
        let role = |id: &trilby_model::RoleId| PrincipalId::Role(id.clone());
        match event {
            Event::UserCreated(fact) => self.made(&user(&fact.user)),
            Event::RoleCreated(fact) => self.made(&role(&fact.role)),
            Event::UserBoundarySet(fact) => self.set(&fact.policy),
            Event::RoleBoundarySet(fact) => self.set(&fact.policy),
            Event::UserPolicyAttached(fact) => self.given(&Holder::User(fact.user.clone())),
            Event::UserInlinePolicyPut(fact) => self.given(&Holder::User(fact.user.clone())),
            Event::GroupPolicyAttached(fact) => self.given(&Holder::Group(fact.group.clone())),
            Event::GroupInlinePolicyPut(fact) => self.given(&Holder::Group(fact.group.clone())),
            Event::GroupMemberAdded(fact) => self.given(&Holder::User(fact.user.clone())),
            Event::RolePolicyAttached(fact) => self.given(&Holder::Role(fact.role.clone())),
            Event::RoleInlinePolicyPut(fact) => self.given(&Holder::Role(fact.role.clone())),
            // Whoever may be let into a role has its rights.
            Event::RoleTrustPolicyReplaced(fact) => self.given(&Holder::Role(fact.role.clone())),
            Event::PolicyVersionCreated(fact) => self.edited(&fact.policy),
            Event::PolicyVersionDeleted(fact) => self.edited(&fact.policy),
            Event::PolicyDeleted(fact) => self.edited(&fact.policy),
            Event::PolicyDefaultVersionSet(fact) => {
                self.edited(&fact.policy)?;
                let policy = self.before.policies().get(&fact.policy);
                let mut holders = policy.into_iter().flat_map(|policy| &policy.holders);
                holders.try_for_each(|holder| self.given(holder))
            }
            Event::AccountSettingsChanged(fact) => {
                match &fact.section {
                    SettingsSection::Security(_) => Err(self
                        .refused("who has a permissions boundary does not change what guards it")),
                    SettingsSection::PasswordPolicy(_)
                    | SettingsSection::Tokens(_)
                    | SettingsSection::Decisions(_) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn made(&self, principal: &PrincipalId) -> Result<(), Problem> {
        if self.is_capped(principal) {
            return Ok(());
        }
        let detail = "who has a permissions boundary makes users and roles only with it";
        Err(refused("G8", detail))
    }

    fn given(&self, holder: &Holder) -> Result<(), Problem> {
        let mut subjects = subjects(self.after, holder).into_iter();
        if subjects.all(|subject| self.is_capped(&subject)) {
            return Ok(());
        }
        Err(self
            .refused("who has a permissions boundary gives rights only to those who have it too"))
    }

    fn set(&self, policy: &PolicyRef) -> Result<(), Problem> {
        if self.is_within(policy) {
            return Ok(());
        }
        Err(self.refused("who has a permissions boundary gives no other"))
    }

    fn edited(&self, policy: &PolicyId) -> Result<(), Problem> {
        if self.is_within(&PolicyRef::Customer(policy.clone())) {
            return Err(self.refused("who has a permissions boundary does not change it"));
        }
        Ok(())
    }

    fn is_capped(&self, principal: &PrincipalId) -> bool {
        let boundary = self.after.boundary(principal);
        boundary.is_some_and(|boundary| self.is_within(&boundary.policy))
    }

    /// Whether a policy is the caller's boundary, or one that the account lists as narrower.
    fn is_within(&self, policy: &PolicyRef) -> bool {
        if policy.same_policy(self.cap) {
            return true;
        }
        let listed = &self.before.settings().security.narrower_boundaries;
        let (Some(cap), Some(policy)) = (self.arn(self.cap), self.arn(policy)) else {
            return false;
        };
        let narrower = listed.get(&cap.to_string());
        narrower.is_some_and(|narrower| narrower.contains(&policy.to_string()))
    }

    fn arn(&self, policy: &PolicyRef) -> Option<Arn> {
        match policy {
            PolicyRef::Customer(id) => {
                let policy = self.before.policy(&Ref::Id(id.clone()))?;
                Some(Arn::policy(&self.before.id(), &policy.path, &policy.name))
            }
            PolicyRef::System { name, .. } => Some(Arn::system_policy(name)),
        }
    }

    fn refused(&self, detail: &'static str) -> Problem {
        refused("G2", detail)
    }
}
