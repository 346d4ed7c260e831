//! A world in the forms of the engine: compiled accounts and organizations, and the question.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde_json::Value;
use trilby_engine::{
    Account, AccountBuilder, CompiledPolicy, FederatedUser, LayerKind, Organization,
    OrganizationBuilder, Precedence, Principal, RegisteredResource, Request, Resolution, Resource,
    Role, RoleSession, RootUser, SessionFacts, TagPrecedence, User, UserPrincipal, Worlds,
};
use trilby_model::{AccountId, Arn, Tags, Timestamp};
use trilby_policy::{Document, Grammar, Kind};

/// Accounts, organizations and a question.
pub struct World {
    /// The question.
    pub request: Request,
    accounts: Vec<Account>,
    organizations: Vec<Organization>,
}

impl World {
    /// Reads a world.
    ///
    /// # Errors
    /// It is not one.
    pub fn read(world: &Value) -> anyhow::Result<Self> {
        let request = request(member(world, "request")?)?;
        Ok(Self {
            request,
            accounts: each(world.get("accounts"), account)?,
            organizations: each(world.get("organizations"), organization)?,
        })
    }

    /// What a decision stands on.
    #[must_use]
    pub fn worlds(&self) -> Worlds<'_> {
        let account = |id: Option<AccountId>| {
            self.accounts
                .iter()
                .find(|account| Some(account.id()) == id)
        };
        let organization = |account: Option<&Account>| {
            let id = account?.organization()?;
            self.organizations
                .iter()
                .find(|organization| organization.id() == id)
        };
        let principal_account = account(self.request.principal.account());
        let resource_account = account(self.request.owner());
        Worlds {
            principal_account,
            principal_org: organization(principal_account),
            resource_account,
            resource_org: organization(resource_account),
        }
    }
}

fn member<'a>(of: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    of.get(name).with_context(|| format!("no `{name}`"))
}

fn text<'a>(of: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    let found = member(of, name)?.as_str();
    found.with_context(|| format!("`{name}` is no text"))
}

/// A member that may be missing or null, read.
fn some<T>(of: &Value, name: &str) -> anyhow::Result<Option<T>>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let found = of.get(name).and_then(Value::as_str);
    found.map(str::parse).transpose().context(name.to_owned())
}

fn one<T>(of: &Value, name: &str) -> anyhow::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text(of, name)?.parse().context(name.to_owned())
}

fn each<T>(
    list: Option<&Value>,
    read: impl Fn(&Value) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.map(read).collect()
}

fn is(of: &Value, name: &str) -> bool {
    of.get(name).and_then(Value::as_bool) == Some(true)
}

fn tags(of: &Value) -> anyhow::Result<Tags> {
    let mut pairs = Vec::new();
    let given = of.get("tags").and_then(Value::as_object);
    for (key, value) in given.into_iter().flatten() {
        let value = value.as_str().context("a tag is a text")?;
        pairs.push((key.parse()?, value.parse()?));
    }
    Ok(Tags::new(pairs)?)
}

fn request(told: &Value) -> anyhow::Result<Request> {
    let resource = match told.get("resource").and_then(Value::as_str) {
        Some(text) => text.parse()?,
        None => Resource::Any,
    };
    let principal = principal(member(told, "principal")?)?;
    let mut request = Request::new(principal, one(told, "action")?, resource);
    request.resource_account = some(told, "resource_account")?;
    let plain = |value: &Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let context = told.get("context").and_then(Value::as_object);
    for (key, value) in context.into_iter().flatten() {
        match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(plain).collect();
                request.context.insert(key, items);
            }
            one => request.context.insert(key, plain(one)),
        }
    }
    request.time = time(told, "time");
    let precedence = |side: &str| match told.pointer(&format!("/tags/{side}")) {
        Some(word) if word == "given" => Precedence::Given,
        Some(_) | None => Precedence::Stored,
    };
    request.tags = TagPrecedence {
        principal: precedence("principal"),
        resource: precedence("resource"),
    };
    Ok(request)
}

fn time(of: &Value, name: &str) -> Option<Timestamp> {
    let seconds = of.get(name)?.as_i64()?;
    Some(Timestamp::from_unix_seconds(seconds))
}

fn session(of: &Value) -> SessionFacts {
    let Some(told) = of.get("session") else {
        return SessionFacts::default();
    };
    let word = |name: &str| told.get(name)?.as_str().map(str::to_owned);
    let depth = told.get("chain_depth").and_then(Value::as_u64);
    SessionFacts {
        issued_at: time(told, "issued_at"),
        mfa_at: time(told, "mfa_at"),
        source_identity: word("source_identity"),
        federated_provider: word("federated_provider"),
        chain_depth: depth.and_then(|depth| depth.try_into().ok()),
    }
}

fn principal(told: &Value) -> anyhow::Result<Principal> {
    let passed = || list(told, "policies", LayerKind::Session, Kind::Session);
    Ok(match text(told, "kind")? {
        "anonymous" => Principal::Anonymous,
        "service" => Principal::Service {
            name: text(told, "name")?.to_owned(),
        },
        "web_identity" => Principal::WebIdentity {
            provider: one(told, "arn")?,
            provider_id: some(told, "id")?,
        },
        "root" => Principal::Root(RootUser {
            account: one(told, "account")?,
            session: session(told),
        }),
        "user" => Principal::User(UserPrincipal {
            arn: one(told, "arn")?,
            id: some(told, "id")?,
            account: one(told, "account")?,
            name: text(told, "name")?.to_owned(),
            tags: tags(told)?,
            session: session(told),
        }),
        "role_session" => Principal::RoleSession(RoleSession {
            session_arn: one(told, "arn")?,
            role_arn: one(told, "role")?,
            role_id: some(told, "id")?,
            account: one(told, "account")?,
            session_name: text(told, "name")?.to_owned(),
            tags: tags(told)?,
            session_policies: passed()?,
            session: session(told),
        }),
        "federated_user" => Principal::FederatedUserSession(FederatedUser {
            session_arn: one(told, "arn")?,
            user_arn: some(told, "user")?,
            user_id: some(told, "id")?,
            account: one(told, "account")?,
            name: text(told, "name")?.to_owned(),
            tags: tags(told)?,
            session_policies: passed()?,
            session: session(told),
        }),
        other => bail!("nobody is a `{other}`"),
    })
}

fn policy(told: &Value, layer: LayerKind, kind: Kind) -> anyhow::Result<Arc<CompiledPolicy>> {
    let written = member(told, "document")?.to_string();
    let resolution = match told.get("ids").and_then(Value::as_object) {
        None => Resolution::ByName,
        Some(ids) => {
            let mut pairs: Vec<(Arn, &str)> = Vec::new();
            for (arn, id) in ids {
                pairs.push((arn.parse()?, id.as_str().context("an id is a text")?));
            }
            Resolution::by_id(pairs.iter().map(|(arn, id)| (arn, *id)))
        }
    };
    let (name, grammar) = (text(told, "name")?, Grammar::simulated());
    // Policies of accounts are kept as text, those of sessions as documents: some of each.
    let policy = if written.len().is_multiple_of(3) {
        Document::parse(&written, kind, &grammar)
            .map(|document| CompiledPolicy::new(name, layer, document, &resolution))
    } else {
        let text = written.as_str().into();
        CompiledPolicy::read(name, layer, text, kind, grammar, &resolution)
    };
    match policy {
        Ok(policy) => Ok(policy.shared()),
        Err(findings) => bail!("{findings:?} in {written}"),
    }
}

/// A list of policies that may be missing or null.
fn list(
    of: &Value,
    name: &str,
    layer: LayerKind,
    kind: Kind,
) -> anyhow::Result<Option<Vec<Arc<CompiledPolicy>>>> {
    let there = of.get(name).filter(|list| !list.is_null());
    there
        .map(|list| each(Some(list), |told| policy(told, layer, kind)))
        .transpose()
}

fn account(told: &Value) -> anyhow::Result<Account> {
    let mut builder = AccountBuilder::new(one(told, "id")?);
    builder.set_organization(some(told, "organization")?);
    builder.set_caps_everything(is(told, "caps_everything"));
    let identity = |of: &Value| -> anyhow::Result<_> {
        let policies = list(of, "policies", LayerKind::Identity, Kind::Identity)?;
        Ok(policies.unwrap_or_default())
    };
    let boundary = |of: &Value| list(of, "boundary", LayerKind::Boundary, Kind::Boundary);
    let on_it = |of: &Value| policy(of, LayerKind::Resource, Kind::Resource);
    for group in each(told.get("groups"), |group| {
        Ok((one(group, "id")?, identity(group)?))
    })? {
        builder.set_group(group.0, group.1);
    }
    for user in each(told.get("users"), |user| {
        Ok(User {
            id: one(user, "id")?,
            name: text(user, "name")?.to_owned(),
            arn: one(user, "arn")?,
            tags: tags(user)?,
            policies: identity(user)?,
            groups: each(user.get("groups"), |id| {
                Ok(id.as_str().context("a group's id is a text")?.parse()?)
            })?,
            boundary: boundary(user)?,
            disabled: is(user, "disabled"),
        })
    })? {
        builder.add_user(user);
    }
    for role in each(told.get("roles"), |role| {
        Ok(Role {
            id: one(role, "id")?,
            name: text(role, "name")?.to_owned(),
            arn: one(role, "arn")?,
            tags: tags(role)?,
            policies: identity(role)?,
            boundary: boundary(role)?,
            trust: on_it(member(role, "trust")?)?,
        })
    })? {
        builder.add_role(role);
    }
    for resource in each(told.get("resources"), |resource| {
        let policy = resource.get("policy").filter(|policy| !policy.is_null());
        Ok(RegisteredResource {
            arn: one(resource, "arn")?,
            tags: tags(resource)?,
            policy: policy.map(on_it).transpose()?,
        })
    })? {
        builder.add_resource(resource);
    }
    for of in each(told.get("trust_required"), |of| {
        let of = of.as_str().context("a type is a text")?;
        let (service, kind) = of.split_once(':').context("a type has a service")?;
        Ok((service.to_owned(), kind.to_owned()))
    })? {
        builder.require_trust(&of.0, &of.1);
    }
    Ok(builder.build())
}

fn organization(told: &Value) -> anyhow::Result<Organization> {
    let mut builder = OrganizationBuilder::new(one(told, "id")?, one(told, "management")?);
    builder.scp_on(is(told, "scp")).rcp_on(is(told, "rcp"));
    let parents = member(told, "parents")?.as_object();
    for (node, parent) in parents.into_iter().flatten() {
        builder.place(node, parent.as_str().context("a node is a text")?);
    }
    let attached = member(told, "attached")?.as_object();
    for (node, policies) in attached.into_iter().flatten() {
        let scp = list(policies, "scp", LayerKind::Scp, Kind::Scp)?;
        builder.attach_scp(node, scp.unwrap_or_default());
        let rcp = list(policies, "rcp", LayerKind::Rcp, Kind::Rcp)?;
        builder.attach_rcp(node, rcp.unwrap_or_default());
    }
    let word = |value: &Value| Ok(value.as_str().context("an id is a text")?.to_owned());
    for account in each(told.get("quarantined"), word)? {
        builder.quarantine(account.parse()?);
    }
    for id in each(told.get("quarantined_principals"), word)? {
        builder.quarantine_principal(&id);
    }
    Ok(builder.build())
}
