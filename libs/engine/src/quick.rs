//! The decision without words: the same answer as [`decide`](crate::decide()), into a buffer that the caller keeps.
//!
//! Statements are found by filter ([`crate::filter`]) and decided by code ([`crate::code`]), condition keys are looked up
//! where they are ([`crate::ready`]), and what matched is noted as numbers. The formula is the one of [`crate::decide`].
//! Callers whom the state knows otherwise than the request tells, or not at all, take the long way.

use std::sync::Arc;

use trilby_policy::Effect;

use crate::account::{Account, Group, Seated, User};
use crate::bind::Seat;
use crate::code::Held;
use crate::compiled::CompiledPolicy;
use crate::decide::{Worlds, is_about_trust, lay_out};
use crate::decision::Presence;
use crate::error::Error;
use crate::evaluate::{evaluate_into, named};
use crate::filter::{Candidate, Filter};
use crate::formula::{Facts, Stance, rule};
use crate::layer::{LayerKind, Standing};
use crate::note::{Answered, Noted, Ruled, Sink};
use crate::organization::{Chain, Organization, Place};
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
    scp: Option<&'a Chain>,
    rcp: Option<&'a Chain>,
    stance: Stance,
}

impl<'a> Short<'a> {
    fn find(ready: &'a Ready, worlds: &Worlds<'a>) -> Result<Option<Self>, Error> {
        let request = ready.request();
        let Some((home, owner)) = sides(ready, worlds) else {
            return Ok(None);
        };
        let Some(who) = Who::find(ready, home) else {
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
            quarantined: organization
                .zip(home)
                .is_some_and(|(organization, home)| organization.is_quarantined(home.id(), who.id)),
            trust_required: owner
                .filter(|owner| owner.requires_trust())
                .zip(request.resource.arn())
                .is_some_and(|(owner, arn)| owner.is_trust_required(arn)),
            boundary: who.boundary.is_some(),
            session: session.is_some(),
            scp_levels: scp.map_or(0, |chain| chain.levels),
            rcp_levels: rcp.map_or(0, |chain| chain.levels),
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
        let of_groups = self
            .who
            .groups()
            .map(|group| (&*group.policies, &group.filter));
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
            self.each(layer, policies.unwrap_or_default(), &mut tally, sink)?;
        }
        let facts = Facts::of(&self.ready.asked, &self.stance);
        let ruling = rule(&facts, &tally);
        sink.ruled(Ruled::new(&ruling, self.presence(identity), &tally));
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

    /// The control policies of an organization.
    fn chain<S: Sink>(
        &self,
        layer: LayerKind,
        chain: Option<&Chain>,
        tally: &mut Tally,
        sink: &mut S,
    ) -> Option<()> {
        let Some(chain) = chain else {
            return Some(());
        };
        tally.count_sure(layer, &chain.sure_tally);
        let mut sure = &*chain.sure;
        for candidate in chain.filter.candidates(&self.ready.beginnings) {
            let (level, policy) = chain.seats.get(candidate.policy)?;
            let before = |noted: &Noted| {
                (noted.level, noted.policy, noted.statement)
                    < (Some(*level), *policy, candidate.statement)
            };
            let (earlier, later) = sure.split_at_checked(sure.partition_point(before))?;
            sink.matched_all(earlier);
            sure = later;
            let seat = Seat {
                layer,
                level: Some(*level),
                policy: *policy,
            };
            self.consider(&chain.policies, candidate, seat, tally, sink)?;
        }
        sink.matched_all(sure);
        Some(())
    }

    /// Policies that each have their own filter.
    fn each<S: Sink>(
        &self,
        layer: LayerKind,
        policies: &[Arc<CompiledPolicy>],
        tally: &mut Tally,
        sink: &mut S,
    ) -> Option<()> {
        for (index, policy) in policies.iter().enumerate() {
            let seat = Seat {
                layer,
                level: None,
                policy: index,
            };
            if let (Some(effect), false) = (policy.is_sure(), layer == LayerKind::Resource) {
                Self::take_sure(seat, 0, effect, tally, sink);
                continue;
            }
            for candidate in policy.filter()?.candidates(&self.ready.beginnings) {
                let own = std::slice::from_ref(policy);
                self.consider(own, candidate, seat, tally, sink)?;
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
        for candidate in filter.candidates(&self.ready.beginnings) {
            let seat = Seat {
                layer: LayerKind::Identity,
                level: None,
                policy: offset.saturating_add(candidate.policy),
            };
            self.consider(policies, candidate, seat, tally, sink)?;
        }
        Some(())
    }

    /// One statement of the policies that a filter is of.
    fn consider<S: Sink>(
        &self,
        policies: &[Arc<CompiledPolicy>],
        candidate: Candidate,
        seat: Seat,
        tally: &mut Tally,
        sink: &mut S,
    ) -> Option<()> {
        let statement = candidate.statement;
        if let (Some(effect), false) = (candidate.sure, seat.layer == LayerKind::Resource) {
            Self::take_sure(seat, statement, effect, tally, sink);
            return Some(());
        }
        let policy = policies.get(candidate.policy)?;
        let mut clause = policy.clause(statement)?;
        if !clause.covers(&self.view)? {
            return Some(());
        }
        let principals = if clause.has_principals() {
            policy.principals(statement)
        } else {
            None
        };
        let request = self.ready.request();
        let named = named(seat.layer, principals, request, self.stance.boundary);
        if named.is_no() {
            return Some(());
        }
        let noted = Noted {
            layer: seat.layer,
            level: seat.level,
            policy: seat.policy,
            statement,
            effect: clause.effect(),
            class: named.class(),
        };
        match clause.hold(&self.view)? {
            Held::All => {
                tally.count(noted.layer, noted.level, noted.effect, noted.class);
                sink.matched(noted);
            }
            held @ (Held::NotTheOne(_) | Held::NotAll) => {
                sink.failed(noted, |keys| keys.lacking_in(&clause, &held, &self.view));
            }
        }
        Some(())
    }

    /// A statement that matches whatever is asked.
    #[inline]
    fn take_sure<S: Sink>(
        seat: Seat,
        statement: usize,
        effect: Effect,
        tally: &mut Tally,
        sink: &mut S,
    ) {
        tally.count(seat.layer, seat.level, effect, None);
        sink.matched(Noted {
            layer: seat.layer,
            level: seat.level,
            policy: seat.policy,
            statement,
            effect,
            class: None,
        });
    }
}

/// The principal's account and the owner's; `None` where the long way must look.
type Sides<'a> = (Option<&'a Account>, Option<&'a Account>);

fn sides<'a>(ready: &Ready, worlds: &Worlds<'a>) -> Option<Sides<'a>> {
    let home = match ready.home {
        None => None,
        Some(id) => Some(
            worlds
                .principal_account
                .filter(|account| account.id() == id)?,
        ),
    };
    let owner = match (ready.owner, worlds.resource_account) {
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
    fn find(ready: &Ready, account: Option<&'a Account>) -> Option<Self> {
        match &ready.request().principal {
            Principal::User(_) => {
                let (account, (hash, told)) = (account?, ready.caller()?);
                let seated = account.probable_user(hash)?;
                (*seated.told == *told).then(|| Self::user(account, seated))
            }
            Principal::FederatedUserSession(session) => {
                let account = account?;
                let seated = account.seated_user(session.user_id.as_ref()?)?;
                let same = session.user_arn.as_ref() == Some(&seated.who.arn);
                same.then(|| Self::user(account, seated))
            }
            Principal::RoleSession(_) => {
                let (hash, told) = ready.caller()?;
                let seated = account?.probable_role(hash)?;
                let who = &seated.who;
                (*seated.told == *told).then(|| Self {
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
        let sides = owner.zip(ready.request().resource.arn());
        let mut keys = ready.resources();
        let Some(((owner, arn), key)) = sides.zip(keys.next()) else {
            return Self::default();
        };
        let mut tags = None;
        if owner.may_be_identity(arn) {
            if let Some(Seated {
                who, as_resource, ..
            }) = owner.role_of_key(key.1)
            {
                let asks_trust = is_about_trust(ready.request());
                return Self {
                    tags: Some(as_resource),
                    policy: asks_trust.then_some(&who.trust),
                };
            }
            tags = owner.user_of_key(key.1).map(|seated| &seated.as_resource);
        }
        let own = owner.registered_hashed(key);
        let tags = tags.or_else(|| own.map(|registered| &registered.tags));
        let policy = own
            .and_then(|registered| registered.resource.policy.as_ref())
            .or_else(|| {
                keys.find_map(|key| owner.registered_hashed(key)?.resource.policy.as_ref())
            });
        Self { tags, policy }
    }
}
