//! What a decision stands on: one to four logs, each at one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use trilby_account::AccountStatus;
use trilby_engine::Worlds;
use trilby_model::{AccountId, ConsistencyToken, LogId, OrganizationId, Position, Seq, Timestamp};

use crate::asked::Asked;
use crate::directory::{Directory, Inner};
use crate::error::Error;
use crate::fresh::Freshness;
use crate::view::{AccountView, AnyView, OrganizationView, account_log, organization_log};

/// The states a decision is made on. Immutable; the same world always gives the same decision.
///
/// An account that does not exist (or did not, at that time) is absent, and the engine allows nothing on its behalf.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The principal's account.
    pub principal: Option<Arc<AccountView>>,
    /// The organization the principal's account is in.
    pub principal_organization: Option<Arc<OrganizationView>>,
    /// The resource owner's account; the same as `principal`'s if it is the same account.
    pub resource: Option<Arc<AccountView>>,
    /// The organization the resource owner's account is in.
    pub resource_organization: Option<Arc<OrganizationView>>,
}

impl World {
    /// What the engine decides on.
    #[must_use]
    pub fn worlds(&self) -> Worlds<'_> {
        Worlds {
            principal_account: self.principal.as_ref().map(|view| &view.compiled),
            principal_org: self
                .principal_organization
                .as_ref()
                .map(|view| &view.compiled),
            resource_account: self.resource.as_ref().map(|view| &view.compiled),
            resource_org: self
                .resource_organization
                .as_ref()
                .map(|view| &view.compiled),
        }
    }

    /// The same for whoever asks from outside: an account that is suspended or closed is as one that is not there. Its principals
    /// may nothing anywhere, also where others have named them, and nobody is let to what it owns.
    #[must_use]
    pub fn worlds_in_service(&self) -> Worlds<'_> {
        let serves = |view: &Option<Arc<AccountView>>| {
            view.as_ref()
                .is_some_and(|view| view.state.status() == AccountStatus::Active)
        };
        let all = self.worlds();
        Worlds {
            principal_account: all.principal_account.filter(|_| serves(&self.principal)),
            principal_org: all.principal_org.filter(|_| serves(&self.principal)),
            resource_account: all.resource_account.filter(|_| serves(&self.resource)),
            resource_org: all.resource_org.filter(|_| serves(&self.resource)),
        }
    }

    /// One of its organizations.
    #[must_use]
    pub fn organization(&self, id: &OrganizationId) -> Option<&Arc<OrganizationView>> {
        let both = [&self.principal_organization, &self.resource_organization];
        both.into_iter()
            .flatten()
            .find(|view| view.state.id() == id)
    }

    /// Where each log stood, the resource owner's account first (it is the path's).
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        self.positions_from(None)
    }

    /// Where each log stood, with this account's logs first.
    #[must_use]
    pub fn positions_from(&self, first: Option<AccountId>) -> Vec<Position> {
        let resource = (self.resource.as_ref(), self.resource_organization.as_ref());
        let principal = (
            self.principal.as_ref(),
            self.principal_organization.as_ref(),
        );
        let principal_first = first.is_some_and(|first| {
            self.principal
                .as_ref()
                .is_some_and(|view| view.head.log == account_log(first))
        });
        let pairs = if principal_first {
            [principal, resource]
        } else {
            [resource, principal]
        };
        let mut positions: Vec<Position> = Vec::new();
        for (account, organization) in pairs {
            let both = [
                account.map(|view| view.position()),
                organization.map(|view| view.position()),
            ];
            for position in both.into_iter().flatten() {
                if !positions.iter().any(|known| known.log == position.log) {
                    positions.push(position);
                }
            }
        }
        positions
    }

    /// The consistency token of a decision on this world. `None` if no log was read.
    #[must_use]
    pub fn token(&self) -> Option<ConsistencyToken> {
        ConsistencyToken::new(self.positions()).ok()
    }

    /// Whether a newer state of any of its logs is known than this world has.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.positions() == other.positions()
    }
}

/// An account and its organization. An account that is not there has neither.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// The account.
    pub account: Option<Arc<AccountView>>,
    /// The organization it is in.
    pub organization: Option<Arc<OrganizationView>>,
}

/// Accounts that are read one after the other for one answer, or for several that stand on the same states.
///
/// INVARIANT: each log has one state, whichever account led to it. Two accounts of one organization would otherwise be
/// judged by two states of it, and the answer could name but one.
#[derive(Debug, Default)]
pub struct Sides {
    sides: BTreeMap<AccountId, Side>,
    is_settled: bool,
}

impl Sides {
    /// An account that was read.
    #[must_use]
    pub fn get(&self, account: AccountId) -> Option<&Side> {
        self.sides.get(&account)
    }

    /// The accounts that were read.
    pub fn iter(&self) -> impl Iterator<Item = (AccountId, &Side)> {
        self.sides.iter().map(|(account, side)| (*account, side))
    }

    /// An organization of these accounts.
    #[must_use]
    pub fn organization(&self, id: &OrganizationId) -> Option<&Arc<OrganizationView>> {
        let mut organizations = self
            .sides
            .values()
            .filter_map(|side| side.organization.as_ref());
        organizations.find(|organization| organization.state.id() == id)
    }

    /// An answer rests on what was read so far: from now on nothing of it becomes newer.
    pub fn settle(&mut self) {
        self.is_settled = true;
    }

    /// The states for a question between two accounts. One that was not read is absent.
    #[must_use]
    pub fn world(&self, principal: Option<AccountId>, resource: Option<AccountId>) -> World {
        let side = |account: Option<AccountId>| {
            let side = account.and_then(|account| self.get(account));
            side.cloned().unwrap_or_default()
        };
        let (principal, resource) = (side(principal), side(resource));
        World {
            principal: principal.account,
            principal_organization: principal.organization,
            resource: resource.account,
            resource_organization: resource.organization,
        }
    }

    /// Reads an account, unless it was read before.
    ///
    /// Errors: those of freshness; `Behind` if it joined or left its organization while the others were read.
    pub async fn read(
        &mut self,
        directory: &Directory,
        account: AccountId,
        freshness: &Freshness,
    ) -> Result<(), Error> {
        let asked = Asked::default();
        self.read_asked(directory, account, freshness, asked).await
    }

    /// The same, where the store may have been asked for some of these logs already.
    ///
    /// Errors: as [`Sides::read`].
    pub async fn read_asked(
        &mut self,
        directory: &Directory,
        account: AccountId,
        freshness: &Freshness,
        asked: Asked,
    ) -> Result<(), Error> {
        if self.sides.contains_key(&account) {
            return Ok(());
        }
        let accounts = [Some(account), None];
        self.read_all(directory, accounts, freshness, asked).await
    }

    /// What has to be asked of the store about these accounts is asked at once.
    async fn read_all(
        &mut self,
        directory: &Directory,
        accounts: [Option<AccountId>; 2],
        freshness: &Freshness,
        mut asked: Asked,
    ) -> Result<(), Error> {
        let inner = &directory.inner;
        let moment = inner.moment(freshness).await?;
        if let Moment::Now(named) = &moment {
            if let Some(token) = named {
                inner.read_members(accounts, token).await?;
            }
            let named = |log: &LogId| named.is_some_and(|token| token.get(log).is_some());
            inner.ask(accounts, named, &mut asked).await?;
        }
        for account in accounts.into_iter().flatten() {
            if !self.sides.contains_key(&account) {
                let side = inner.side(account, &moment, &asked).await?;
                self.add(account, side)?;
            }
        }
        Ok(())
    }

    /// Of two states of an organization the newer is taken for all its accounts; the older if answers rest on it already.
    fn add(&mut self, account: AccountId, mut side: Side) -> Result<(), Error> {
        if let (Some(view), Some(read)) = (&side.account, &side.organization)
            && let Some(held) = self.organization(read.state.id()).cloned()
        {
            let is_newer = read.seq() > held.seq();
            if is_newer && !self.is_settled && self.all_stand_in(read) {
                self.renew(read);
            } else if stands_in(account, view, &held) {
                side.organization = Some(held);
            } else {
                return Err(Error::Behind {
                    log: account_log(account),
                    wanted: view.seq().next(),
                });
            }
        }
        self.sides.insert(account, side);
        Ok(())
    }

    fn all_stand_in(&self, organization: &OrganizationView) -> bool {
        self.sides.iter().all(|(account, side)| {
            let of = side.organization.as_ref().map(|of| of.state.id());
            of != Some(organization.state.id())
                || side
                    .account
                    .as_ref()
                    .is_some_and(|view| stands_in(*account, view, organization))
        })
    }

    fn renew(&mut self, newer: &Arc<OrganizationView>) {
        for of in self
            .sides
            .values_mut()
            .filter_map(|side| side.organization.as_mut())
        {
            if of.state.id() == newer.state.id() {
                *of = Arc::clone(newer);
            }
        }
    }
}

/// Whether both know of each other: the account is a member there, and what it says of its joining is known.
fn stands_in(account: AccountId, view: &AccountView, of: &OrganizationView) -> bool {
    let membership = view.state.organization();
    membership.is_some_and(|membership| {
        membership.organization == *of.state.id() && of.seq() >= membership.organization_seq
    }) && is_whole(account, view, Some(of))
}

impl Directory {
    /// The states for a decision about this principal's and this resource owner's account.
    ///
    /// Errors: those of freshness. An unknown account is not an error but an absence.
    pub async fn world(
        &self,
        principal: Option<AccountId>,
        resource: Option<AccountId>,
        freshness: &Freshness,
    ) -> Result<World, Error> {
        let mut sides = Sides::default();
        let accounts = [principal, resource];
        let asked = Asked::default();
        sides.read_all(self, accounts, freshness, asked).await?;
        Ok(sides.world(principal, resource))
    }

    /// One organization as fresh as asked, or `None` if there is no such organization.
    pub async fn organization_at(
        &self,
        id: &OrganizationId,
        freshness: &Freshness,
    ) -> Result<Option<Arc<OrganizationView>>, Error> {
        let moment = self.inner.moment(freshness).await?;
        let asked = Asked::default();
        self.inner.organization_then(id, &moment, &asked).await
    }
}

/// Freshness with its first position resolved to a time.
enum Moment<'a> {
    Now(Option<&'a ConsistencyToken>),
    Positions {
        named: &'a ConsistencyToken,
        others_at: Timestamp,
    },
    Time(Timestamp),
}

/// How often an account is read again because its organization says that it left.
const HALVES_ROUNDS: usize = 3;

/// Whether the organization an account says it is in has it as a member.
fn is_whole(account: AccountId, view: &AccountView, of: Option<&OrganizationView>) -> bool {
    match view.state.organization() {
        Some(_) => of.is_some_and(|of| of.state.member(account).is_some()),
        None => true,
    }
}

impl Inner {
    async fn moment<'a>(&self, freshness: &'a Freshness) -> Result<Moment<'a>, Error> {
        Ok(match freshness {
            Freshness::Head => Moment::Now(None),
            Freshness::AtLeast(token) => Moment::Now(Some(token)),
            Freshness::AtTime(at) => Moment::Time(*at),
            Freshness::AtSeq(token) => match token.positions().first() {
                Some(first) => Moment::Positions {
                    named: token,
                    others_at: self.point(first).await?.at,
                },
                None => Moment::Now(None),
            },
        })
    }

    /// A log at the moment asked for. `None`: there was no such log then.
    async fn view_then(
        &self,
        log: &LogId,
        moment: &Moment<'_>,
        asked: &Asked,
    ) -> Result<Option<Arc<AnyView>>, Error> {
        let found = match moment {
            Moment::Now(token) => match token.and_then(|token| token.get(log)) {
                Some(position) => self.at_least(position).await.map(Some),
                None => self.newest_asked(log, asked).await.map(Some),
            },
            Moment::Positions { named, others_at } => match named.get(log) {
                Some(position) => self
                    .at_position(position)
                    .await
                    .map(|view| Some(Arc::new(view))),
                None => self.shared_at_time(log, *others_at).await,
            },
            Moment::Time(at) => self.shared_at_time(log, *at).await,
        };
        match found {
            Err(Error::UnknownLog { .. }) => Ok(None),
            other => other,
        }
    }

    /// Reads an account to its log's end where the caller names an organization that the account is not known to be in. A
    /// commit that the two share may be known to the caller by the organization's half alone, and whoever has one half in the store
    /// has the other.
    ///
    /// The organization itself is left alone: of one that the question does not rest on nobody learns here, by waiting or by time.
    async fn read_members(
        &self,
        accounts: [Option<AccountId>; 2],
        token: &ConsistencyToken,
    ) -> Result<(), Error> {
        let names = |log: &LogId| token.get(log).is_some();
        let is_organization = |position: &Position| matches!(position.log, LogId::Organization(_));
        if !token.positions().iter().any(is_organization) {
            return Ok(());
        }
        for account in accounts.into_iter().flatten() {
            let log = account_log(account);
            let Some(view) = self.slots.get(&log).and_then(|slot| slot.last()) else {
                continue;
            };
            let membership = view.account().and_then(|view| view.state.organization());
            let is_known = membership.is_some_and(|of| names(&organization_log(&of.organization)));
            if !is_known {
                self.read_as_far(&log, view.seq().next()).await?;
            }
        }
        Ok(())
    }

    /// An account and the organization it was in, both at the moment asked for, and both halves of what they share.
    async fn side(
        &self,
        account: AccountId,
        moment: &Moment<'_>,
        asked: &Asked,
    ) -> Result<Side, Error> {
        let log = account_log(account);
        let mut wanted = Seq::ZERO;
        for _ in 0..HALVES_ROUNDS {
            let Some(view) = self.view_then(&log, moment, asked).await? else {
                return Ok(Side::default());
            };
            let Some(view) = view.account().cloned() else {
                return Ok(Side::default());
            };
            let organization = self.organization_of(&view, moment, asked).await?;
            if is_whole(account, &view, organization.as_deref()) {
                return Ok(Side {
                    account: Some(view),
                    organization,
                });
            }
            // It left, and its half of that commit is not read yet.
            wanted = view.seq().next();
            match moment {
                Moment::Now(_) => self.read_as_far(&log, wanted).await?,
                Moment::Positions { .. } | Moment::Time(_) => return Err(Error::Apart { log }),
            }
        }
        Err(Error::Behind { log, wanted })
    }

    async fn organization_of(
        &self,
        view: &AccountView,
        moment: &Moment<'_>,
        asked: &Asked,
    ) -> Result<Option<Arc<OrganizationView>>, Error> {
        let Some(membership) = view.state.organization() else {
            return Ok(None);
        };
        let log = organization_log(&membership.organization);
        // The account names the seq of its joining: an organization older than that knows nothing of it.
        if let Some(slot) = self.slots.get(&log) {
            slot.hear_of(membership.organization_seq);
        }
        let organization = self
            .organization_then(&membership.organization, moment, asked)
            .await?;
        let knows = organization
            .as_ref()
            .is_some_and(|org| org.seq() >= membership.organization_seq);
        if !knows {
            return Err(Error::Behind {
                log,
                wanted: membership.organization_seq,
            });
        }
        Ok(organization)
    }

    async fn organization_then(
        &self,
        id: &OrganizationId,
        moment: &Moment<'_>,
        asked: &Asked,
    ) -> Result<Option<Arc<OrganizationView>>, Error> {
        let view = self.view_then(&organization_log(id), moment, asked).await?;
        Ok(view.and_then(|view| view.organization().cloned()))
    }
}
