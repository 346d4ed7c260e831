//! Whom a subject means that an enforcement point names in its own terms.

use crate::decide::{Desk, Verdict};
use crate::event::{SubjectAliasDeleted, SubjectAliasPut};
use crate::id::PrincipalId;
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::SubjectKey;

/// Lets a subject mean a user or role of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutSubjectAlias {
    /// The subject.
    pub subject: SubjectKey,
    /// Whom it means.
    pub principal: PrincipalId,
}

/// Lets a subject mean nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteSubjectAlias {
    /// The subject.
    pub subject: SubjectKey,
}

impl PutSubjectAlias {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let old = desk.account.subject_alias(&self.subject);
        desk.require(old.map(|alias| alias.stamp.changed))?;
        let exists = match &self.principal {
            PrincipalId::User(id) => desk.account.users().contains_key(id),
            PrincipalId::Role(id) => desk.account.roles().contains_key(id),
        };
        if !exists {
            let principals = vec![self.principal.to_string()];
            return Err(Rejection::InvalidPrincipal { principals });
        }
        match old {
            Some(old) if old.principal == self.principal => return Ok(Vec::new()),
            Some(_) => {}
            None => {
                let used = count(desk.account.subject_aliases().len()) + 1;
                within(Quota::SubjectAliases, used)?;
            }
        }
        let fact = SubjectAliasPut {
            subject: self.subject.clone(),
            principal: self.principal.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteSubjectAlias {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let Some(old) = desk.account.subject_alias(&self.subject) else {
            return Err(Rejection::not_found(ThingKind::SubjectAlias, &self.subject));
        };
        desk.require(Some(old.stamp.changed))?;
        let subject = self.subject.clone();
        Ok(vec![SubjectAliasDeleted { subject }.into()])
    }
}
