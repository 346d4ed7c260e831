//! Members within the tree.

use trilby_model::AccountId;

use super::{Desk, Verdict};
use crate::organization::event::MemberMoved;
use crate::organization::node::UnitRef;

/// Hangs a member elsewhere in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveMember {
    /// The member.
    pub account: AccountId,
    /// What it hangs on then.
    pub parent: UnitRef,
}

impl MoveMember {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let member = desk.member(self.account)?;
        desk.require(Some(member.stamp.changed))?;
        desk.way(&self.parent)?;
        if member.parent == self.parent {
            return Ok(Vec::new());
        }
        let fact = MemberMoved {
            account: self.account,
            parent: self.parent.clone(),
        };
        Ok(vec![fact.into()])
    }
}
