//! Groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trilby_model::{GroupId, GroupName, Path, Seq, Tags, UserId};

use super::Grants;
use crate::stamp::Stamp;
use crate::value::Description;

/// Users that share policies. Never a principal; never in another group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Unique id.
    pub id: GroupId,
    /// Name, unique in the account without case.
    pub name: GroupName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Free text.
    pub description: Option<Description>,
    /// Tags.
    pub tags: Tags,
    /// Its policies.
    pub grants: Grants,
    /// Its members, each with the event that added it.
    pub members: BTreeMap<UserId, Seq>,
    /// Birth and last change of what is written here; policies and memberships have their own.
    pub stamp: Stamp,
}
