//! What the layers come to together.

use crate::caller::Kind;
use crate::decide::{Matched, Question};
use crate::fault::Fault;
use crate::principal::Class;
use crate::seats::{LAYERS, Seats};

/// Whether the caller is somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    #[default]
    Active,
    /// It may do nothing.
    Disabled,
    /// There is no such principal: it has what everyone has.
    Unknown,
}

/// What the state of a world adds to a question.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stance {
    pub(crate) standing: Standing,
    /// Boundaries and session policies cap direct grants too.
    pub(crate) caps_everything: bool,
    /// Things of this type must grant by their own policy.
    pub(crate) trust_required: bool,
    pub(crate) quarantined: bool,
}

/// An answer without its reasons.
pub(crate) struct Settled {
    pub(crate) decision: &'static str,
    pub(crate) layer: &'static str,
    pub(crate) relation: &'static str,
    pub(crate) bypass: Option<&'static str>,
    /// Layers whose Allow was needed and not there, a chain once for each of its levels.
    pub(crate) unmet: Vec<&'static str>,
}

fn says(matched: &[Matched], layer: &str, effect: &str) -> bool {
    matched
        .iter()
        .any(|m| m.layer == layer && m.effect == effect)
}

/// Whether a level of a chain allows.
fn opens(matched: &[Matched], layer: &str, level: usize) -> bool {
    matched
        .iter()
        .any(|m| m.layer == layer && m.level == Some(level) && m.effect == "Allow")
}

/// Whether a chain allows at every level.
fn passes(matched: &[Matched], layer: &str, levels: usize) -> bool {
    (0..levels).all(|level| opens(matched, layer, level))
}

/// What a layer says alone.
pub(crate) fn verdict(layer: &'static str, seats: &Seats<'_>, matched: &[Matched]) -> &'static str {
    if !seats.bind.contains(&layer) {
        return "none";
    }
    if says(matched, layer, "Deny") {
        return "deny";
    }
    let allows = match layer {
        "scp" => passes(matched, layer, seats.scp),
        "rcp" => passes(matched, layer, seats.rcp),
        _ => says(matched, layer, "Allow"),
    };
    if allows { "allow" } else { "no_match" }
}

/// The root user of an account that exists.
fn is_root(question: &Question<'_>) -> bool {
    question.caller.kind == Kind::Root && question.stance.standing == Standing::Active
}

/// Whether a root user mends a resource policy of its own account.
fn is_repair(question: &Question<'_>) -> bool {
    let action = question.action.to_lowercase();
    is_root(question)
        && question.caller.is_at_home()
        && !question.context.is_planted(Fault::RootMendsNothing)
        && ["get", "put", "delete"]
            .iter()
            .any(|verb| action == format!("registry:{verb}resourcepolicy"))
}

/// What of the roles' own actions is asked, if it is asked of a role.
fn of_trust(question: &Question<'_>) -> Option<String> {
    let action = question.action.to_lowercase();
    let of_role =
        crate::pattern::name(question.resource).is_some_and(|[_, _, service, _, _, resource]| {
            service == "iam" && resource.starts_with("role/")
        });
    let listed =
        ["sts:assumerole", "sts:tagsession", "sts:setsourceidentity"].contains(&action.as_str());
    (of_role && listed).then_some(action)
}

fn relation(question: &Question<'_>) -> &'static str {
    match question.caller.kind {
        Kind::Anonymous => "anonymous",
        Kind::Service => "service",
        Kind::WebIdentity => "trust",
        Kind::Root | Kind::User | Kind::RoleSession | Kind::FederatedUser => {
            if !question.caller.is_at_home() {
                "cross_account"
            } else if needs_trust(question) {
                "trust"
            } else {
                "same_account"
            }
        }
    }
}

/// Whether the resource must say yes itself.
fn needs_trust(question: &Question<'_>) -> bool {
    let required =
        question.stance.trust_required && !question.context.is_planted(Fault::TypesNeedNoTrust);
    of_trust(question).is_some() || required
}

pub(crate) fn combine(question: &Question<'_>, matched: &[Matched]) -> Settled {
    let settled = |decision, layer| Settled {
        decision,
        layer,
        relation: relation(question),
        bypass: None,
        unmet: Vec::new(),
    };
    let planted = |fault| question.context.is_planted(fault);
    let mut unmet = gates(question, matched);
    if planted(Fault::GateBeforeDeny)
        && let Some(layer) = unmet.first()
    {
        return settled("implicit_deny", layer);
    }
    let spared = is_repair(question) && says(matched, "resource", "Deny");
    let quarantined = question.stance.quarantined && !planted(Fault::QuarantineIsNothing);
    let denied = LAYERS.into_iter().find(|layer| {
        let by_policy = says(matched, layer, "Deny") && !(*layer == "resource" && spared);
        by_policy || (*layer == "scp" && quarantined)
    });
    if let Some(layer) = denied {
        return settled("explicit_deny", layer);
    }
    let grants = Grants::of(question, matched);
    if question.stance.standing == Standing::Disabled && !planted(Fault::DisabledGoOn) {
        unmet.push("identity");
    } else {
        unmet.extend(missing(question, &grants));
    }
    if let Some(layer) = unmet.first() {
        return Settled {
            unmet: unmet.clone(),
            ..settled("implicit_deny", layer)
        };
    }
    Settled {
        bypass: if spared || is_left_out(question, &grants) {
            Some("root_repair")
        } else {
            bypass(question, &grants)
        },
        ..settled("allow", if grants.i { "identity" } else { "resource" })
    }
}

/// The chains, once for each level of theirs that does not allow.
fn gates(question: &Question<'_>, matched: &[Matched]) -> Vec<&'static str> {
    let planted = |fault| question.context.is_planted(fault);
    let root_is_free = question.caller.kind == Kind::Root && planted(Fault::RootIsFree);
    let mut gates = Vec::new();
    for (layer, levels) in [("rcp", question.seats.rcp), ("scp", question.seats.scp)] {
        if layer == "scp" && root_is_free {
            continue;
        }
        if planted(Fault::OneLevelIsEnough) {
            gates.extend((levels > 0 && !says(matched, layer, "Allow")).then_some(layer));
        } else {
            let closed = (0..levels).filter(|level| !opens(matched, layer, *level));
            gates.extend(closed.map(|_| layer));
        }
    }
    gates
}

/// The letters of the formula.
struct Grants {
    i: bool,
    rd: bool,
    re: bool,
    ra: bool,
    b: bool,
    p: bool,
}

impl Grants {
    fn of(question: &Question<'_>, matched: &[Matched]) -> Self {
        let planted = |fault| question.context.is_planted(fault);
        let root = is_root(question);
        let bound = |layer: &str| question.seats.bind.contains(&layer);
        let federated = question.caller.kind == Kind::FederatedUser;
        let p = if bound("session") {
            says(matched, "session", "Allow")
        } else {
            !federated || planted(Fault::FederatedNeedsNoSession)
        };
        let has = |class: Class| {
            matched
                .iter()
                .any(|m| m.layer == "resource" && m.effect == "Allow" && m.class == Some(class))
        };
        Self {
            i: root || says(matched, "identity", "Allow"),
            rd: has(Class::Direct),
            re: has(Class::Entity),
            ra: has(Class::Account),
            b: root || !bound("boundary") || says(matched, "boundary", "Allow"),
            p: root || p,
        }
    }
}

/// The layers whose Allow is needed and not there, the chains left out.
fn missing(question: &Question<'_>, grants: &Grants) -> Vec<&'static str> {
    let planted = |fault| question.context.is_planted(fault);
    let Grants {
        i,
        rd,
        re,
        ra,
        b,
        p,
    } = *grants;
    // In the order of evaluation.
    let unmet = |identity: bool, resource: bool| {
        [
            ("identity", identity),
            ("resource", resource),
            ("boundary", b),
            ("session", p),
        ]
        .into_iter()
        .filter_map(|(layer, met)| (!met).then_some(layer))
        .collect()
    };
    let of_resource = || vec!["resource"];
    match question.caller.kind {
        Kind::Service | Kind::WebIdentity | Kind::Anonymous => {
            return if rd { Vec::new() } else { of_resource() };
        }
        Kind::Root | Kind::User | Kind::RoleSession | Kind::FederatedUser => {}
    }
    let root = question.caller.kind == Kind::Root;
    let assumes = question.action.eq_ignore_ascii_case("sts:AssumeRole");
    if root && assumes && !planted(Fault::RootAssumes) {
        return of_resource();
    }
    if !question.caller.is_at_home() {
        return unmet(i || planted(Fault::ForeignNeedsNoIdentity), rd || re || ra);
    }
    // Whatever its policy says: root mends it.
    if is_repair(question) {
        return Vec::new();
    }
    if needs_trust(question) {
        let granted = rd || re || ra || (i && planted(Fault::TrustNeedsNoResource));
        let delegated = ra && !rd && !re;
        return unmet(!delegated || i, granted);
    }
    ordinary(grants, question)
}

/// Same account, nothing special: what is missing.
fn ordinary(grants: &Grants, question: &Question<'_>) -> Vec<&'static str> {
    let planted = |fault| question.context.is_planted(fault);
    let Grants {
        i,
        rd,
        re,
        ra,
        b,
        p,
    } = *grants;
    let i = i || (ra && planted(Fault::AccountGrants));
    let capped = question.stance.caps_everything && !planted(Fault::CapsSpareDirect);
    let direct = rd && (b || !planted(Fault::BoundaryCapsDirect)) && (!capped || (b && p));
    let entity = re && b && planted(Fault::SessionSparesEntity);
    if direct || entity || ((i || re) && b && p) {
        return Vec::new();
    }
    [("identity", i || re || rd), ("boundary", b), ("session", p)]
        .into_iter()
        .filter_map(|(layer, met)| (!met).then_some(layer))
        .collect()
}

/// Whether root mends a policy that must name it and does not.
fn is_left_out(question: &Question<'_>, grants: &Grants) -> bool {
    let named = grants.rd || grants.re || grants.ra;
    is_repair(question) && needs_trust(question) && !named
}

/// A grant that no boundary or session policy had to agree to, where one did not.
fn bypass(question: &Question<'_>, grants: &Grants) -> Option<&'static str> {
    let ordinary = relation(question) == "same_account";
    (ordinary && !(grants.b && grants.p)).then_some("direct_resource_grant")
}
