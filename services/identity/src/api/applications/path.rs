//! The path of an application, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, Application};
use trilby_model::{AccountId, ApplicationName, Arn};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

/// An application of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ApplicationPath {
    /// The account.
    pub account: AccountId,
    /// Name of the application: the prefix of its actions and ARNs.
    pub application: ApplicationName,
}

/// The application as it is, or as it would be called if it were there.
pub fn target(path: &ApplicationPath, scope: &Scope<'_>) -> Target {
    let target = Target::new(
        path.account,
        Arn::application(&path.account, &path.application),
    );
    match scope
        .account
        .and_then(|view| view.state.application(&path.application))
    {
        Some(found) => target.resource_tags(&found.tags),
        None => target,
    }
}

/// The application of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, name: &ApplicationName) -> Result<&'a Application, Problem> {
    account.application(name).ok_or_else(Problem::not_found)
}
