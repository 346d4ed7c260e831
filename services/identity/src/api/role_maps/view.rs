//! Role maps as answers show them.

use serde::Serialize;
use trilby_access::{Operation, Reply, etag_text};
use trilby_account::MappedRoles;
use trilby_model::Timestamp;
use trilby_model::federation::RoleMapFields;
use utoipa::ToSchema;

/// A role map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RoleMap)]
pub struct RoleMapView {
    /// The rules, in ascending priority.
    pub role_map: RoleMapFields,
    /// When it was first put.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// The map with its `ETag`.
pub fn reply<Op: Operation<Reply = RoleMapView>>(mapped: &MappedRoles) -> Reply<Op> {
    let view = RoleMapView {
        role_map: mapped.map.clone().into(),
        created_at: mapped.stamp.created_at,
        updated_at: mapped.stamp.updated_at,
        etag: etag_text(mapped.stamp.changed),
    };
    Reply::new(view).etag(mapped.stamp.changed)
}
