//! Facts about control policies and where they are attached.

use trilby_model::{ControlPolicyId, PolicyName};

use super::super::policy::{ControlKind, ControlPolicyRef};
use super::super::state::TargetRef;
use crate::stored::facts;
use crate::text::PolicyText;
use crate::value::Description;

facts! {
    /// A control policy exists, with its version 1 in force wherever it comes to be attached.
    ControlPolicyCreated {
        /// Its id.
        policy: ControlPolicyId,
        /// What it caps.
        kind: ControlKind,
        /// Its name.
        name: PolicyName,
        /// Free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// The text of version 1.
        document: PolicyText,
    }

    /// A control policy's description was replaced.
    ControlPolicyUpdated {
        /// The policy.
        policy: ControlPolicyId,
        /// The description it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
    }

    /// A control policy has one version more. It is in force only once it is the default.
    ControlPolicyVersionCreated {
        /// The policy.
        policy: ControlPolicyId,
        /// The version's number; never given twice.
        version: u32,
        /// Its text.
        document: PolicyText,
    }

    /// Another version of a control policy is in force, wherever it is attached.
    ControlPolicyDefaultVersionSet {
        /// The policy.
        policy: ControlPolicyId,
        /// The version in force now.
        version: u32,
    }

    /// A version of a control policy is no longer kept live; the log still has it.
    ControlPolicyVersionDeleted {
        /// The policy.
        policy: ControlPolicyId,
        /// The version.
        version: u32,
    }

    /// A control policy is gone for good. It was attached nowhere.
    ControlPolicyDeleted {
        /// The policy.
        policy: ControlPolicyId,
    }

    /// A control policy caps a node and everything below it.
    ControlPolicyAttached {
        /// The node: root, unit or account.
        target: TargetRef,
        /// The policy.
        policy: ControlPolicyRef,
    }

    /// A control policy does not cap a node any more.
    ControlPolicyDetached {
        /// The node: root, unit or account.
        target: TargetRef,
        /// The policy.
        policy: ControlPolicyRef,
    }
}
