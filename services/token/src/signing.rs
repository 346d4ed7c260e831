//! Accounts' signing keys: made at first need, sealed in the store, loaded once, changed when it is time.

mod vault;

use std::sync::Arc;

use moka::sync::Cache;
use trilby_access::{Services, problem};
use trilby_account::command::{ActivateSigningKey, PublishSigningKey};
use trilby_account::{Account, Actor, Command, Context, PublicJwk, SigningKeyState};
use trilby_credential::rows::DATA_KEY_ID;
use trilby_credential::{DataKey, SealedKind};
use trilby_directory::{AccountView, Answer, Events, ExecuteError, Plan, ReceiptKey, Write};
use trilby_eventlog::SideWrite;
use trilby_model::{AccountId, Entropy, LogId, Timestamp};
use trilby_service::problem::Problem;
use trilby_session::key_line::{KeyState, KeyTimes, Rotation, Step, due};
use trilby_session::{Algorithm, SigningKey};

use crate::TokenParts;

/// Private keys in memory at once.
const LOADED_MAX: u64 = 10_000;
/// Steps of a key line at one time: publish, activate, and one more to see that nothing is due.
const STEPS_MAX: u32 = 3;

/// Private keys that were opened already.
#[derive(Debug, Clone)]
pub(crate) struct SigningKeys {
    loaded: Cache<(AccountId, String), Arc<SigningKey>>,
}

impl Default for SigningKeys {
    fn default() -> Self {
        Self {
            loaded: Cache::new(LOADED_MAX),
        }
    }
}

/// An account and the key that signs its sessions now.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    /// The account, at a state that has the key.
    pub(crate) view: Arc<AccountView>,
    /// The key.
    pub(crate) key: Arc<SigningKey>,
}

/// The key that signs an account's sessions; made if there is none, changed if it is time.
///
/// Errors: `not_found` for an account that does not exist; faults.
pub(crate) async fn signer(services: &Services, account: AccountId) -> Result<Signer, Problem> {
    let directory = services.directory();
    for _ in 0..STEPS_MAX {
        let view = directory
            .account(account)
            .await
            .map_err(problem::of_directory)?;
        match due(&times(&view.state), Rotation::DEFAULT, services.now()) {
            None => return load(services, view).await,
            // Two events of one commit where nothing signs yet: an account is never without a key for long.
            Some(Step::Publish) if view.state.active_signing_key().is_none() => {
                make(services, account, true).await?
            }
            Some(Step::Publish) => make(services, account, false).await?,
            Some(Step::Activate { kid }) => activate(services, account, kid).await?,
        }
    }
    let view = directory
        .account(account)
        .await
        .map_err(problem::of_directory)?;
    load(services, view).await
}

fn times(state: &Account) -> Vec<KeyTimes> {
    let keys = state.signing_keys().values().map(|key| {
        let (state, activated_at, retired_at) = match key.state {
            SigningKeyState::Pending => (KeyState::Pending, None, None),
            SigningKeyState::Active { .. } => (KeyState::Active, Some(key.stamp.updated_at), None),
            SigningKeyState::Retiring { since } => (KeyState::Retiring, None, Some(since)),
            SigningKeyState::Revoked => (KeyState::Revoked, None, None),
        };
        KeyTimes {
            kid: key.kid.clone(),
            state,
            published_at: key.stamp.created_at,
            activated_at,
            retired_at,
        }
    });
    keys.collect()
}

/// Kids of the keys that belong into the account's key set now.
pub(crate) fn published(state: &Account, now: Timestamp) -> Vec<String> {
    times(state)
        .into_iter()
        .filter(|key| key.is_published(now))
        .map(|key| key.kid)
        .collect()
}

async fn load(services: &Services, view: Arc<AccountView>) -> Result<Signer, Problem> {
    let parts = services.part::<TokenParts>()?;
    let account = view.state.id();
    let active = view.state.active_signing_key();
    let active = active
        .ok_or_else(|| Problem::internal(format!("account {account} has no active signing key")))?;
    let name = (account, active.kid.clone());
    if let Some(key) = parts.signing.loaded.get(&name) {
        return Ok(Signer { view, key });
    }
    let key = Arc::new(vault::open(services, account, &active.kid, &active.alg).await?);
    parts.signing.loaded.insert(name, Arc::clone(&key));
    Ok(Signer { view, key })
}

/// Makes a key and publishes it; lets it sign at once where nothing else does.
async fn make(services: &Services, account: AccountId, activate: bool) -> Result<(), Problem> {
    let parts = services.part::<TokenParts>()?;
    let mut entropy = services.entropy();
    let mut side = Vec::new();
    let data_key = match vault::data_key(services, account).await? {
        Some(key) => key,
        None => {
            let key = DataKey::generate(&mut entropy);
            let wrapped = parts
                .keks
                .wrap(account, &key, &mut entropy)
                .map_err(Problem::internal)?;
            side.push(vault::row(
                account,
                SealedKind::DataKey,
                DATA_KEY_ID,
                wrapped.kek.as_str(),
                wrapped.sealed,
            ));
            key
        }
    };
    let key = SigningKey::generate(Algorithm::default()).map_err(Problem::internal)?;
    let kid = key.kid().to_owned();
    side.push(vault::sealed(account, &key, &data_key, &mut entropy).map_err(Problem::internal)?);
    let jwk: PublicJwk = serde_json::to_value(key.public().to_jwk())
        .and_then(serde_json::from_value)
        .map_err(Problem::internal)?;
    let publish = PublishSigningKey {
        kid: kid.clone(),
        alg: key.public().algorithm().as_str().to_owned(),
        jwk,
    };
    let mut commands: Vec<Command> = vec![publish.into()];
    if activate {
        commands.push(
            ActivateSigningKey {
                kid,
                metadata: None,
            }
            .into(),
        );
    }
    // Decided on the newest state: whoever was faster has made the key that is needed.
    let still_due = move |state: &Account| {
        if activate {
            state.active_signing_key().is_none()
        } else {
            !has_pending(state)
        }
    };
    execute(
        services,
        account,
        entropy,
        "make_signing_key",
        commands,
        side,
        still_due,
    )
    .await
}

async fn activate(services: &Services, account: AccountId, kid: String) -> Result<(), Problem> {
    let pending = kid.clone();
    let still_due = move |state: &Account| {
        state
            .signing_keys()
            .get(&pending)
            .is_some_and(|key| key.state == SigningKeyState::Pending)
    };
    let commands = vec![
        ActivateSigningKey {
            kid,
            metadata: None,
        }
        .into(),
    ];
    execute(
        services,
        account,
        services.entropy(),
        "activate_signing_key",
        commands,
        Vec::new(),
        still_due,
    )
    .await
}

fn has_pending(state: &Account) -> bool {
    state
        .signing_keys()
        .values()
        .any(|key| key.state == SigningKeyState::Pending)
}

/// Writes a change of the key line, unless another process was faster; that is no error.
async fn execute(
    services: &Services,
    account: AccountId,
    mut entropy: Entropy,
    operation: &'static str,
    commands: Vec<Command>,
    side: Vec<SideWrite>,
    still_due: impl Fn(&Account) -> bool,
) -> Result<(), Problem> {
    let log = LogId::Account(account);
    let now = services.now();
    let ctx = Context::new(now, Actor::System, &mut entropy);
    let receipt = ReceiptKey::random(log.clone(), &mut entropy);
    let write = Write {
        logs: vec![log],
        receipt,
        meta: serde_json::json!({ "operation": operation }),
        alive: Vec::new(),
        incarnation: None,
        trace: None,
        now,
        entropy,
    };
    let written = services.directory().execute(write, |states| {
        let view = states.account(account).ok_or_else(Problem::not_found)?;
        let done = |_: &trilby_directory::After| {
            Ok(Answer {
                value: (),
                status: 200,
                stored: None,
            })
        };
        if !still_due(&view.state) {
            return Ok(Plan::new(Vec::new(), done));
        }
        let mut ctx = ctx.clone();
        ctx.now = states.now();
        let events = view
            .state
            .decide_all(commands.clone(), &ctx)
            .map_err(problem::of_rejection)?;
        Ok(Plan::new(vec![Events::Account(account, events)], done).with_side(side.clone()))
    });
    match written.await {
        Ok(_) => Ok(()),
        // Another process made the account's data key in between; the next step finds it.
        Err(ExecuteError::SideConflict { .. }) => Ok(()),
        Err(error) => Err(problem::of_execution(error)),
    }
}
