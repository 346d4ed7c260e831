//! OIDC providers: outside issuers whose tokens the account knows how to check.
//!
//! A provider admits nobody until a trust policy names it. Its issuer never changes; changes of what it admits answer
//! with the roles that they open.

mod confirm_keys_uri;
mod create_oidc_provider;
mod get_oidc_provider;
mod keys;
pub mod path;
mod refresh_oidc_provider;
mod share_oidc_provider;
mod status;
mod update_oidc_provider;
pub mod view;

pub use confirm_keys_uri::ConfirmOidcProviderKeysUri;
pub use create_oidc_provider::{CreateOidcProvider, invalid};
pub use get_oidc_provider::GetOidcProvider;
pub use refresh_oidc_provider::RefreshOidcProvider;
pub use share_oidc_provider::ShareOidcProvider;
pub use status::{DisableOidcProvider, EnableOidcProvider};
pub use update_oidc_provider::UpdateOidcProvider;

/// The group of operations in the API's document.
const TAG: &str = "OIDC providers";
/// The right that tells whether a provider may be known of.
const READ: &str = "iam:GetOidcProvider";
/// The right to change one.
const UPDATE: &str = "iam:UpdateOidcProvider";
