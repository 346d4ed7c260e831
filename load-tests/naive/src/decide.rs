//! Layers, and how they combine.

use serde_json::Value;

use crate::caller::{Caller, Kind};
use crate::context::Context;
use crate::fault::Fault;
use crate::principal::Class;
use crate::statement::{Asked, matches};

/// A statement that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Its layer.
    pub layer: &'static str,
    /// Name of the policy.
    pub policy: String,
    /// Index of the statement.
    pub statement: usize,
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Index of the level in a chain.
    level: Option<usize>,
    class: Option<Class>,
}

/// What a case comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `allow`, `explicit_deny` or `implicit_deny`.
    pub decision: &'static str,
    /// The layer that settled it.
    pub layer: &'static str,
    /// What each layer says alone, in the order of evaluation.
    pub layers: Vec<(&'static str, &'static str)>,
    /// Every statement that matched, in the order of evaluation.
    pub matched: Vec<Matched>,
}

/// The order of evaluation.
const LAYERS: [&str; 6] = ["rcp", "scp", "identity", "resource", "boundary", "session"];

/// Decides a case.
#[must_use]
pub fn decide(case: &Value) -> Answer {
    ask(case, None)
}

/// Decides a case with one rule got wrong.
#[must_use]
pub fn decide_wrongly(case: &Value, fault: Fault) -> Answer {
    ask(case, Some(fault))
}

/// A policy in its place.
struct Seat<'a> {
    layer: &'static str,
    level: Option<usize>,
    name: String,
    document: &'a Value,
}

/// Where policies are, and how many levels the chains have.
struct Seats<'a> {
    all: Vec<Seat<'a>>,
    /// Layers that bind this caller, though they may hold nothing.
    bind: Vec<&'static str>,
    scp: usize,
    rcp: usize,
}

fn ask(case: &Value, fault: Option<Fault>) -> Answer {
    let request = case.get("request").unwrap_or(&Value::Null);
    let text = |key: &str| request.get(key).and_then(Value::as_str);
    let caller = Caller::of(request);
    let context = Context::of(
        request.get("context").unwrap_or(&Value::Null),
        &caller,
        fault,
    );
    let seats = seats(case.get("policies").unwrap_or(&Value::Null), &caller);
    let asked = Asked {
        caller: &caller,
        action: text("action").unwrap_or_default(),
        resource: text("resource").unwrap_or("*"),
        context: &context,
        bounded: seats.bind.contains(&"boundary"),
    };
    let mut matched = Vec::new();
    for seat in &seats.all {
        let version = seat.document.get("Version").and_then(Value::as_str);
        let variables =
            version == Some("2012-10-17") || context.is_planted(Fault::OldVersionHasVariables);
        for (index, statement) in statements(seat.document).into_iter().enumerate() {
            let names = seat.layer == "resource";
            if let Some(class) = matches(statement, variables, names, &asked) {
                matched.push(Matched {
                    layer: seat.layer,
                    policy: seat.name.clone(),
                    statement: index,
                    effect: statement
                        .get("Effect")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned(),
                    level: seat.level,
                    class,
                });
            }
        }
    }
    let (decision, layer) = combine(&asked, &seats, &matched);
    Answer {
        decision,
        layer,
        layers: LAYERS
            .into_iter()
            .map(|layer| (layer, verdict(layer, &seats, &matched)))
            .collect(),
        matched,
    }
}

fn statements(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn seats<'a>(policies: &'a Value, caller: &Caller) -> Seats<'a> {
    let of_account = caller.account.is_some();
    let get = |layer: &str| policies.get(layer).filter(|value| !value.is_null());
    let mut seats = Seats {
        all: Vec::new(),
        bind: Vec::new(),
        scp: 0,
        rcp: 0,
    };
    for layer in LAYERS {
        let binds = match layer {
            "identity" | "boundary" => caller.has_identity(),
            "session" | "scp" => of_account,
            _ => true,
        };
        let Some(value) = get(layer).filter(|_| binds) else {
            continue;
        };
        let mut sit = |level: Option<usize>, policy: &'a Value, unnamed: String| {
            let name = policy.get("name").and_then(Value::as_str);
            seats.all.push(Seat {
                layer,
                level,
                name: name.map_or(unnamed, str::to_owned),
                document: policy.get("document").unwrap_or(&Value::Null),
            });
        };
        let items = || value.as_array().into_iter().flatten().enumerate();
        let mut count = 0;
        match layer {
            "resource" => sit(None, value, layer.to_owned()),
            "scp" | "rcp" => {
                for (level, policies) in items() {
                    count += 1;
                    for (index, policy) in policies.as_array().into_iter().flatten().enumerate() {
                        sit(Some(level), policy, format!("{layer}/{index}"));
                    }
                }
            }
            _ => {
                for (index, policy) in items() {
                    count += 1;
                    sit(None, policy, format!("{layer}/{index}"));
                }
            }
        }
        let there = match layer {
            "resource" | "boundary" | "session" => true,
            _ => count > 0,
        };
        if there {
            seats.bind.push(layer);
        }
        match layer {
            "scp" => seats.scp = count,
            "rcp" => seats.rcp = count,
            _ => {}
        }
    }
    seats
}

fn says(matched: &[Matched], layer: &str, effect: &str) -> bool {
    matched
        .iter()
        .any(|m| m.layer == layer && m.effect == effect)
}

/// Whether a chain allows at every level.
fn passes(matched: &[Matched], layer: &str, levels: usize) -> bool {
    (0..levels).all(|level| {
        matched
            .iter()
            .any(|m| m.layer == layer && m.level == Some(level) && m.effect == "Allow")
    })
}

fn verdict(layer: &'static str, seats: &Seats<'_>, matched: &[Matched]) -> &'static str {
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

/// Whether a root user mends a resource policy of its own account.
fn is_repair(asked: &Asked<'_>) -> bool {
    let action = asked.action.to_lowercase();
    asked.caller.kind == Kind::Root
        && asked.caller.is_at_home()
        && ["get", "put", "delete"]
            .iter()
            .any(|verb| action == format!("registry:{verb}resourcepolicy"))
}

/// What of the roles' own actions is asked, if it is asked of a role.
fn of_trust(asked: &Asked<'_>) -> Option<String> {
    let action = asked.action.to_lowercase();
    let of_role =
        crate::pattern::name(asked.resource).is_some_and(|[_, _, service, _, _, resource]| {
            service == "iam" && resource.starts_with("role/")
        });
    let listed =
        ["sts:assumerole", "sts:tagsession", "sts:setsourceidentity"].contains(&action.as_str());
    (of_role && listed).then_some(action)
}

fn combine(
    asked: &Asked<'_>,
    seats: &Seats<'_>,
    matched: &[Matched],
) -> (&'static str, &'static str) {
    let planted = |fault| asked.context.is_planted(fault);
    let chain = |layer: &'static str, levels: usize| {
        if planted(Fault::OneLevelIsEnough) {
            levels == 0 || says(matched, layer, "Allow")
        } else {
            passes(matched, layer, levels)
        }
    };
    let root_is_free = asked.caller.kind == Kind::Root && planted(Fault::RootIsFree);
    let mut gate = None;
    if !chain("rcp", seats.rcp) {
        gate = Some("rcp");
    } else if !root_is_free && !chain("scp", seats.scp) {
        gate = Some("scp");
    }
    if planted(Fault::GateBeforeDeny)
        && let Some(layer) = gate
    {
        return ("implicit_deny", layer);
    }
    let denied = LAYERS
        .into_iter()
        .find(|layer| says(matched, layer, "Deny") && !(*layer == "resource" && is_repair(asked)));
    if let Some(layer) = denied {
        return ("explicit_deny", layer);
    }
    if let Some(layer) = gate {
        return ("implicit_deny", layer);
    }
    let root = asked.caller.kind == Kind::Root;
    let bound = |layer: &str| seats.bind.contains(&layer);
    let i = root || says(matched, "identity", "Allow");
    let b = root || !bound("boundary") || says(matched, "boundary", "Allow");
    let p = root
        || if bound("session") {
            says(matched, "session", "Allow")
        } else {
            asked.caller.kind != Kind::FederatedUser || planted(Fault::FederatedNeedsNoSession)
        };
    let has = |class: Class| {
        matched
            .iter()
            .any(|m| m.layer == "resource" && m.effect == "Allow" && m.class == Some(class))
    };
    let (rd, re, ra) = (has(Class::Direct), has(Class::Entity), has(Class::Account));
    // What is asked for and not given, in the order of evaluation.
    let unmet = |identity: bool, resource: bool| {
        [
            ("identity", identity),
            ("resource", resource),
            ("boundary", b),
            ("session", p),
        ]
        .into_iter()
        .find(|(_, met)| !met)
        .map(|(layer, _)| layer)
    };
    let trust = of_trust(asked);
    let missing = match asked.caller.kind {
        Kind::Service | Kind::WebIdentity | Kind::Anonymous => (!rd).then_some("resource"),
        Kind::Root | Kind::User | Kind::RoleSession | Kind::FederatedUser => {
            if root && trust.as_deref() == Some("sts:assumerole") && !planted(Fault::RootAssumes) {
                Some("resource")
            } else if !asked.caller.is_at_home() {
                unmet(i || planted(Fault::ForeignNeedsNoIdentity), rd || re || ra)
            } else if trust.is_some() {
                let granted = rd || re || ra || (i && planted(Fault::TrustNeedsNoResource));
                let delegated = ra && !rd && !re;
                unmet(!delegated || i, granted)
            } else {
                ordinary(
                    Grants {
                        i,
                        rd,
                        re,
                        ra,
                        b,
                        p,
                    },
                    asked,
                )
            }
        }
    };
    match missing {
        Some(layer) => ("implicit_deny", layer),
        None if i => ("allow", "identity"),
        None => ("allow", "resource"),
    }
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

/// Same account, nothing special: what is missing.
fn ordinary(grants: Grants, asked: &Asked<'_>) -> Option<&'static str> {
    let planted = |fault| asked.context.is_planted(fault);
    let Grants {
        i,
        rd,
        re,
        ra,
        b,
        p,
    } = grants;
    let i = i || (ra && planted(Fault::AccountGrants));
    let direct = rd && (b || !planted(Fault::BoundaryCapsDirect));
    let entity = re && b && planted(Fault::SessionSparesEntity);
    if direct || entity || ((i || re) && b && p) {
        return None;
    }
    if !i && !re && !rd {
        Some("identity")
    } else if b {
        Some("session")
    } else {
        Some("boundary")
    }
}
