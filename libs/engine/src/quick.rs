//! The decision without words: the same answer as [`decide`](crate::decide()), into a buffer that the caller keeps.
//!
//! Statements are found by filter ([`crate::filter`]) and decided by code ([`crate::code`]), condition keys are looked up
//! where they are ([`crate::ready`]), and what matched is noted as numbers. The formula is the one of [`crate::decide`].
//! Callers whom the state knows otherwise than the request tells, or not at all, take the long way.

use std::sync::Arc;

use crate::account::{Account, Group, Seated, User};
use crate::bind::Seat;
use crate::compiled::CompiledPolicy;
use crate::decide::{Worlds, lay_out};
use crate::decision::Presence;
use crate::error::Error;
use crate::evaluate::{evaluate_into, named};
use crate::filter::Filter;
use crate::formula::{Facts, Stance, rule};
use crate::layer::{LayerKind, Level, Standing};
use crate::note::{Answered, Noted, Ruled, Sink};
use crate::organization::{Organization, Place};
use crate::principal::Principal;
use crate::ready::{Ready, View};
use crate::tally::Tally;
use crate::values::Values;

/// Decides a request on the state of the accounts it touches, as [`decide`](crate::decide()) does.
///
/// An Allow puts nothing on the heap once the sink has its size, unless a condition compares with variables but for case.
///
/// # Errors
/// As [`decide`](crate::decide()).
pub fn decide_into<S: Sink>(
    ready: &Ready,
    worlds: &Worlds<'_>,
    sink: &mut S,
) -> Result<Answered, Error> {
    sink.clear();
    if let Some(answered) = Short::find(ready, worlds)?.and_then(|short| short.decide(sink)) {
        return Ok(answered);
    }
    // The long way clears what was noted of a policy that has no code.
    let laid = lay_out(ready.request(), worlds)?;
    Ok(evaluate_into(&laid.request, &laid.layers, sink))
}

/// A request that can go the short way, with what it needs of the state.
struct Short<'a> {
    ready: &'a Ready,
    view: View<'a>,
    who: Who<'a>,
    session: Option<&'a [Arc<CompiledPolicy>]>,
    resource: Option<&'a Arc<CompiledPolicy>>,
    scp: Option<&'a [Level]>,
    rcp: Option<&'a [Level]>,
    stance: Stance,
}

impl<'a> Short<'a> {
    fn find(ready: &'a Ready, worlds: &Worlds<'a>) -> Result<Option<Self>, Error> {
        let request = ready.request();
        let Some((home, owner)) = sides(ready, worlds) else {
            return Ok(None);
        };
        let Some(who) = Who::find(&request.principal, home) else {
            return Ok(None);
        };
        let (organization, principal_place) = placed(home, worlds)?;
        let resource_place = if is_same(home, owner) {
            principal_place
        } else {
            placed(owner, worlds)?.1
        };
        let target = Target::find(ready, owner);
        let session = request.principal.session_policies().map(Vec::as_slice);
        let scp = principal_place.and_then(|place| place.scp.as_deref());
        let rcp = resource_place.and_then(|place| place.rcp.as_deref());
        let stance = Stance {
            standing: who.standing,
            caps_everything: owner.is_some_and(Account::caps_everything),
            quarantined: organization.zip(home).is_some_and(|(organization, home)| {
                organization.is_quarantined(home.id(), who.id)
            }),
            trust_required: owner
                .zip(request.resource.arn())
                .is_some_and(|(owner, arn)| owner.is_trust_required(arn)),
            boundary: who.boundary.is_some(),
            session: session.is_some(),
            scp_levels: scp.map_or(0, <[_]>::len),
            rcp_levels: rcp.map_or(0, <[_]>::len),
        };
        Ok(Some(Self {
            ready,
            view: View {
                ready,
                principal_tags: who.tags,
                resource_tags: target.tags,
                principal_place: principal_place.map(|place| &place.of_principal),
                resource_place: resource_place.map(|place| &place.of_resource),
            },
            who,
            session,
            resource: target.policy,
            scp,
            rcp,
            stance,
        }))
    }

    /// `None`: something has no code.
    fn decide<S: Sink>(&self, sink: &mut S) -> Option<Answered> {
        let mut tally = Tally::default();
        self.chain(LayerKind::Rcp, self.rcp, &mut tally, sink)?;
        self.chain(LayerKind::Scp, self.scp, &mut tally, sink)?;
        let mut identity = 0_usize;
        let of_groups = self.who.groups().map(|group| (&*group.policies, &group.filter));
        for (policies, filter) in self.who.own.into_iter().chain(of_groups) {
            self.together(policies, filter, identity, &mut tally, sink)?;
            identity = identity.saturating_add(policies.len());
        }
        let flat = [
            (LayerKind::Resource, self.resource.map(std::slice::from_ref)),
            (LayerKind::Boundary, self.who.boundary),
            (LayerKind::Session, self.session),
        ];
        for (layer, policies) in flat {
            self.each(layer, None, policies.unwrap_or_default(), &mut tally, sink)?;
        }
        let facts = Facts::of(self.ready.request(), &self.stance);
        let ruling = rule(&facts, &tally);
        sink.ruled(&Ruled::new(&ruling, self.presence(identity), &tally));
        Some(Answered::from(ruling))
    }

    /// Which layers bind; `identity`: how many identity policies there are.
    fn presence(&self, identity: usize) -> Presence {
        Presence {
            identity: identity > 0,
            resource: self.resource.is_some(),
            boundary: self.who.boundary.is_some(),
            session: self.session.is_some(),
            scp_levels: self.stance.scp_levels,
            rcp_levels: self.stance.rcp_levels,
        }
    }

    fn chain<S: Sink>(
        &self,
        layer: LayerKind,
        levels: Option<&[Level]>,
        tally: &mut Tally,
        sink: &mut S,
    ) -> Option<()> {
        for (index, level) in levels.unwrap_or_default().iter().enumerate() {
            self.each(layer, Some(index), &level.policies, tally, sink)?;
        }
        Some(())
    }

    /// Policies that each have their own filter.
    fn each<S: Sink>(
        &self,
        layer: LayerKind,
        level: Option<usize>,
        policies: &[Arc<CompiledPolicy>],
        tally: &mut Tally,
        sink: &mut S,
    ) -> Option<()> {
        for (index, policy) in policies.iter().enumerate() {
            let seat = Seat {
                layer,
                level,
                policy: index,
            };
            for (_, statement) in policy.filter()?.candidates(&self.ready.beginnings) {
                self.consider(policy, statement, seat, tally, sink)?;
            }
        }
        Some(())
    }

    /// Identity policies that have a filter together.
    fn together<S: Sink>(
        &self,
        policies: &[Arc<CompiledPolicy>],
        filter: &Filter,
        offset: usize,
        tally: &mut Tally,
        sink: &mut S,
    ) -> Option<()> {
        for (policy, statement) in filter.candidates(&self.ready.beginnings) {
            let seat = Seat {
                layer: LayerKind::Identity,
                level: None,
                policy: offset.saturating_add(policy),
            };
            self.consider(policies.get(policy)?, statement, seat, tally, sink)?;
        }
        Some(())
    }

    fn consider<S: Sink>(
        &self,
        policy: &CompiledPolicy,
        index: usize,
        seat: Seat,
        tally: &mut Tally,
        sink: &mut S,
    ) -> Option<()> {
        let mut clause = policy.clause(index)?;
        if !clause.covers(&self.view)? {
            return Some(());
        }
        let principals = clause
            .has_principals()
            .then(|| policy.principals(index))
            .flatten();
        let named = named(
            seat.layer,
            principals,
            self.ready.request(),
            self.stance.boundary,
        );
        if named.is_no() {
            return Some(());
        }
        let noted = Noted {
            layer: seat.layer,
            level: seat.level,
            policy: seat.policy,
            statement: index,
            effect: clause.effect(),
            class: named.class(),
        };
        if clause.holds(&self.view)? {
            tally.count(seat.layer, seat.level, clause.effect(), named.class());
            sink.matched(noted);
        } else {
            sink.failed(noted, |keys| keys.lacking_in(&clause, &self.view));
        }
        Some(())
    }
}

/// The principal's account and the owner's; `None` where the long way must look.
type Sides<'a> = (Option<&'a Account>, Option<&'a Account>);

fn sides<'a>(ready: &Ready, worlds: &Worlds<'a>) -> Option<Sides<'a>> {
    let request = ready.request();
    let home = match request.principal.account() {
        None => None,
        Some(id) => Some(
            worlds
                .principal_account
                .filter(|account| account.id() == id)?,
        ),
    };
    let owner = match (request.owner(), worlds.resource_account) {
        (None, _) => None,
        (Some(owner), Some(given)) => Some(Some(given).filter(|given| given.id() == owner)?),
        (Some(owner), None) => worlds
            .principal_account
            .filter(|account| account.id() == owner),
    };
    Some((home, owner))
}

/// Whether both sides are one account in one state.
fn is_same(a: Option<&Account>, b: Option<&Account>) -> bool {
    a.map(std::ptr::from_ref) == b.map(std::ptr::from_ref)
}

/// An account's organization and its place there.
fn placed<'a>(
    account: Option<&'a Account>,
    worlds: &Worlds<'a>,
) -> Result<(Option<&'a Organization>, Option<&'a Place>), Error> {
    let Some((account, id)) = account.and_then(|account| Some((account, account.organization()?)))
    else {
        return Ok((None, None));
    };
    let organization = worlds.organization(account.id(), id)?;
    Ok((Some(organization), Some(organization.place(account.id())?)))
}

/// The caller, whom the state knows as the request tells it.
#[derive(Default)]
struct Who<'a> {
    /// Of a user or role, its unique id.
    id: Option<&'a str>,
    /// Its own policies, with their filter.
    own: Option<(&'a [Arc<CompiledPolicy>], &'a Filter)>,
    groups: Option<(&'a Account, &'a [trilby_model::GroupId])>,
    boundary: Option<&'a [Arc<CompiledPolicy>]>,
    tags: Option<&'a Values>,
    standing: Standing,
}

impl<'a> Who<'a> {
    fn find(principal: &Principal, account: Option<&'a Account>) -> Option<Self> {
        match principal {
            Principal::User(user) => {
                let account = account?;
                let seated = account.seated_user(user.id.as_ref()?)?;
                let who = &seated.who;
                (who.arn == user.arn && who.name == user.name).then(|| Self::user(account, seated))
            }
            Principal::FederatedUserSession(session) => {
                let account = account?;
                let seated = account.seated_user(session.user_id.as_ref()?)?;
                let same = session.user_arn.as_ref() == Some(&seated.who.arn);
                same.then(|| Self::user(account, seated))
            }
            Principal::RoleSession(session) => {
                let seated = account?.seated_role(session.role_id.as_ref()?)?;
                let who = &seated.who;
                (who.arn == session.role_arn).then(|| Self {
                    id: Some(who.id.as_str()),
                    own: Some((&who.policies, &seated.filter)),
                    groups: None,
                    boundary: who.boundary.as_deref(),
                    tags: Some(&seated.as_principal),
                    standing: Standing::Active,
                })
            }
            Principal::Root(_) => account.map(|_| Self::default()),
            Principal::Service { .. } | Principal::WebIdentity { .. } | Principal::Anonymous => {
                Some(Self::default())
            }
        }
    }

    fn user(account: &'a Account, seated: &'a Seated<User>) -> Self {
        let who = &seated.who;
        Self {
            id: Some(who.id.as_str()),
            own: Some((&who.policies, &seated.filter)),
            groups: Some((account, &who.groups)),
            boundary: who.boundary.as_deref(),
            tags: Some(&seated.as_principal),
            standing: if who.disabled {
                Standing::Disabled
            } else {
                Standing::Active
            },
        }
    }

    fn groups(&self) -> impl Iterator<Item = &'a Group> {
        let groups = self.groups;
        groups
            .into_iter()
            .flat_map(|(account, ids)| ids.iter().filter_map(|id| account.group(id)))
    }
}

/// What is asked about.
#[derive(Default)]
struct Target<'a> {
    tags: Option<&'a Values>,
    policy: Option<&'a Arc<CompiledPolicy>>,
}

impl<'a> Target<'a> {
    fn find(ready: &Ready, owner: Option<&'a Account>) -> Self {
        let Some((owner, key)) = owner.zip(ready.resources.first()) else {
            return Self::default();
        };
        if let Some(Seated {
            who, as_resource, ..
        }) = owner.role_of_key(key)
        {
            let asks_trust = ready.request().action.key().starts_with("sts:");
            return Self {
                tags: Some(as_resource),
                policy: asks_trust.then_some(&who.trust),
            };
        }
        let tags = match owner.user_of_key(key) {
            Some(seated) => Some(&seated.as_resource),
            None => owner.registered(key).map(|registered| &registered.tags),
        };
        let policy = ready
            .resources
            .iter()
            .find_map(|key| owner.registered(key)?.resource.policy.as_ref());
        Self { tags, policy }
    }
}
