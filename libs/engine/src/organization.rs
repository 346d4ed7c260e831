//! An organization's tree and the control policies on it, as decisions see them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use trilby_model::{AccountId, OrganizationId};

use crate::compiled::CompiledPolicy;
use crate::context;
use crate::error::Error;
use crate::filter::Filter;
use crate::layer::{LayerKind, Level};
use crate::note::Noted;
use crate::tally::Tally;
use crate::values::Values;

/// The most levels between an account and the root, both counted: root, five nested units, the account. A longer way
/// is a broken tree, not a deep one.
const LEVELS_MAX: usize = 7;

/// Where an account stands in its organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The organization.
    pub organization: OrganizationId,
    /// `o-…/r-…/ou-…/`: root and units above the account, with the slash at the end.
    pub path: String,
}

/// What is attached to one node of the tree.
#[derive(Clone, Debug, Default)]
struct Attached {
    scp: Vec<Arc<CompiledPolicy>>,
    rcp: Vec<Arc<CompiledPolicy>>,
}

/// One organization, compiled. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Organization {
    inner: Arc<OrganizationBuilder>,
    /// Every account that has a way up to the root.
    places: Arc<HashMap<AccountId, Place, foldhash::fast::RandomState>>,
}

/// All that an account's place in the tree means for a decision.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) scp: Option<Arc<Chain>>,
    pub(crate) rcp: Option<Arc<Chain>>,
    /// The keys of a principal of the account.
    pub(crate) of_principal: Values,
    /// The keys of a resource of the account.
    pub(crate) of_resource: Values,
}

/// The control policies from the root down to an account, to be decided by.
#[derive(Debug)]
pub(crate) struct Chain {
    /// What matches whatever is asked, in order, and what that comes to.
    pub(crate) sure: Box<[Noted]>,
    pub(crate) sure_tally: Tally,
    /// Of the other statements.
    pub(crate) filter: Filter,
    pub(crate) policies: Box<[Arc<CompiledPolicy>]>,
    /// Level of each policy, and place there.
    pub(crate) seats: Box<[(usize, usize)]>,
    pub(crate) levels: usize,
}

impl Chain {
    fn of(layer: LayerKind, levels: &[Level]) -> Self {
        let seated = || {
            levels.iter().enumerate().flat_map(|(level, of_level)| {
                let policies = of_level.policies.iter().enumerate();
                policies.map(move |(place, policy)| ((level, place), policy))
            })
        };
        let mut sure = Vec::new();
        let mut sure_tally = Tally::default();
        for ((level, place), policy) in seated() {
            for statement in 0..policy.count() {
                if let Some(effect) = policy.sure(statement) {
                    sure_tally.count(layer, Some(level), effect, None);
                    sure.push(Noted {
                        layer,
                        level: Some(level),
                        policy: place,
                        statement,
                        effect,
                        class: None,
                    });
                }
            }
        }
        Self {
            sure: sure.into(),
            sure_tally,
            filter: Filter::of_unsure(seated().map(|(_, policy)| policy)),
            policies: seated().map(|(_, policy)| Arc::clone(policy)).collect(),
            seats: seated().map(|(seat, _)| seat).collect(),
            levels: levels.len(),
        }
    }
}

/// Chains made so far, by the addresses of their policies level by level. Most accounts of a unit have the same.
#[derive(Default)]
struct Chains {
    known: HashMap<(LayerKind, Vec<Vec<usize>>), Arc<Chain>>,
}

impl Chains {
    fn of(&mut self, layer: LayerKind, levels: &[Level]) -> Arc<Chain> {
        let address = |policy: &Arc<CompiledPolicy>| Arc::as_ptr(policy).addr();
        let key = levels
            .iter()
            .map(|level| level.policies.iter().map(address).collect())
            .collect();
        let chain = self.known.entry((layer, key));
        Arc::clone(chain.or_insert_with(|| Arc::new(Chain::of(layer, levels))))
    }
}

/// Collects an organization.
///
/// Nodes go by the text of their ids: root, unit or account.
#[derive(Clone, Debug)]
pub struct OrganizationBuilder {
    id: OrganizationId,
    management: AccountId,
    scp_on: bool,
    rcp_on: bool,
    parents: HashMap<Arc<str>, Arc<str>>,
    attached: HashMap<Arc<str>, Attached>,
    quarantined: HashSet<AccountId>,
    quarantined_principals: HashSet<String>,
}

impl OrganizationBuilder {
    /// An organization of its management account alone, without control policies.
    #[must_use]
    pub fn new(id: OrganizationId, management: AccountId) -> Self {
        Self {
            id,
            management,
            scp_on: false,
            rcp_on: false,
            parents: HashMap::new(),
            attached: HashMap::new(),
            quarantined: HashSet::new(),
            quarantined_principals: HashSet::new(),
        }
    }

    /// Whether service control policies are switched on.
    pub fn scp_on(&mut self, on: bool) -> &mut Self {
        self.scp_on = on;
        self
    }

    /// Whether resource control policies are switched on.
    pub fn rcp_on(&mut self, on: bool) -> &mut Self {
        self.rcp_on = on;
        self
    }

    /// Puts a unit or account below another node. The root is below none.
    pub fn place(&mut self, node: &str, parent: &str) -> &mut Self {
        self.parents.insert(node.into(), parent.into());
        self
    }

    /// Attaches service control policies to a node, in place of those it had.
    pub fn attach_scp(&mut self, node: &str, policies: Vec<Arc<CompiledPolicy>>) -> &mut Self {
        self.attached.entry(node.into()).or_default().scp = policies;
        self
    }

    /// Attaches resource control policies to a node, in place of those it had.
    pub fn attach_rcp(&mut self, node: &str, policies: Vec<Arc<CompiledPolicy>>) -> &mut Self {
        self.attached.entry(node.into()).or_default().rcp = policies;
        self
    }

    /// Denies everything to the principals of an account.
    pub fn quarantine(&mut self, account: AccountId) -> &mut Self {
        self.quarantined.insert(account);
        self
    }

    /// Denies everything to one user or role, by unique id.
    pub fn quarantine_principal(&mut self, id: &str) -> &mut Self {
        self.quarantined_principals.insert(id.to_owned());
        self
    }

    /// Ready to decide with.
    #[must_use]
    pub fn build(self) -> Organization {
        let mut organization = Organization {
            inner: Arc::new(self),
            places: Arc::default(),
        };
        let mut chains = Chains::default();
        let accounts = organization.inner.parents.keys();
        let places = accounts.filter_map(|node| {
            let account = node.parse().ok()?;
            Some((account, organization.make_place(account, &mut chains).ok()?))
        });
        organization.places = Arc::new(places.collect());
        organization
    }
}

impl Organization {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &OrganizationId {
        &self.inner.id
    }

    /// Its management account, which no control policy binds.
    #[must_use]
    pub fn management(&self) -> AccountId {
        self.inner.management
    }

    /// A builder that begins with what this organization has.
    #[must_use]
    pub fn to_builder(&self) -> OrganizationBuilder {
        (*self.inner).clone()
    }

    /// Where an account stands.
    ///
    /// # Errors
    /// The account has no way up to the root.
    pub fn position(&self, account: AccountId) -> Result<Position, Error> {
        let way = self.way(account)?;
        let mut path = format!("{}/", self.inner.id);
        for node in way.iter().take(way.len().saturating_sub(1)) {
            path.push_str(node);
            path.push('/');
        }
        Ok(Position {
            organization: self.inner.id.clone(),
            path,
        })
    }

    /// The service control policies that bind an account's principals; `None` if none do.
    ///
    /// # Errors
    /// The account has no way up to the root.
    pub fn scp_chain(&self, account: AccountId) -> Result<Option<Vec<Level>>, Error> {
        self.chain(account, self.inner.scp_on, |attached| &attached.scp)
    }

    /// The resource control policies that bind who uses an account's resources; `None` if none do.
    ///
    /// # Errors
    /// The account has no way up to the root.
    pub fn rcp_chain(&self, account: AccountId) -> Result<Option<Vec<Level>>, Error> {
        self.chain(account, self.inner.rcp_on, |attached| &attached.rcp)
    }

    /// Whether an account, or the user or role of this unique id, is in quarantine.
    #[must_use]
    pub fn is_quarantined(&self, account: AccountId, principal: Option<&str>) -> bool {
        self.inner.quarantined.contains(&account)
            || principal.is_some_and(|id| self.inner.quarantined_principals.contains(id))
    }

    /// An account's place.
    pub(crate) fn place(&self, account: AccountId) -> Result<&Place, Error> {
        self.places.get(&account).ok_or_else(|| Error::NoPlace {
            account,
            organization: self.inner.id.clone(),
        })
    }

    fn make_place(&self, account: AccountId, chains: &mut Chains) -> Result<Place, Error> {
        let position = self.position(account)?;
        Ok(Place {
            scp: self
                .scp_chain(account)?
                .map(|levels| chains.of(LayerKind::Scp, &levels)),
            rcp: self
                .rcp_chain(account)?
                .map(|levels| chains.of(LayerKind::Rcp, &levels)),
            of_principal: Values::stored(&context::position("aws:Principal", &position)),
            of_resource: Values::stored(&context::position("aws:Resource", &position)),
        })
    }

    fn chain(
        &self,
        account: AccountId,
        on: bool,
        of: impl Fn(&Attached) -> &Vec<Arc<CompiledPolicy>>,
    ) -> Result<Option<Vec<Level>>, Error> {
        let way = self.way(account)?;
        if !on || account == self.inner.management {
            return Ok(None);
        }
        let level = |node: Arc<str>| {
            let policies = self
                .inner
                .attached
                .get(&node)
                .map(|attached| of(attached).clone())
                .unwrap_or_default();
            Level {
                name: node,
                policies,
            }
        };
        Ok(Some(way.into_iter().map(level).collect()))
    }

    /// The nodes from the root down to an account.
    fn way(&self, account: AccountId) -> Result<Vec<Arc<str>>, Error> {
        let no_place = || Error::NoPlace {
            account,
            organization: self.inner.id.clone(),
        };
        let mut node: Arc<str> = account.to_string().into();
        let mut way = Vec::with_capacity(LEVELS_MAX);
        while let Some(parent) = self.inner.parents.get(&node) {
            way.push(node);
            if way.len() >= LEVELS_MAX {
                return Err(no_place());
            }
            node = Arc::clone(parent);
        }
        if way.is_empty() {
            return Err(no_place());
        }
        way.push(node);
        way.reverse();
        Ok(way)
    }
}

#[cfg(test)]
mod tests;
