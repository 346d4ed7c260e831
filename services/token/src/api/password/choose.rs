//! The new password: whether it may be chosen, and its hash.

use trilby_access::{Services, problem};
use trilby_account::{Account, PersonalField, Ref};
use trilby_credential::password::rules::{Reason, RefusedPasswords, Rules, check};
use trilby_credential::password::{Error, Params, PasswordHash, Verdict, verify};
use trilby_credential::{CredentialKind, Peppers};
use trilby_model::LogId;
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};

use super::{Claim, credential};
use crate::hashing;
use crate::proof::Person;

/// Checks the new password and hashes it.
///
/// Errors: `password_rejected` with its reasons; `busy`.
pub(super) async fn hash(
    services: &Services,
    claim: &Claim,
    new: &Secret<String>,
) -> Result<PasswordHash, Problem> {
    let view = services
        .directory()
        .account(claim.account)
        .await
        .map_err(problem::of_directory)?;
    let state = &view.state;
    let length_min =
        usize::try_from(state.settings().password_policy.length_min).map_err(Problem::internal)?;
    let rules = Rules::new(length_min, false).unwrap_or(Rules::ALONE);
    let names = names(services, state, &claim.person).await?;
    let refused = services.part::<RefusedPasswords>()?;
    let password = check(
        new.expose(),
        rules,
        names.iter().map(String::as_str),
        refused,
    )
    .map_err(|reasons| rejected(&reasons))?;

    let row = credential(
        services,
        claim.account,
        &claim.subject(),
        CredentialKind::Password,
    )
    .await?;
    let current =
        row.and_then(|row| PasswordHash::decode(std::str::from_utf8(&row.body.0).ok()?).ok());
    let (peppers, params) = (
        services.part::<Peppers>()?.clone(),
        *services.part::<Params>()?,
    );
    let (typed, mut entropy) = (new.clone(), services.entropy());
    let hashed = hashing::run(services, move || {
        if let Some(current) = &current
            && verify(Some(current), typed.expose(), &peppers, params)? != Verdict::Wrong
        {
            return Ok(None);
        }
        PasswordHash::make(&password, &peppers, params, &mut entropy).map(Some)
    });
    hashed
        .await?
        .map_err(|error: Error| Problem::internal(error))?
        .ok_or_else(|| {
            Problem::new(Code::PasswordRejected, "the new password is the old one")
                .with("reasons", vec!["unchanged"])
        })
}

fn rejected(reasons: &[Reason]) -> Problem {
    let texts: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
    Problem::new(Code::PasswordRejected, texts.join("; ")).with("reasons", codes)
}

/// The names that a password should not be made of.
async fn names(
    services: &Services,
    state: &Account,
    person: &Person,
) -> Result<Vec<String>, Problem> {
    let mut names: Vec<String> = Vec::new();
    names.extend(state.name().map(ToString::to_string));
    names.extend(state.alias().map(ToString::to_string));
    match person {
        Person::User(id) => names.extend(
            state
                .user(&Ref::Id(id.clone()))
                .map(|user| user.name.to_string()),
        ),
        Person::Root => {
            if let Some(email) = &state.root().email {
                let (log, subject, field) = (
                    LogId::Account(state.id()),
                    state.root_subject(),
                    PersonalField::Email.number(),
                );
                let row = services
                    .log()
                    .personal(&log, &subject, field, email.generation)
                    .await;
                let row = row.map_err(|error| problem::of_directory(error.into()))?;
                names.extend(row.and_then(|row| String::from_utf8(row.body.0).ok()));
            }
        }
    }
    Ok(names)
}
