//! The operations, one module per resource, one file per operation.

pub mod access_keys;
pub mod accounts;
pub mod applications;
pub mod bootstrap_installation;
pub mod boundaries;
pub mod control_policies;
pub mod escalation_paths;
pub mod external_ids;
pub mod groups;
pub mod holders;
pub mod log;
pub mod login_profile;
pub mod oidc_provider_links;
pub mod oidc_providers;
pub mod operator;
pub mod organizations;
pub mod parts;
pub mod policies;
pub mod resources;
pub mod role_maps;
pub mod roles;
pub mod seats;
pub mod settings;
pub mod subject_aliases;
pub mod tags;
pub mod users;

use serde::Deserialize;
use trilby_model::AccountId;
use utoipa::IntoParams;

/// How paths name policies of the system: `system:AdministratorAccess`.
pub const SYSTEM_PREFIX: &str = "system:";

/// An account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountPath {
    /// The account.
    pub account: AccountId,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Most items of the page: 1 to 1000, 100 if not given.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// Whether a policy is written or only looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ValidateQuery {
    /// Say what is wrong with the document and write nothing.
    #[serde(default)]
    #[param(required = false)]
    pub validate_only: bool,
    /// Said by root: do it even if nobody could administer the account afterwards.
    #[serde(default)]
    #[param(required = false)]
    #[expect(
        dead_code,
        reason = "read where facts are judged, for whatever operation"
    )]
    pub i_know: bool,
}

/// Whether what holds on to a thing goes with it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CascadeQuery {
    /// Take everything that holds on to it along; needs the right for each part.
    #[serde(default)]
    #[param(required = false)]
    pub cascade: bool,
    /// Said by root: do it even if nobody could administer the account afterwards.
    #[serde(default)]
    #[param(required = false)]
    #[expect(
        dead_code,
        reason = "read where facts are judged, for whatever operation"
    )]
    pub i_know: bool,
}

/// Whether root knows that nobody could administer the account afterwards.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "read where facts are judged, for whatever operation"
)]
pub struct KnowingQuery {
    /// Said by root: do it even if nobody could administer the account afterwards.
    #[serde(default)]
    #[param(required = false)]
    pub i_know: bool,
}
