//! How what the layers say becomes one answer.
//!
//! Nothing here looks at policies: [`Tally`] holds what matched, [`Facts`] what is known of the request, and
//! [`rule`] is a function of the two. Explanations call it again with a changed tally to see what would make a difference.

use crate::bind::Bound;
use crate::decision::{Bypass, Outcome, Relation};
use crate::gates::{Gate, Gates};
use crate::layer::{LayerKind, Layers, Standing};
use crate::matching::Class;
use crate::principal::Principal;
use crate::request::Request;
use crate::tally::Tally;

/// Actions by which a root user repairs a resource policy that locks everyone out. Lower case.
const REPAIRS: [&str; 3] = [
    "registry:getresourcepolicy",
    "registry:putresourcepolicy",
    "registry:deleteresourcepolicy",
];

/// Which combination of grants a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// A caller without an account: the resource must name it, or everyone.
    Outsider,
    /// Both accounts must say yes.
    CrossAccount,
    /// The resource must say yes itself, though in the same account: roles, and types registered so.
    Trust,
    /// Either side may say yes.
    SameAccount,
}

/// What the formula must know of the request besides what matched.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) relation: Relation,
    path: Path,
    root: bool,
    /// A root user asks to put on a role, which it never may.
    root_assumes: bool,
    /// A root user repairs a resource policy of its own account.
    repair: bool,
    boundary: bool,
    session: bool,
    federated: bool,
    caps_everything: bool,
    quarantined: bool,
    standing: Standing,
    scp_levels: usize,
    rcp_levels: usize,
}

/// What state says of both sides, and which layers bind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stance {
    pub(crate) standing: Standing,
    pub(crate) caps_everything: bool,
    pub(crate) quarantined: bool,
    pub(crate) trust_required: bool,
    pub(crate) boundary: bool,
    pub(crate) session: bool,
    pub(crate) scp_levels: usize,
    pub(crate) rcp_levels: usize,
}

/// What the request alone says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Of a caller without an account.
    outsider: Option<Relation>,
    root: bool,
    federated: bool,
    same_account: bool,
    /// A role is to be put on, or what comes with that.
    assumption: bool,
    /// A role is to be put on itself, whichever.
    assumes: bool,
    /// The action repairs a resource policy.
    repairs: bool,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let principal = &request.principal;
        let assumption = request.is_role_assumption();
        Self {
            outsider: match principal {
                Principal::Anonymous => Some(Relation::Anonymous),
                Principal::Service { .. } => Some(Relation::Service),
                Principal::WebIdentity { .. } => Some(Relation::Trust),
                Principal::Root(_)
                | Principal::User(_)
                | Principal::RoleSession(_)
                | Principal::FederatedUserSession(_) => None,
            },
            root: principal.is_root(),
            federated: matches!(principal, Principal::FederatedUserSession(_)),
            same_account: principal.account().is_some() && principal.account() == request.owner(),
            assumption,
            assumes: request.action.key() == "sts:assumerole",
            repairs: REPAIRS.contains(&request.action.key()),
        }
    }

    fn path(&self, trust_required: bool) -> (Path, Relation) {
        if let Some(relation) = self.outsider {
            return (Path::Outsider, relation);
        }
        match (self.same_account, self.assumption || trust_required) {
            (false, _) => (Path::CrossAccount, Relation::CrossAccount),
            (true, true) => (Path::Trust, Relation::Trust),
            (true, false) => (Path::SameAccount, Relation::SameAccount),
        }
    }
}

impl Facts {
    pub(crate) fn new(request: &Request, layers: &Layers, bound: &Bound<'_>) -> Self {
        Self::of(
            &Asked::of(request),
            &Stance {
                standing: layers.standing,
                caps_everything: layers.caps_everything,
                quarantined: layers.quarantined,
                trust_required: layers.trust_required,
                boundary: bound.boundary.is_some(),
                session: bound.session.is_some(),
                scp_levels: bound.scp.map_or(0, <[_]>::len),
                rcp_levels: bound.rcp.map_or(0, <[_]>::len),
            },
        )
    }

    pub(crate) fn of(asked: &Asked, stance: &Stance) -> Self {
        let root = asked.root && stance.standing == Standing::Active;
        let (path, relation) = asked.path(stance.trust_required);
        Self {
            relation,
            path,
            root,
            root_assumes: asked.root && asked.assumes,
            repair: root && asked.same_account && asked.repairs,
            boundary: stance.boundary,
            session: stance.session,
            federated: asked.federated,
            caps_everything: stance.caps_everything,
            quarantined: stance.quarantined,
            standing: stance.standing,
            scp_levels: stance.scp_levels,
            rcp_levels: stance.rcp_levels,
        }
    }
}

impl Facts {
    pub(crate) fn is_disabled(&self) -> bool {
        self.standing == Standing::Disabled
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.standing == Standing::Unknown
    }

    pub(crate) fn is_root_assuming(&self) -> bool {
        self.root_assumes
    }

    pub(crate) fn is_quarantined(&self) -> bool {
        self.quarantined
    }

    /// The same out of quarantine.
    pub(crate) fn unquarantined(&self) -> Self {
        Self {
            quarantined: false,
            ..self.clone()
        }
    }

    /// Whether the caller's session was made without the policy that it needs.
    pub(crate) fn needs_session(&self) -> bool {
        self.federated && !self.session
    }

    /// The same with a session policy.
    pub(crate) fn with_session(&self) -> Self {
        Self {
            session: true,
            ..self.clone()
        }
    }
}

/// Which grants carried an Allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carriers {
    /// An identity policy.
    pub(crate) identity: bool,
    /// A statement of the resource policy, at least this direct.
    pub(crate) resource: Option<Class>,
    /// Boundary and session policy had to agree.
    pub(crate) caps: bool,
}

/// The answer, bare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) outcome: Outcome,
    pub(crate) layer: LayerKind,
    pub(crate) unmet: Gates,
    pub(crate) carriers: Carriers,
    pub(crate) bypass: Option<Bypass>,
}

impl Ruling {
    fn denied(layer: LayerKind) -> Self {
        Self {
            outcome: Outcome::ExplicitDeny,
            layer,
            unmet: Gates::default(),
            carriers: Carriers::default(),
            bypass: None,
        }
    }

    /// `first` settles it if no gate of the organization came before.
    fn unmet(unmet: Gates, otherwise: LayerKind) -> Self {
        // Gates come in the order of evaluation.
        let layer = unmet.iter().next().map_or(otherwise, Gate::layer);
        Self {
            outcome: Outcome::ImplicitDeny,
            layer,
            unmet,
            carriers: Carriers::default(),
            bypass: None,
        }
    }
}

/// Combines the layers.
pub(crate) fn rule(facts: &Facts, tally: &Tally) -> Ruling {
    if let Some(layer) = denying_layer(facts, tally) {
        return Ruling::denied(layer);
    }
    let rcp = (0..facts.rcp_levels).filter(|level| !tally.rcp.contains(*level));
    let scp = (0..facts.scp_levels).filter(|level| !tally.scp.contains(*level));
    let chains = rcp.map(Gate::Rcp).chain(scp.map(Gate::Scp));
    let chains_allow =
        tally.rcp.has_all_below(facts.rcp_levels) && tally.scp.has_all_below(facts.scp_levels);

    let granted = match facts.standing {
        Standing::Disabled => Err(Gates::default().with(Gate::Identity, true)),
        Standing::Active | Standing::Unknown => grant(facts, tally),
    };
    match granted {
        Err(gates) => Ruling::unmet(chains.chain(gates.iter()).collect(), LayerKind::Identity),
        Ok((carriers, bypass)) => {
            if !chains_allow {
                return Ruling::unmet(chains.collect(), LayerKind::Scp);
            }
            let layer = if facts.root || tally.identity {
                LayerKind::Identity
            } else {
                LayerKind::Resource
            };
            let repaired = facts.repair && tally.denies_in(LayerKind::Resource);
            let bypass = if repaired {
                Some(Bypass::RootRepair)
            } else {
                bypass
            };
            Ruling {
                outcome: Outcome::Allow,
                layer,
                unmet: Gates::default(),
                carriers,
                bypass,
            }
        }
    }
}

/// The first layer that denies, in the order of evaluation.
fn denying_layer(facts: &Facts, tally: &Tally) -> Option<LayerKind> {
    let ignored = |layer: LayerKind| facts.repair && layer == LayerKind::Resource;
    let quarantine = facts.quarantined.then_some(LayerKind::Scp);
    tally
        .denying()
        .filter(|layer| !ignored(*layer))
        .chain(quarantine)
        .min()
}

/// What carried a grant, with the rule that let it pass a cap; or what is missing.
type Granted = Result<(Carriers, Option<Bypass>), Gates>;

/// Whether identity, resource, boundary and session together allow; if not, what is missing.
fn grant(facts: &Facts, tally: &Tally) -> Granted {
    let identity = facts.root || (tally.identity && facts.standing == Standing::Active);
    let boundary = facts.root || !facts.boundary || tally.boundary;
    let session = facts.root
        || if facts.session {
            tally.session
        } else {
            !facts.federated
        };
    let caps = Gates::default()
        .with(Gate::Boundary, !boundary)
        .with(Gate::Session, !session);
    let strongest = [
        (tally.direct, Class::Direct),
        (tally.entity, Class::Entity),
        (tally.account, Class::Account),
    ]
    .into_iter()
    .find_map(|(there, class)| there.then_some(class));
    let own = Carriers {
        identity: tally.identity,
        resource: None,
        caps: true,
    };

    if facts.root_assumes {
        return Err(Gates::default().with(Gate::Resource, true));
    }
    match facts.path {
        Path::Outsider => direct_only(tally),
        Path::Trust => {
            let missing = match strongest {
                Some(Class::Direct | Class::Entity) => caps,
                Some(Class::Account) => caps.with(Gate::Identity, !identity),
                None => caps.with(Gate::Resource, true),
            };
            let carriers = Carriers {
                identity: strongest == Some(Class::Account),
                resource: strongest,
                caps: true,
            };
            if facts.repair && !missing.is_empty() {
                // Whatever the policy leaves out: it is the root user's to mend.
                return Ok((Carriers::default(), Some(Bypass::RootRepair)));
            }
            met(missing, carriers)
        }
        Path::CrossAccount => {
            let missing = caps
                .with(Gate::Identity, !identity)
                .with(Gate::Resource, strongest.is_none());
            met(
                missing,
                Carriers {
                    resource: strongest,
                    ..own
                },
            )
        }
        Path::SameAccount => {
            let capped = caps.is_empty();
            if identity && capped {
                return Ok((own, None));
            }
            if tally.entity && capped {
                return Ok((
                    Carriers {
                        identity: false,
                        resource: Some(Class::Entity),
                        caps: true,
                    },
                    None,
                ));
            }
            if tally.direct && (capped || !facts.caps_everything) {
                let bypass = (!capped).then_some(Bypass::DirectResourceGrant);
                return Ok((
                    Carriers {
                        identity: false,
                        resource: Some(Class::Direct),
                        caps: capped,
                    },
                    bypass,
                ));
            }
            let granted = identity || tally.entity || tally.direct;
            Err(caps.with(Gate::Identity, !granted))
        }
    }
}

fn direct_only(tally: &Tally) -> Granted {
    if tally.direct {
        Ok((
            Carriers {
                identity: false,
                resource: Some(Class::Direct),
                caps: false,
            },
            None,
        ))
    } else {
        Err(Gates::default().with(Gate::Resource, true))
    }
}

fn met(missing: Gates, carriers: Carriers) -> Granted {
    if missing.is_empty() {
        Ok((carriers, None))
    } else {
        Err(missing)
    }
}

#[cfg(test)]
mod tests;
