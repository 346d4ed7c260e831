//! The decision without words: the same answer as [`decide`](crate::decide()), into a buffer that the caller keeps.
//!
//! Policies are run over through their lists ([`crate::block`]), condition keys are looked up where they are
//! ([`crate::ready`]), and what matched is noted as numbers. The formula is the one of [`crate::decide`]. Callers that are
//! neither users nor role sessions, or that the state knows otherwise than the request tells, take the long way.

use std::sync::Arc;

use crate::account::{Account, Group, Seated};
use crate::block::Block;
use crate::compiled::CompiledPolicy;
use crate::decide::{Worlds, lay_out};
use crate::decision::Presence;
use crate::error::Error;
use crate::evaluate::{covers_resource, evaluate_into, named};
use crate::formula::{Facts, Stance, rule};
use crate::layer::{LayerKind, Level, Standing};
use crate::note::{Answered, Noted, Ruled, Sink};
use crate::organization::{Organization, Place};
use crate::principal::Principal;
use crate::ready::{Ready, View};
use crate::tally::Tally;

/// Decides a request on the state of the accounts it touches, as [`decide`](crate::decide()) does.
///
/// An Allow of a user or role session puts nothing on the heap once the sink has its size, unless a statement holds
/// variables or numbers.
///
/// # Errors
/// As [`decide`](crate::decide()).
pub fn decide_into<S: Sink>(
    ready: &Ready,
    worlds: &Worlds<'_>,
    sink: &mut S,
) -> Result<Answered, Error> {
    sink.clear();
    match Short::find(ready, worlds)? {
        Some(short) => Ok(short.decide(sink)),
        None => {
            let laid = lay_out(ready.request(), worlds)?;
            Ok(evaluate_into(&laid.request, &laid.layers, sink))
        }
    }
}

/// A request that can go the short way, with what it needs of the state.
struct Short<'a> {
    ready: &'a Ready,
    view: View<'a>,
    own: (&'a [Arc<CompiledPolicy>], &'a Block),
    groups: &'a [trilby_model::GroupId],
    account: &'a Account,
    boundary: Option<&'a [Arc<CompiledPolicy>]>,
    session: Option<&'a [Arc<CompiledPolicy>]>,
    resource: Option<&'a Arc<CompiledPolicy>>,
    scp: Option<&'a [Level]>,
    rcp: Option<&'a [Level]>,
    stance: Stance,
}

impl<'a> Short<'a> {
    fn find(ready: &'a Ready, worlds: &Worlds<'a>) -> Result<Option<Self>, Error> {
        let request = ready.request();
        // Whoever is told otherwise, or not at all, is looked up the long way.
        let Some(account) = worlds
            .principal_account
            .filter(|account| Some(account.id()) == request.principal.account())
        else {
            return Ok(None);
        };
        let owner = match (worlds.resource_account, request.owner()) {
            (None, Some(owner)) if owner == account.id() => account,
            (Some(given), Some(owner)) if given.id() == owner => given,
            (Some(_) | None, _) => return Ok(None),
        };
        let Some(who) = Who::find(&request.principal, account) else {
            return Ok(None);
        };
        let (home, principal_place) = placed(account, worlds)?;
        let (_, resource_place) = placed(owner, worlds)?;
        let target = Target::find(ready, owner);
        let session = request.principal.session_policies().map(Vec::as_slice);
        let scp = principal_place.and_then(|place| place.scp.as_deref());
        let rcp = resource_place.and_then(|place| place.rcp.as_deref());
        let stance = Stance {
            standing: who.standing,
            caps_everything: owner.caps_everything(),
            quarantined: home.is_some_and(|organization| {
                organization.is_quarantined(account.id(), Some(who.id))
            }),
            trust_required: request
                .resource
                .arn()
                .is_some_and(|arn| owner.is_trust_required(arn)),
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
            own: who.own,
            groups: who.groups,
            account,
            boundary: who.boundary,
            session,
            resource: target.policy,
            scp,
            rcp,
            stance,
        }))
    }

    fn decide<S: Sink>(&self, sink: &mut S) -> Answered {
        let mut tally = Tally::default();
        self.chain(LayerKind::Rcp, self.rcp, &mut tally, sink);
        self.chain(LayerKind::Scp, self.scp, &mut tally, sink);
        self.block(LayerKind::Identity, 0, self.own, &mut tally, sink);
        let mut offset = self.own.0.len();
        for Group { policies, block } in self.groups.iter().filter_map(|id| self.account.group(id))
        {
            self.block(
                LayerKind::Identity,
                offset,
                (policies, block),
                &mut tally,
                sink,
            );
            offset += policies.len();
        }
        self.flat(LayerKind::Resource, None, self.resource, &mut tally, sink);
        self.flat(
            LayerKind::Boundary,
            None,
            self.boundary.unwrap_or_default(),
            &mut tally,
            sink,
        );
        self.flat(
            LayerKind::Session,
            None,
            self.session.unwrap_or_default(),
            &mut tally,
            sink,
        );
        let facts = Facts::of(self.ready.request(), &self.stance);
        let ruling = rule(&facts, &tally);
        sink.ruled(&Ruled::new(&ruling, self.presence(offset), &tally));
        Answered::from(ruling)
    }

    /// Which layers bind; `identity`: how many identity policies there are.
    fn presence(&self, identity: usize) -> Presence {
        Presence {
            identity: identity > 0,
            resource: self.resource.is_some(),
            boundary: self.boundary.is_some(),
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
    ) {
        for (index, level) in levels.unwrap_or_default().iter().enumerate() {
            self.flat(layer, Some(index), &level.policies, tally, sink);
        }
    }

    /// Policies that each have their own list.
    fn flat<'p, S: Sink>(
        &self,
        layer: LayerKind,
        level: Option<usize>,
        policies: impl IntoIterator<Item = &'p Arc<CompiledPolicy>>,
        tally: &mut Tally,
        sink: &mut S,
    ) {
        for (index, policy) in policies.into_iter().enumerate() {
            for (_, statement) in policy.block().candidates(&self.ready.beginnings) {
                self.consider(policy, statement, (layer, level, index), tally, sink);
            }
        }
    }

    /// Policies that have a list together.
    fn block<S: Sink>(
        &self,
        layer: LayerKind,
        offset: usize,
        (policies, block): (&[Arc<CompiledPolicy>], &Block),
        tally: &mut Tally,
        sink: &mut S,
    ) {
        for (policy, statement) in block.candidates(&self.ready.beginnings) {
            if let Some(found) = policies.get(policy) {
                self.consider(
                    found,
                    statement,
                    (layer, None, offset + policy),
                    tally,
                    sink,
                );
            }
        }
    }

    fn consider<S: Sink>(
        &self,
        policy: &CompiledPolicy,
        index: usize,
        (layer, level, ordinal): (LayerKind, Option<usize>, usize),
        tally: &mut Tally,
        sink: &mut S,
    ) {
        let Some((statement, principals)) = policy.statement_at(index) else {
            return;
        };
        let request = self.ready.request();
        if !statement.action.covers(&request.action)
            || !covers_resource(statement, request, &self.view)
        {
            return;
        }
        let named = named(layer, principals, request, self.stance.boundary);
        if named.is_no() {
            return;
        }
        let noted = Noted {
            layer,
            level,
            policy: ordinal,
            statement: index,
            effect: statement.effect,
            class: named.class(),
        };
        if statement.condition.holds(&self.view) {
            tally.count(layer, level, statement.effect, named.class());
            sink.matched(noted);
        } else {
            sink.failed(noted, |keys| keys.lacking(&statement.condition, &self.view));
        }
    }
}

/// An account's organization and its place there.
fn placed<'a>(
    account: &'a Account,
    worlds: &Worlds<'a>,
) -> Result<(Option<&'a Organization>, Option<&'a Place>), Error> {
    let Some(id) = account.organization() else {
        return Ok((None, None));
    };
    let organization = worlds.organization(account.id(), id)?;
    Ok((Some(organization), Some(organization.place(account.id())?)))
}

/// A user or role that the state knows as the request tells it.
struct Who<'a> {
    id: &'a str,
    own: (&'a [Arc<CompiledPolicy>], &'a Block),
    groups: &'a [trilby_model::GroupId],
    boundary: Option<&'a [Arc<CompiledPolicy>]>,
    tags: &'a trilby_policy::Context,
    standing: Standing,
}

impl<'a> Who<'a> {
    fn find(principal: &Principal, account: &'a Account) -> Option<Self> {
        match principal {
            Principal::User(user) => {
                let seated = account.seated_user(user.id.as_ref()?)?;
                let who = &seated.who;
                let same = who.arn == user.arn && who.name == user.name;
                let standing = if who.disabled {
                    Standing::Disabled
                } else {
                    Standing::Active
                };
                same.then(|| Self {
                    id: who.id.as_str(),
                    own: (&who.policies, &seated.block),
                    groups: &who.groups,
                    boundary: who.boundary.as_deref(),
                    tags: &seated.as_principal,
                    standing,
                })
            }
            Principal::RoleSession(session) => {
                let seated = account.seated_role(session.role_id.as_ref()?)?;
                let who = &seated.who;
                (who.arn == session.role_arn).then(|| Self {
                    id: who.id.as_str(),
                    own: (&who.policies, &seated.block),
                    groups: &[],
                    boundary: who.boundary.as_deref(),
                    tags: &seated.as_principal,
                    standing: Standing::Active,
                })
            }
            Principal::Root(_)
            | Principal::FederatedUserSession(_)
            | Principal::Service { .. }
            | Principal::WebIdentity { .. }
            | Principal::Anonymous => None,
        }
    }
}

/// What is asked about.
#[derive(Default)]
struct Target<'a> {
    tags: Option<&'a trilby_policy::Context>,
    policy: Option<&'a Arc<CompiledPolicy>>,
}

impl<'a> Target<'a> {
    fn find(ready: &Ready, owner: &'a Account) -> Self {
        let Some(key) = ready.resources.first() else {
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
