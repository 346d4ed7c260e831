//! Worlds around cases: the same question and the same policies, in accounts and organizations.

mod principals;
mod trees;

use serde_json::{Map, Value, json};

use super::words::{HOME, NAMED, PROVIDERS, USERS};
use crate::caller::{Caller, Kind};
use crate::pattern::{name, six};
use crate::random::Random;

pub(in crate::generate) use principals::id_of;

/// A world in which the question of a case is asked. Its policies stand where the case has them, or a little beside.
#[must_use]
pub fn world(random: &mut Random, case: &Value) -> Value {
    let asked = case.get("request").unwrap_or(&Value::Null);
    let mut caller = Caller::of(asked);
    let policies = case.get("policies").unwrap_or(&Value::Null);
    let get = |layer: &str| {
        policies
            .get(layer)
            .filter(|value| !value.is_null())
            .cloned()
    };

    let mut request = Map::new();
    for key in ["action", "resource", "resource_account", "context"] {
        if let Some(value) = asked.get(key) {
            request.insert(key.into(), value.clone());
        }
    }
    if random.chance(50) {
        request.insert(
            "time".into(),
            (1_767_225_600 + i64::from(random.chance(50))).into(),
        );
    }
    let precedence = |random: &mut Random| if random.chance(20) { "given" } else { "stored" };
    let precedence = json!({ "principal": precedence(random), "resource": precedence(random) });
    request.insert("tags".into(), precedence);

    let mut home = Map::new();
    let principal = principals::principal(random, &caller, get("session"));
    principals::seat(random, &caller, &principal, &get, &mut home);
    caller.id = None;
    request.insert("principal".into(), principal);

    let mut foreign = Map::new();
    let at_home = caller.is_at_home();
    let owner = if at_home { &mut home } else { &mut foreign };
    let resource = asked.get("resource").and_then(Value::as_str);
    if let Some(resource) = resource.filter(|resource| name(resource).is_some()) {
        hold(random, resource, get("resource"), owner);
    }
    owner.insert("caps_everything".into(), random.chance(25).into());

    let mut accounts = Vec::new();
    for (id, mut account, exists) in [
        (caller.account.clone(), home, random.chance(97)),
        (
            caller.owner.clone().filter(|_| !at_home),
            foreign,
            random.chance(95),
        ),
    ] {
        if let Some(id) = id.filter(|_| exists) {
            account.insert("id".into(), id.into());
            accounts.push(account);
        }
    }
    let ids: Vec<String> = accounts
        .iter()
        .filter_map(|account| account.get("id")?.as_str().map(str::to_owned))
        .collect();
    let organizations = trees::organizations(random, &ids, &caller, &get);
    for (account, place) in accounts.iter_mut().zip(&organizations.of) {
        account.insert("organization".into(), (*place).into());
    }
    json!({
        "id": case.get("id"),
        "request": request,
        "accounts": accounts,
        "organizations": organizations.all,
    })
}

/// Registers what is asked about, or what holds it, with a policy on it.
fn hold(
    random: &mut Random,
    resource: &str,
    policy: Option<Value>,
    owner: &mut Map<String, Value>,
) {
    let Some([_, _, service, region, account, path]) = six(resource, false) else {
        return;
    };
    let arn = |path: &str| format!("arn:trilby:{service}:{region}:{account}:{path}");
    let policy = policy.map(|policy| noted(random, policy));
    if service == "iam" && path.starts_with("role/") {
        if random.chance(93) {
            let closed = json!({ "name": "closed", "document": { "Version": "2012-10-17", "Statement":
                { "Effect": "Deny", "Principal": "*", "Action": "sts:Nothing" } } });
            let id = id_of(&arn(&path));
            let trust = policy.unwrap_or(closed);
            // A role that asks about itself is there already.
            if let Some(role) = entry_mut(owner, "roles", &id) {
                role.insert("trust".into(), trust);
                return;
            }
            push(
                owner,
                "roles",
                json!({
                    "id": id,
                    "arn": arn(&path),
                    "name": path.rsplit('/').next(),
                    "tags": tags(random),
                    "policies": [],
                    "boundary": null,
                    "trust": trust,
                }),
            );
        }
        return;
    }
    if random.chance(12) {
        let kind = path.split('/').next().unwrap_or_default();
        owner.insert(
            "trust_required".into(),
            json!([format!("{service}:{kind}")]),
        );
    }
    let above = path.rsplit_once('/').map(|(above, _)| above);
    let mut place = |random: &mut Random, path: &str, policy: Option<Value>| {
        let entry = json!({ "arn": arn(path), "tags": tags(random), "policy": policy });
        push(owner, "resources", entry);
    };
    match above.filter(|above| !above.is_empty() && random.chance(50)) {
        Some(above) => {
            // The nearest that has a policy speaks for what it holds.
            if random.chance(60) {
                place(random, &path, None);
            }
            place(random, above, policy);
        }
        None if random.chance(95) => place(random, &path, policy),
        None => {}
    }
}

/// A policy with the ids of those it names: mostly of who has the name now, at times of who had it before, or of nobody.
fn noted(random: &mut Random, mut policy: Value) -> Value {
    let mut ids = Map::new();
    for named in NAMED.iter().chain(&PROVIDERS).chain(&USERS) {
        let Some(rest) = named.strip_prefix("arn:aws:") else {
            continue;
        };
        let arn = format!("arn:trilby:{rest}");
        match random.below(12) {
            0 => {}
            1 => {
                ids.insert(arn, principals::former_id_of(named).into());
            }
            _ => {
                ids.insert(arn, id_of(named).into());
            }
        }
    }
    if let Some(policy) = policy.as_object_mut() {
        policy.insert("ids".into(), ids.into());
    }
    policy
}

fn push(account: &mut Map<String, Value>, list: &str, entry: Value) {
    let list = account
        .entry(list)
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Some(list) = list.as_array_mut() {
        list.push(entry);
    }
}

fn entry_mut<'a>(
    account: &'a mut Map<String, Value>,
    list: &str,
    id: &str,
) -> Option<&'a mut Map<String, Value>> {
    let entries = account.get_mut(list)?.as_array_mut()?;
    entries
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .find(|entry| entry.get("id").and_then(Value::as_str) == Some(id))
}

fn tags(random: &mut Random) -> Value {
    let mut tags = Map::new();
    if random.chance(55) {
        let value = random.pick(&["red", "blue", "red", "r", "1", ""]);
        tags.insert(random.pick(&["team", "Team"]).into(), value.into());
    }
    if random.chance(30) {
        tags.insert("Cost".into(), "1".into());
    }
    Value::Object(tags)
}

/// Whether a caller is one whom policies can be attached to.
fn is_somebody(caller: &Caller) -> bool {
    matches!(
        caller.kind,
        Kind::User | Kind::RoleSession | Kind::FederatedUser
    )
}

/// The account of a caller, or the one most are of.
fn account_of(caller: &Caller) -> &str {
    caller.account.as_deref().unwrap_or(HOME)
}
