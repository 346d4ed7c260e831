//! Passwords of people: set or removed by those who administer them.

mod delete_login_profile;
mod put_login_profile;
mod reset_password;

pub use delete_login_profile::DeleteLoginProfile;
pub use put_login_profile::PutLoginProfile;
pub use reset_password::ResetPassword;

use trilby_access::{Scope, Target};
use trilby_service::problem::Problem;

use crate::api::users::{self, UserPath};

/// The right to give a user another password.
const UPDATE: &str = "iam:UpdateLoginProfile";

/// The user whose password changes. Giving the first one needs the right to that as well.
fn target(path: &UserPath, scope: &Scope<'_>) -> Result<Target, Problem> {
    let target = users::target(path.account, &path.user, scope)?;
    let user = scope.account.and_then(|view| view.state.user(&path.user));
    Ok(match user {
        Some(user) if user.password.is_some() => target,
        Some(_) | None => {
            let arn = target.resource.clone();
            target.also("iam:CreateLoginProfile", arn)
        }
    })
}
