//! Facts about the account's own managed policies.

use trilby_model::{Path, PolicyId, PolicyName, Tags};

use crate::stored::facts;
use crate::text::PolicyText;
use crate::value::Description;

facts! {
    /// A managed policy exists, with its version 1 in force.
    PolicyCreated {
        /// Its unique id.
        policy: PolicyId,
        /// Its name.
        name: PolicyName,
        /// Its path.
        path: Path,
        /// Free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// Its tags.
        tags: Tags,
        /// The text of version 1.
        document: PolicyText,
    }

    /// A policy's description was replaced.
    PolicyUpdated {
        /// The policy.
        policy: PolicyId,
        /// The description it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
    }

    /// A policy has one version more. It is in force only once it is the default.
    PolicyVersionCreated {
        /// The policy.
        policy: PolicyId,
        /// The version's number; never given twice.
        version: u32,
        /// Its text.
        document: PolicyText,
    }

    /// Another version of a policy is in force.
    PolicyDefaultVersionSet {
        /// The policy.
        policy: PolicyId,
        /// The version in force now.
        version: u32,
    }

    /// A version of a policy is no longer kept live; the log still has it.
    PolicyVersionDeleted {
        /// The policy.
        policy: PolicyId,
        /// The version.
        version: u32,
    }

    /// A managed policy is gone for good.
    PolicyDeleted {
        /// The policy.
        policy: PolicyId,
    }

    /// A policy's tags were replaced.
    PolicyTagsChanged {
        /// The policy.
        policy: PolicyId,
        /// All tags it has now.
        tags: Tags,
    }
}
