//! One change, and what it is conditional on.

use serde_json::Value;

/// One change.
pub struct Step {
    pub id: &'static str,
    /// Values of path parameters beside those that are known; `{name}` in them is what is known by that name.
    pub path: Vec<(&'static str, &'static str)>,
    /// Sent as JSON, with every `{name}` in it replaced.
    pub body: Option<Value>,
    pub condition: Condition,
}

/// What the change is conditional on.
#[derive(Clone, Copy)]
pub enum Condition {
    Nothing,
    Absent,
    /// The ETag that a GET of the same path has.
    Unchanged,
    /// The ETag of the path without its last segment.
    ParentUnchanged,
    /// The ETag that the path without its last segment shows here.
    PartUnchanged(&'static str),
    /// The ETag of this path.
    OtherUnchanged(&'static str),
}

/// A change without a body if `body` is null.
pub fn step(id: &'static str, path: &[(&'static str, &'static str)], body: Value) -> Step {
    Step {
        id,
        path: path.to_vec(),
        body: (!body.is_null()).then_some(body),
        condition: Condition::Nothing,
    }
}

impl Step {
    pub fn when(mut self, condition: Condition) -> Step {
        self.condition = condition;
        self
    }
}
