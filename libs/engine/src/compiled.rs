//! One policy, ready to be evaluated many times.

use std::collections::BTreeMap;
use std::sync::Arc;

use trilby_model::{Action, Arn};
use trilby_policy::{AwsPrincipal, Document, PrincipalElement, PrincipalSet, Statement};

use crate::block::Block;
use crate::layer::LayerKind;

/// How the users, roles and providers a document names are told apart from others of the same name.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// By ARN text. For simulations, and for documents that name nobody.
    ByName,
    /// By unique id, as it was when the document was stored. An ARN that is not in the map names somebody who is gone:
    /// it matches nobody.
    ById(BTreeMap<String, String>),
}

impl Resolution {
    /// From pairs of ARN and unique id. The session of a role is resolved to the role's unique id.
    pub fn by_id<'a>(pairs: impl IntoIterator<Item = (&'a Arn, &'a str)>) -> Self {
        Self::ById(
            pairs
                .into_iter()
                .map(|(arn, id)| (arn.matching_key(), id.to_owned()))
                .collect(),
        )
    }
}

/// A principal of a document, resolved.
#[derive(Clone, Debug)]
pub(crate) struct NamedPrincipal {
    pub(crate) principal: AwsPrincipal,
    pub(crate) identity: Identity,
}

/// An identity provider of a document, resolved.
#[derive(Clone, Debug)]
pub(crate) struct NamedProvider {
    pub(crate) text: Box<str>,
    pub(crate) identity: Identity,
}

/// How a named principal is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// By the ARN's text.
    Text,
    /// By the unique id.
    Id(Box<str>),
    /// By the ARN's text, by someone who exists: a session whose role was not resolved.
    Existing,
    /// It is gone.
    Nobody,
}

/// The principals of one statement.
#[derive(Clone, Debug)]
pub(crate) struct Principals {
    pub(crate) negated: bool,
    pub(crate) everyone: bool,
    pub(crate) aws: Box<[NamedPrincipal]>,
    pub(crate) federated: Box<[NamedProvider]>,
    pub(crate) service: Box<[Box<str>]>,
}

/// A policy in the place it speaks from.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    name: Box<str>,
    kind: LayerKind,
    version: Option<Box<str>>,
    document: Document,
    principals: Box<[Option<Principals>]>,
    /// Lower-cased services its statements speak about; `None`: about every one.
    services: Option<Box<[Box<str>]>>,
    block: Block,
}

impl CompiledPolicy {
    /// A policy under the name that explanations use.
    #[must_use]
    pub fn new(
        name: impl Into<Box<str>>,
        kind: LayerKind,
        document: Document,
        resolution: &Resolution,
    ) -> Self {
        let principals = document
            .statements
            .iter()
            .map(|s| s.principal.as_ref().map(|p| resolve(p, resolution)))
            .collect();
        let services = services(&document.statements);
        let block = Block::of_statements(&document.statements);
        Self {
            name: name.into(),
            kind,
            version: None,
            document,
            principals,
            services,
            block,
        }
    }

    /// The same, with the version of a managed policy.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<Box<str>>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// The same policy in another seat: a managed policy as a boundary, or passed to a session.
    #[must_use]
    pub fn seated(&self, kind: LayerKind) -> Self {
        Self {
            kind,
            ..self.clone()
        }
    }

    /// Ready to be shared.
    #[must_use]
    pub fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it speaks from.
    #[must_use]
    pub fn kind(&self) -> LayerKind {
        self.kind
    }

    /// The version of a managed policy.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Its document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Its statements, each with its index and its resolved principals.
    pub(crate) fn statements(
        &self,
    ) -> impl Iterator<Item = (usize, &Statement, Option<&Principals>)> {
        self.document
            .statements
            .iter()
            .zip(&self.principals)
            .enumerate()
            .map(|(index, (statement, principals))| (index, statement, principals.as_ref()))
    }

    /// Where to look for statements about an action.
    pub(crate) fn block(&self) -> &Block {
        &self.block
    }

    /// A statement with its resolved principals.
    pub(crate) fn statement_at(&self, index: usize) -> Option<(&Statement, Option<&Principals>)> {
        let statement = self.document.statements.get(index)?;
        Some((statement, self.principals.get(index)?.as_ref()))
    }

    /// One statement, by index.
    #[must_use]
    pub fn statement(&self, index: usize) -> Option<&Statement> {
        self.document.statements.get(index)
    }

    /// Whether any statement can speak about the action's service. `false` is certain, `true` is not.
    pub(crate) fn may_concern(&self, action: &Action) -> bool {
        let Some(services) = &self.services else {
            return true;
        };
        let key = action.key();
        services.iter().any(|service| {
            key.strip_prefix(&**service)
                .is_some_and(|rest| rest.starts_with(':'))
        })
    }
}

/// The services named, if every statement names some.
fn services(statements: &[Statement]) -> Option<Box<[Box<str>]>> {
    let mut found: Vec<Box<str>> = Vec::new();
    for statement in statements {
        // A negation speaks about everything it does not name.
        if statement.action.is_not() {
            return None;
        }
        for pattern in statement.action.patterns() {
            let service = pattern.service()?;
            if !found.iter().any(|known| **known == *service) {
                found.push(service.into());
            }
        }
    }
    Some(found.into())
}

fn resolve(element: &PrincipalElement, resolution: &Resolution) -> Principals {
    let PrincipalSet {
        everyone,
        aws,
        federated,
        service,
    } = element.set();
    Principals {
        negated: element.is_not(),
        everyone: *everyone,
        aws: aws
            .iter()
            .map(|p| NamedPrincipal {
                principal: p.clone(),
                identity: identity(p, resolution),
            })
            .collect(),
        federated: federated
            .iter()
            .map(|text| NamedProvider {
                text: text.as_str().into(),
                identity: provider(text, resolution),
            })
            .collect(),
        service: service.iter().map(|text| text.as_str().into()).collect(),
    }
}

fn identity(principal: &AwsPrincipal, resolution: &Resolution) -> Identity {
    let ids = match resolution {
        Resolution::ByName => None,
        Resolution::ById(ids) => Some(ids),
    };
    match (principal, ids) {
        // What is left of a principal that is gone. Ids are never given twice, so it can only match itself.
        (AwsPrincipal::Unresolved(id), _) => Identity::Id(id.as_str().into()),
        (AwsPrincipal::Everyone | AwsPrincipal::Account(_), _) | (_, None) => Identity::Text,
        (AwsPrincipal::User(arn) | AwsPrincipal::Role(arn), Some(ids)) => ids
            .get(&arn.matching_key())
            .map_or(Identity::Nobody, |id| Identity::Id(id.as_str().into())),
        (AwsPrincipal::RoleSession(arn) | AwsPrincipal::FederatedUser(arn), Some(ids)) => ids
            .get(&arn.matching_key())
            .map_or(Identity::Existing, |id| Identity::Id(id.as_str().into())),
    }
}

/// Providers are recognised as users and roles are.
fn provider(text: &str, resolution: &Resolution) -> Identity {
    match resolution {
        Resolution::ByName => Identity::Text,
        Resolution::ById(ids) => text
            .parse()
            .ok()
            .and_then(|arn: Arn| ids.get(&arn.matching_key()))
            .map_or(Identity::Nobody, |id| Identity::Id(id.as_str().into())),
    }
}
