//! What a case knows of the moment: given keys, and those that follow from who asks.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::caller::{Caller, Kind};
use crate::fault::Fault;
use crate::seen::Counter;

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    One(String),
    Many(Vec<String>),
}

/// Keys in lower case, the prefix `trilby:` written `aws:`.
pub(crate) struct Context {
    keys: BTreeMap<String, Held>,
    fault: Option<Fault>,
    pub(crate) seen: Counter,
}

/// Keys of which each request has one value at most. Names that end in a slash go on with a tag's key.
const SINGLE: [&str; 42] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principaltag/",
    "aws:principaltype",
    "aws:userid",
    "aws:username",
    "aws:sourceip",
    "aws:securetransport",
    "aws:currenttime",
    "aws:tokenissuetime",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:requesttag/",
    "aws:resourcetag/",
    "iam:resourcetag/",
    "aws:resourceaccount",
    "sts:externalid",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:durationseconds",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:federatedprovider",
    "aws:federatedissuer",
    "aws:federatedsubject",
    "aws:federatedaudience",
    "aws:sourceidentity",
    "aws:originmfaage",
    "aws:viasession",
    "aws:chaindepth",
    "aws:epochtime",
    "aws:useragent",
    "aws:referer",
    "aws:requestedregion",
    "aws:resourceorgid",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:viaawsservice",
];

/// Keys of which a request may have many values.
const MULTIPLE: [&str; 7] = [
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:tagkeys",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
    "aws:calledvia",
    "sts:transitivetagkeys",
];

impl Context {
    /// Of a case: what is given stands, and what follows from the caller is added.
    pub(crate) fn of(given: &Value, caller: &Caller, fault: Option<Fault>) -> Self {
        let mut context = Self::given(given, fault);
        context.derive(caller);
        context
    }

    /// What is given.
    pub(crate) fn given(given: &Value, fault: Option<Fault>) -> Self {
        let mut context = Self {
            keys: BTreeMap::new(),
            fault,
            seen: Counter::default(),
        };
        for (key, value) in given.as_object().into_iter().flatten() {
            let held = match value {
                Value::Array(items) => Held::Many(items.iter().map(text_of).collect()),
                one => Held::One(text_of(one)),
            };
            let key = normal(key);
            let held = shaped(&key, held);
            context.keys.insert(key, held);
        }
        context
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.keys.remove(&normal(key));
    }

    /// Whatever was there.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.remove(key);
        self.put(key, Some(value));
    }

    pub(crate) fn is_planted(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Held> {
        self.keys.get(&normal(key))
    }

    pub(crate) fn scalar(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Held::One(value) => Some(value),
            Held::Many(_) => None,
        }
    }

    /// Unless it is there.
    pub(crate) fn put(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            let key = normal(key);
            let held = shaped(&key, Held::One(value.to_owned()));
            self.keys.entry(key).or_insert(held);
        }
    }

    /// What follows from the caller alone.
    pub(crate) fn derive(&mut self, caller: &Caller) {
        let account = match caller.kind {
            Kind::Anonymous => Some("anonymous"),
            Kind::Root
            | Kind::User
            | Kind::RoleSession
            | Kind::FederatedUser
            | Kind::Service
            | Kind::WebIdentity => caller.account.as_deref(),
        };
        self.put("aws:PrincipalAccount", account);
        self.put("aws:ResourceAccount", caller.owner.as_deref());
        let service = caller.kind == Kind::Service;
        self.put(
            "aws:PrincipalIsAWSService",
            Some(if service { "true" } else { "false" }),
        );
        match caller.kind {
            Kind::Root => {
                self.put("aws:PrincipalType", Some("Account"));
                self.put("aws:PrincipalArn", Some(&caller.name));
                self.put("aws:userid", account);
            }
            Kind::User => {
                self.put("aws:PrincipalType", Some("User"));
                self.put("aws:PrincipalArn", Some(&caller.name));
                self.put("aws:userid", caller.id.as_deref());
                self.put("aws:username", caller.name.rsplit('/').next());
            }
            Kind::RoleSession => {
                self.put("aws:PrincipalType", Some("AssumedRole"));
                let session = caller.name.rsplit('/').next();
                let id = caller.id.as_ref().zip(session);
                let id = id.map(|(role, session)| format!("{role}:{session}"));
                self.put("aws:userid", id.as_deref());
                self.put("aws:PrincipalArn", caller.behind.as_deref());
                self.put("trilby:ViaSession", Some("true"));
            }
            Kind::FederatedUser => {
                let own = caller.name.split_once('/').map(|(_, name)| name);
                let id = account.zip(own).map(|(a, name)| format!("{a}:{name}"));
                self.put("aws:PrincipalType", Some("FederatedUser"));
                self.put("aws:PrincipalArn", Some(&caller.name));
                self.put("aws:userid", id.as_deref());
                self.put("trilby:ViaSession", Some("true"));
            }
            Kind::Service => {
                self.put("aws:PrincipalServiceName", Some(&caller.name));
                self.put("aws:PrincipalServiceNamesList", Some(&caller.name));
            }
            Kind::WebIdentity => self.put("aws:FederatedProvider", Some(&caller.name)),
            Kind::Anonymous => {
                self.put("aws:PrincipalType", Some("Anonymous"));
                self.put("aws:userid", Some("anonymous"));
            }
        }
    }
}

/// Numbers and booleans stand as their JSON text.
pub(crate) fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

pub(crate) fn normal(key: &str) -> String {
    let lower = key.to_lowercase();
    match lower.strip_prefix("trilby:") {
        Some(rest) => format!("aws:{rest}"),
        None => lower,
    }
}

/// Whether a key has many values is settled by the key, where the key is known.
fn shaped(key: &str, held: Held) -> Held {
    let is = |name: &&str| key == *name || (name.ends_with('/') && key.starts_with(*name));
    match held {
        Held::One(value) if MULTIPLE.iter().any(is) => Held::Many(vec![value]),
        Held::Many(values) if values.len() == 1 && SINGLE.iter().any(is) => {
            Held::One(values.concat())
        }
        held => held,
    }
}
