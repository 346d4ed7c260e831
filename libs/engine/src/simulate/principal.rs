//! Who asks in a case.

use trilby_model::json::{Node, Value};
use trilby_model::{AccountId, Action, Arn, Tags};

use super::answer::CaseError;
use super::case::{arn, text};
use crate::principal::{FederatedUser, Principal, RoleSession, SessionFacts, UserPrincipal};

const AT: &str = "/request/principal";

/// Actions that a caller with nothing but an outside token can ask for.
const OF_LOGINS: [&str; 2] = ["sts:assumerolewithwebidentity", "sts:tagsession"];

/// `role`: the ARN of the role behind a role session. `user`: the ARN of the user behind a federated-user session.
pub(super) fn read(
    node: &Node,
    role: Option<&Node>,
    user: Option<&Node>,
    action: &Action,
) -> Result<Principal, CaseError> {
    let principal = match &node.value {
        Value::String(_) => of_arn(arn(node, AT)?, role, user, action)?,
        Value::Object(_) => of_object(node)?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err(CaseError::wrong(
                AT,
                format!(
                    "a principal is an ARN or an object, not {}",
                    node.value.kind()
                ),
            ));
        }
    };
    if role.is_some() && !matches!(principal, Principal::RoleSession(_)) {
        return Err(CaseError::wrong(
            "/request/role",
            "`role` goes with a role session only",
        ));
    }
    if user.is_some() && !matches!(principal, Principal::FederatedUserSession(_)) {
        return Err(CaseError::wrong(
            "/request/user",
            "`user` goes with a federated-user session only",
        ));
    }
    Ok(principal)
}

fn of_object(node: &Node) -> Result<Principal, CaseError> {
    let members = node.as_object().unwrap_or_default();
    match members {
        [only] if only.key == "service" => {
            let path = format!("{AT}/service");
            let name = text(&only.value, &path)?;
            if name.is_empty() {
                return Err(CaseError::wrong(path, "a service has a name"));
            }
            Ok(Principal::Service {
                name: name.to_owned(),
            })
        }
        [only] if only.key == "anonymous" && only.value.value == Value::Bool(true) => {
            Ok(Principal::Anonymous)
        }
        _ => Err(CaseError::wrong(
            AT,
            "a principal is an ARN, {\"service\": name} or {\"anonymous\": true}",
        )),
    }
}

fn of_arn(
    arn: Arn,
    role: Option<&Node>,
    user: Option<&Node>,
    action: &Action,
) -> Result<Principal, CaseError> {
    let account = arn
        .account_id()
        .ok_or_else(|| CaseError::wrong(AT, format!("`{arn}` names no account of 12 digits")))?;
    if !is_of_one(&arn) {
        return Err(CaseError::wrong(AT, not_of_one(&arn)));
    }
    let mut parts = arn.resource().splitn(2, '/');
    let (kind, rest) = (
        parts.next().unwrap_or_default(),
        parts.next().filter(|rest| !rest.is_empty()),
    );
    match (arn.service(), kind, rest) {
        ("iam", "root", None) => Ok(Principal::root(account)),
        ("iam", "user", Some(name)) => Ok(user_of(&arn, account, last(name))),
        ("sts", "assumed-role", Some(rest)) => role_session(&arn, account, rest, role),
        ("sts", "federated-user", Some(name)) if !name.contains('/') => {
            federated_user(&arn, account, name, user)
        }
        ("iam", "oidc-provider", Some(_)) if OF_LOGINS.contains(&action.key()) => {
            Ok(Principal::WebIdentity {
                provider: arn,
                provider_id: None,
            })
        }
        ("iam", "oidc-provider", Some(_)) => Err(CaseError::wrong(
            AT,
            "a login at an identity provider can only ask for sts:AssumeRoleWithWebIdentity",
        )),
        ("iam", "role", Some(_)) => Err(CaseError::wrong(
            AT,
            "a role never calls; name one of its sessions, arn:P:sts::A:assumed-role/Role/Session",
        )),
        _ => Err(CaseError::wrong(
            AT,
            format!(
                "`{arn}` is not the ARN of a user, role session, federated user or account root"
            ),
        )),
    }
}

/// Whether an ARN can be somebody's: it has no region, and no part of its name is empty or a pattern.
fn is_of_one(arn: &Arn) -> bool {
    let is_name = |part: &str| !part.is_empty() && !part.contains(['*', '?']);
    arn.region().is_empty() && arn.resource().split('/').all(is_name)
}

fn not_of_one(arn: &Arn) -> String {
    format!("`{arn}` names nobody: it has a region, an empty name, or a wildcard")
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn user_of(arn: &Arn, account: AccountId, name: &str) -> Principal {
    Principal::User(UserPrincipal {
        arn: arn.clone(),
        id: None,
        account,
        name: name.to_owned(),
        tags: Tags::default(),
        session: SessionFacts::default(),
    })
}

fn role_session(
    session_arn: &Arn,
    account: AccountId,
    rest: &str,
    role: Option<&Node>,
) -> Result<Principal, CaseError> {
    let (role_name, session_name) = rest
        .split_once('/')
        .filter(|(role, session)| !role.is_empty() && !session.is_empty() && !session.contains('/'))
        .ok_or_else(|| {
            CaseError::wrong(
                AT,
                "a role session is arn:P:sts::A:assumed-role/Role/Session",
            )
        })?;
    let role_arn = match role {
        None => format!(
            "arn:{}:iam::{account}:role/{role_name}",
            session_arn.partition()
        )
        .parse()
        .map_err(|error: trilby_model::ArnError| CaseError::wrong(AT, error.to_string()))?,
        Some(node) => role_of(arn(node, "/request/role")?, account, role_name)?,
    };
    Ok(Principal::RoleSession(RoleSession {
        session_arn: session_arn.clone(),
        role_arn,
        role_id: None,
        account,
        session_name: session_name.to_owned(),
        tags: Tags::default(),
        session_policies: None,
        session: SessionFacts::default(),
    }))
}

/// Checks that a role can be the one behind a session: same account, same name.
fn role_of(role: Arn, account: AccountId, name: &str) -> Result<Arn, CaseError> {
    let fits = role.service() == "iam"
        && role.account_id() == Some(account)
        && role
            .resource()
            .strip_prefix("role/")
            .is_some_and(|path| last(path) == name)
        && is_of_one(&role);
    if fits {
        Ok(role)
    } else {
        Err(CaseError::wrong(
            "/request/role",
            format!("`{role}` is not the role of this session"),
        ))
    }
}

fn federated_user(
    session_arn: &Arn,
    account: AccountId,
    name: &str,
    user: Option<&Node>,
) -> Result<Principal, CaseError> {
    let user_arn = user.map(|node| arn(node, "/request/user")).transpose()?;
    let fits = |user: &Arn| {
        user.service() == "iam"
            && user.account_id() == Some(account)
            && user.resource().starts_with("user/")
            && is_of_one(user)
    };
    if let Some(user) = user_arn.as_ref().filter(|user| !fits(user)) {
        return Err(CaseError::wrong(
            "/request/user",
            format!("`{user}` is not a user of this session's account"),
        ));
    }
    Ok(Principal::FederatedUserSession(FederatedUser {
        session_arn: session_arn.clone(),
        user_arn,
        user_id: None,
        account,
        name: name.to_owned(),
        tags: Tags::default(),
        session_policies: None,
        session: SessionFacts::default(),
    }))
}
