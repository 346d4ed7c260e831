//! Keys of a provider: from the cache, and written into its owner's log when they are others than before.
//!
//! What the log says of them is what a cache begins with, so that an issuer that is down while this process starts keeps
//! nobody out; and what an administrator had read anew counts at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use trilby_access::{Services, problem};
use trilby_account::command::{ObserveProviderKeys, SeenKeys};
use trilby_account::{Actor, Context, Ref};
use trilby_directory::{Answer, Events, Plan, ReceiptKey, Write};
use trilby_federation::cache::{KeyRequest, Keys};
use trilby_federation::{KeySet, Refusal};
use trilby_model::LogId;
use trilby_service::problem::Problem;

use super::Door;
use crate::TokenParts;

const OPERATION: &str = "observe_provider_keys";

/// The keys for a token with this key id.
///
/// Errors: that no keys can be had; faults.
pub(crate) async fn of(
    services: &Services,
    door: &Door,
    kid: Option<&str>,
) -> Result<Result<Arc<KeySet>, Refusal>, Problem> {
    let parts = services.part::<TokenParts>()?;
    let owner = door.owner.state.id();
    let stored = door
        .owner
        .state
        .provider(&Ref::Id(door.provider.id.clone()));
    let pinned = stored.and_then(|provider| provider.jwks_uri()).cloned();
    let seen = stored.and_then(|provider| provider.keys.observed.as_ref());
    if let (Some(seen), Some(jwks_uri)) = (seen, stored.and_then(|provider| provider.jwks_uri())) {
        let cache = &parts.provider_keys;
        cache.warm(&door.provider.id, jwks_uri, &seen.document, seen.at);
    }
    let request = KeyRequest::of(owner, &door.provider, pinned);
    let keys = match parts.provider_keys.keys(&request, kid).await {
        Ok(keys) => keys,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let thumbprints: BTreeSet<String> = keys.set.thumbprints().into_iter().collect();
    let is_news = seen.is_none_or(|seen| seen.thumbprints != thumbprints);
    // The login stands whether or not the news could be written.
    if is_news && let Err(problem) = observe(services, door, &keys, thumbprints).await {
        tracing::warn!(provider.id = %door.provider.id, %problem, "keys of an identity provider were not recorded");
    }
    Ok(Ok(keys.set))
}

/// Writes a key set that was read over the network; one in the provider's settings is in the log already.
async fn observe(
    services: &Services,
    door: &Door,
    keys: &Keys,
    thumbprints: BTreeSet<String>,
) -> Result<(), Problem> {
    let Some(jwks_uri) = keys.jwks_uri.clone() else {
        return Ok(());
    };
    let command = ObserveProviderKeys {
        provider: Ref::Id(door.provider.id.clone()),
        keys: SeenKeys {
            jwks_uri,
            thumbprints,
            document: keys.set.document().to_owned(),
        },
    };
    let owner = door.owner.state.id();
    let mut entropy = services.entropy();
    let now = services.now();
    let ctx = Context::new(now, Actor::System, &mut entropy);
    let log = LogId::Account(owner);
    let write = Write {
        logs: vec![log.clone()],
        receipt: ReceiptKey::random(log, &mut entropy),
        meta: serde_json::json!({ "operation": OPERATION }),
        alive: Vec::new(),
        incarnation: None,
        trace: None,
        now,
        entropy,
    };
    let written = services.directory().execute(write, |states| {
        let view = states.account(owner).ok_or_else(Problem::not_found)?;
        let mut ctx = ctx.clone();
        ctx.now = states.now();
        let events = view
            .state
            .decide(command.clone().into(), &ctx)
            .map_err(problem::of_rejection)?;
        let done = |_: &trilby_directory::After| {
            Ok(Answer {
                value: (),
                status: 200,
                stored: None,
            })
        };
        Ok(Plan::new(vec![Events::Account(owner, events)], done))
    });
    written.await.map(|_| ()).map_err(problem::of_execution)
}
