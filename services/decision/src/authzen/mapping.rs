//! From AuthZEN's words to the engine's: subject to principal, action, resource to ARN, properties to condition keys.
//!
//! Ids are data, never patterns: what an id holds can match a pattern of a policy and cannot become one. An id cannot reach out of
//! its account or its type, whatever characters it has, unless it is an ARN as a whole.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use trilby_account::{Account, PrincipalId, Ref, SubjectKey};
use trilby_engine::{Principal, Request, RoleSession, SessionFacts, UserPrincipal};
use trilby_model::json::{Node, Value};
use trilby_model::{AccountId, Action, Arn, Tags, Timestamp};
use trilby_policy::{Context, ContextError, ContextValue};
use trilby_service::problem::{Code, FieldError, Problem};

use super::request::{Entity, Evaluation};
use super::session::NoSession;

/// Name of the session under which a role is evaluated that nobody has put on.
const ROLE_PROBE_SESSION: &str = "evaluation";
/// Prefix of actions on resources of type `route` (API gateways).
const ROUTE_SERVICE: &str = "http";
/// Condition keys that one question may bring along.
const KEYS_MAX: usize = 1_000;

/// Members of the context that say where the subject is: they become `trilby:SourceIp`, a key that is not the asker's own.
pub const ADDRESSES: [&str; 2] = ["ip", "ip_address"];

/// A question in the engine's words.
#[derive(Debug, Clone)]
pub struct Question {
    /// For the engine.
    pub request: Request,
    /// The principal's account, if it has one.
    pub principal_account: Option<AccountId>,
    /// The resource owner's account.
    pub resource_account: Option<AccountId>,
    /// Whether the subject is somebody. One who is not is asked about as an anonymous caller.
    pub subject_known: bool,
}

/// Why a question needs no engine: the answer is no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswerable {
    /// The action is of no service, and nothing says of which.
    NoService,
    /// The action has no name that a policy could have.
    Action,
    /// The resource has no name that a policy could have.
    Resource,
    /// Neither the principal nor the resource's owner is the path's account.
    Foreign,
    /// The subject is a session that does not stand.
    Session(NoSession),
}

impl Unanswerable {
    /// For the sentence that explains the answer.
    pub fn message(self) -> String {
        match self {
            Self::Action => {
                "the action is not the name of one operation: write `service:Operation`, without wildcards".to_owned()
            }
            Self::NoService => {
                "the action names no service: write `service:Operation` (without a service it is that of the account's application, if it has exactly one)".to_owned()
            }
            Self::Resource => "the resource has no name that a policy could allow".to_owned(),
            Self::Foreign => {
                "neither the principal nor the resource belongs to this account".to_owned()
            }
            Self::Session(why) => why.message(),
        }
    }
}

/// What a question maps to.
pub type Mapped = Result<Question, Unanswerable>;

/// Maps a question that is asked in `account`. `session`: the principal, if the subject is a session that stands.
///
/// Error: 400 if two properties differ by case only, or there are too many. Nothing else about values is refused here: one that does
/// not parse is kept as text, and typed operators then do not match it.
pub fn map(
    evaluation: &Evaluation<'_>,
    account: &Account,
    session: Option<Principal>,
    now: Timestamp,
) -> Result<Mapped, Problem> {
    let context = context(evaluation)?;
    let default_service = default_service(account);
    let action = match action(evaluation, default_service.as_deref()) {
        Ok(action) => action,
        Err(why) => return Ok(Err(why)),
    };
    let Some(resource) = resource(&evaluation.resource, &action, account.id()) else {
        return Ok(Err(Unanswerable::Resource));
    };
    let known = session.or_else(|| known_principal(&evaluation.subject, account));
    let subject_known = known.is_some() || evaluation.subject.kind == "anonymous";
    // What is granted to everyone is granted to nobody in particular too, and nothing else.
    let principal = known.unwrap_or(Principal::Anonymous);
    let principal_account = principal.account();
    let resource_account = match resource.account() {
        "" => Some(account.id()),
        text => text.parse().ok(),
    };
    let here = Some(account.id());
    if principal_account != here && resource_account != here {
        return Ok(Err(Unanswerable::Foreign));
    }
    let mut request = Request::new(principal, action, resource);
    request.resource_account = resource_account;
    request.context = context;
    request.time = Some(now);
    Ok(Ok(Question {
        request,
        principal_account,
        resource_account,
        subject_known,
    }))
}

/// The account's application, if it has exactly one: the prefix of what is named without one.
fn default_service(account: &Account) -> Option<String> {
    let mut names = account
        .applications()
        .iter()
        .map(|(name, _)| name.to_string());
    let first = names.next()?;
    names.next().is_none().then_some(first)
}

fn action(
    evaluation: &Evaluation<'_>,
    default_service: Option<&str>,
) -> Result<Action, Unanswerable> {
    let name = &evaluation.action.name;
    let parsed = if name.contains(':') {
        name.parse()
    } else if evaluation.resource.kind == "route" {
        format!("{ROUTE_SERVICE}:{name}").parse()
    } else {
        let service = default_service.ok_or(Unanswerable::NoService)?;
        format!("{service}:{name}").parse()
    };
    parsed.map_err(|_| Unanswerable::Action)
}

/// The resource's ARN: as given, or `arn:trilby:<service>::<account>:<type>/<id>`.
fn resource(entity: &Entity<'_>, action: &Action, account: AccountId) -> Option<Arn> {
    if entity.id.starts_with("arn:") {
        return entity.id.parse().ok();
    }
    // The type ends at the first slash of the last part; it must not bring one of its own, nor a colon.
    let kind = entity
        .kind
        .replace('%', "%25")
        .replace('/', "%2F")
        .replace(':', "%3A");
    format!(
        "arn:{}:{}::{account}:{kind}/{}",
        trilby_model::brand::PARTITION,
        action.service().to_lowercase(),
        entity.id
    )
    .parse()
    .ok()
}

/// Who is meant, if that is somebody of this account or, by ARN, of another.
fn known_principal(subject: &Entity<'_>, account: &Account) -> Option<Principal> {
    if subject.id.starts_with("arn:") {
        return by_arn(&subject.id.parse().ok()?, &subject.kind, account);
    }
    let alias = SubjectKey::new(&subject.kind, &subject.id)
        .ok()
        .and_then(|key| account.subject_alias(&key));
    if let Some(alias) = alias {
        return by_id(&alias.principal, account);
    }
    match subject.kind.as_str() {
        "user" | "identity" => user(account, &subject.id.parse().ok()?),
        "role" => role(account, &subject.id.parse().ok()?),
        "service" => Some(Principal::Service {
            name: subject.id.clone(),
        }),
        // Whether the account is there, and in service, the state that is decided on tells.
        "account" => subject.id.parse().ok().map(Principal::root),
        _ => None,
    }
}

fn by_id(id: &PrincipalId, account: &Account) -> Option<Principal> {
    match id {
        PrincipalId::User(id) => user(account, &Ref::Id(id.clone())),
        PrincipalId::Role(id) => role(account, &Ref::Id(id.clone())),
    }
}

fn user(account: &Account, reference: &trilby_account::UserRef) -> Option<Principal> {
    let user = account.user(reference)?;
    Some(Principal::User(UserPrincipal {
        arn: Arn::user(&account.id(), &user.path, &user.name),
        id: Some(user.id.clone()),
        account: account.id(),
        name: user.name.to_string(),
        tags: Tags::default(),
        session: SessionFacts::default(),
    }))
}

/// A role as if it had just been put on, without a session policy.
fn role(account: &Account, reference: &trilby_account::RoleRef) -> Option<Principal> {
    let role = account.role(reference)?;
    Some(Principal::RoleSession(RoleSession {
        session_arn: Arn::assumed_role(
            &account.id(),
            &role.name,
            &ROLE_PROBE_SESSION.parse().ok()?,
        ),
        role_arn: Arn::role(&account.id(), &role.path, &role.name),
        role_id: Some(role.id.clone()),
        account: account.id(),
        session_name: ROLE_PROBE_SESSION.to_owned(),
        tags: Tags::default(),
        session_policies: None,
        session: SessionFacts::default(),
    }))
}

/// A principal by ARN, if its kind is the one the subject's type says. One of another account is found there by the engine.
fn by_arn(arn: &Arn, kind: &str, account: &Account) -> Option<Principal> {
    if arn.service() != "iam" || !arn.region().is_empty() {
        return None;
    }
    let owner: AccountId = arn.account().parse().ok()?;
    let local = owner == account.id();
    match (kind, arn.resource().split_once('/')) {
        ("user" | "identity", Some(("user", rest))) => {
            let name = rest.rsplit('/').next()?;
            if local {
                return user(account, &Ref::Name(name.parse().ok()?))
                    .filter(|found| named_so(found, arn));
            }
            Some(Principal::User(UserPrincipal {
                arn: arn.clone(),
                id: None,
                account: owner,
                name: name.to_owned(),
                tags: Tags::default(),
                session: SessionFacts::default(),
            }))
        }
        ("role", Some(("role", rest))) => {
            let name = rest.rsplit('/').next()?.parse().ok()?;
            if local {
                return role(account, &Ref::Name(name)).filter(|found| named_so(found, arn));
            }
            Some(Principal::RoleSession(RoleSession {
                session_arn: Arn::assumed_role(&owner, &name, &ROLE_PROBE_SESSION.parse().ok()?),
                role_arn: arn.clone(),
                role_id: None,
                account: owner,
                session_name: ROLE_PROBE_SESSION.to_owned(),
                tags: Tags::default(),
                session_policies: None,
                session: SessionFacts::default(),
            }))
        }
        ("account", None) if arn.resource() == "root" => Some(Principal::root(owner)),
        _ => None,
    }
}

/// Whether the ARN names exactly this principal: with its path, and in the case it has.
fn named_so(principal: &Principal, arn: &Arn) -> bool {
    principal
        .principal_arn()
        .is_some_and(|own| own.same_thing(arn))
}

/// Families of condition keys that a question can bring along, in normal form.
const ASKED: [&str; 7] = [
    "authzen:subject/",
    "authzen:resource/",
    "authzen:action/",
    "authzen:context/",
    "aws:principaltag/",
    "aws:resourcetag/",
    "aws:requesttag/",
];

/// Whether a question can bring a value of a condition key along. `key`: in normal form.
pub fn can_be_asked(key: &str) -> bool {
    let mut families = ASKED.iter();
    ["aws:sourceip", "aws:tagkeys"].contains(&key)
        || families.any(|family| key.len() > family.len() && key.starts_with(family))
}

/// The condition keys that the question brings.
fn context(evaluation: &Evaluation<'_>) -> Result<Context, Problem> {
    let mut keys = Keys {
        context: Context::new(),
        count: 0,
    };
    let sides = [
        (
            "subject",
            &evaluation.subject.properties,
            Some("aws:PrincipalTag/"),
        ),
        (
            "resource",
            &evaluation.resource.properties,
            Some("aws:ResourceTag/"),
        ),
        (
            "action",
            &evaluation.action.properties,
            Some("aws:RequestTag/"),
        ),
        ("context", &evaluation.context, None),
    ];
    for (side, properties, tag) in sides {
        for (name, node) in properties {
            let at = if side == "context" {
                format!("/context/{name}")
            } else {
                format!("/{side}/properties/{name}")
            };
            keys.add(&format!("authzen:{side}/{name}"), node, &at)?;
            if let (Some(prefix), Some(value)) = (tag, scalar(node)) {
                keys.put(&format!("{prefix}{name}"), ContextValue::Scalar(value), &at)?;
            }
        }
    }
    for name in ADDRESSES {
        let address = evaluation
            .context
            .iter()
            .find(|(key, _)| *key == name)
            .and_then(|(_, node)| scalar(node));
        if let Some(address) = address.and_then(|text| text.parse::<IpAddr>().ok()) {
            // One address, however it is written: ranges are of addresses as they are.
            let address = address.to_canonical().to_string();
            keys.context
                .insert("aws:SourceIp", ContextValue::Scalar(address));
            break;
        }
    }
    let tags = &evaluation.action.properties;
    let names = tags.iter().filter(|(_, node)| scalar(node).is_some());
    let names: Vec<String> = names.map(|(name, _)| (*name).to_owned()).collect();
    if !names.is_empty() {
        keys.put(
            "aws:TagKeys",
            ContextValue::List(names),
            "/action/properties",
        )?;
    }
    Ok(keys.context)
}

struct Keys {
    context: Context,
    count: usize,
}

impl Keys {
    /// Objects become keys with slashes, arrays become keys of many values, `null` is no key.
    fn add(&mut self, key: &str, node: &Node, at: &str) -> Result<(), Problem> {
        match &node.value {
            Value::Null => Ok(()),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let text = scalar(node).unwrap_or_default();
                self.put(key, ContextValue::Scalar(text), at)
            }
            Value::Array(items) => {
                let values = items.iter().filter_map(scalar).collect();
                self.put(key, ContextValue::List(values), at)
            }
            Value::Object(members) => {
                for member in members {
                    self.add(
                        &format!("{key}/{}", member.key),
                        &member.value,
                        &format!("{at}/{}", member.key),
                    )?;
                }
                Ok(())
            }
        }
    }

    fn put(&mut self, key: &str, value: ContextValue, at: &str) -> Result<(), Problem> {
        self.count += 1;
        if self.count > KEYS_MAX {
            return Err(refused(
                at,
                &format!("more than {KEYS_MAX} attributes in one question"),
            ));
        }
        self.context
            .try_insert(key, value)
            .map_err(|error| match error {
                ContextError::TooLarge => refused(at, &format!("is too large: {error}")),
                ContextError::EmptyKey
                | ContextError::Duplicate { .. }
                | ContextError::SingleValued { .. } => {
                    refused(at, "is given twice: names are compared without case")
                }
            })
    }
}

fn refused(at: &str, what: &str) -> Problem {
    Problem::new(Code::InvalidParameter, format!("`{at}` {what}")).error(FieldError::at(
        at,
        Code::InvalidParameter,
        what,
    ))
}

/// A single value as text; none for `null`, arrays and objects.
fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(text) | Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
