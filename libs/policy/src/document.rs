//! A whole document, compiled.

mod canonical;

use std::collections::HashSet;

use trilby_model::{Arn, json};

use crate::finding::Finding;
use crate::kind::{Grammar, Kind};
use crate::parse;
use crate::principal::{AwsPrincipal, PrincipalElement};
use crate::statement::Statement;

/// Version of the language a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `2008-10-17`, also when no version is given: `${...}` is literal text.
    V2008,
    /// `2012-10-17`.
    V2012,
}

impl Version {
    /// As written in a document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2008 => "2008-10-17",
            Self::V2012 => "2012-10-17",
        }
    }

    /// Whether `${...}` is a variable.
    #[must_use]
    pub fn has_variables(self) -> bool {
        self == Self::V2012
    }
}

/// A policy document that passed every check of its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Version of the language.
    pub version: Version,
    /// A name without meaning; resource-type documents only.
    pub id: Option<String>,
    /// At least one; their order has no meaning.
    pub statements: Vec<Statement>,
}

impl Document {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, in document order, at most [`crate::limits::FINDINGS_MAX`]
    /// findings, each with its place.
    pub fn parse(text: &str, kind: Kind, grammar: &Grammar) -> Result<Self, Vec<Finding>> {
        let node = json::parse(text).map_err(|error| vec![parse::json_finding(error)])?;
        Self::from_node(&node, kind, grammar)
    }

    /// Checks a document that is part of a larger text. Pointers are relative to `node`, lines and
    /// columns are those of the text.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn from_node(
        node: &json::Node,
        kind: Kind,
        grammar: &Grammar,
    ) -> Result<Self, Vec<Finding>> {
        parse::document(node, kind, grammar)
    }

    /// Checks a document held as a JSON value. Its places refer to the canonical text of the value.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn from_value(
        value: &serde_json::Value,
        kind: Kind,
        grammar: &Grammar,
    ) -> Result<Self, Vec<Finding>> {
        Self::parse(&value.to_string(), kind, grammar)
    }

    /// The one text of this document: minified, lists as arrays, members sorted (RFC 8785).
    #[must_use]
    pub fn canonical(&self) -> String {
        json::canonical(&self.to_value())
    }

    /// The canonical form as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        canonical::document(self)
    }

    /// What counts against size limits: bytes of the canonical text.
    #[must_use]
    pub fn size(&self) -> usize {
        self.canonical().len()
    }

    /// The ARNs of every user and role the document names as a principal, each once, in order.
    ///
    /// Whoever stores a resource-type document resolves these to unique ids.
    #[must_use]
    pub fn principal_arns(&self) -> Vec<&Arn> {
        let mut arns: Vec<&Arn> = Vec::new();
        let mut seen = HashSet::new();
        for principal in self.aws_principals() {
            match principal {
                AwsPrincipal::User(arn) | AwsPrincipal::Role(arn) => {
                    if seen.insert(arn) {
                        arns.push(arn);
                    }
                }
                AwsPrincipal::Everyone
                | AwsPrincipal::Account(_)
                | AwsPrincipal::RoleSession(_)
                | AwsPrincipal::FederatedUser(_)
                | AwsPrincipal::Unresolved(_) => {}
            }
        }
        arns
    }

    /// Everything named under `AWS`, in document order, with repetitions.
    pub fn aws_principals(&self) -> impl Iterator<Item = &AwsPrincipal> {
        self.statements
            .iter()
            .filter_map(|statement| statement.principal.as_ref())
            .flat_map(|element: &PrincipalElement| &element.set().aws)
    }

    /// Everything named under `Federated`, in document order, with repetitions.
    pub fn federated_principals(&self) -> impl Iterator<Item = &str> {
        self.statements
            .iter()
            .filter_map(|statement| statement.principal.as_ref())
            .flat_map(|element: &PrincipalElement| &element.set().federated)
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
