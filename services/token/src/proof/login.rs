//! A person's password: root by its e-mail address, a user by name.
//!
//! An account that does not exist, a person who does not, one without a password, one who is out of service and a wrong
//! password are one answer, after the same work.

mod tally;

use trilby_access::{Facts, Services, problem};
use trilby_account::{Account, AccountStatus, PersonalField, Ref, UserKind, UserStatus};
use trilby_credential::password::{Params, PasswordHash, Verdict, verify as verify_password};
use trilby_credential::{CredentialKind, Password, Peppers};
use trilby_eventlog::{Credential, SideBody, SideWrite};
use trilby_model::{AccountId, EmailAddress, LogId, UserName};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};

use super::{Person, Proof, Proved};
use crate::activity::{self, LOGIN_FAILED, LOGIN_SUCCEEDED, LOGIN_THROTTLED};
use crate::federation::view;
use crate::throttle::Network;
use crate::{TokenParts, hashing, lookup};
use tally::Tally;

/// A login as it was presented.
#[derive(Debug)]
pub struct Login {
    /// Number or alias of the account.
    pub account: String,
    /// A user's name, or root's e-mail address.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
}

/// Checks a login.
///
/// Errors: `invalid_credentials`; `rate_limited`; `busy`; faults.
pub async fn verify(services: &Services, facts: &Facts, login: &Login) -> Result<Proof, Problem> {
    let parts = services.part::<TokenParts>()?;
    let account = lookup::account(services, &login.account).await?;
    // Counted under the number where there is one: an alias is no second set of guesses.
    let counted = account.map_or_else(|| login.account.clone(), |id| id.to_string());
    let attempt = parts.throttles.login(
        &counted,
        &login.username,
        Network::of(facts.address),
        facts.now,
    );
    let attempt = match attempt {
        Ok(attempt) => attempt,
        Err(problem) => {
            record(services, LOGIN_THROTTLED, account, None, facts).await;
            return Err(problem);
        }
    };
    let view = match account {
        Some(account) => view(services, account).await?,
        None => None,
    };
    let meant = match &view {
        Some(view) => find(services, &view.state, &login.username).await?,
        None => None,
    };
    let tally = match &view {
        Some(view) => {
            let (account, person) = (view.state.id(), meant.as_ref());
            Some(Tally::of(services, account, person, &login.username)?)
        }
        None => None,
    };
    if let Some(tally) = &tally
        && let Err(problem) = tally.count(services, &attempt, facts.now).await
    {
        record(services, LOGIN_THROTTLED, account, None, facts).await;
        return Err(problem);
    }
    let found = match view.as_ref().zip(meant) {
        Some((view, person)) => with_hash(services, &view.state, person).await?,
        None => None,
    };
    let person = found.as_ref().map(Found::subject);
    let checked = check(services, found, &login.password).await;
    if let (Err(_), Some(tally)) = (&checked, &tally) {
        tally.take_back(services, facts.now).await;
    }
    match checked? {
        Some(proof) => {
            attempt.succeeded();
            if let Some(tally) = &tally {
                tally.forget(services).await;
            }
            record(services, LOGIN_SUCCEEDED, account, person, facts).await;
            Ok(proof)
        }
        None => {
            record(services, LOGIN_FAILED, account, person, facts).await;
            Err(refused())
        }
    }
}

/// Records a login in the account that was meant, if there is one; of a flood some are.
///
/// The login stands whether or not it could be recorded.
async fn record(
    services: &Services,
    kind: &'static str,
    account: Option<AccountId>,
    person: Option<String>,
    facts: &Facts,
) {
    tell(services, kind, account, person.as_deref(), facts);
    let Some(account) = account else { return };
    // A right password is no flood.
    let is_recorded = kind == LOGIN_SUCCEEDED
        || services
            .part::<TokenParts>()
            .is_ok_and(|parts| parts.throttles.record(account, facts.now));
    if !is_recorded || services.directory().account(account).await.is_err() {
        return;
    }
    let record = activity::login(kind, account, person.as_deref(), facts);
    if let Err(error) = services.log().activity_append(vec![record]).await {
        tracing::warn!(%error, kind, "a login was not recorded");
    }
}

/// Says in the process's log that a login failed or was not looked at; of a flood some. Names as they were typed are not in
/// it: people type passwords there.
fn tell(
    services: &Services,
    kind: &'static str,
    account: Option<AccountId>,
    person: Option<&str>,
    facts: &Facts,
) {
    let told = match kind {
        LOGIN_FAILED => "a login failed",
        LOGIN_THROTTLED => "a login was not looked at: too many failed before it",
        _ => return,
    };
    let is_told = services
        .part::<TokenParts>()
        .is_ok_and(|parts| parts.throttles.tell(account, facts.now));
    if !is_told {
        return;
    }
    let account = account.map(|account| account.to_string());
    tracing::info!(
        account.id = account.as_deref().unwrap_or("unknown"),
        user.id = person.unwrap_or("unknown"),
        request.id = %facts.request_id,
        "{told}"
    );
}

/// Checks the password of a person who is known already: to change it. One that is wrong is on record as a login's is:
/// whoever has taken a session over guesses here.
///
/// Errors: as [`verify`].
pub async fn verify_again(
    services: &Services,
    facts: &Facts,
    account: AccountId,
    person: &Person,
    password: &Secret<String>,
) -> Result<Proof, Problem> {
    let parts = services.part::<TokenParts>()?;
    let view = services
        .directory()
        .account(account)
        .await
        .map_err(problem::of_directory)?;
    let name = match person {
        Person::Root => account.to_string(),
        Person::User(id) => view
            .state
            .user(&Ref::Id(id.clone()))
            .map(|user| user.name.to_string())
            .unwrap_or_default(),
    };
    let attempt = parts.throttles.login(
        &account.to_string(),
        &name,
        Network::of(facts.address),
        facts.now,
    );
    let on_record = async |kind| {
        let subject = Some(person.subject(account));
        record(services, kind, Some(account), subject, facts).await;
    };
    let attempt = match attempt {
        Ok(attempt) => attempt,
        Err(problem) => {
            on_record(LOGIN_THROTTLED).await;
            return Err(problem);
        }
    };
    let tally = Tally::of(services, account, Some(person), &name)?;
    if let Err(problem) = tally.count(services, &attempt, facts.now).await {
        on_record(LOGIN_THROTTLED).await;
        return Err(problem);
    }
    let found = with_hash(services, &view.state, person.clone()).await?;
    let checked = check(services, found, password).await;
    if checked.is_err() {
        tally.take_back(services, facts.now).await;
    }
    match checked? {
        Some(proof) => {
            attempt.succeeded();
            tally.forget(services).await;
            Ok(proof)
        }
        None => {
            on_record(LOGIN_FAILED).await;
            Err(refused())
        }
    }
}

fn refused() -> Problem {
    Problem::new(
        Code::InvalidCredentials,
        "account, user name or password are not accepted",
    )
    .with_oauth_error("invalid_grant")
}

/// A person with a password.
struct Found {
    account: AccountId,
    person: Person,
    generation: u32,
    hash: PasswordHash,
}

impl Found {
    fn subject(&self) -> String {
        self.person.subject(self.account)
    }
}

/// Who is meant, whether or not there is a password.
async fn find(
    services: &Services,
    state: &Account,
    username: &str,
) -> Result<Option<Person>, Problem> {
    if is_root(services, state, username).await? {
        return Ok(Some(Person::Root));
    }
    let name: Option<UserName> = username.parse().ok();
    let user = name.and_then(|name| state.user(&Ref::Name(name)));
    Ok(user.map(|user| Person::User(user.id.clone())))
}

/// Whether the name is root's e-mail address, which is in a side table.
async fn is_root(services: &Services, state: &Account, username: &str) -> Result<bool, Problem> {
    let Some(email) = &state.root().email else {
        return Ok(false);
    };
    let field = PersonalField::Email.number();
    let row = services
        .log()
        .personal(
            &LogId::Account(state.id()),
            &state.root_subject(),
            field,
            email.generation,
        )
        .await;
    let row = row.map_err(|error| problem::of_directory(error.into()))?;
    let Some(row) = row.filter(|row| row.digest() == email.digest) else {
        return Ok(false);
    };
    let stored: Option<EmailAddress> = std::str::from_utf8(&row.body.0)
        .ok()
        .and_then(|text| text.parse().ok());
    let given: Option<EmailAddress> = username.parse().ok();
    Ok(matches!((stored, given), (Some(stored), Some(given)) if stored.key() == given.key()))
}

/// The hash of the password that a person in service has now.
async fn with_hash(
    services: &Services,
    state: &Account,
    person: Person,
) -> Result<Option<Found>, Problem> {
    let account = state.id();
    let Some(generation) = standing(state, &person) else {
        return Ok(None);
    };
    let subject = match &person {
        Person::Root => state.root_subject(),
        Person::User(id) => id.to_string(),
    };
    let row = services
        .log()
        .credential(
            &LogId::Account(account),
            &subject,
            CredentialKind::Password.number(),
        )
        .await;
    let row = row.map_err(|error| problem::of_directory(error.into()))?;
    let Some(row) = row.filter(|row| row.generation == generation) else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&row.body.0).map_err(Problem::internal)?;
    let hash = PasswordHash::decode(text).map_err(Problem::internal)?;
    Ok(Some(Found {
        account,
        person,
        generation,
        hash,
    }))
}

/// Which of their passwords a person in service has now.
pub(crate) fn standing(state: &Account, person: &Person) -> Option<u32> {
    if state.status() != AccountStatus::Active {
        return None;
    }
    let password = match person {
        Person::Root => state.root().password.as_ref(),
        Person::User(id) => {
            let user = state.user(&Ref::Id(id.clone()));
            let user = user
                .filter(|user| user.status == UserStatus::Active && user.kind == UserKind::Human);
            user.and_then(|user| user.password.as_ref())
        }
    };
    password.map(|password| password.generation)
}

async fn check(
    services: &Services,
    found: Option<Found>,
    password: &Secret<String>,
) -> Result<Option<Proof>, Problem> {
    let peppers = services.part::<Peppers>()?.clone();
    let params = *services.part::<Params>()?;
    let hash = found.as_ref().map(|found| found.hash.clone());
    let typed = password.clone();
    let verdict = hashing::run(services, move || {
        verify_password(hash.as_ref(), typed.expose(), &peppers, params)
    })
    .await?;
    let rehash = match verdict.map_err(Problem::internal)? {
        Verdict::Wrong => return Ok(None),
        Verdict::Right { rehash } => rehash,
    };
    let Some(found) = found else { return Ok(None) };
    if rehash {
        // The login is right whether or not the hash gets better.
        if let Err(problem) = strengthen(services, &found, password).await {
            tracing::warn!(account.id = %found.account, %problem, "a password hash was not renewed");
        }
    }
    let Found {
        account,
        person,
        generation,
        hash: _,
    } = found;
    Ok(Some(Proof {
        proved: Proved::Password {
            account,
            person,
            generation,
        },
    }))
}

/// Hashes a password that is known now under today's pepper and cost, in the place of its old hash.
async fn strengthen(
    services: &Services,
    found: &Found,
    password: &Secret<String>,
) -> Result<(), Problem> {
    let peppers = services.part::<Peppers>()?.clone();
    let params = *services.part::<Params>()?;
    let (typed, mut entropy) = (password.clone(), services.entropy());
    let hash = hashing::run(services, move || {
        let password = Password::new(typed.expose()).ok()?;
        PasswordHash::make(&password, &peppers, params, &mut entropy).ok()
    });
    let Some(hash) = hash.await? else {
        return Ok(());
    };
    let row = SideWrite::CredentialReplace(Credential {
        log: LogId::Account(found.account),
        subject: found.subject(),
        kind: CredentialKind::Password.number(),
        generation: found.generation,
        body: SideBody(hash.encode().into_bytes()),
        expires_at: None,
    });
    services
        .log()
        .side_write(vec![row])
        .await
        .map(|_| ())
        .map_err(Problem::internal)
}
