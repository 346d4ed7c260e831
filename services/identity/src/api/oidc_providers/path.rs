//! Paths of providers, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, Provider, ProviderRef, Ref};
use trilby_model::federation::{IssuerUrl, ProviderName};
use trilby_model::{AccountId, Arn};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::segment::Segment;

/// A provider of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ProviderPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the provider; slashes of a name percent-encoded.
    #[param(value_type = String)]
    pub provider: Segment<ProviderRef>,
}

/// The provider as it is, or as it would be called if it were there. Its issuer is `iam:OidcIssuer`.
pub fn target(account: AccountId, provider: &ProviderRef, scope: &Scope<'_>) -> Target {
    let found = scope.account.and_then(|view| view.state.provider(provider));
    match (found, provider) {
        (Some(provider), _) => of_issuer(
            Target::new(account, provider.arn(account)),
            &provider.settings.issuer,
        ),
        (None, Ref::Name(name)) => Target::new(account, Arn::oidc_provider(&account, name)),
        (None, Ref::Id(id)) => Target::new(
            account,
            as_name(id.as_str()).map_or_else(
                || Arn::account_of(&account),
                |name| Arn::oidc_provider(&account, &name),
            ),
        ),
    }
}

/// An id of nothing, as if it were a name: asked about as every unknown thing is.
pub fn as_name(id: &str) -> Option<ProviderName> {
    id.parse().ok()
}

/// The same with the issuer as a condition key.
pub fn of_issuer(target: Target, issuer: &IssuerUrl) -> Target {
    target.key("iam:OidcIssuer", issuer.as_str())
}

/// The provider of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, provider: &ProviderRef) -> Result<&'a Provider, Problem> {
    account.provider(provider).ok_or_else(Problem::not_found)
}
