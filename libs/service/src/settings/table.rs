//! The macro behind the table, and what a setting's type must be able to do.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{
    ForwardedHeader, KafkaSecurity, LogFormat, Network, PrivateIssuerHost, PublicUrl,
    SaslMechanism, StoreUrl,
};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// `server`, `log`, …
    pub section: &'static str,
    /// The key in its section.
    pub key: &'static str,
    /// What it is, for people.
    pub doc: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// Smallest and largest value, as text; absent for what is not a number.
    pub range: Option<(&'static str, &'static str)>,
}

impl Entry {
    /// `server.listen`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// `TRILBY_SERVER__LISTEN`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!(
            "{}{}__{}",
            trilby_model::brand::ENV_PREFIX,
            self.section.to_uppercase(),
            self.key.to_uppercase()
        )
    }
}

/// Kinds of value, as the document names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `host:port`.
    Address,
    /// An `http` or `https` address without a path.
    Url,
    /// Where a shared store is.
    Store,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// A path of the file system.
    Path,
    /// `text` or `json`.
    LogFormat,
    /// `x-forwarded-for` or `forwarded`.
    ForwardedHeader,
    /// How a connection to Kafka is protected.
    KafkaSecurity,
    /// How a login at Kafka is proven.
    SaslMechanism,
    /// A list of networks, `10.0.0.0/8`; in the environment separated by commas.
    Networks,
    /// A list of hosts, `https://login.internal:8443=10.0.0.5`; in the environment separated by commas.
    PrivateHosts,
}

impl Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Address => "address",
            Kind::Url => "URL",
            Kind::Store => "URL of a store",
            Kind::Bool => "true or false",
            Kind::Integer => "integer",
            Kind::Text => "text",
            Kind::Path => "path",
            Kind::LogFormat => "`text` or `json`",
            Kind::ForwardedHeader => "`x-forwarded-for` or `forwarded`",
            Kind::KafkaSecurity => "`plaintext`, `tls`, `sasl_plaintext` or `sasl_tls`",
            Kind::SaslMechanism => "`plain`, `scram-sha-256` or `scram-sha-512`",
            Kind::Networks => "list of networks",
            Kind::PrivateHosts => "list of hosts",
        })
    }
}

/// What the type of a setting must be able to do.
pub trait ParseValue: Sized {
    /// How the document names it.
    const KIND: Kind;

    /// From the settings file.
    ///
    /// # Errors
    /// What is wrong, for the operator.
    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(text) => Self::from_text(text),
            other => Err(format!("must be {}, not {}", Self::KIND, other.type_str())),
        }
    }

    /// From the environment or the command line.
    ///
    /// # Errors
    /// What is wrong, for the operator.
    fn from_text(text: &str) -> Result<Self, String>;

    /// As the settings file would have it; empty: not set.
    fn show(&self) -> String;
}

/// A TOML string, escaped where it must be.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

macro_rules! from_str {
    ($($type:ty: $kind:ident, $says:literal;)+) => { $(
        impl ParseValue for $type {
            const KIND: Kind = Kind::$kind;
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!(concat!("`{}` is not ", $says), text))
            }
            fn show(&self) -> String {
                format!("\"{self}\"")
            }
        }
    )+ };
}

from_str! {
    SocketAddr: Address, "an address such as `127.0.0.1:8080`";
    LogFormat: LogFormat, "`text` or `json`";
    ForwardedHeader: ForwardedHeader, "`x-forwarded-for` or `forwarded`";
    KafkaSecurity: KafkaSecurity, "`plaintext`, `tls`, `sasl_plaintext` or `sasl_tls`";
    SaslMechanism: SaslMechanism, "`plain`, `scram-sha-256` or `scram-sha-512`";
}

impl ParseValue for PublicUrl {
    const KIND: Kind = Kind::Url;
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|reason| format!("`{text}` {reason}"))
    }
    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl ParseValue for StoreUrl {
    const KIND: Kind = Kind::Store;
    fn from_text(text: &str) -> Result<Self, String> {
        // Not repeated: a password may stand in it.
        text.parse()
            .map_err(|reason| format!("the URL of the store {reason}"))
    }
    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl ParseValue for String {
    const KIND: Kind = Kind::Text;
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl ParseValue for PathBuf {
    const KIND: Kind = Kind::Path;
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("must not be empty".to_owned()),
            path => Ok(PathBuf::from(path)),
        }
    }
    fn show(&self) -> String {
        quoted(&self.display().to_string())
    }
}

impl ParseValue for bool {
    const KIND: Kind = Kind::Bool;
    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        value
            .as_bool()
            .ok_or_else(|| format!("must be true or false, not {}", value.type_str()))
    }
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("`{text}` is not `true` or `false`"))
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

macro_rules! integers {
    ($($type:ty),+) => { $(
        impl ParseValue for $type {
            const KIND: Kind = Kind::Integer;
            fn from_toml(value: &toml::Value) -> Result<Self, String> {
                let number = value
                    .as_integer()
                    .ok_or_else(|| format!("must be a whole number, not {}", value.type_str()))?;
                Self::try_from(number).map_err(|_| format!("`{number}` is out of range"))
            }
            fn from_text(text: &str) -> Result<Self, String> {
                text.replace('_', "").parse().map_err(|_| format!("`{text}` is not a whole number"))
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+ };
}
integers!(u64, usize);

impl<T: ParseValue> ParseValue for Option<T> {
    const KIND: Kind = T::KIND;
    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        T::from_toml(value).map(Some)
    }
    fn from_text(text: &str) -> Result<Self, String> {
        T::from_text(text).map(Some)
    }
    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

impl ParseValue for Vec<Network> {
    const KIND: Kind = Kind::Networks;
    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        list_of_toml(value, "networks", network)
    }
    fn from_text(text: &str) -> Result<Self, String> {
        list_of_text(text, network)
    }
    fn show(&self) -> String {
        show_list(self)
    }
}

impl ParseValue for Vec<PrivateIssuerHost> {
    const KIND: Kind = Kind::PrivateHosts;
    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        list_of_toml(value, "hosts", private_host)
    }
    fn from_text(text: &str) -> Result<Self, String> {
        list_of_text(text, private_host)
    }
    fn show(&self) -> String {
        show_list(self)
    }
}

fn list_of_toml<T>(
    value: &toml::Value,
    of: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let items = value
        .as_array()
        .ok_or_else(|| format!("must be a list of {of}, not {}", value.type_str()))?;
    items
        .iter()
        .map(|item| {
            let text = item
                .as_str()
                .ok_or_else(|| format!("must be a list of text, not of {}", item.type_str()))?;
            read(text)
        })
        .collect()
}

fn list_of_text<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(read)
        .collect()
}

fn show_list<T: Display>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", items.join(", "))
}

fn network(text: &str) -> Result<Network, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a network such as `10.0.0.0/8` or `fd00::/8`"))
}

fn private_host(text: &str) -> Result<PrivateIssuerHost, String> {
    text.parse().map_err(|()| {
        format!("`{text}` is not a host such as `https://login.internal:8443=10.0.0.5` or `http://127.0.0.1:9000`")
    })
}

/// Refuses a number outside its range.
pub(super) fn in_range<T: PartialOrd + Display>(
    value: &T,
    smallest: &T,
    largest: &T,
) -> Result<(), String> {
    if value < smallest || value > largest {
        return Err(format!("`{value}` is not between {smallest} and {largest}"));
    }
    Ok(())
}

/// Makes the structs, their defaults, [`Settings::ENTRIES`], `set` and `shown` of the table.
macro_rules! settings {
    ($(
        #[doc = $section_doc:literal]
        $section:ident: $Section:ident {
            $( #[doc = $doc:literal] $key:ident: $type:ty = $default:expr $(, $low:literal..=$high:literal)?; )+
        }
    )+) => {
        /// Every setting of a process, checked.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Settings { $( #[doc = $section_doc] pub $section: $Section, )+ }

        $(
            #[doc = $section_doc]
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Section { $( #[doc = $doc] pub $key: $type, )+ }

            impl Default for $Section {
                fn default() -> $Section { $Section { $( $key: $default, )+ } }
            }
        )+

        impl Settings {
            /// The sections and what they are about.
            pub const SECTIONS: &'static [(&'static str, &'static str)] =
                &[ $( (stringify!($section), $section_doc.trim_ascii()), )+ ];

            /// The table, in the order of the document.
            pub const ENTRIES: &'static [Entry] = &[ $( $( Entry {
                section: stringify!($section),
                key: stringify!($key),
                doc: $doc.trim_ascii(),
                kind: <$type as ParseValue>::KIND,
                range: table::settings!(@range $($low $high)?),
            }, )+ )+ ];

            /// Sets one value, from whatever `read` takes it. `None`: there is no such setting.
            fn set(&mut self, section: &str, key: &str, source: &load::Source<'_>) -> Option<Result<(), String>> {
                match (section, key) {
                    $( $( (stringify!($section), stringify!($key)) => Some(
                        source.read::<$type>().and_then(|value| {
                            $( table::in_range(&value, &$low, &$high)?; )?
                            self.$section.$key = value;
                            Ok(())
                        })
                    ), )+ )+
                    _ => None,
                }
            }

            /// The value of each row of [`Settings::ENTRIES`], as the settings file would have it.
            #[must_use]
            pub fn shown(&self) -> Vec<String> {
                vec![ $( $( self.$section.$key.show(), )+ )+ ]
            }
        }
    };
    (@range) => { None };
    (@range $low:literal $high:literal) => { Some((stringify!($low), stringify!($high))) };
}
pub(super) use settings;
