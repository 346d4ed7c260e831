//! A question in a world: accounts with their users, roles and resources, and the organizations they are in.
//!
//! ```json
//! {
//!   "request": { "principal": { "kind": "user", "arn": "…", "account": "…" }, "action": "…", "resource": "…" },
//!   "accounts": [ { "id": "…", "users": [], "roles": [], "groups": [], "resources": [] } ],
//!   "organizations": [ { "id": "…", "management": "…", "parents": {}, "attached": {} } ]
//! }
//! ```
//! Nothing is kept from one question to the next: everybody is looked for anew, in lists.

mod keys;
mod people;
mod tree;

use serde_json::Value;

use crate::caller::Caller;
use crate::combine::Stance;
use crate::context::Context;
use crate::decide::{Answer, Question, judge};
use crate::fault::Fault;
use crate::pattern::{name, same};
use crate::seats::{Layers, items};
use people::Known;
use tree::Place;

pub(crate) fn decide(world: &Value, fault: Option<Fault>) -> Answer {
    let request = world.get("request").unwrap_or(&Value::Null);
    let empty = Context::given(&Value::Null, fault);
    let World {
        caller,
        home,
        owner,
        known,
    } = World::of(world, request, &empty);
    let (Ok(home_place), Ok(owner_place)) = (Place::of(world, home), Place::of(world, owner))
    else {
        return Answer::error();
    };
    let asked = request.get("resource").and_then(Value::as_str);
    let asked = asked.unwrap_or("*");
    let action = request.get("action").and_then(Value::as_str);
    let action = action.unwrap_or_default();
    let thing = Thing::find(owner, asked, &empty);

    let context = keys::context(
        request,
        &keys::About {
            caller: &caller,
            known: known.entry,
            home: home_place.as_ref(),
            thing: &thing,
            owner: owner_place.as_ref(),
        },
        fault,
    );
    let managed = fault != Some(Fault::ManagementIsBound);
    let of_owner = |key: &str| owner.and_then(|account| account.get(key));
    let layers = Layers {
        identity: known.policies(home, fault),
        boundary: known.list("boundary"),
        session: request
            .pointer("/principal/policies")
            .filter(|policies| !policies.is_null())
            .map(items),
        resource: policy_on(owner, asked, action, &thing, &empty),
        scp: chain(home_place.as_ref(), "scp", managed),
        rcp: chain(owner_place.as_ref(), "rcp", managed),
    };
    let trusted_types = of_owner("trust_required").map(items).unwrap_or_default();
    let quarantined = home_place
        .as_ref()
        .is_some_and(|place| place.is_quarantined(caller.id.as_deref()));
    let caps = of_owner("caps_everything").and_then(Value::as_bool);
    judge(&Question {
        caller: &caller,
        action,
        resource: asked,
        context: &context,
        seats: layers.seated(&caller),
        stance: Stance {
            standing: known.standing,
            caps_everything: caps.unwrap_or(false),
            trust_required: type_of(asked).is_some_and(|of| trusted_types.contains(&&of.into())),
            quarantined,
        },
    })
}

fn chain<'a>(place: Option<&Place<'a>>, kind: &str, managed: bool) -> Vec<Vec<&'a Value>> {
    place
        .map(|place| place.chain(kind, managed))
        .unwrap_or_default()
}

/// Who asks and whose the thing is, with what the accounts know of both.
struct World<'a> {
    caller: Caller,
    /// The caller's account, if there is such an account.
    home: Option<&'a Value>,
    /// The account that owns what is asked about.
    owner: Option<&'a Value>,
    known: Known<'a>,
}

impl<'a> World<'a> {
    fn of(world: &'a Value, request: &Value, context: &Context) -> Self {
        let account = |id: Option<&str>| {
            let accounts = world.get("accounts").map(items).unwrap_or_default();
            let wanted = id?;
            accounts
                .into_iter()
                .find(|account| account.get("id").and_then(Value::as_str) == Some(wanted))
        };
        let mut caller = people::caller(request);
        let home = account(caller.account.as_deref());
        let owner = account(caller.owner.as_deref());
        let known = Known::find(&mut caller, request, home, context);
        Self {
            caller,
            home,
            owner,
            known,
        }
    }
}

/// What is asked about, as its owner knows it.
enum Thing<'a> {
    Role(&'a Value),
    User(&'a Value),
    Registered(&'a Value),
    Nothing,
}

impl<'a> Thing<'a> {
    fn find(owner: Option<&'a Value>, asked: &str, context: &Context) -> Self {
        let find = |list: &str| called(owner, list, asked, context);
        if let Some(role) = find("roles") {
            Self::Role(role)
        } else if let Some(user) = find("users") {
            Self::User(user)
        } else {
            find("resources").map_or(Self::Nothing, Self::Registered)
        }
    }

    fn entry(&self) -> Option<&'a Value> {
        match self {
            Self::Role(entry) | Self::User(entry) | Self::Registered(entry) => Some(entry),
            Self::Nothing => None,
        }
    }
}

/// The entry of an account's list that has this name.
fn called<'a>(
    account: Option<&'a Value>,
    list: &str,
    wanted: &str,
    context: &Context,
) -> Option<&'a Value> {
    let entries = account?.get(list).map(items)?;
    entries.into_iter().find(|entry| {
        let arn = entry.get("arn").and_then(Value::as_str);
        arn.is_some_and(|arn| same(arn, wanted, context))
    })
}

/// The one policy on a thing: of a role who may put it on, else its own or that of the nearest thing that holds it.
fn policy_on<'a>(
    owner: Option<&'a Value>,
    asked: &str,
    action: &str,
    thing: &Thing<'a>,
    context: &Context,
) -> Option<&'a Value> {
    if let Thing::Role(role) = thing {
        let puts_on = action.to_lowercase().starts_with("sts:");
        return role.get("trust").filter(|_| puts_on);
    }
    let [arn, partition, service, region, account, resource] = name(asked)?;
    let parts: Vec<&str> = resource.split('/').collect();
    (1..=parts.len()).rev().find_map(|count| {
        let above = count < parts.len();
        if above && context.is_planted(Fault::PoliciesReachNothingBelow) {
            return None;
        }
        let held_by = parts.get(..count)?.join("/");
        let wanted = format!("{arn}:{partition}:{service}:{region}:{account}:{held_by}");
        let registered = called(owner, "resources", &wanted, context)?;
        registered.get("policy").filter(|policy| !policy.is_null())
    })
}

/// `service:type`.
fn type_of(asked: &str) -> Option<String> {
    let [_, _, service, _, _, resource] = name(asked)?;
    let head = resource.split('/').next()?.to_owned();
    Some(format!("{service}:{head}"))
}
