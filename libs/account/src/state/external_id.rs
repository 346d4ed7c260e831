//! External ids that the account issued.

use serde::{Deserialize, Serialize};
use trilby_model::IssuedExternalId;

use crate::stamp::Stamp;
use crate::value::Description;

/// A value that trust policies may ask for as `sts:ExternalId`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalIdRecord {
    /// The value.
    pub id: IssuedExternalId,
    /// What it is for.
    pub description: Option<Description>,
    /// Its birth.
    pub stamp: Stamp,
}
