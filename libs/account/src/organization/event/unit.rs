//! Facts about the inner nodes of the tree.

use trilby_model::{AccountName, UnitId};

use super::super::policy::ControlPolicyRef;
use super::super::state::UnitRef;
use crate::stored::facts;

facts! {
    /// A unit exists.
    UnitCreated {
        /// Its id.
        unit: UnitId,
        /// Its name.
        name: AccountName,
        /// What it hangs on.
        parent: UnitRef,
        /// The control policies attached to it from the start.
        control_policies: Vec<ControlPolicyRef>,
    }

    /// A unit bears another name.
    UnitRenamed {
        /// The unit.
        unit: UnitId,
        /// The new name.
        name: AccountName,
    }

    /// A unit hangs elsewhere, with everything below it.
    UnitMoved {
        /// The unit.
        unit: UnitId,
        /// What it hangs on now.
        parent: UnitRef,
    }

    /// A unit is gone for good. Nothing hung on it.
    UnitDeleted {
        /// The unit.
        unit: UnitId,
    }
}
