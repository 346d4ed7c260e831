//! Reading a case.

use std::sync::Arc;

use trilby_model::json::{Node, Value, escape_pointer};
use trilby_model::{AccountId, Action, Arn};
use trilby_policy::{Document, Grammar, Kind};

use super::answer::{CaseError, Failed};
use super::{context, principal};
use crate::compiled::{CompiledPolicy, Resolution};
use crate::context::{Fill, Surroundings, derive};
use crate::layer::{LayerKind, Layers, Level};
use crate::request::{Request, Resource};

/// The most levels of a chain. A tree has seven: the root, five units, the account.
const LEVELS_MAX: usize = 64;

const PRINCIPAL_ARN: &str = "aws:PrincipalArn";

/// A case, ready to be evaluated.
pub(super) struct Case {
    pub(super) request: Request,
    pub(super) layers: Layers,
}

type Read<T> = Result<T, CaseError>;

impl Case {
    pub(super) fn read(case: &Node) -> Read<Self> {
        members(case, "", &["id", "request", "policies"])?;
        let request = case.get("request").ok_or_else(|| missing("", "request"))?;
        Ok(Self {
            request: read_request(request)?,
            layers: read_layers(case.get("policies"))?,
        })
    }
}

/// What a case calls itself: a string or a number, else its line.
pub(super) fn id(case: &Node, line: u64) -> Result<serde_json::Value, Failed> {
    match case.get("id").map(|node| (&node.value, node)) {
        None => Ok(line.into()),
        Some((Value::String(_) | Value::Number(_), node)) => Ok(node.to_serde()),
        Some((Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_), node)) => {
            let message = format!("`id` is a string or a number, not {}", node.value.kind());
            Err(Failed {
                id: line.into(),
                error: CaseError::wrong("/id", message),
            })
        }
    }
}

fn read_request(node: &Node) -> Read<Request> {
    const AT: &str = "/request";
    members(
        node,
        AT,
        &[
            "principal",
            "role",
            "user",
            "action",
            "resource",
            "resource_account",
            "context",
        ],
    )?;
    let action: Action = parsed(required(node, AT, "action")?, "/request/action")?;
    let asks = required(node, AT, "principal")?;
    let who = principal::read(asks, node.get("role"), node.get("user"), &action)?;
    let resource = node
        .get("resource")
        .map_or(Ok(Resource::Any), |node| parsed(node, "/request/resource"))?;
    let resource_account: Option<AccountId> = node
        .get("resource_account")
        .map(|node| parsed(node, "/request/resource_account"))
        .transpose()?;
    let mut request = Request::new(who, action, resource);
    request.resource_account = resource_account;
    request.resource_account = request.owner();
    request.context = node
        .get("context")
        .map(context::read)
        .transpose()?
        .unwrap_or_default();
    // A root user goes by the ARN that the case gives it, as every caller does.
    let written = asks.as_str().filter(|_| request.principal.is_root());
    if let Some(arn) = written.filter(|_| !request.context.contains(PRINCIPAL_ARN)) {
        request.context.insert(PRINCIPAL_ARN, arn);
    }
    let surroundings = Surroundings {
        resource_account: request.resource_account,
        ..Surroundings::default()
    };
    derive(
        &mut request.context,
        &request.principal,
        &surroundings,
        Fill::Complete,
    );
    Ok(request)
}

fn read_layers(node: Option<&Node>) -> Read<Layers> {
    let Some(node) = node else {
        return Ok(Layers::default());
    };
    members(
        node,
        "/policies",
        &["identity", "resource", "boundary", "session", "scp", "rcp"],
    )?;
    let get = |name: &str| node.get(name).filter(|node| node.value != Value::Null);
    let list = |seat: Seat| {
        get(seat.layer.as_str())
            .map(|node| seat.list(node, &seat.path()))
            .transpose()
    };
    let chain = |seat: Seat| {
        get(seat.layer.as_str())
            .map(|node| seat.chain(node))
            .transpose()
    };
    Ok(Layers {
        identity: list(Seat::new(LayerKind::Identity, Kind::Identity))?.unwrap_or_default(),
        boundary: list(Seat::new(LayerKind::Boundary, Kind::Boundary))?,
        session: list(Seat::new(LayerKind::Session, Kind::Session))?,
        resource: get("resource")
            .map(|node| {
                Seat::new(LayerKind::Resource, Kind::Resource).policy(
                    node,
                    "/policies/resource",
                    "resource",
                )
            })
            .transpose()?,
        scp: chain(Seat::new(LayerKind::Scp, Kind::Scp))?,
        rcp: chain(Seat::new(LayerKind::Rcp, Kind::Rcp))?,
        ..Layers::default()
    })
}

/// Where a document is put, and what it is held to there.
#[derive(Clone, Copy)]
struct Seat {
    layer: LayerKind,
    kind: Kind,
}

impl Seat {
    fn new(layer: LayerKind, kind: Kind) -> Self {
        Self { layer, kind }
    }

    fn path(self) -> String {
        format!("/policies/{}", self.layer.as_str())
    }

    fn list(self, node: &Node, path: &str) -> Read<Vec<Arc<CompiledPolicy>>> {
        let read = |(index, node)| {
            self.policy(
                node,
                &format!("{path}/{index}"),
                &format!("{}/{index}", self.layer.as_str()),
            )
        };
        items(node, path)?.iter().enumerate().map(read).collect()
    }

    fn chain(self, node: &Node) -> Read<Vec<Level>> {
        let path = self.path();
        let levels = items(node, &path)?;
        if levels.len() > LEVELS_MAX {
            let message = format!("a chain has at most {LEVELS_MAX} levels");
            return Err(CaseError::wrong(path, message));
        }
        let read = |(index, node): (usize, &Node)| {
            Ok(Level {
                name: index.to_string().into(),
                policies: self.list(node, &format!("{path}/{index}"))?,
            })
        };
        levels.iter().enumerate().map(read).collect()
    }

    /// One policy; `unnamed` is what it is called without a name.
    fn policy(self, node: &Node, path: &str, unnamed: &str) -> Read<Arc<CompiledPolicy>> {
        members(node, path, &["name", "document"])?;
        let name = node
            .get("name")
            .map_or(Ok(unnamed), |node| text(node, &format!("{path}/name")))?;
        let document = required(node, path, "document")?;
        let document = Document::from_node(document, self.kind, &Grammar::simulated()).map_err(
            |findings| {
                let finding = findings.first();
                let pointer = finding.map_or("", |finding| finding.pointer.as_str());
                let message = finding.map_or_else(String::new, ToString::to_string);
                CaseError::new(
                    "invalid_policy",
                    format!("{path}/document{pointer}"),
                    message,
                )
            },
        )?;
        Ok(CompiledPolicy::new(name, self.layer, document, &Resolution::ByName).shared())
    }
}

/// Checks that a node is an object with no members but these.
fn members(node: &Node, path: &str, known: &[&str]) -> Read<()> {
    let Some(members) = node.as_object() else {
        return Err(CaseError::wrong(
            path,
            format!("an object is wanted here, not {}", node.value.kind()),
        ));
    };
    match members
        .iter()
        .find(|member| !known.contains(&member.key.as_str()))
    {
        None => Ok(()),
        Some(member) => Err(CaseError::new(
            "unknown_field",
            format!("{path}/{}", escape_pointer(&member.key)),
            format!(
                "`{}` is not known here; there are {}",
                member.key,
                known.join(", ")
            ),
        )),
    }
}

fn required<'a>(node: &'a Node, path: &str, name: &str) -> Read<&'a Node> {
    node.get(name).ok_or_else(|| missing(path, name))
}

fn missing(path: &str, name: &str) -> CaseError {
    CaseError::wrong(format!("{path}/{name}"), format!("`{name}` is missing"))
}

fn items<'a>(node: &'a Node, path: &str) -> Read<&'a [Node]> {
    node.as_array().ok_or_else(|| {
        CaseError::wrong(
            path,
            format!("an array is wanted here, not {}", node.value.kind()),
        )
    })
}

pub(super) fn text<'a>(node: &'a Node, path: &str) -> Read<&'a str> {
    node.as_str().ok_or_else(|| {
        CaseError::wrong(
            path,
            format!("a string is wanted here, not {}", node.value.kind()),
        )
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(node: &Node, path: &str) -> Read<T> {
    text(node, path)?
        .parse()
        .map_err(|error: T::Err| CaseError::wrong(path, error.to_string()))
}

pub(super) fn arn(node: &Node, path: &str) -> Read<Arn> {
    parsed(node, path)
}
