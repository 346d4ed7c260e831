//! The nouns every other crate speaks in: ids, names, ARNs, positions in a log, times, and the one way we read JSON.
//!
//! Each is parsed once, at the rim, into a type that cannot hold a wrong value; inside, nobody checks again. Nothing
//! here knows what a policy means, and nothing here reads a clock or makes randomness: both arrive as arguments
//! ([`Timestamp`], [`Entropy`]).

mod action;
mod arn;
pub mod brand;
mod entropy;
pub mod federation;
mod hash;
mod ids;
pub mod json;
mod log;
mod names;
mod position;
mod request_id;
mod tags;
mod text;
mod timestamp;
mod trace_parent;

pub use action::{Action, ActionError};
pub use arn::{ARN_MAX_BYTES, Arn, ArnError, same_partition};
pub use entropy::Entropy;
pub use hash::{Hash, HashError, HashPrefix};
pub use ids::{
    AccessKeyId, AccountId, ControlPolicyId, GroupId, IdError, IssuedExternalId, LinkId,
    MfaDeviceId, OrganizationId, PolicyId, ProviderId, RoleId, RootId, SessionId, UnitId, UserId,
};
pub use log::{LogId, LogKind, Seq};
pub use names::{
    AccountAlias, AccountName, ApplicationName, EmailAddress, ExternalId, GroupName,
    InlinePolicyName, NameError, Path, PolicyName, ResourceKey, ResourceType, RoleName,
    RoleSessionName, SourceIdentity, TagKey, TagValue, UserName,
};
pub use position::{ConsistencyToken, POSITIONS_MAX, Position, PositionError};
pub use request_id::{DecisionId, NodeId, RequestId};
pub use tags::{TAGS_MAX, Tags, TagsError};
pub use timestamp::{Timestamp, TimestampError};
pub use trace_parent::TraceParent;
