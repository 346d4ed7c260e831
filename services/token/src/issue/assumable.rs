//! Which roles somebody could put on: the same questions as when one is put on, without what only a request can say.
//!
//! Only what would succeed is told. A role whose trust policy asks for something that the caller may still supply is
//! told with what it needs.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use trilby_access::authenticate::{FederatedSession, Session};
use trilby_access::authorize::{Inquiry, is_allow};
use trilby_access::{Facts, Services, problem};
use trilby_account::{AccountStatus, PrincipalId, Ref, Role, Trusted};
use trilby_directory::{AccountView, Freshness, World};
use trilby_engine::{Class, Decision, NearMissReason, Outcome, Precedence};
use trilby_model::federation::RuleId;
use trilby_model::{AccountId, Arn, RoleId, RoleSessionName, SourceIdentity, Tags};
use trilby_policy::Context;
use trilby_policy::keys::normalise;
use trilby_service::caller::CallerKind;
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::outside::{Judge, Origin};
use super::refusal::NotAllowed;
use super::trust::{ASSUME_ROLE, Wish};
use super::{OutsideRequest, RoleRequest, SessionPolicies, SessionTags, chain, standing};

/// Stands for a session's name where none is asked about.
const SOME_NAME: &str = "session";
const SESSION_NAME_KEY: &str = "sts:RoleSessionName";

/// Something that a request may say and a trust policy ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Need {
    /// `external_id`.
    ExternalId,
    /// `mfa`.
    Mfa,
    /// `source_identity`.
    SourceIdentity,
    /// `tags`.
    Tags,
}

/// A role that can be put on.
#[derive(Debug, Clone)]
pub(crate) struct Assumable {
    /// The role's ARN.
    pub(crate) arn: Arn,
    /// The role.
    pub(crate) id: RoleId,
    /// The rules of the account's role map that give it.
    pub(crate) rules: Vec<RuleId>,
    /// What the request must say.
    pub(crate) needs: BTreeSet<Need>,
}

/// Who looks for roles.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seeker<'a> {
    /// A principal of an account.
    Session(&'a Session),
    /// An outside identity.
    Federated(&'a FederatedSession),
}

impl Seeker<'_> {
    /// What trust policies could name it by.
    ///
    /// Errors: faults only.
    pub(crate) fn trusted(&self) -> Result<Vec<Trusted>, Problem> {
        match self {
            Self::Session(session) => {
                let account = Trusted::Account(session.caller.account);
                Ok(match &session.caller.kind {
                    // Root assumes no roles.
                    CallerKind::Root => Vec::new(),
                    CallerKind::User { id, .. } => {
                        vec![account, Trusted::Principal(PrincipalId::User(id.clone()))]
                    }
                    CallerKind::Role { id, .. } => {
                        vec![account, Trusted::Principal(PrincipalId::Role(id.clone()))]
                    }
                })
            }
            Self::Federated(session) => {
                let provider = super::federated_provider(session)?;
                Ok(vec![Trusted::Provider(provider)])
            }
        }
    }

    /// Its account.
    pub(crate) fn account(&self) -> &Arc<AccountView> {
        match self {
            Self::Session(session) => &session.account,
            Self::Federated(session) => &session.account,
        }
    }

    /// Its principal's unique id, with the session's name for a role: whose list it is.
    pub(crate) fn principal(&self) -> &str {
        match self {
            Self::Session(session) => &session.verified.claims().sub,
            Self::Federated(session) => &session.verified.claims().sub,
        }
    }

    /// Which of these roles of an account it could put on now, with the account's state. An account that does not
    /// exist has none.
    ///
    /// Errors: faults only.
    pub(crate) async fn judge(
        &self,
        services: &Services,
        facts: &Facts,
        account: AccountId,
        roles: &[RoleId],
    ) -> Result<Option<(Arc<AccountView>, Vec<Assumable>)>, Problem> {
        let own = match self {
            Self::Session(session) => Some(session.caller.account),
            Self::Federated(_) => None,
        };
        let directory = services.directory();
        let world = directory.world(own, Some(account), &Freshness::Head).await;
        let world = world.map_err(problem::of_directory)?;
        let Some(view) = world.resource.clone() else {
            return Ok(None);
        };
        if view.state.status() != AccountStatus::Active {
            return Ok(None);
        }
        let candidates: Vec<&Role> = roles
            .iter()
            .filter_map(|id| view.state.role(&Ref::Id(id.clone())))
            .filter(|role| role.limits.listed)
            .filter(|role| !standing::is_quarantined(&world, Some(role.id.as_str())))
            .collect();
        let found = match self {
            Self::Session(session) => by_session(services, facts, session, &world, &candidates)?,
            Self::Federated(session) => {
                by_federated(services, facts, session, account, &candidates).await?
            }
        };
        Ok(Some((view, found)))
    }
}

fn some_name() -> Result<RoleSessionName, Problem> {
    SOME_NAME.parse().map_err(Problem::internal)
}

fn by_session(
    services: &Services,
    facts: &Facts,
    session: &Session,
    world: &World,
    candidates: &[&Role],
) -> Result<Vec<Assumable>, Problem> {
    // A session whose own policies cannot be evaluated may do nothing.
    let Ok(mut inquiry) = Inquiry::of(session, facts, services.now()) else {
        return Ok(Vec::new());
    };
    inquiry.tags.resource = Precedence::Given;
    let parent = session.verified.claims();
    if chain::chain(parent).is_err() {
        return Ok(Vec::new());
    }
    let inherited = chain::inherited_tags(parent)?;
    let mut found = Vec::new();
    for role in candidates {
        let request = RoleRequest {
            role_arn: arn_of(world, role)?,
            session_name: some_name()?,
            external_id: None,
            source_identity: None,
            policies: SessionPolicies::default(),
            tags: SessionTags::default(),
        };
        let tags = chain::tags(parent, &inherited, &request.tags)?;
        let source_identity = chain::source_identity(parent, &request);
        let wish = Wish {
            request: &request,
            tags: &tags,
            inherited: &inherited,
            source_identity: source_identity.as_ref(),
            duration_s: None,
        };
        let mut keys = wish.keys();
        keys.remove(SESSION_NAME_KEY);
        let decisions = wish.decisions(&inquiry, world, ASSUME_ROLE, &keys)?;
        if let Some(needs) = needs(&decisions) {
            found.push(Assumable {
                arn: request.role_arn,
                id: role.id.clone(),
                rules: Vec::new(),
                needs,
            });
        }
    }
    Ok(found)
}

fn arn_of(world: &World, role: &Role) -> Result<Arn, Problem> {
    let view = world.resource.as_ref().ok_or_else(Problem::not_found)?;
    Ok(Arn::role(&view.state.id(), &role.path, &role.name))
}

async fn by_federated(
    services: &Services,
    facts: &Facts,
    session: &FederatedSession,
    account: AccountId,
    candidates: &[&Role],
) -> Result<Vec<Assumable>, Problem> {
    let origin = Origin::Session(session, super::federated_provider(session)?);
    let mut found = Vec::new();
    for role in candidates {
        let arn = Arn::role(&account, &role.path, &role.name);
        let request = OutsideRequest {
            role_arn: Some(arn.clone()),
            session_name: Some(some_name()?),
            policies: SessionPolicies::default(),
        };
        let judge = Judge {
            services,
            origin: &origin,
            request: &request,
            duration_s: None,
            facts,
        };
        let Ok(scene) = judge.scene(account).await else {
            // The provider does not count there: no role of the account does.
            return Ok(Vec::new());
        };
        let ask = |wish: &Wish<'_>, inquiry: &Inquiry, keys: &Context| {
            let mut keys = keys.clone();
            keys.remove(SESSION_NAME_KEY);
            let decisions =
                wish.decisions(inquiry, scene.world(), super::outside::ACTION, &keys)?;
            // An outside identity may supply a name and nothing else.
            let could = needs(&decisions).is_some_and(|needs| needs.is_empty());
            Ok((!could).then(|| NotAllowed {
                action: super::outside::ACTION,
                why: "not admitted".to_owned(),
            }))
        };
        match judge.admit_by(&scene, ask) {
            Ok(admitted) => found.push(Assumable {
                arn,
                id: role.id.clone(),
                rules: admitted.rules(),
                needs: BTreeSet::new(),
            }),
            Err(refusal) if refusal.is_fault() => return Err(refusal.into_problem()),
            Err(_) => {}
        }
    }
    Ok(found)
}

/// What the engine says to an outside identity that wants a role with these tags and this source identity: the first action
/// that is not allowed, or that of putting on the role if all are. The session's name is none: it is the request's.
///
/// Errors: faults only.
pub(crate) fn try_outsider(
    inquiry: &Inquiry,
    world: &World,
    role: &Arn,
    tags: &SessionTags,
    source_identity: Option<&SourceIdentity>,
    mut keys: Context,
) -> Result<(&'static str, Decision), Problem> {
    let request = RoleRequest {
        role_arn: role.clone(),
        session_name: some_name()?,
        external_id: None,
        source_identity: None,
        policies: SessionPolicies::default(),
        tags: tags.clone(),
    };
    let wish = Wish {
        request: &request,
        tags,
        inherited: &Tags::empty(),
        source_identity,
        duration_s: None,
    };
    keys.extend(
        wish.keys()
            .iter()
            .map(|(key, value)| (key.to_owned(), value.clone())),
    );
    keys.remove(SESSION_NAME_KEY);
    let mut decisions = wish.decisions(inquiry, world, super::outside::ACTION, &keys)?;
    let refused = decisions
        .iter()
        .position(|(_, decision)| !is_allow(decision.outcome));
    Ok(decisions.swap_remove(refused.unwrap_or(0)))
}

/// What the caller would have to say for all of these to be allowed; `None` if nothing it may say would do.
fn needs(decisions: &[(&'static str, Decision)]) -> Option<BTreeSet<Need>> {
    let mut all = BTreeSet::new();
    for (_, decision) in decisions {
        if is_allow(decision.outcome) {
            continue;
        }
        // Not known to be so: what denies is not read for ways around it.
        if decision.outcome == Outcome::ExplicitDeny {
            return None;
        }
        for layer in &decision.unmet {
            all.extend(opens(decision, layer)?);
        }
        if decision.unmet.is_empty() {
            return None;
        }
    }
    Some(all)
}

/// What would make a statement of this layer match that matches but for what the caller may still say.
fn opens(decision: &Decision, layer: &str) -> Option<BTreeSet<Need>> {
    decision
        .near_misses
        .iter()
        .filter(|miss| miss.statement.kind().as_str() == layer)
        .filter(|miss| miss.statement.effect() == trilby_policy::Effect::Allow)
        .filter(|miss| miss.failed == NearMissReason::Condition)
        // One that names the account alone delegates: without a grant of the caller's own it opens nothing.
        .filter(|miss| {
            miss.statement.class() != Some(Class::Account)
                || decision.layers.identity == Some(trilby_engine::Verdict::Allow)
        })
        .filter_map(|miss| {
            let keys = miss.detail.iter().map(|detail| detail.key.as_deref());
            keys.map(|key| key.and_then(need))
                .collect::<Option<Vec<_>>>()
        })
        .map(|needs| needs.into_iter().flatten().collect::<BTreeSet<Need>>())
        .min_by_key(BTreeSet::len)
}

/// What to say for a key. The outer `None`: nothing a caller says changes it; the inner one: every request says it.
#[expect(
    clippy::option_option,
    reason = "two different answers, read in one place"
)]
fn need(key: &str) -> Option<Option<Need>> {
    let key = normalise(key).to_string();
    match key.as_str() {
        "sts:rolesessionname" | "sts:durationseconds" => Some(None),
        "sts:externalid" => Some(Some(Need::ExternalId)),
        "sts:sourceidentity" => Some(Some(Need::SourceIdentity)),
        "sts:transitivetagkeys" | "aws:tagkeys" | "trilby:tagkeys" => Some(Some(Need::Tags)),
        "aws:multifactorauthpresent"
        | "aws:multifactorauthage"
        | "trilby:multifactorauthpresent"
        | "trilby:multifactorauthage" => Some(Some(Need::Mfa)),
        other
            if other.starts_with("aws:requesttag/") || other.starts_with("trilby:requesttag/") =>
        {
            Some(Some(Need::Tags))
        }
        _ => None,
    }
}
