//! What is known about a request: condition keys and their values.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::keys::{self, Shape};
use crate::limits::{CONTEXT_VALUE_BYTES_MAX, CONTEXT_VALUES_MAX};

/// The value of one key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum ContextValue {
    /// Exactly one value, maybe empty.
    Scalar(String),
    /// A multivalued key with any number of values, also none.
    List(Vec<String>),
}

impl ContextValue {
    /// Whether it is no larger than a value that comes from outside may be.
    ///
    /// # Errors
    /// [`ContextError::TooLarge`].
    pub fn check_size(&self) -> Result<(), ContextError> {
        let (n_values, bytes) = match self {
            Self::Scalar(value) => (1, value.len()),
            Self::List(values) => (values.len(), values.iter().map(String::len).sum()),
        };
        if n_values > CONTEXT_VALUES_MAX || bytes > CONTEXT_VALUE_BYTES_MAX {
            return Err(ContextError::TooLarge);
        }
        Ok(())
    }
}

impl From<&str> for ContextValue {
    fn from(value: &str) -> Self {
        Self::Scalar(value.to_owned())
    }
}

impl From<String> for ContextValue {
    fn from(value: String) -> Self {
        Self::Scalar(value)
    }
}

impl From<bool> for ContextValue {
    fn from(value: bool) -> Self {
        Self::Scalar(value.to_string())
    }
}

impl From<Vec<String>> for ContextValue {
    fn from(values: Vec<String>) -> Self {
        Self::List(values)
    }
}

/// Why a caller's key cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// The key is the empty string.
    #[error("a condition key must not be empty")]
    EmptyKey,
    /// The same key twice, perhaps in another spelling.
    #[error("condition key `{key}` is given twice")]
    Duplicate {
        /// As written the second time.
        key: String,
    },
    /// Several values for a built-in key that has one.
    #[error("condition key `{key}` takes a single value")]
    SingleValued {
        /// As written.
        key: String,
    },
    /// More than [`CONTEXT_VALUES_MAX`] values, or values of more than [`CONTEXT_VALUE_BYTES_MAX`] bytes together.
    #[error(
        "a condition key holds at most {CONTEXT_VALUES_MAX} values of at most {CONTEXT_VALUE_BYTES_MAX} bytes together"
    )]
    TooLarge,
}

/// The keys of one request.
///
/// Key names are compared without case, and the prefixes `aws:` and `trilby:` are one: everything is
/// kept under its normal form ([`keys::normalise`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, ContextValue>,
}

impl Context {
    /// No keys at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, replacing what was there. For values the service itself derived.
    ///
    /// Whether a built-in key is multivalued is a property of the key: a single value of a
    /// multivalued key is kept as a list of one.
    pub fn insert(&mut self, key: impl AsRef<str>, value: impl Into<ContextValue>) {
        let key = keys::normalise(key.as_ref()).into_owned();
        let value = shaped(&key, value.into());
        self.values.insert(key, value);
    }

    /// Sets a key that came from outside.
    ///
    /// # Errors
    /// An empty key, a key already set, several values for a single-valued built-in key, a value that
    /// is too large.
    pub fn try_insert(
        &mut self,
        key: impl AsRef<str>,
        value: impl Into<ContextValue>,
    ) -> Result<(), ContextError> {
        let written = key.as_ref();
        if written.is_empty() {
            return Err(ContextError::EmptyKey);
        }
        let value = value.into();
        value.check_size()?;
        let key = keys::normalise(written).into_owned();
        let value = shaped(&key, value);
        if matches!(value, ContextValue::List(_)) && keys::shape_of(&key) == Some(Shape::Single) {
            return Err(ContextError::SingleValued {
                key: written.to_owned(),
            });
        }
        match self.values.entry(key) {
            Entry::Occupied(_) => Err(ContextError::Duplicate {
                key: written.to_owned(),
            }),
            Entry::Vacant(slot) => {
                slot.insert(value);
                Ok(())
            }
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<ContextValue> {
        self.values.remove(keys::normalise(key).as_ref())
    }

    /// The value of a key, in any spelling.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        self.values.get(keys::normalise(key).as_ref())
    }

    /// The value of a key with exactly one value.
    #[must_use]
    pub fn scalar(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(ContextValue::Scalar(value)) => Some(value),
            Some(ContextValue::List(_)) | None => None,
        }
    }

    /// Whether the key is there, in any spelling, with any value.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// All keys in their normal form, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Where conditions and variables find the values of keys: a [`Context`], or something that looks into several.
pub trait Keys {
    /// The value of a key.
    fn at(&self, key: &keys::Key) -> Option<&ContextValue>;
}

impl Keys for Context {
    fn at(&self, key: &keys::Key) -> Option<&ContextValue> {
        self.values.get(key.normal())
    }
}

impl<K: AsRef<str>, V: Into<ContextValue>> Extend<(K, V)> for Context {
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, items: T) {
        for (key, value) in items {
            self.insert(key, value);
        }
    }
}

impl<K: AsRef<str>, V: Into<ContextValue>> FromIterator<(K, V)> for Context {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(items: T) -> Self {
        let mut context = Self::new();
        context.extend(items);
        context
    }
}

/// Gives a built-in key the shape its registration says.
///
/// A list of several values under a single-valued key is left alone: taking one of them would be
/// guessing. Conditions without a set operator then see a list and fail.
fn shaped(key: &str, value: ContextValue) -> ContextValue {
    match (keys::shape_of(key), value) {
        (Some(Shape::Multi), ContextValue::Scalar(value)) => ContextValue::List(vec![value]),
        (Some(Shape::Single), ContextValue::List(mut values)) if values.len() == 1 => values
            .pop()
            .map_or_else(|| ContextValue::List(Vec::new()), ContextValue::Scalar),
        (Some(Shape::Single | Shape::Multi) | None, value) => value,
    }
}

#[cfg(test)]
mod tests;
