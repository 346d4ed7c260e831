//! The circumstances of a write: who, in which request, from where.

use trilby_account::Actor;
use trilby_eventlog::{Personal, SideBody, SideWrite};
use trilby_model::{Entropy, LogId};
use trilby_service::caller::{Caller, CallerKind};

use crate::input::Facts;

/// Which personal datum of a request its origin is.
const ORIGIN_FIELD: u16 = trilby_account::PersonalField::Address.number();
/// Longest user agent that is kept.
const USER_AGENT_MAX: usize = 512;

/// The caller as commands know it.
#[must_use]
pub fn actor(caller: &Caller) -> Actor {
    match &caller.kind {
        CallerKind::Root => Actor::Root(caller.account),
        CallerKind::User { id, .. } => Actor::User(caller.account, id.clone()),
        CallerKind::Role { id, .. } => Actor::Role(caller.account, id.clone()),
    }
}

/// The caller as events name it.
#[must_use]
pub fn actor_meta(caller: &Caller) -> serde_json::Value {
    let mut actor = serde_json::Map::new();
    let mut text = |name: &str, value: String| actor.insert(name.to_owned(), value.into());
    text("principal_id", caller.principal_id.clone());
    text("arn", caller.arn.to_string());
    text("session_id", caller.session_id.to_string());
    if let Some(identity) = &caller.source_identity {
        text("source_identity", identity.clone());
    }
    if !caller.chain.is_empty() {
        let chain: Vec<String> = caller.chain.iter().map(ToString::to_string).collect();
        actor.insert("chain".to_owned(), chain.into());
    }
    serde_json::Value::Object(actor)
}

/// Where a request came from, as an erasable row that its events are bound to.
pub(super) fn origin(log: &LogId, facts: &Facts, entropy: &mut Entropy) -> Option<SideWrite> {
    let address = facts.address?;
    let agent: Option<String> = facts
        .user_agent
        .as_ref()
        .map(|agent| agent.chars().take(USER_AGENT_MAX).collect());
    let body = serde_json::json!({ "address": address.to_string(), "user_agent": agent });
    Some(SideWrite::PersonalInsert(Personal {
        log: log.clone(),
        subject: facts.request_id.to_string(),
        field: ORIGIN_FIELD,
        generation: 1,
        salt: entropy.take(),
        body: SideBody(body.to_string().into_bytes()),
    }))
}
