//! A role put on by another session: in the same account, in another one, from role to role.
//!
//! Whether the role exists, whether its account does and whether its trust policy admits the caller are one question to
//! the engine, with one refusal.

use trilby_access::authenticate::Session;
use trilby_access::authorize::Inquiry;
use trilby_access::{Facts, Services, problem};
use trilby_account::AccountStatus;
use trilby_directory::{Freshness, World};
use trilby_engine::Precedence;
use trilby_model::AccountId;
use trilby_policy::Context;
use trilby_service::problem::Problem;
use trilby_session::claims::SessionKind;

use super::dress::{self, Before, Fit};
use super::mint::{Draft, mint};
use super::refusal::Refusal;
use super::trust::{ASSUME_ROLE, Wish};
use super::{Issued, RoleRequest, chain, standing};
use crate::signing::{Signer, signer};

pub(super) async fn issue(
    services: &Services,
    session: &Session,
    request: &RoleRequest,
    duration_s: Option<i64>,
    audience: Option<&str>,
    facts: &Facts,
) -> Result<Issued, Refusal> {
    let parent = session.verified.claims();
    // Known before any state is read; what the parent rests on may have been counted in an earlier one.
    let incarnation = services.directory().incarnation().min(parent.trilby.inc);
    let inherited = chain::inherited_tags(parent)?;
    let tags = chain::tags(parent, &inherited, &request.tags)?;
    dress::check_size(request, &tags)?;
    let source_identity = chain::source_identity(parent, request);
    let wish = Wish {
        request,
        tags: &tags,
        inherited: &inherited,
        source_identity: source_identity.as_ref(),
        duration_s,
    };
    let denied = |why: &str| Refusal::denied(ASSUME_ROLE, why);
    if session.caller.is_root() {
        return Err(denied("root assumes no roles"));
    }
    // A session whose own policies cannot be evaluated may do nothing.
    let mut inquiry = Inquiry::of(session, facts, services.now())
        .map_err(|broken| denied(&broken.to_string()))?;
    inquiry.tags.resource = Precedence::Given;
    let keys = wish.keys();
    let account = request.role_arn.account_id();
    let mut world = world(services, session, account).await?;
    allowed(&wish, &inquiry, &world, &keys)?;
    let account = account.ok_or_else(|| denied("no account"))?;
    // Allowed, so the account exists; it may need its first key, and the session names a state that has it.
    let Signer { view, key } = signer(services, account).await?;
    let seen = world.resource.as_ref().map(|seen| seen.seq());
    if seen != Some(view.seq()) {
        world = self::world(services, session, Some(account)).await?;
        allowed(&wish, &inquiry, &world, &keys)?;
    }
    let view = world
        .resource
        .as_ref()
        .ok_or_else(|| denied("no account"))?;
    let role = dress::role(&view.state, &request.role_arn)
        .filter(|_| view.state.status() == AccountStatus::Active)
        .ok_or_else(|| denied("no role"))?;
    if standing::is_quarantined(&world, Some(role.id.as_str())) {
        return Err(denied("the role is in quarantine"));
    }

    chain::unchanged(parent, &inherited, request)?;
    let (before, depth) = chain::chain(parent)?;
    let before = Before {
        client_id: parent.client_id.clone(),
        auth_time: parent.auth_time,
        mfa: parent.trilby.mfa.clone(),
        federation: parent.trilby.fed.clone(),
        actor: None,
        chain: before,
        depth,
        is_chained: parent.trilby.kind == SessionKind::Role,
        dependencies: chain::dependencies(session, account, role, view.seq().get())?,
        incarnation,
    };
    let lifetime = dress::lifetime(services, &view.state, role, &before, duration_s, None)?;
    let fit = Fit {
        request,
        tags: &tags,
        source_identity: source_identity.as_ref(),
        audience,
        lifetime,
    };
    let draft = Draft {
        claims: dress::claims(services, view, role, before, fit)?,
        seq: world.token(),
        caller: Some(session.caller.account),
    };
    Ok(mint(services, draft, &key, facts).await?)
}

/// The newest states of the caller's account and the role's. An account that does not exist is absent.
async fn world(
    services: &Services,
    session: &Session,
    account: Option<AccountId>,
) -> Result<World, Problem> {
    let own = session.caller.account;
    let world = services
        .directory()
        .world(Some(own), account, &Freshness::Head)
        .await;
    world.map_err(problem::of_directory)
}

/// The engine allows putting on the role, and all that comes with it.
fn allowed(
    wish: &Wish<'_>,
    inquiry: &Inquiry,
    world: &World,
    keys: &Context,
) -> Result<(), Refusal> {
    match wish.refused(inquiry, world, ASSUME_ROLE, keys)? {
        None => Ok(()),
        Some(not) => Err(Refusal::not_allowed(not)),
    }
}
