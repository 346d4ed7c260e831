//! The identity-based policies of a user, group or role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trilby_model::{InlinePolicyName, Seq};

use crate::id::PolicyRef;
use crate::stamp::{Moment, Stamp};
use crate::text::PolicyText;

/// What gives a user, group or role its rights.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Managed policies in the order they were attached; at most ten.
    pub attached: Vec<Attachment>,
    /// Inline policies by their names' comparison keys.
    pub inline: BTreeMap<String, InlinePolicy>,
}

/// A managed policy that is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The policy.
    pub policy: PolicyRef,
    /// The event that attached it.
    pub since: Seq,
}

/// A policy that is part of its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InlinePolicy {
    /// Its name.
    pub name: InlinePolicyName,
    /// Its text.
    pub text: PolicyText,
    /// Birth and last change.
    pub stamp: Stamp,
}

impl Grants {
    /// The attachment of a managed policy, in whatever version.
    #[must_use]
    pub fn attachment(&self, policy: &PolicyRef) -> Option<&Attachment> {
        self.attached
            .iter()
            .find(|attachment| attachment.policy.same_policy(policy))
    }

    /// The inline policy of a name.
    #[must_use]
    pub fn inline_policy(&self, name: &InlinePolicyName) -> Option<&InlinePolicy> {
        self.inline.get(&name.key())
    }

    /// Bytes of all inline policies together, which is what their quota counts.
    #[must_use]
    pub fn inline_bytes(&self) -> usize {
        self.inline
            .values()
            .map(|policy| policy.text.document.len())
            .sum()
    }

    pub(super) fn attach(&mut self, policy: &PolicyRef, moment: Moment) {
        self.detach(policy);
        self.attached.push(Attachment {
            policy: policy.clone(),
            since: moment.seq,
        });
    }

    pub(super) fn detach(&mut self, policy: &PolicyRef) {
        self.attached
            .retain(|attachment| !attachment.policy.same_policy(policy));
    }

    pub(super) fn put_inline(
        &mut self,
        name: &InlinePolicyName,
        text: &PolicyText,
        moment: Moment,
    ) {
        let stamp = match self.inline.get(&name.key()) {
            Some(old) => {
                let mut stamp = old.stamp;
                stamp.touch(moment);
                stamp
            }
            None => Stamp::new(moment),
        };
        let policy = InlinePolicy {
            name: name.clone(),
            text: text.clone(),
            stamp,
        };
        self.inline.insert(name.key(), policy);
    }

    pub(super) fn delete_inline(&mut self, name: &InlinePolicyName) {
        self.inline.remove(&name.key());
    }
}
