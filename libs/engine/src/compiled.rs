//! One policy, ready to be evaluated many times.

use std::collections::BTreeMap;
use std::sync::Arc;

use trilby_model::{Action, Arn};
use trilby_policy::{
    AwsPrincipal, Document, Effect, Finding, Grammar, Kind, PrincipalElement, PrincipalSet,
    Statement,
};

use crate::code::{Clause, Code};
use crate::filter::Filter;
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
///
/// What decisions read of it is its code. The document is kept as text where it has one, and read again when somebody
/// wants to be told in words.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    name: Box<str>,
    kind: LayerKind,
    version: Option<Box<str>>,
    source: Source,
    /// `None`: too large for code, and always read as a document.
    code: Option<Code>,
    /// By statement; empty if no statement names anybody.
    principals: Box<[Option<Principals>]>,
    /// What it does, if that is always the same and one statement says it.
    sure: Option<Effect>,
    /// Where to look for statements about an action. Identity policies have theirs together with their holder's others.
    filter: Option<Box<Filter>>,
}

/// What a policy was made of.
#[derive(Clone, Debug)]
struct Source {
    /// The document, where the code finds its texts; empty if the code has them all.
    text: Arc<str>,
    kind: Kind,
    grammar: Grammar,
    /// What was read from the text, where it is kept.
    tree: Option<Arc<Document>>,
}

/// Whether what is read from a text is kept with it. There are as many identity and resource policies as there are holders
/// and resources, and a decision meets few of them; of the others there are few, and every decision meets them.
fn keeps_tree(layer: LayerKind) -> bool {
    match layer {
        LayerKind::Identity | LayerKind::Resource => false,
        LayerKind::Rcp | LayerKind::Scp | LayerKind::Boundary | LayerKind::Session => true,
    }
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
        let document = Arc::new(document);
        let source = Source {
            text: "".into(),
            // Of no meaning: nothing is read again.
            kind: Kind::Identity,
            grammar: Grammar::trusted(),
            tree: Some(Arc::clone(&document)),
        };
        Self::compile(name.into(), kind, source, &document, resolution)
    }

    /// The same from its text, which is kept, and of identity and resource policies in place of what was read from it.
    ///
    /// # Errors
    /// Everything that is wrong with the document.
    pub fn read(
        name: impl Into<Box<str>>,
        layer: LayerKind,
        text: Arc<str>,
        kind: Kind,
        grammar: Grammar,
        resolution: &Resolution,
    ) -> Result<Self, Vec<Finding>> {
        let document = Arc::new(Document::parse(&text, kind, &grammar)?);
        let source = Source {
            text,
            kind,
            grammar,
            tree: keeps_tree(layer).then(|| Arc::clone(&document)),
        };
        Ok(Self::compile(
            name.into(),
            layer,
            source,
            &document,
            resolution,
        ))
    }

    fn compile(
        name: Box<str>,
        kind: LayerKind,
        source: Source,
        document: &Document,
        resolution: &Resolution,
    ) -> Self {
        let statements = &document.statements;
        let principals = if statements.iter().all(|s| s.principal.is_none()) {
            Box::default()
        } else {
            let resolved = |s: &Statement| s.principal.as_ref().map(|p| resolve(p, resolution));
            statements.iter().map(resolved).collect()
        };
        Self {
            code: Code::of(document, &source.text),
            sure: None,
            filter: None,
            name,
            kind,
            version: None,
            source,
            principals,
        }
        .filtered()
    }

    /// With the filter that its seat asks for.
    fn filtered(mut self) -> Self {
        self.sure = if self.count() == 1 {
            self.sure(0)
        } else {
            None
        };
        self.filter = match self.kind {
            LayerKind::Identity => None,
            LayerKind::Rcp
            | LayerKind::Scp
            | LayerKind::Resource
            | LayerKind::Boundary
            | LayerKind::Session => Some(Box::new(Filter::of_each([&self]))),
        };
        self
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
        .filtered()
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

    /// Its document. Read again from its text, if that is what is kept; `None` cannot be, as that text was read before.
    #[must_use]
    pub fn document(&self) -> Option<Arc<Document>> {
        let Source {
            text,
            kind,
            grammar,
            tree,
        } = &self.source;
        match tree {
            Some(document) => Some(Arc::clone(document)),
            None => Document::parse(text, *kind, grammar).ok().map(Arc::new),
        }
    }

    /// The name of a statement in its document. A text that cannot hold one is not read for it.
    pub(crate) fn sid(&self, statement: usize) -> Option<Arc<str>> {
        let text = &self.source.text;
        if !self.is_read() && !text.contains("\"Sid\"") && !text.contains('\\') {
            return None;
        }
        let document = self.document()?;
        let sid = document.statements.get(statement)?.sid.as_deref()?;
        Some(sid.into())
    }

    /// Whether its document is at hand without reading it.
    pub(crate) fn is_read(&self) -> bool {
        self.source.tree.is_some()
    }

    /// How many statements it has, as far as they can be told from its code.
    pub(crate) fn count(&self) -> usize {
        match &self.code {
            Some(code) => code.count(),
            // One that stands for all of a policy that has no code: it cannot be read, and so the document is.
            None => 1,
        }
    }

    /// What a statement does, if it is about every action and resource and holds always; whomever it names.
    pub(crate) fn sure(&self, statement: usize) -> Option<Effect> {
        self.clause(statement)?.sure()
    }

    /// The same of its only statement.
    pub(crate) fn is_sure(&self) -> Option<Effect> {
        self.sure
    }

    /// A statement to be decided by; `None`: to be found in the document.
    #[inline]
    pub(crate) fn clause(&self, statement: usize) -> Option<Clause<'_>> {
        self.code.as_ref()?.clause(&self.source.text, statement)
    }

    /// Whether some statement is about an action. `false` is certain, `true` is not.
    pub(crate) fn may_concern(&self, action: &Action) -> bool {
        let concerns = |mut clause: Clause<'_>| clause.covers_action(action.into());
        (0..self.count()).any(|index| self.clause(index).and_then(concerns) != Some(false))
    }

    /// Where to look for its statements, unless it is an identity policy.
    pub(crate) fn filter(&self) -> Option<&Filter> {
        self.filter.as_deref()
    }

    /// Who a statement is about.
    pub(crate) fn principals(&self, statement: usize) -> Option<&Principals> {
        self.principals.get(statement)?.as_ref()
    }
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
