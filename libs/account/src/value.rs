//! Values that events, commands and state share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trilby_model::Hash;

/// Free text about a thing, written by its administrators: at most 1,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Description(String);

/// A description is too long or holds control characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a description has at most {max} characters and no control characters", max = Description::MAX)]
pub struct DescriptionError;

impl Description {
    /// Longest description, in characters: AWS's bound, so that imports fit.
    pub const MAX: usize = 1000;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Description {
    type Err = DescriptionError;

    fn from_str(text: &str) -> Result<Self, DescriptionError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Description {
    type Error = DescriptionError;

    fn try_from(text: String) -> Result<Self, DescriptionError> {
        let fits = text.chars().count() <= Self::MAX;
        let printable = !text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t');
        if fits && printable {
            Ok(Self(text))
        } else {
            Err(DescriptionError)
        }
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// A person: may log in with a password.
    Human,
    /// A program: access keys only.
    Service,
}

/// How a password was hashed. The hash is in a side table, under (user, generation).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashing {
    /// The algorithm, `argon2id`.
    pub algo: String,
    /// Its cost parameters by their short names (`m`, `t`, `p`, `v`).
    pub params: BTreeMap<String, u32>,
}

/// A row of personal data that an event is bound to: the row's digest, never its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalRef {
    /// Which datum of the subject.
    pub field: PersonalField,
    /// Counts the rows of this subject and field, from 1.
    pub generation: u32,
    /// SHA-256 of the row's salt and body.
    pub digest: Hash,
}

/// Kinds of personal data kept beside the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalField {
    /// A person's profile.
    Profile,
    /// An e-mail address.
    Email,
    /// Network address and user agent of a request.
    Address,
}

impl PersonalField {
    /// Its number in the side table.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Profile => 1,
            Self::Email => 2,
            Self::Address => 3,
        }
    }
}

/// What an application's operations are: used to check policies and to search, never to decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionCatalogue {
    /// The operations by name, without the application's prefix.
    pub actions: BTreeMap<String, CatalogueAction>,
    /// The types of resource it has.
    pub resource_types: BTreeSet<String>,
    /// The condition keys it sends, without its prefix.
    pub condition_keys: BTreeSet<String>,
}

/// One operation of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueAction {
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The types of resource it is about; empty: none in particular.
    #[serde(default)]
    pub resource_types: BTreeSet<String>,
}

/// Public half of a signing key as a JSON Web Key; all its members are strings.
pub type PublicJwk = BTreeMap<String, String>;

/// Why somebody wrote a revocation or suspended something: free text.
pub type Reason = Description;
