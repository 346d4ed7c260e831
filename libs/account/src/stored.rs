//! How events are written to the log and read back.
//!
//! A stored event is a type (`role.policy_attached`), an integer version and a JSON object. Types
//! are never renamed or reused. A new shape of an event is a new version, and an upcaster takes the
//! old one forward; stored bytes are never rewritten. Whatever this binary does not know is an
//! error, never skipped: a fold that lacks an event is a wrong answer.

use sha2::{Digest, Sha256};
use trilby_model::Hash;

/// An event in the log that this binary cannot read. The account fails closed at that seq.
#[derive(Debug, thiserror::Error)]
pub enum UnknownEvent {
    /// No event has this type in this kind of log.
    #[error("event type `{etype}` is unknown")]
    Type {
        /// The stored type.
        etype: String,
    },
    /// The event is of a later version than this binary knows.
    #[error("event type `{etype}` is known up to version {known}, the log has {ever}")]
    Version {
        /// The stored type.
        etype: String,
        /// The stored version.
        ever: u16,
        /// The newest known one.
        known: u16,
    },
    /// Type and version are known, the data does not fit them.
    #[error("data of event `{etype}` version {ever} is malformed")]
    Data {
        /// The stored type.
        etype: String,
        /// The stored version.
        ever: u16,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

/// Nouns that begin an event's name; the longest one that fits is its subject.
pub const SUBJECTS: &[&str] = &[
    "AccessKey",
    "Account",
    "Application",
    "BootstrapTicket",
    "ControlPolicy",
    "DelegatedAdmin",
    "ExternalId",
    "Group",
    "Invitation",
    "Member",
    "Organization",
    "Platform",
    "Policy",
    "Provider",
    "ProviderLink",
    "Quarantine",
    "Resource",
    "Role",
    "RoleMap",
    "Root",
    "Session",
    "SigningKey",
    "SubjectAlias",
    "Unit",
    "User",
];

/// The stored type of an event, from its Rust name: `RolePolicyAttached` is `role.policy_attached`.
///
/// Gives nothing for a name that no [subject](SUBJECTS) begins.
#[must_use]
pub fn etype_of(name: &str) -> Option<String> {
    let subject = SUBJECTS
        .iter()
        .filter(|subject| name.starts_with(**subject))
        .max_by_key(|subject| subject.len())?;
    let rest = name.strip_prefix(subject)?;
    Some(format!("{}.{}", snake_case(subject), snake_case(rest)))
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Digest of what a fold depends on: the table of event types and versions, and the fold's own
/// version, raised by hand when `evolve` comes to mean something else. A snapshot made under
/// another fingerprint is ignored.
pub(crate) fn fingerprint(log: &str, fold_version: u32, known: &[(&str, u16)]) -> Hash {
    let mut digest = Sha256::new();
    digest.update(format!("trilby.fold.v1\0{log}\0{fold_version}\0"));
    for (etype, version) in known {
        digest.update(format!("{etype}\0{version}\0"));
    }
    Hash(digest.finalize().into())
}

/// Declares the facts of one family: plain data with strict, stable JSON.
macro_rules! facts {
    ($(
        $(#[$meta:meta])*
        $name:ident { $( $(#[$field_meta:meta])* $field:ident : $type:ty ),* $(,)? }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $( $(#[$field_meta])* pub $field: $type ),* }
    )*};
}
pub(crate) use facts;

/// Declares the events of one kind of log and how each is stored.
macro_rules! log_events {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $etype:literal v $version:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name { $( $(#[$variant_meta])* $variant($variant) ),* }

        impl $name {
            /// Every stored type with its newest version.
            pub const KNOWN: &'static [(&'static str, u16)] = &[$(($etype, $version)),*];
            /// The Rust name of each, in the order of [`Self::KNOWN`].
            pub const NAMES: &'static [&'static str] = &[$(stringify!($variant)),*];

            /// The type it is stored under.
            #[must_use]
            pub const fn etype(&self) -> &'static str {
                match self { $( Self::$variant(_) => $etype ),* }
            }

            /// The version it is stored as.
            #[must_use]
            pub const fn version(&self) -> u16 {
                match self { $( Self::$variant(_) => $version ),* }
            }

            /// Its data as stored: an object without floating-point numbers.
            #[must_use]
            pub fn to_data(&self) -> serde_json::Value {
                let data = match self { $( Self::$variant(fact) => serde_json::to_value(fact) ),* };
                // Facts are structs of strings, integers and maps with string keys: nothing in them
                // can fail to become JSON. Null would be refused at the fold's proof before storing.
                data.unwrap_or_default()
            }

            /// Reads a stored event, taking an older version forward. Its data are a `&serde_json::Value`, or a
            /// `&mut serde_json::Deserializer` that reads one value.
            pub fn from_stored<'de>(
                etype: &str,
                ever: u16,
                data: impl serde::Deserializer<'de, Error = serde_json::Error>,
            ) -> Result<Self, $crate::stored::UnknownEvent> {
                use $crate::stored::UnknownEvent;
                match etype {
                    $( $etype => {
                        if ever != $version {
                            return Err(UnknownEvent::Version { etype: etype.to_owned(), ever, known: $version });
                        }
                        <$variant as serde::Deserialize>::deserialize(data)
                            .map(Self::$variant)
                            .map_err(|source| UnknownEvent::Data { etype: etype.to_owned(), ever, source })
                    } )*
                    _ => Err(UnknownEvent::Type { etype: etype.to_owned() }),
                }
            }
        }

        $(
            impl From<$variant> for $name {
                fn from(fact: $variant) -> Self {
                    Self::$variant(fact)
                }
            }
        )*
    };
}
pub(crate) use log_events;
