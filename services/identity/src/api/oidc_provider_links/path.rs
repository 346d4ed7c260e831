//! Paths of links, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, LinkRef, ProviderLink, Ref};
use trilby_model::{AccountId, Arn};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::api::oidc_providers::path::{as_name, of_issuer};
use crate::segment::Segment;

/// A link of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct LinkPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the link; slashes of a name percent-encoded.
    #[param(value_type = String)]
    pub link: Segment<LinkRef>,
}

/// The link as it is, or as it would be called if it were there. Its provider's issuer is `iam:OidcIssuer`.
pub fn target(account: AccountId, link: &LinkRef, scope: &Scope<'_>) -> Target {
    let found = scope.account.and_then(|view| view.state.link(link));
    match (found, link) {
        (Some(link), _) => of_issuer(
            Target::new(account, link.arn(account)),
            &link.provider.issuer,
        ),
        (None, Ref::Name(name)) => Target::new(account, Arn::oidc_provider_link(&account, name)),
        (None, Ref::Id(id)) => Target::new(
            account,
            as_name(id.as_str()).map_or_else(
                || Arn::account_of(&account),
                |name| Arn::oidc_provider_link(&account, &name),
            ),
        ),
    }
}

/// The link of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, link: &LinkRef) -> Result<&'a ProviderLink, Problem> {
    account.link(link).ok_or_else(Problem::not_found)
}
