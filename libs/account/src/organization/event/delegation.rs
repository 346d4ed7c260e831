//! Facts about members that administer the organization in the management account's stead.

use std::collections::BTreeSet;

use trilby_model::AccountId;

use super::super::delegation::DelegatedAction;
use crate::stored::facts;

facts! {
    /// Principals of a member may perform these actions on the organization's things, as far as
    /// their own account allows them to.
    DelegatedAdminSet {
        /// The member.
        account: AccountId,
        /// All actions that it has now.
        actions: BTreeSet<DelegatedAction>,
    }

    /// A member is no delegated administrator any more.
    DelegatedAdminRemoved {
        /// The member.
        account: AccountId,
    }
}
