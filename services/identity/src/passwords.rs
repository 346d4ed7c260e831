//! New passwords: what may be chosen, and what is kept of it.

use trilby_access::Services;
use trilby_account::Hashing;
use trilby_credential::Peppers;
use trilby_credential::password::rules::{Reason, RefusedPasswords, Rules, check};
use trilby_credential::password::{Params, PasswordHash};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};

use crate::hashing;

/// Checks a new password and hashes it. `names` are those of the person and the place.
///
/// Errors: `password_rejected` with every reason; `busy`.
pub async fn accept(
    services: &Services,
    text: &Secret<String>,
    rules: Rules,
    names: &[String],
) -> Result<PasswordHash, Problem> {
    let refused = services.part::<RefusedPasswords>()?;
    let names = names.iter().map(String::as_str);
    let password =
        check(text.expose(), rules, names, refused).map_err(|reasons| rejected(&reasons))?;
    let peppers = services.part::<Peppers>()?.clone();
    let params = *services.part::<Params>()?;
    let mut entropy = services.entropy();
    hashing::run(services, move || {
        PasswordHash::make(&password, &peppers, params, &mut entropy)
    })
    .await?
    .map_err(Problem::internal)
}

/// The rules of an account whose passwords open alone.
///
/// Errors: none but faults of ours.
pub fn rules(settings: &trilby_account::Settings) -> Result<Rules, Problem> {
    let length_min =
        usize::try_from(settings.password_policy.length_min).map_err(Problem::internal)?;
    Ok(Rules::new(length_min, false).unwrap_or(Rules::ALONE))
}

/// How a password was hashed, as events say it.
pub fn hashing_of(hash: &PasswordHash) -> Hashing {
    Hashing {
        algo: PasswordHash::ALGORITHM.to_owned(),
        params: hash
            .params()
            .named()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

fn rejected(reasons: &[Reason]) -> Problem {
    let texts: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
    Problem::new(Code::PasswordRejected, texts.join("; ")).with("reasons", codes)
}
