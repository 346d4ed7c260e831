//! Facts about external ids.

use trilby_model::IssuedExternalId;

use crate::stored::facts;
use crate::value::Description;

facts! {
    /// Trust policies may ask for this value as `sts:ExternalId`.
    ExternalIdIssued {
        /// The value.
        external_id: IssuedExternalId,
        /// What it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
    }

    /// New trust policies may not ask for this value.
    ExternalIdDeleted {
        /// The value.
        external_id: IssuedExternalId,
    }
}
