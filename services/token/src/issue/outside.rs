//! A role put on by an outside identity: by its token, or by the federated session that the token gave.
//!
//! Only the role's trust policy speaks, and the caps on the role's account. A role map narrows it and adds tags; it
//! admits nobody whom trust does not.

use std::sync::Arc;

use trilby_access::authorize::Inquiry;
use trilby_access::{Facts, Services, problem};
use trilby_account::AccountStatus;
use trilby_directory::{AccountView, Freshness, World};
use trilby_model::federation::RuleId;
use trilby_model::{AccountId, Arn, RoleSessionName, SourceIdentity, Tags};
use trilby_policy::Context;
use trilby_service::problem::{Code, Problem};

use super::dress::{self, Fit};
use super::mint::{Draft, mint_once};
use super::refusal::{NotAllowed, Refusal};
use super::trust::Wish;
use super::{Issued, OutsideRequest, RoleRequest, standing};
use crate::federation::mapped::{self, Granted};
use crate::federation::{Door, view};
use crate::signing::{Signer, signer};

/// Putting on a role by an outside identity.
pub(super) const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

mod origin;

pub(crate) use origin::source_identity;
pub(super) use origin::{Origin, federation, of_door, once};

pub(super) async fn issue(
    services: &Services,
    origin: Origin<'_>,
    request: OutsideRequest,
    duration_s: Option<i64>,
    audience: Option<&str>,
    facts: &Facts,
) -> Result<Issued, Refusal> {
    let incarnation = services.directory().incarnation();
    let account = origin.account(request.role_arn.as_ref());
    let account = account.ok_or_else(|| denied("no account"))?;
    let judge = Judge {
        services,
        origin: &origin,
        request: &request,
        duration_s,
        facts,
    };
    judge.admit(&judge.scene(account).await?)?;
    // Allowed, so the account exists; it may need its first key, and the session names a state that has it.
    let Signer { key, .. } = signer(services, account).await?;
    let scene = judge.scene(account).await?;
    let admitted = judge.admit(&scene)?;
    let Admitted {
        request,
        granted,
        source_identity,
    } = admitted;
    let state = &scene.door.account.state;
    let role = dress::role(state, &request.role_arn).ok_or_else(|| denied("no role"))?;
    let before = origin.before(&scene.door, role, incarnation, services.now())?;
    let limit_s = granted.duration_max_s;
    let lifetime = dress::lifetime(services, state, role, &before, duration_s, limit_s)?;
    let fit = Fit {
        request: &request,
        tags: &granted.tags,
        source_identity: source_identity.as_ref(),
        audience,
        lifetime,
    };
    let once = origin.once(Some(&role.id));
    let draft = Draft {
        claims: dress::claims(services, &scene.door.account, role, before, fit)?,
        seq: scene.world.token(),
        caller: origin.caller(),
    };
    mint_once(services, draft, &key, once, facts).await
}

fn denied(why: impl Into<String>) -> Refusal {
    Refusal::denied(ACTION, why)
}

/// The states that an outside identity is judged on.
pub(super) struct Scene {
    world: World,
    door: Door,
}

impl Scene {
    /// What the engine decides on.
    pub(super) fn world(&self) -> &World {
        &self.world
    }
}

/// What was found: the role, and what the session would be.
pub(super) struct Admitted {
    request: RoleRequest,
    granted: Granted,
    source_identity: Option<SourceIdentity>,
}

impl Admitted {
    /// The rules of the role map that gave the role.
    pub(super) fn rules(self) -> Vec<RuleId> {
        self.granted.rules
    }
}

/// Whether an outside identity may put on a role.
pub(super) struct Judge<'a> {
    pub(super) services: &'a Services,
    pub(super) origin: &'a Origin<'a>,
    pub(super) request: &'a OutsideRequest,
    pub(super) duration_s: Option<i64>,
    pub(super) facts: &'a Facts,
}

impl Judge<'_> {
    /// The newest states, with the provider as it stands in them.
    pub(super) async fn scene(&self, account: AccountId) -> Result<Scene, Refusal> {
        let directory = self.services.directory();
        let world = directory.world(None, Some(account), &Freshness::Head).await;
        let world = world.map_err(problem::of_directory)?;
        let target = world.resource.clone().ok_or_else(|| denied("no account"))?;
        let owner = self.owner(&target).await?;
        let door = Door::at(&owner, &target, self.origin.provider())
            .filter(|door| door.provider.enabled)
            .ok_or_else(|| denied("the provider, its share or its link does not stand"))?;
        Ok(Scene { world, door })
    }

    async fn owner(&self, target: &Arc<AccountView>) -> Result<Arc<AccountView>, Refusal> {
        let owner = self.origin.owner();
        if owner == target.state.id() {
            return Ok(Arc::clone(target));
        }
        // As one that is suspended: whoever holds it could vouch for anybody.
        if standing::is_account_quarantined(self.services, owner, None).await? {
            return Err(denied("the provider's owner is in quarantine"));
        }
        let owner = view(self.services, owner).await?;
        owner.ok_or_else(|| denied("no provider"))
    }

    /// Role map, trust and everything that is asked of it.
    fn admit(&self, scene: &Scene) -> Result<Admitted, Refusal> {
        let ask = |wish: &Wish<'_>, inquiry: &Inquiry, keys: &Context| {
            wish.refused(inquiry, &scene.world, ACTION, keys)
        };
        self.admit_by(scene, ask)
    }

    /// As [`Judge::admit`]; `ask` puts the question and says why not.
    pub(super) fn admit_by(
        &self,
        scene: &Scene,
        ask: impl Fn(&Wish<'_>, &Inquiry, &Context) -> Result<Option<NotAllowed>, Problem>,
    ) -> Result<Admitted, Refusal> {
        let door = &scene.door;
        if door.account.state.status() != AccountStatus::Active {
            return Err(denied("the account is out of service"));
        }
        self.origin
            .check(door)
            .map_err(|doubt| denied(doubt.to_string()))?;
        let (role_arn, granted) = self.chosen(door)?;
        let source_identity = self.origin.source_identity()?;
        let request = RoleRequest {
            session_name: self.session_name()?,
            role_arn,
            external_id: None,
            source_identity: None,
            policies: self.request.policies.clone(),
            tags: granted.tags.clone(),
        };
        dress::check_size(&request, &granted.tags)?;
        let role = dress::role(&door.account.state, &request.role_arn);
        let wish = Wish {
            request: &request,
            tags: &granted.tags,
            inherited: &Tags::empty(),
            source_identity: source_identity.as_ref(),
            duration_s: self.duration_s,
        };
        let mut keys = self.origin.keys(door);
        keys.extend(
            wish.keys()
                .iter()
                .map(|(key, value)| (key.to_owned(), value.clone())),
        );
        let now = self.services.now();
        let (arn, id) = (door.arn.clone(), door.provider.id.clone());
        let inquiry = Inquiry::of_outsider(arn, id, self.facts, now);
        let refused = ask(&wish, &inquiry, &keys)?;
        if let Some(not) = refused {
            return Err(Refusal::not_allowed(not));
        }
        let role = role.ok_or_else(|| denied("no role"))?;
        if !mapped::means(door, &request.role_arn, role) {
            return Err(denied("the role map means an earlier role of that name"));
        }
        if standing::is_quarantined(&scene.world, Some(role.id.as_str())) {
            return Err(denied("the role is in quarantine"));
        }
        Ok(Admitted {
            request,
            granted,
            source_identity,
        })
    }

    /// The role, and what comes with it: as named, if the account has no role map.
    fn chosen(&self, door: &Door) -> Result<(Arn, Granted), Refusal> {
        let named = self.request.role_arn.as_ref();
        let Some(map) = door.role_map() else {
            let missing = || Problem::new(Code::MissingParameter, "the role is missing");
            return Ok((named.cloned().ok_or_else(missing)?, Granted::default()));
        };
        let mapped = self.origin.evaluate(door, &map.map);
        let mapped = mapped.map_err(|error| denied(error.to_string()))?;
        mapped::choose(&mapped, named).map_err(|refused| match named {
            // Whoever names a role is told no more than for one that does not exist.
            Some(_) if !refused.status().is_server_error() => denied(refused.detail),
            Some(_) | None => refused.into(),
        })
    }

    fn session_name(&self) -> Result<RoleSessionName, Problem> {
        if let Some(name) = &self.request.session_name {
            return Ok(name.clone());
        }
        let missing = || Problem::new(Code::MissingParameter, "the session's name is missing");
        let claimed = self.origin.session_name().ok_or_else(missing)?;
        safe(&claimed).ok_or_else(missing)
    }
}

/// Longest name of a session, in characters.
const SESSION_NAME_CHARS_MAX: usize = 64;

/// A claim as a session's name: what a name may not hold becomes `-`.
fn safe(claim: &str) -> Option<RoleSessionName> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = claim
        .chars()
        .take(SESSION_NAME_CHARS_MAX)
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    name.parse().ok()
}
