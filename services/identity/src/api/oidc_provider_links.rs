//! OIDC provider links: an account takes another account's provider at its word.
//!
//! The owner shares, the account accepts; only both together let a trust policy name the provider, and both are asked
//! again at every login. Nobody can make a link for another account.

mod create_oidc_provider_link;
mod get_oidc_provider_link;
pub mod path;
mod update_oidc_provider_link;
pub mod view;

pub use create_oidc_provider_link::CreateOidcProviderLink;
pub use get_oidc_provider_link::GetOidcProviderLink;
pub use update_oidc_provider_link::UpdateOidcProviderLink;

/// The group of operations in the API's document.
const TAG: &str = "OIDC provider links";
/// The right that tells whether a link may be known of.
const READ: &str = "iam:GetOidcProviderLink";
