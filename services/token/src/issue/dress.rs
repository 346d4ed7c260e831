//! The claims of a role session, whatever it came from.

use trilby_access::Services;
use trilby_account::{Account, Ref, Role};
use trilby_directory::AccountView;
use trilby_model::{Arn, RoleName, SourceIdentity};
use trilby_service::problem::{Code, Problem};
use trilby_session::claims::{
    Actor, Claims, Dependency, Federation, Mfa, Private, SessionKind, VERSION,
};
use trilby_session::lifetime::{self, Lifetime};
use trilby_session::packed;

use super::{RoleRequest, audiences, mint};
use crate::session_tags::SessionTags;

/// What a role session has from whatever it came from.
#[derive(Debug)]
pub(super) struct Before {
    /// What proved the origin.
    pub(super) client_id: String,
    /// When the origin authenticated, in Unix seconds.
    pub(super) auth_time: i64,
    /// The origin's second factor.
    pub(super) mfa: Option<Mfa>,
    /// The outside identity that the chain began with.
    pub(super) federation: Option<Federation>,
    /// Who acts for the subject.
    pub(super) actor: Option<Actor>,
    /// Earlier principals, oldest first.
    pub(super) chain: Vec<Arn>,
    /// How many role sessions came before.
    pub(super) depth: u8,
    /// Whether a role session puts on the role.
    pub(super) is_chained: bool,
    /// What the session rests on.
    pub(super) dependencies: Vec<Dependency>,
    /// Incarnation of the store in which the positions of all that are counted.
    pub(super) incarnation: u32,
}

/// What the session is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit<'a> {
    /// What was asked for.
    pub(super) request: &'a RoleRequest,
    /// All its tags.
    pub(super) tags: &'a SessionTags,
    /// Who is behind it.
    pub(super) source_identity: Option<&'a SourceIdentity>,
    /// For whom its token is.
    pub(super) audience: Option<&'a str>,
    /// From when to when.
    pub(super) lifetime: Lifetime,
}

/// The role of exactly this ARN. A role that is called otherwise now, or lies elsewhere, is another one.
pub(super) fn role<'a>(state: &'a Account, arn: &Arn) -> Option<&'a Role> {
    let (_, name) = arn.resource().rsplit_once('/')?;
    let name: RoleName = name.parse().ok()?;
    let role = state.role(&Ref::Name(name))?;
    Arn::role(&state.id(), &role.path, &role.name)
        .same_thing(arn)
        .then_some(role)
}

/// Policies and tags must fit into a token.
///
/// Errors: `packed_policy_too_large`.
pub(super) fn check_size(request: &RoleRequest, tags: &SessionTags) -> Result<(), Problem> {
    let policies = &request.policies;
    let percent = packed::percent(policies.canonical(), policies.managed(), &tags.tags);
    if percent > 100 {
        return Err(Problem::new(
            Code::PackedPolicyTooLarge,
            "session policies and tags do not fit into a token",
        )
        .with("packed_policy_percent", percent));
    }
    Ok(())
}

/// From when to when a session of the role lasts. `duration_max_s` is one more limit, of a role map.
///
/// Errors: `duration_exceeds_limit`, `chain_expired`, `invalid_parameter`.
pub(super) fn lifetime(
    services: &Services,
    state: &Account,
    role: &Role,
    before: &Before,
    duration_s: Option<i64>,
    duration_max_s: Option<i64>,
) -> Result<Lifetime, Problem> {
    let role_max_s = i64::from(role.limits.max_session_duration_s);
    let session = lifetime::Session::Role {
        role_max_s: duration_max_s.map_or(role_max_s, |max_s| max_s.min(role_max_s)),
        chain_max_s: i64::from(role.limits.chain_max_s),
        chained: before.is_chained,
        chain_age_max_s: i64::from(state.settings().tokens.chain_age_s_max),
    };
    lifetime::bound(session, duration_s, services.now(), before.auth_time)
        .map_err(mint::of_lifetime)
}

/// The claims of a session of `role`.
///
/// Errors: `invalid_target` for an audience that the role does not have; `invalid_parameter` for a managed session
/// policy that is not there.
pub(super) fn claims(
    services: &Services,
    view: &AccountView,
    role: &Role,
    before: Before,
    fit: Fit<'_>,
) -> Result<Claims, Problem> {
    let state = &view.state;
    let account = state.id();
    let request = fit.request;
    request.policies.check_managed(state)?;
    let allowed = |asked: &str| role.limits.allowed_audiences.contains(asked);
    Ok(Claims {
        iss: trilby_session::issuer(services.public_url(), account),
        aud: audiences(fit.audience.map(str::to_owned), allowed)?,
        sub: format!("{}:{}", role.id, request.session_name),
        client_id: before.client_id,
        iat: fit.lifetime.issued_at,
        nbf: fit.lifetime.issued_at,
        exp: fit.lifetime.expires_at,
        auth_time: before.auth_time,
        jti: mint::session_id(services),
        act: before.actor,
        trilby: Private {
            v: VERSION,
            kind: SessionKind::Role,
            acct: account,
            org: state
                .organization()
                .map(|membership| membership.organization.clone()),
            arn: Arn::assumed_role(&account, &role.name, &request.session_name),
            role: Some(Arn::role(&account, &role.path, &role.name)),
            sn: Some(request.session_name.clone()),
            tags: fit.tags.tags.clone(),
            ttk: fit.tags.transitive.clone(),
            si: fit.source_identity.cloned(),
            pol: request.policies.document().cloned(),
            polh: request.policies.digest(),
            parn: request.policies.managed().to_vec(),
            mfa: before.mfa,
            fed: before.federation,
            depth: before.depth,
            chain: before.chain,
            seq: view.seq().get(),
            inc: before.incarnation,
            dep: before.dependencies,
        },
    })
}
