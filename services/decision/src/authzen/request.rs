//! An AuthZEN request, read from its JSON: entities, context, batch.
//!
//! Unlike the rest of our API, unknown members are passed over here, as the standard demands; repeated members are refused
//! before this is reached (by the reader). A JSON `null` counts as absent. Item errors of a batch are kept with the item.
//! Source: OpenID Authorization API 1.0, sections 5 to 7.

#[cfg(test)]
mod tests;

use trilby_model::json::{Node, Value, escape_pointer};
use trilby_service::problem::{Code, Problem};

use super::options::MEMBER;
use super::token::{self, SubjectToken};

/// What the defaults of a batch may hold together, counted once for each question that takes them.
const DEFAULTS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a value counts besides its text.
const VALUE_BYTES: usize = 32;

/// Members of an object of the request.
pub type Members<'a> = Vec<(&'a str, &'a Node)>;

/// A subject or a resource: something with a type and an id.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity<'a> {
    /// Its type, not empty.
    pub kind: String,
    /// Its id within the type, not empty.
    pub id: String,
    /// Attributes the caller asserts.
    pub properties: Members<'a>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionEntity<'a> {
    /// Its name, not empty.
    pub name: String,
    /// Attributes the caller asserts.
    pub properties: Members<'a>,
}

/// One question. What it asserts is borrowed: the questions of a batch share their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'a> {
    /// Who. What it says is only a name if there is a token.
    pub subject: Entity<'a>,
    /// The session that is meant, by its token.
    pub token: Option<SubjectToken>,
    /// Does what.
    pub action: ActionEntity<'a>,
    /// To what.
    pub resource: Entity<'a>,
    /// Under which circumstances.
    pub context: Members<'a>,
}

/// When a batch stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Semantic {
    /// Runs all.
    ExecuteAll,
    /// Stops at the first deny or error.
    DenyOnFirstDeny,
    /// Stops at the first permit.
    PermitOnFirstPermit,
}

/// A request of the batch endpoint.
#[derive(Debug)]
pub enum Batch<'a> {
    /// No `evaluations`: one question, answered in the single form.
    Single(Box<Evaluation<'a>>),
    /// Questions in order; one that is malformed has its problem in its place.
    Many {
        /// The questions.
        items: Vec<Result<Evaluation<'a>, Problem>>,
        /// When to stop.
        semantic: Semantic,
    },
}

impl<'a> Evaluation<'a> {
    /// Reads a single question. Error: 400 naming the member that is missing or has the wrong type.
    pub fn read(node: &'a Node) -> Result<Self, Problem> {
        object(node, "")?;
        Self::merged(&Layers {
            item: node,
            at: "",
            defaults: None,
        })
    }

    fn merged(layers: &Layers<'a, '_>) -> Result<Self, Problem> {
        let (subject, subject_at) = layers.required("subject")?;
        let (action, action_at) = layers.required("action")?;
        let (resource, resource_at) = layers.required("resource")?;
        let mut subject = entity(subject, &subject_at)?;
        let in_properties = take(&mut subject.properties, token::IN_PROPERTIES);
        let (mut context, context_at) = match layers.find("context") {
            Some((node, at)) => (members(node, &at)?, at),
            None => (Vec::new(), String::new()),
        };
        let ours = take(&mut context, MEMBER);
        let own_options = layers.defaults.is_some() && context_at.starts_with("/evaluations/");
        if let (true, Some(ours)) = (own_options, ours) {
            only_a_token(ours, &format!("{context_at}/{MEMBER}"))?;
        }
        let in_context = ours.and_then(|ours| present(ours, token::IN_CONTEXT));
        Ok(Self {
            token: one_token(in_properties, in_context, &subject_at)?,
            subject,
            action: action_entity(action, &action_at)?,
            resource: entity(resource, &resource_at)?,
            context,
        })
    }
}

impl<'a> Batch<'a> {
    /// Reads a batch of at most `items_max` questions. Only the merged items are held to the form, never an unused default.
    ///
    /// Errors: 400 for more questions or a wrong form, 413 if the questions take too much from the defaults. Nothing is
    /// built before both were counted.
    pub fn read(node: &'a Node, items_max: usize) -> Result<Self, Problem> {
        object(node, "")?;
        let items = match present(node, "evaluations") {
            None => return Evaluation::read(node).map(|one| Self::Single(Box::new(one))),
            Some(items) => match &items.value {
                Value::Array(items) => items,
                _ => return Err(wrong("/evaluations", "an array")),
            },
        };
        if items.is_empty() {
            return Evaluation::read(node).map(|one| Self::Single(Box::new(one)));
        }
        if items.len() > items_max {
            return Err(Problem::invalid(
                "/evaluations",
                format!("more than {items_max} evaluations in one request"),
            ));
        }
        let semantic = semantic(node)?;
        let defaults = Defaults::of(node);
        if defaults.bytes_taken_by(items) > DEFAULTS_BYTES_MAX {
            return Err(too_large());
        }
        let items = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let at = format!("/evaluations/{index}");
                object(item, &at)?;
                Evaluation::merged(&Layers {
                    item,
                    at: &at,
                    defaults: Some(&defaults),
                })
            })
            .collect();
        Ok(Self::Many { items, semantic })
    }
}

impl<'a> Batch<'a> {
    /// The questions that could be read.
    pub fn questions(&self) -> impl Iterator<Item = &Evaluation<'a>> {
        let (single, many): (_, &[_]) = match self {
            Self::Single(one) => (Some(&**one), &[]),
            Self::Many { items, .. } => (None, items),
        };
        single
            .into_iter()
            .chain(many.iter().filter_map(|item| item.as_ref().ok()))
    }
}

/// The defaults of a batch, each looked for once.
struct Defaults<'a>([(&'static str, Option<&'a Node>); 4]);

impl<'a> Defaults<'a> {
    fn of(node: &'a Node) -> Self {
        let names = ["subject", "action", "resource", "context"];
        Self(names.map(|name| (name, present(node, name))))
    }

    fn get(&self, name: &str) -> Option<&'a Node> {
        let (_, node) = self.0.iter().find(|(default, _)| *default == name)?;
        *node
    }

    /// What the items take from the defaults, all together.
    fn bytes_taken_by(&self, items: &[Node]) -> usize {
        let taken = self.0.iter().filter_map(|(name, node)| {
            let takers = items.iter().filter(|item| present(item, name).is_none());
            Some(bytes((*node)?).saturating_mul(takers.count()))
        });
        taken.fold(0, usize::saturating_add)
    }
}

/// Bytes of a value with all below it.
fn bytes(node: &Node) -> usize {
    let below = match &node.value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(text) | Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes).sum(),
        Value::Object(members) => members
            .iter()
            .map(|member| member.key.len() + bytes(&member.value))
            .sum(),
    };
    VALUE_BYTES + below
}

/// An item over the defaults of its batch: an entity in the item replaces the default whole.
struct Layers<'a, 'b> {
    item: &'a Node,
    at: &'b str,
    defaults: Option<&'b Defaults<'a>>,
}

impl<'a> Layers<'a, '_> {
    fn find(&self, name: &str) -> Option<(&'a Node, String)> {
        if let Some(node) = present(self.item, name) {
            return Some((node, format!("{}/{name}", self.at)));
        }
        self.defaults
            .and_then(|defaults| defaults.get(name))
            .map(|node| (node, format!("/{name}")))
    }

    fn required(&self, name: &str) -> Result<(&'a Node, String), Problem> {
        self.find(name)
            .ok_or_else(|| missing(&format!("{}/{name}", self.at)))
    }
}

/// Takes a member out: it is ours, and becomes no condition key. One that is `null` is absent.
fn take<'a>(members: &mut Members<'a>, name: &str) -> Option<&'a Node> {
    let at = members.iter().position(|(member, _)| *member == name)?;
    let (_, node) = members.remove(at);
    (!matches!(node.value, Value::Null)).then_some(node)
}

/// A question of a batch names no state and no explanation of its own: all are decided at one position.
fn only_a_token(ours: &Node, at: &str) -> Result<(), Problem> {
    for (name, _) in members(ours, at)? {
        if name != token::IN_CONTEXT {
            let what = "is an option of the whole request, not of one evaluation";
            return Err(Problem::invalid(format!("{at}/{name}"), what));
        }
    }
    Ok(())
}

/// The token of a question, which has two places for it.
fn one_token(
    in_properties: Option<&Node>,
    in_context: Option<&Node>,
    subject_at: &str,
) -> Result<Option<SubjectToken>, Problem> {
    match (in_properties, in_context) {
        (Some(one), Some(other)) if SubjectToken::of(one) != SubjectToken::of(other) => {
            Err(Problem::invalid(
                format!("{subject_at}/properties/{}", token::IN_PROPERTIES),
                "two different tokens are given for one subject",
            ))
        }
        (one, other) => Ok(one.or(other).map(SubjectToken::of)),
    }
}

fn semantic(node: &Node) -> Result<Semantic, Problem> {
    const AT: &str = "/options/evaluations_semantic";
    let Some(options) = present(node, "options") else {
        return Ok(Semantic::ExecuteAll);
    };
    object(options, "/options")?;
    let Some(value) = present(options, "evaluations_semantic") else {
        return Ok(Semantic::ExecuteAll);
    };
    match &value.value {
        Value::String(text) => match text.as_str() {
            "execute_all" => Ok(Semantic::ExecuteAll),
            "deny_on_first_deny" => Ok(Semantic::DenyOnFirstDeny),
            "permit_on_first_permit" => Ok(Semantic::PermitOnFirstPermit),
            _ => Err(Problem::invalid(
                AT,
                "one of `execute_all`, `deny_on_first_deny`, `permit_on_first_permit` is meant",
            )),
        },
        _ => Err(wrong(AT, "a string")),
    }
}

fn entity<'a>(node: &'a Node, at: &str) -> Result<Entity<'a>, Problem> {
    object(node, at)?;
    Ok(Entity {
        kind: text(node, at, "type")?,
        id: text(node, at, "id")?,
        properties: properties(node, at)?,
    })
}

fn action_entity<'a>(node: &'a Node, at: &str) -> Result<ActionEntity<'a>, Problem> {
    object(node, at)?;
    Ok(ActionEntity {
        name: text(node, at, "name")?,
        properties: properties(node, at)?,
    })
}

fn properties<'a>(node: &'a Node, at: &str) -> Result<Members<'a>, Problem> {
    match present(node, "properties") {
        Some(properties) => members(properties, &format!("{at}/properties")),
        None => Ok(Vec::new()),
    }
}

fn members<'a>(node: &'a Node, at: &str) -> Result<Members<'a>, Problem> {
    match &node.value {
        Value::Object(members) => Ok(members
            .iter()
            .map(|member| (member.key.as_str(), &member.value))
            .collect()),
        _ => Err(wrong(at, "an object")),
    }
}

fn text(node: &Node, at: &str, name: &str) -> Result<String, Problem> {
    let at = format!("{at}/{}", escape_pointer(name));
    match present(node, name).map(|node| &node.value) {
        None => Err(missing(&at)),
        Some(Value::String(text)) if text.is_empty() => {
            Err(Problem::invalid(at, "must not be empty"))
        }
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(wrong(&at, "a string")),
    }
}

/// A member that is there and not `null`.
fn present<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.get(name)
        .filter(|node| !matches!(node.value, Value::Null))
}

fn object(node: &Node, at: &str) -> Result<(), Problem> {
    match node.value {
        Value::Object(_) => Ok(()),
        _ => Err(wrong(at, "an object")),
    }
}

fn too_large() -> Problem {
    Problem::new(
        Code::PayloadTooLarge,
        format!(
            "with the defaults that they take, the evaluations are larger than {DEFAULTS_BYTES_MAX} bytes"
        ),
    )
    .with("limit", DEFAULTS_BYTES_MAX)
}

fn missing(at: &str) -> Problem {
    Problem::invalid(at, format!("`{at}` is required"))
}

fn wrong(at: &str, wanted: &str) -> Problem {
    Problem::invalid(at, format!("`{at}` must be {wanted}"))
}
