//! Facts about members and principals that may do nothing.

use super::super::state::QuarantineTarget;
use crate::stored::facts;
use crate::value::Reason;

facts! {
    /// From here on everything is denied to an account's principals, or to one of them. The
    /// sessions end in the member's log, in the same commit.
    QuarantineSet {
        /// The account, or a user or role of one.
        target: QuarantineTarget,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }

    /// The quarantine is over. Sessions that it ended stay dead.
    QuarantineLifted {
        /// The account, or a user or role of one.
        target: QuarantineTarget,
    }
}
