//! The keys that follow from a world: true, or not there, whatever a request says.

use serde_json::{Map, Value};

use super::Thing;
use super::tree::Place;
use crate::caller::{Caller, Kind};
use crate::context::Context;
use crate::fault::Fault;

/// Keys that nobody but the service may state.
const FACTS: [&str; 21] = [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalType",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:SourceIdentity",
    "aws:TokenIssueTime",
    "aws:userid",
    "aws:username",
    "trilby:ChainDepth",
    "trilby:OriginMfaAge",
    "trilby:ViaSession",
];

/// Both sides of a question.
pub(super) struct About<'a> {
    pub(super) caller: &'a Caller,
    /// The caller's user or role.
    pub(super) known: Option<&'a Value>,
    pub(super) home: Option<&'a Place<'a>>,
    pub(super) thing: &'a Thing<'a>,
    pub(super) owner: Option<&'a Place<'a>>,
}

pub(super) fn context(request: &Value, about: &About<'_>, fault: Option<Fault>) -> Context {
    let given = request.get("context").unwrap_or(&Value::Null);
    let mut context = Context::given(given, fault);
    for key in FACTS {
        context.remove(key);
    }
    context.derive(about.caller);
    let time = request.get("time").and_then(Value::as_i64);
    session(&mut context, request, about.caller.kind, time);
    principal_tags(&mut context, request, about);
    for (side, place) in [("Principal", about.home), ("Resource", about.owner)] {
        if let Some(place) = place {
            context.put(&format!("aws:{side}OrgID"), place.id());
            context.put(&format!("aws:{side}OrgPaths"), Some(&place.path()));
        }
    }
    resource_tags(&mut context, request, about.thing);
    if let Some(time) = time {
        context.set("aws:CurrentTime", &time.to_string());
        context.set("aws:EpochTime", &time.to_string());
    }
    context
}

/// What a session tells of itself. The second factor of a user is its own; of a role it is only told who it began with.
fn session(context: &mut Context, request: &Value, kind: Kind, time: Option<i64>) {
    let session = request.pointer("/principal/session");
    let number = |key: &str| session?.get(key)?.as_i64();
    let text = |key: &str| session?.get(key)?.as_str();
    let of_account = match kind {
        Kind::Root | Kind::User | Kind::RoleSession | Kind::FederatedUser => true,
        Kind::Service | Kind::WebIdentity | Kind::Anonymous => false,
    };
    if !of_account {
        return;
    }
    let put = |context: &mut Context, key: &str, value: Option<i64>| {
        context.put(key, value.map(|value| value.to_string()).as_deref());
    };
    put(context, "aws:TokenIssueTime", number("issued_at"));
    context.put("aws:SourceIdentity", text("source_identity"));
    context.put("aws:FederatedProvider", text("federated_provider"));
    let mfa = number("mfa_at");
    let age = mfa.zip(time).map(|(at, now)| (now - at).max(0));
    let of_session = matches!(kind, Kind::RoleSession | Kind::FederatedUser);
    if of_session && !context.is_planted(Fault::SecondFactorGoesOn) {
        put(context, "trilby:OriginMfaAge", age);
        put(context, "trilby:ChainDepth", number("chain_depth"));
    } else if number("issued_at").is_some() {
        let present = if mfa.is_some() { "true" } else { "false" };
        context.put("aws:MultiFactorAuthPresent", Some(present));
        put(context, "aws:MultiFactorAuthAge", age);
    }
}

fn tags<'a>(holder: Option<&'a Value>, key: &str) -> Option<&'a Map<String, Value>> {
    holder?.get(key)?.as_object()
}

/// A user's stored tags stand before those it came with; a session's own before its role's.
fn principal_tags(context: &mut Context, request: &Value, about: &About<'_>) {
    let own = tags(request.get("principal"), "tags");
    let stored = tags(about.known, "tags");
    let stored_first =
        about.caller.kind == Kind::User || context.is_planted(Fault::SessionTagsComeSecond);
    let (first, second) = if stored_first {
        (stored, own)
    } else {
        (own, stored)
    };
    let given = request.pointer("/tags/principal").and_then(Value::as_str) == Some("given");
    // What stands first is written last.
    for tags in [second, first].into_iter().flatten() {
        for (key, value) in tags {
            let key = format!("aws:PrincipalTag/{key}");
            if let (false, Some(value)) = (given, value.as_str()) {
                context.set(&key, value);
            }
        }
    }
    if given {
        for tags in [first, second].into_iter().flatten() {
            for (key, value) in tags {
                context.put(&format!("aws:PrincipalTag/{key}"), value.as_str());
            }
        }
    }
}

fn resource_tags(context: &mut Context, request: &Value, thing: &Thing<'_>) {
    let given = request.pointer("/tags/resource").and_then(Value::as_str) == Some("given");
    let families: &[&str] = match thing {
        Thing::User(_) | Thing::Role(_) => &["aws:ResourceTag/", "iam:ResourceTag/"],
        Thing::Registered(_) | Thing::Nothing => &["aws:ResourceTag/"],
    };
    for (key, value) in tags(thing.entry(), "tags").into_iter().flatten() {
        for family in families {
            let key = format!("{family}{key}");
            match value.as_str() {
                Some(value) if !given => context.set(&key, value),
                value => context.put(&key, value),
            }
        }
    }
}
