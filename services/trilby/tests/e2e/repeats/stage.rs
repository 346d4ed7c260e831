//! Where changes are done and repeated: an installation, what is known of it by now, and what was done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trilby_testkit::http::{Answer, Client};

use super::step::{Condition, Step};
use crate::acme::{Acme, fresh_key};
use crate::operations::{OPERATOR, Operation, operations, operations_of};

/// An installation in which every change is to be done.
pub struct Stage {
    pub acme: Acme,
    all: BTreeMap<String, Operation>,
    /// Values of path parameters, and of `{names}` in bodies.
    known: BTreeMap<&'static str, String>,
    done: BTreeSet<&'static str>,
}

impl Stage {
    pub fn new(acme: Acme) -> Stage {
        let mut all = operations(&acme.stranger());
        all.extend(operations_of(&acme.stranger(), &[OPERATOR]));
        let all = all.into_iter().map(|one| (one.id.clone(), one)).collect();
        let mut stage = Stage {
            all,
            known: BTreeMap::new(),
            done: BTreeSet::new(),
            acme,
        };
        let (account, organization) = (stage.acme.dev.id.clone(), stage.acme.organization.clone());
        stage.know("account", &account);
        stage.know("organization", &organization);
        stage
    }

    pub fn operation(&self, id: &str) -> &Operation {
        self.all
            .get(id)
            .unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// The operations that want a token and may change something, but for those that were done.
    pub fn missing(&self) -> Vec<&str> {
        let changes = self
            .all
            .values()
            .filter(|one| one.method() != "GET" && !one.is_public());
        let ids = changes.map(|one| one.id.as_str());
        ids.filter(|id| !self.done.contains(id)).collect()
    }

    /// From now on `{name}` is this.
    pub fn know(&mut self, name: &'static str, value: &str) {
        self.known.insert(name, value.to_owned());
    }

    /// What `{name}` is.
    pub fn known(&self, name: &str) -> &str {
        self.value(name, "the next step")
    }

    /// Does these one after the other, each twice.
    pub fn does_all(&mut self, steps: impl IntoIterator<Item = Step>) {
        for step in steps {
            self.does(&step);
        }
    }

    /// Does it and repeats it, as an administrator of the account or the organization that it is about.
    pub fn does(&mut self, step: &Step) -> Answer {
        let client = match self.operation(step.id).path.contains("{organization}") {
            true => self.acme.admin(),
            false => self.acme.dev_admin(),
        };
        self.does_as(&client, step)
    }

    /// Does it, repeats it, and tries the key on something else.
    pub fn does_as(&mut self, client: &Client, step: &Step) -> Answer {
        let operation = self.operation(step.id);
        let call = self.call(client, step);
        let first = call.send(&call.path);
        assert!((200..300).contains(&first.status), "{}: {first:?}", step.id);
        operation.assert_described(&first);
        assert_eq!(first.header("idempotency-replayed"), None, "{first:?}");
        let before = self.standing();
        let again = call.send(&call.path);
        operation.assert_described(&again);
        let replayed = again.header("idempotency-replayed");
        assert_eq!(replayed, Some("true"), "{}: {again:?}", step.id);
        assert_same(&first, &again);
        let reused = call.send(&format!("{}?limit=1", call.path));
        assert!(
            [400, 422].contains(&reused.status),
            "{}: another request under the same key: {reused:?}",
            step.id
        );
        assert_eq!(self.standing(), before, "{}: a second change", step.id);
        self.done.insert(step.id);
        first
    }

    /// Does what ends the caller's own session, so that nobody is there to be answered again.
    pub fn ends_as(&mut self, client: &Client, step: &Step) -> Answer {
        let operation = self.operation(step.id);
        let call = self.call(client, step);
        let first = call.send(&call.path);
        assert!((200..300).contains(&first.status), "{}: {first:?}", step.id);
        operation.assert_described(&first);
        let again = call.send(&call.path).expect_problem(401, "unauthenticated");
        operation.assert_described(&again);
        self.done.insert(step.id);
        first
    }

    /// Where the logs of those stand that can still be asked.
    fn standing(&self) -> Vec<(u16, Option<String>)> {
        let account = format!("/v1/accounts/{}", self.acme.account);
        let organization = format!("/v1/organizations/{}", self.acme.organization);
        let looks = [
            self.acme.dev_admin().get(&self.acme.in_dev("")),
            self.acme.admin().get(&account),
            self.acme.admin().get(&organization),
        ];
        let seen = looks
            .iter()
            .map(|look| (look.status, look.header("trilby-seq").map(str::to_owned)));
        seen.collect()
    }

    fn call<'a>(&self, client: &'a Client, step: &Step) -> Call<'a> {
        let operation = self.operation(step.id);
        let path = operation.path_with(|name| {
            let own = step.path.iter().find(|(known, _)| *known == name);
            match own {
                Some((_, value)) => self.filled(value),
                None => self.value(name, step.id).to_owned(),
            }
        });
        let etag = |path: &str| client.get(path).expect(200).etag().to_owned();
        let condition = match step.condition {
            Condition::Nothing => None,
            Condition::Absent => Some(("if-none-match", "*".to_owned())),
            Condition::Unchanged => Some(("if-match", etag(&path))),
            Condition::ParentUnchanged => {
                Some(("if-match", etag(path.rsplit_once('/').unwrap().0)))
            }
            Condition::PartUnchanged(pointer) => {
                let parent = client.get(path.rsplit_once('/').unwrap().0).expect(200);
                Some(("if-match", parent.text(pointer).to_owned()))
            }
            Condition::OtherUnchanged(other) => Some(("if-match", etag(&self.filled(other)))),
        };
        Call {
            client,
            method: operation.method().to_owned(),
            path,
            key: fresh_key(),
            condition,
            body: step.body.as_ref().map(|body| self.filled_body(body)),
        }
    }

    fn value(&self, name: &str, whose: &str) -> &str {
        let known = self.known.get(name);
        known.unwrap_or_else(|| panic!("no {name} for {whose}"))
    }

    /// The text with every `{name}` replaced.
    fn filled(&self, text: &str) -> String {
        let known = self.known.iter();
        known.fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    fn filled_body(&self, body: &Value) -> Value {
        match body {
            Value::String(text) => Value::String(self.filled(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_body(item)).collect(),
            Value::Object(members) => {
                let filled = members
                    .iter()
                    .map(|(name, value)| (name.clone(), self.filled_body(value)));
                Value::Object(filled.collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
        }
    }
}

/// A request that is sent more than once under one key.
struct Call<'a> {
    client: &'a Client,
    method: String,
    path: String,
    key: String,
    condition: Option<(&'static str, String)>,
    body: Option<Value>,
}

impl Call<'_> {
    fn send(&self, path: &str) -> Answer {
        let call = self.client.request(&self.method, path);
        let mut call = call.header("idempotency-key", &self.key);
        if let Some((name, value)) = &self.condition {
            call = call.header(name, value);
        }
        match &self.body {
            Some(body) => call.json(body).send(),
            None => call.send(),
        }
    }
}

/// The same answer, but that a secret is not shown again.
#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    assert_eq!(first.status, again.status, "{again:?}");
    for name in ["etag", "location", "trilby-seq"] {
        assert_eq!(first.header(name), again.header(name), "{name}: {again:?}");
    }
    let (mut expected, mut found) = (first.json.clone(), again.json.clone());
    for secret in ["secret", "ticket"] {
        if !expected.get(secret).is_some_and(Value::is_string) {
            continue;
        }
        assert!(found[secret].is_null(), "a secret is shown again");
        let withheld = format!("{secret}_withheld");
        assert_eq!(found[&withheld], true, "{again:?}");
        for answer in [&mut expected, &mut found] {
            let members = answer.as_object_mut().unwrap();
            members.remove(secret);
            members.remove(&withheld);
        }
    }
    assert_eq!(expected, found);
}
