//! Role sessions, put on by another session: in the same account, in another one, from role to role.
//!
//! Whether the role exists, whether its account does and whether its trust policy admits the caller are one question to
//! the engine, with one refusal.

use trilby_access::authenticate::Session;
use trilby_access::authorize::Inquiry;
use trilby_access::{Facts, Services, problem};
use trilby_account::{Account, AccountStatus, Ref, Role};
use trilby_directory::{Freshness, World};
use trilby_model::{AccountId, Arn, RoleName};
use trilby_policy::{Context, ContextValue};
use trilby_service::problem::{Code, Problem};
use trilby_session::claims::{Claims, Private, SessionKind, VERSION};
use trilby_session::lifetime::{self, Lifetime};
use trilby_session::packed;

use super::mint::{self, Draft, mint};
use super::{Issued, RoleRequest, audiences, chain};
use crate::activity;
use crate::signing::{Signer, signer};

const ASSUME_ROLE: &str = "sts:AssumeRole";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";
const TAG_SESSION: &str = "sts:TagSession";

pub(super) async fn issue(
    services: &Services,
    session: &Session,
    request: &RoleRequest,
    duration_s: Option<i64>,
    audience: Option<String>,
    facts: &Facts,
) -> Result<Issued, Problem> {
    let parent = session.verified.claims();
    let source_identity = chain::source_identity(parent, request)?;
    let account = request.role_arn.account_id();
    let denied = |why: &'static str| refused(services, session, request, why, facts);
    if session.caller.is_root() {
        return Err(denied("root assumes no roles").await);
    }
    let mut world = world(services, session, account).await?;
    let keys = keys(
        request,
        parent,
        source_identity.as_ref().map(ToString::to_string),
        duration_s,
    );
    if !allowed(services, session, &world, request, &keys, facts)? {
        return Err(denied("not allowed").await);
    }
    let Some(account) = account else {
        return Err(denied("no account").await);
    };
    // Allowed, so the account exists; it may need its first key, and the session names a state that has it.
    let Signer { view, key } = signer(services, account).await?;
    if world
        .resource
        .as_ref()
        .is_none_or(|seen| seen.seq() != view.seq())
    {
        world = self::world(services, session, Some(account)).await?;
        if !allowed(services, session, &world, request, &keys, facts)? {
            return Err(denied("not allowed any more").await);
        }
    }
    let Some(view) = world.resource.as_ref() else {
        return Err(denied("no account").await);
    };
    let role = role(&view.state, &request.role_arn)
        .filter(|_| view.state.status() == AccountStatus::Active);
    let Some(role) = role else {
        return Err(denied("no role").await);
    };

    let lifetime = lifetime(services, parent, role, &view.state, duration_s)?;
    let seq = view.seq().get();
    let (before, depth) = chain::chain(parent)?;
    let arn = Arn::assumed_role(&account, &role.name, &request.session_name);
    let claims = Claims {
        iss: trilby_session::issuer(services.public_url(), account),
        aud: audiences(audience, |asked| {
            role.limits.allowed_audiences.contains(asked)
        })?,
        sub: format!("{}:{}", role.id, request.session_name),
        client_id: parent.client_id.clone(),
        iat: lifetime.issued_at,
        nbf: lifetime.issued_at,
        exp: lifetime.expires_at,
        auth_time: parent.auth_time,
        jti: mint::session_id(services),
        act: None,
        trilby: Private {
            v: VERSION,
            kind: SessionKind::Role,
            acct: account,
            org: view
                .state
                .organization()
                .map(|membership| membership.organization.clone()),
            arn,
            role: Some(Arn::role(&account, &role.path, &role.name)),
            sn: Some(request.session_name.clone()),
            tags: mint::inherited_tags(parent)?,
            ttk: parent.trilby.ttk.clone(),
            si: source_identity,
            pol: None,
            polh: None,
            parn: Vec::new(),
            mfa: parent.trilby.mfa.clone(),
            fed: parent.trilby.fed.clone(),
            depth,
            chain: before,
            seq,
            dep: chain::dependencies(session, account, role, seq)?,
        },
    };
    if packed::percent(None, &[], &claims.trilby.tags) > 100 {
        return Err(Problem::new(
            Code::PackedPolicyTooLarge,
            "inherited tags do not fit into a token",
        ));
    }
    let draft = Draft {
        claims,
        seq: world.token(),
        caller: Some(session.caller.account),
    };
    mint(services, draft, &key, facts).await
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

/// What trust policies may ask of the request.
fn keys(
    request: &RoleRequest,
    parent: &Claims,
    source_identity: Option<String>,
    duration_s: Option<i64>,
) -> Context {
    let mut keys = Context::new();
    let mut scalar = |key: &str, value: String| keys.insert(key, ContextValue::Scalar(value));
    scalar("sts:RoleSessionName", request.session_name.to_string());
    if let Some(external_id) = &request.external_id {
        scalar("sts:ExternalId", external_id.to_string());
    }
    if let Some(source_identity) = source_identity {
        scalar("sts:SourceIdentity", source_identity);
    }
    if let Some(duration_s) = duration_s {
        scalar("sts:DurationSeconds", duration_s.to_string());
    }
    let transitive: Vec<String> = parent.trilby.ttk.iter().map(ToString::to_string).collect();
    if !transitive.is_empty() {
        for key in &parent.trilby.ttk {
            if let Some(value) = parent.trilby.tags.get(key.as_str()) {
                keys.insert(
                    format!("trilby:RequestTag/{key}"),
                    ContextValue::Scalar(value.to_string()),
                );
            }
        }
        keys.insert("trilby:TagKeys", ContextValue::List(transitive.clone()));
        keys.insert("sts:TransitiveTagKeys", ContextValue::List(transitive));
    }
    keys
}

/// Whether the engine allows putting on the role, and all that comes with it.
fn allowed(
    services: &Services,
    session: &Session,
    world: &World,
    request: &RoleRequest,
    keys: &Context,
    facts: &Facts,
) -> Result<bool, Problem> {
    // A session whose own policies cannot be evaluated may do nothing.
    let Ok(inquiry) = Inquiry::of(session, facts, services.now()) else {
        return Ok(false);
    };
    let owner = request.role_arn.account_id();
    let mut actions = vec![ASSUME_ROLE];
    if keys.contains("sts:SourceIdentity") {
        actions.push(SET_SOURCE_IDENTITY);
    }
    if keys.contains("sts:TransitiveTagKeys") {
        actions.push(TAG_SESSION);
    }
    let mut all = true;
    for action in actions {
        all &= inquiry.allows(world, action, &request.role_arn, owner, keys)?;
    }
    Ok(all)
}

/// The role of exactly this ARN. A role that is called otherwise now, or lies elsewhere, is another one.
fn role<'a>(state: &'a Account, arn: &Arn) -> Option<&'a Role> {
    let (_, name) = arn.resource().rsplit_once('/')?;
    let name: RoleName = name.parse().ok()?;
    let role = state.role(&Ref::Name(name))?;
    Arn::role(&state.id(), &role.path, &role.name)
        .same_thing(arn)
        .then_some(role)
}

fn lifetime(
    services: &Services,
    parent: &Claims,
    role: &Role,
    state: &Account,
    duration_s: Option<i64>,
) -> Result<Lifetime, Problem> {
    let session = lifetime::Session::Role {
        role_max_s: i64::from(role.limits.max_session_duration_s),
        chain_max_s: i64::from(role.limits.chain_max_s),
        chained: parent.trilby.kind == SessionKind::Role,
        chain_age_max_s: i64::from(state.settings().tokens.chain_age_s_max),
    };
    lifetime::bound(session, duration_s, services.now(), parent.auth_time)
        .map_err(mint::of_lifetime)
}

/// The one refusal: whether the role, its account or the trust is missing is for the account's own record.
async fn refused(
    services: &Services,
    session: &Session,
    request: &RoleRequest,
    why: &'static str,
    facts: &Facts,
) -> Problem {
    let record = activity::refused(session, &request.role_arn, why, facts);
    if let Err(error) = services.log().activity_append(vec![record]).await {
        // The refusal stands whether or not it could be recorded.
        tracing::warn!(%error, "a refused session was not recorded");
    }
    Problem::new(
        Code::AccessDenied,
        "you are not allowed to assume this role",
    )
    .with("action", ASSUME_ROLE)
}
