//! Reading a world: short names become ARNs, statements become documents, and all of it two compiled accounts.
//!
//! `user/ana` is a user of the first account, `user/ana@222222222222` of another. Resources belong to application `docs`.
//! Statements are written in lower case (`not_action`), with short names for resources and principals.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use trilby_engine::{
    Account, AccountBuilder, CompiledPolicy, Decision, LayerKind, Organization,
    OrganizationBuilder, Principal, RegisteredResource, Request, Resolution, Resource, Role,
    RoleSession, SessionFacts, User, Worlds, decide,
};
use trilby_model::{AccountId, Arn, GroupId, OrganizationId, Tags, Timestamp};
use trilby_policy::{Document, Grammar, Kind};

const HOME: &str = "111111111111";
const ORGANIZATION: &str = "o-0000000000";
const ROOT: &str = "r-0000";

pub struct World {
    asks: Vec<Value>,
    policies: Map<String, Value>,
    accounts: BTreeMap<String, Account>,
    organization: Option<Organization>,
}

impl World {
    pub fn read(file: &str, text: &str) -> Self {
        let value: Value =
            serde_yaml_ng::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let known = [
            "name",
            "policies",
            "principals",
            "resources",
            "organization",
            "ask",
        ];
        for member in value.as_object().unwrap().keys() {
            assert!(
                known.contains(&member.as_str()),
                "{file}: `{member}` is not known"
            );
        }
        assert!(value["name"].is_string(), "{file}: a world has a name");
        let mut world = Self {
            asks: value["ask"].as_array().unwrap().clone(),
            policies: object(&value["policies"]),
            accounts: BTreeMap::new(),
            organization: None,
        };
        world.organization = value
            .get("organization")
            .map(|tree| world.organization(tree));
        world.accounts = world.accounts(&value);
        world
    }

    pub fn asks(&self) -> &[Value] {
        &self.asks
    }

    /// Asks one question and compares the answer with what is expected of it.
    pub fn check(&self, ask: &Value) -> Result<(), String> {
        let decision = self.decide(ask);
        let told = format!(
            "{}, because of {}: {}",
            decision.outcome.as_str(),
            decision.layer.as_str(),
            decision.message()
        );
        let expected =
            |name: &str, got: &str| match ask.get(name).map(|value| value.as_str().unwrap()) {
                Some(wanted) if wanted != got => Err(format!("wanted {name} {wanted}, got {told}")),
                Some(_) | None => Ok(()),
            };
        expected("expect", decision.outcome.as_str())?;
        expected("because", decision.layer.as_str())?;
        match ask.get("by").map(|value| value.as_str().unwrap()) {
            Some(policy)
                if !decision
                    .deciding
                    .iter()
                    .any(|statement| statement.policy() == policy) =>
            {
                Err(format!("wanted it decided by {policy}, got {told}"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn decide(&self, ask: &Value) -> Decision {
        let known = [
            "principal",
            "session",
            "action",
            "resource",
            "context",
            "time",
            "expect",
            "because",
            "by",
        ];
        for member in ask.as_object().unwrap().keys() {
            assert!(
                known.contains(&member.as_str()),
                "`{member}` is not known in a question"
            );
        }
        let resource: Resource = match ask["resource"].as_str().unwrap() {
            "*" => Resource::Any,
            short => arn(short).parse().unwrap(),
        };
        let mut request = Request::new(
            self.principal(ask),
            ask["action"].as_str().unwrap().parse().unwrap(),
            resource,
        );
        request.time = ask
            .get("time")
            .map(|time| Timestamp::from_unix_seconds(time.as_i64().unwrap()));
        for (key, value) in object(&ask["context"]) {
            match value {
                Value::Array(items) => request
                    .context
                    .insert(key, items.iter().map(plain).collect::<Vec<String>>()),
                other => request.context.insert(key, plain(&other)),
            }
        }
        let account = |id: Option<AccountId>| id.and_then(|id| self.accounts.get(&id.to_string()));
        let worlds = Worlds {
            principal_account: account(request.principal.account()),
            principal_org: self.organization.as_ref(),
            resource_account: account(request.owner()),
            resource_org: self.organization.as_ref(),
        };
        decide(&request, &worlds).unwrap()
    }

    fn principal(&self, ask: &Value) -> Principal {
        let text = ask["principal"].as_str().unwrap();
        let (name, home) = at(text);
        let id: AccountId = home.parse().unwrap();
        let session = object(&ask["session"]);
        let facts = SessionFacts {
            issued_at: session
                .get("issued_at")
                .map(|at| Timestamp::from_unix_seconds(at.as_i64().unwrap())),
            ..SessionFacts::default()
        };
        match name.split_once('/') {
            None if name == "root" => Principal::root(id),
            None if name == "anonymous" => Principal::Anonymous,
            Some(("service", service)) => Principal::Service {
                name: service.to_owned(),
            },
            Some(("provider", provider)) => {
                let provider: Arn = arn(&format!("oidc-provider/{provider}@{home}"))
                    .parse()
                    .unwrap();
                Principal::WebIdentity {
                    provider_id: Some(id_of(&provider).parse().unwrap()),
                    provider,
                }
            }
            Some(("user", user)) => self.accounts[home]
                .user_named(user)
                .unwrap()
                .principal(id, facts),
            Some(("role", role)) => {
                let role = self.accounts[home].role_named(role).unwrap();
                let Some(Principal::RoleSession(made)) = role.principal(id, "s1", facts) else {
                    panic!("a session")
                };
                let session_policies = session.get("policies").map(|names| {
                    names
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|name| {
                            self.compiled(name.as_str().unwrap(), LayerKind::Session, Kind::Session)
                        })
                        .collect()
                });
                Principal::RoleSession(RoleSession {
                    session_policies,
                    tags: tags(session.get("tags")),
                    ..made
                })
            }
            other => panic!("`{text}` is no principal ({other:?})"),
        }
    }

    fn accounts(&self, value: &Value) -> BTreeMap<String, Account> {
        let mut builders: BTreeMap<String, AccountBuilder> = BTreeMap::new();
        let mut builder = |home: &str| -> AccountBuilder {
            builders.remove(home).unwrap_or_else(|| {
                let mut builder = AccountBuilder::new(home.parse().unwrap());
                builder.set_organization(self.organization.as_ref().map(|_| organization_id()));
                builder
            })
        };
        let mut done: BTreeMap<String, AccountBuilder> = BTreeMap::new();
        done.insert(HOME.to_owned(), builder(HOME));
        for (text, fields) in object(&value["principals"]) {
            let (name, home) = at(&text);
            let target = done.entry(home.to_owned()).or_insert_with(|| builder(home));
            self.add_principal(target, name, home, &fields);
        }
        for (text, fields) in object(&value["resources"]) {
            let target = done
                .entry(at(&text).1.to_owned())
                .or_insert_with(|| builder(at(&text).1));
            target.add_resource(RegisteredResource {
                arn: arn(&text).parse().unwrap(),
                tags: tags(fields.get("tags")),
                policy: fields.get("policy").map(|name| {
                    self.compiled(name.as_str().unwrap(), LayerKind::Resource, Kind::Resource)
                }),
            });
        }
        done.into_iter()
            .map(|(home, builder)| (home, builder.build()))
            .collect()
    }

    fn add_principal(&self, builder: &mut AccountBuilder, name: &str, home: &str, fields: &Value) {
        let arn: Arn = arn(&format!("{name}@{home}")).parse().unwrap();
        let (kind, short) = name.split_once('/').unwrap();
        let policies = self.attached(fields);
        let boundary = fields.get("boundary").map(|name| {
            vec![self.compiled(name.as_str().unwrap(), LayerKind::Boundary, Kind::Boundary)]
        });
        let groups = fields.get("groups").map(|names| {
            names
                .as_array()
                .unwrap()
                .iter()
                .map(|name| group_id(name.as_str().unwrap()))
                .collect()
        });
        match kind {
            "user" => builder.add_user(User {
                id: unique("TUSR", &format!("{name}@{home}")).parse().unwrap(),
                name: short.to_owned(),
                arn,
                tags: tags(fields.get("tags")),
                policies,
                groups: groups.unwrap_or_default(),
                boundary,
                disabled: fields
                    .get("disabled")
                    .is_some_and(|value| value.as_bool().unwrap()),
            }),
            "role" => builder.add_role(Role {
                id: unique("TROL", &format!("{name}@{home}")).parse().unwrap(),
                name: short.to_owned(),
                arn,
                tags: tags(fields.get("tags")),
                policies,
                boundary,
                trust: self.compiled(
                    fields["trust"].as_str().unwrap(),
                    LayerKind::Resource,
                    Kind::Trust,
                ),
            }),
            "group" => builder.set_group(group_id(name), policies),
            _ => panic!("`{name}` is no principal"),
        };
    }

    fn attached(&self, fields: &Value) -> Vec<Arc<CompiledPolicy>> {
        let names = fields
            .get("attached")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        names
            .iter()
            .map(|name| self.compiled(name.as_str().unwrap(), LayerKind::Identity, Kind::Identity))
            .collect()
    }

    fn organization(&self, tree: &Value) -> Organization {
        let mut builder = OrganizationBuilder::new(
            organization_id(),
            tree["management"].as_str().unwrap().parse().unwrap(),
        );
        builder
            .scp_on(tree.get("scp").is_some())
            .rcp_on(tree.get("rcp").is_some());
        for account in [HOME, "222222222222", tree["management"].as_str().unwrap()] {
            builder.place(account, ROOT);
        }
        // Whatever hangs elsewhere than on the root: units below each other, accounts below units.
        for (name, parent) in tree.get("tree").map(object).unwrap_or_default() {
            let parent = parent.as_str().unwrap();
            builder.place(&name, if parent == "root" { ROOT } else { parent });
        }
        for account in tree
            .get("quarantine")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            builder.quarantine(account.as_str().unwrap().parse().unwrap());
        }
        let node = |name: &str| {
            if name == "root" {
                ROOT.to_owned()
            } else {
                name.to_owned()
            }
        };
        let compiled = |names: &Value, layer: LayerKind, kind: Kind| -> Vec<Arc<CompiledPolicy>> {
            names
                .as_array()
                .unwrap()
                .iter()
                .map(|name| self.compiled(name.as_str().unwrap(), layer, kind))
                .collect()
        };
        for (name, names) in object(&tree["scp"]) {
            builder.attach_scp(&node(&name), compiled(&names, LayerKind::Scp, Kind::Scp));
        }
        for (name, names) in object(&tree["rcp"]) {
            builder.attach_rcp(&node(&name), compiled(&names, LayerKind::Rcp, Kind::Rcp));
        }
        builder.build()
    }

    /// A policy of the world in one of its seats. Whoever it names is resolved to the id that name has here.
    fn compiled(&self, name: &str, layer: LayerKind, kind: Kind) -> Arc<CompiledPolicy> {
        let written = self
            .policies
            .get(name)
            .unwrap_or_else(|| panic!("no policy `{name}`"));
        let statements = match written {
            Value::Array(items) => items.iter().map(statement).collect(),
            one => vec![statement(one)],
        };
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let document = Document::parse(&text, kind, &Grammar::stored())
            .unwrap_or_else(|findings| panic!("{name}: {findings:?}"));
        let ids: Vec<(Arn, String)> = document
            .principal_arns()
            .into_iter()
            .cloned()
            .chain(
                document
                    .federated_principals()
                    .filter_map(|name| name.parse().ok()),
            )
            .map(|arn: Arn| (arn.clone(), id_of(&arn)))
            .collect();
        let resolution = Resolution::by_id(ids.iter().map(|(arn, id)| (arn, id.as_str())));
        CompiledPolicy::new(name, layer, document, &resolution).shared()
    }
}

fn statement(short: &Value) -> Value {
    let members = short
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| match name.as_str() {
            "sid" => ("Sid", value.clone()),
            "effect" => ("Effect", value.clone()),
            "action" => ("Action", value.clone()),
            "not_action" => ("NotAction", value.clone()),
            "resource" => ("Resource", each(value, arn)),
            "not_resource" => ("NotResource", each(value, arn)),
            "principal" => ("Principal", principal(value)),
            "not_principal" => ("NotPrincipal", principal(value)),
            "condition" => ("Condition", value.clone()),
            other => panic!("`{other}` is not known in a statement"),
        });
    Value::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn each(value: &Value, long: impl Fn(&str) -> String) -> Value {
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| long(item.as_str().unwrap()))
            .collect(),
        one => long(one.as_str().unwrap()).into(),
    }
}

fn principal(value: &Value) -> Value {
    match value {
        Value::String(text) if text == "*" => json!("*"),
        Value::Object(_) => value.clone(),
        names => json!({ "AWS": each(names, |name| match name.strip_prefix("account@") {
            Some(account) => account.to_owned(),
            None => arn(name),
        }) }),
    }
}

/// The long form of a short name; `*` and ARNs are as they are.
fn arn(short: &str) -> String {
    if short == "*" || short.starts_with("arn:") {
        return short.to_owned();
    }
    let (name, home) = at(short);
    let service = match name.split('/').next().unwrap() {
        "user" | "role" | "group" | "oidc-provider" => "iam",
        "assumed-role" => "sts",
        _ => "docs",
    };
    format!("arn:trilby:{service}::{home}:{name}")
}

fn at(text: &str) -> (&str, &str) {
    text.split_once('@').unwrap_or((text, HOME))
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn tags(value: Option<&Value>) -> Tags {
    let pairs = value.map(object).unwrap_or_default();
    Tags::new(
        pairs
            .iter()
            .map(|(key, value)| (key.parse().unwrap(), plain(value).parse().unwrap())),
    )
    .unwrap()
}

fn organization_id() -> OrganizationId {
    ORGANIZATION.parse().unwrap()
}

fn group_id(name: &str) -> GroupId {
    unique("TGRP", name).parse().unwrap()
}

fn id_of(arn: &Arn) -> String {
    let prefix = if arn.resource().starts_with("user/") {
        "TUSR"
    } else if arn.resource().starts_with("oidc-provider/") {
        "TIDP"
    } else {
        "TROL"
    };
    unique(prefix, &format!("{}@{}", arn.resource(), arn.account()))
}

/// An id made from a name and its account.
fn unique(prefix: &str, name: &str) -> String {
    let sum = name.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    format!("{prefix}{:017}", sum % 100_000_000_000_000_000)
}
