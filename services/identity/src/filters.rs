//! Filters of lists: what a name, a path, tags and the day of birth must be like.

use std::collections::BTreeMap;

use serde::Deserialize;
use trilby_model::{Path, Tags, Timestamp};
use utoipa::IntoParams;

/// The filters that lists of named things share. What is not given admits everything.
#[derive(Debug, Clone, Copy)]
pub struct Filters<'a> {
    /// Beginning of the name, without case.
    pub name_prefix: Option<&'a str>,
    /// Beginning of the path.
    pub path_prefix: Option<&'a str>,
    /// Tags that must be there with these values.
    pub tags: &'a BTreeMap<String, String>,
    /// Made after this.
    pub created_after: Option<Timestamp>,
    /// Made before this.
    pub created_before: Option<Timestamp>,
}

impl Filters<'_> {
    /// The filters by name, as cursors are bound to them.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let named = [
            ("name_prefix", self.name_prefix.map(str::to_lowercase)),
            ("path_prefix", self.path_prefix.map(str::to_owned)),
            (
                "created_after",
                self.created_after.map(|at| at.micros().to_string()),
            ),
            (
                "created_before",
                self.created_before.map(|at| at.micros().to_string()),
            ),
        ];
        let named = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let tags = self
            .tags
            .iter()
            .map(|(key, value)| (format!("tag.{key}"), value.clone()));
        named.chain(tags).collect()
    }

    /// Whether a thing passes. `name` is its name's comparison key.
    pub fn take(&self, name: &str, path: &Path, tags: &Tags, created_at: Timestamp) -> bool {
        let begins = |text: &str, prefix: Option<&str>| prefix.is_none_or(|p| text.starts_with(p));
        let lower = self.name_prefix.map(str::to_lowercase);
        begins(name, lower.as_deref())
            && begins(path.as_str(), self.path_prefix)
            && self
                .tags
                .iter()
                .all(|(key, value)| tags.get(key).is_some_and(|tag| tag.as_str() == value))
            && self.created_after.is_none_or(|at| created_at > at)
            && self.created_before.is_none_or(|at| created_at < at)
    }
}

/// Filters as a list's query borrows them.
pub fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The query of lists of named things.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NamedQuery {
    /// Most items of the page: 1 to 1000, 100 if not given.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Only those whose name begins so; case does not count.
    name_prefix: Option<String>,
    /// Only those whose path begins so.
    path_prefix: Option<String>,
    /// Only those with these tags: `tag.team=blue`, repeatable.
    #[serde(default)]
    #[param(value_type = Option<BTreeMap<String, String>>)]
    tag: BTreeMap<String, String>,
    /// Only those made after this time.
    created_after: Option<Timestamp>,
    /// Only those made before this time.
    created_before: Option<Timestamp>,
}

impl NamedQuery {
    /// Its filters.
    pub fn filters(&self) -> Filters<'_> {
        Filters {
            name_prefix: self.name_prefix.as_deref(),
            path_prefix: self.path_prefix.as_deref(),
            tags: &self.tag,
            created_after: self.created_after,
            created_before: self.created_before,
        }
    }
}
