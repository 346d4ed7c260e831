//! What somebody says who wants to put on a role.

use trilby_model::{Arn, ExternalId, RoleSessionName, SourceIdentity};

use crate::session_policies::SessionPolicies;
use crate::session_tags::SessionTags;

/// A wish for a role session.
#[derive(Debug, Clone)]
pub struct RoleRequest {
    /// The role.
    pub role_arn: Arn,
    /// What to call the session.
    pub session_name: RoleSessionName,
    /// What the role's owner gave a third party to say.
    pub external_id: Option<ExternalId>,
    /// Who is behind the session, for good.
    pub source_identity: Option<SourceIdentity>,
    /// Policies that cap the session.
    pub policies: SessionPolicies,
    /// Tags of the session.
    pub tags: SessionTags,
}

/// A wish of an outside identity for a role session. Its tags come from the account's role map.
#[derive(Debug, Clone)]
pub struct OutsideRequest {
    /// The role; absent: the one that the role map gives.
    pub role_arn: Option<Arn>,
    /// What to call the session; absent: what the provider's settings say.
    pub session_name: Option<RoleSessionName>,
    /// Policies that cap the session.
    pub policies: SessionPolicies,
}
