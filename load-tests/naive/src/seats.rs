//! Where the policies of a question are, and whether they bind who asks.

use serde_json::Value;

use crate::caller::Caller;

/// The order of evaluation.
pub(crate) const LAYERS: [&str; 6] = ["rcp", "scp", "identity", "resource", "boundary", "session"];

/// A policy in its place.
pub(crate) struct Seat<'a> {
    pub(crate) layer: &'static str,
    pub(crate) level: Option<usize>,
    pub(crate) name: String,
    pub(crate) document: &'a Value,
    /// Who was meant by the names in the document when it was written, by unique id. Without it names are texts.
    pub(crate) ids: Option<&'a Value>,
}

/// Where policies are, and how many levels the chains have.
#[derive(Default)]
pub(crate) struct Seats<'a> {
    pub(crate) all: Vec<Seat<'a>>,
    /// Layers that bind this caller, though they may hold nothing.
    pub(crate) bind: Vec<&'static str>,
    pub(crate) scp: usize,
    pub(crate) rcp: usize,
}

/// Every policy that may bear on a question. `None`: there is no such layer.
#[derive(Default)]
pub(crate) struct Layers<'a> {
    pub(crate) identity: Vec<&'a Value>,
    pub(crate) boundary: Option<Vec<&'a Value>>,
    pub(crate) session: Option<Vec<&'a Value>>,
    pub(crate) resource: Option<&'a Value>,
    pub(crate) scp: Vec<Vec<&'a Value>>,
    pub(crate) rcp: Vec<Vec<&'a Value>>,
}

impl<'a> Layers<'a> {
    /// Of a case, whose layers are written out.
    pub(crate) fn of_case(policies: &'a Value) -> Self {
        let get = |layer: &str| policies.get(layer).filter(|value| !value.is_null());
        let list = |layer: &str| get(layer).map(items);
        let chain = |layer: &str| {
            let levels = get(layer).map(items).unwrap_or_default();
            levels.into_iter().map(items).collect()
        };
        Self {
            identity: list("identity").unwrap_or_default(),
            boundary: list("boundary"),
            session: list("session"),
            resource: get("resource"),
            scp: chain("scp"),
            rcp: chain("rcp"),
        }
    }

    /// Those that bind the caller, in the order of evaluation.
    pub(crate) fn seated(self, caller: &Caller) -> Seats<'a> {
        let mut seats = Seats {
            rcp: self.rcp.len(),
            ..Seats::default()
        };
        seats.chain("rcp", self.rcp);
        if caller.account.is_some() {
            seats.scp = self.scp.len();
            seats.chain("scp", self.scp);
        }
        if caller.has_identity() {
            if !self.identity.is_empty() {
                seats.bind.push("identity");
            }
            seats.flat("identity", self.identity);
        }
        if let Some(policy) = self.resource {
            seats.bind.push("resource");
            seats.sit("resource", None, policy, "resource".to_owned());
        }
        if let Some(policies) = self.boundary.filter(|_| caller.has_identity()) {
            seats.bind.push("boundary");
            seats.flat("boundary", policies);
        }
        if let Some(policies) = self.session.filter(|_| caller.account.is_some()) {
            seats.bind.push("session");
            seats.flat("session", policies);
        }
        seats
    }
}

impl<'a> Seats<'a> {
    fn chain(&mut self, layer: &'static str, levels: Vec<Vec<&'a Value>>) {
        if !levels.is_empty() {
            self.bind.push(layer);
        }
        for (level, policies) in levels.into_iter().enumerate() {
            for (index, policy) in policies.into_iter().enumerate() {
                self.sit(layer, Some(level), policy, format!("{layer}/{index}"));
            }
        }
    }

    fn flat(&mut self, layer: &'static str, policies: Vec<&'a Value>) {
        for (index, policy) in policies.into_iter().enumerate() {
            self.sit(layer, None, policy, format!("{layer}/{index}"));
        }
    }

    fn sit(
        &mut self,
        layer: &'static str,
        level: Option<usize>,
        policy: &'a Value,
        unnamed: String,
    ) {
        let name = policy.get("name").and_then(Value::as_str);
        self.all.push(Seat {
            layer,
            level,
            name: name.map_or(unnamed, str::to_owned),
            document: policy.get("document").unwrap_or(&Value::Null),
            ids: policy.get("ids"),
        });
    }
}

/// The items of a list; of anything else none.
pub(crate) fn items(list: &Value) -> Vec<&Value> {
    list.as_array().into_iter().flatten().collect()
}
