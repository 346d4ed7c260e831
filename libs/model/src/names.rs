//! Names that people give to things, each with its own alphabet and length.
//!
//! The spelling given is kept and shown. Whether two names are one name is asked of [`key`](UserName::key), which is
//! lower case: `Alice` and `alice` cannot both be users. `Eq`, `Ord` and `Hash` of these types are on the exact text.

use crate::brand::{KEY_PREFIX, KEY_PREFIX_ALIAS, RESERVED_PREFIXES};

/// Why a text is no name of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {why}")]
pub struct NameError {
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
    pub(crate) text: String,
}

impl NameError {
    /// The rule that was broken, without the text that broke it.
    #[must_use]
    pub const fn why(&self) -> &'static str {
        self.why
    }
}

/// One kind of name: a newtype whose text has passed `check`.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $check:expr, pattern: $pattern:expr, example: $example:literal, says: $says:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// The text as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What two spellings of one name have in common: the text in lower case.
            #[must_use]
            pub fn key(&self) -> String {
                self.0.to_lowercase()
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::names::NameError;

            fn from_str(text: &str) -> Result<Self, $crate::names::NameError> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(why) => Err($crate::names::NameError { what: $what, why, text: $crate::text::echo(text) }),
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::names::NameError;

            fn try_from(text: String) -> Result<Self, $crate::names::NameError> {
                text.parse()
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        $crate::text::string_on_the_wire!($type, pattern: $pattern, example: $example, says: $says);
    };
}

pub(crate) use name;

/// `A-Z a-z 0-9 + = , . @ _ -`: what names of principals and policies are made of.
fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+=,.@_-".contains(c)
}

pub(crate) fn length(
    text: &str,
    min: usize,
    max: usize,
    why: &'static str,
) -> Result<(), &'static str> {
    if (min..=max).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(why)
    }
}

pub(crate) fn all(
    text: &str,
    fits: impl Fn(char) -> bool,
    why: &'static str,
) -> Result<(), &'static str> {
    if text.chars().all(fits) {
        Ok(())
    } else {
        Err(why)
    }
}

const NAME_ALPHABET: &str = "it may hold only A-Z a-z 0-9 + = , . @ _ -";

fn name_of_64(text: &str) -> Result<(), &'static str> {
    length(text, 1, 64, "it must have 1 to 64 characters")?;
    all(text, is_name_char, NAME_ALPHABET)
}

fn name_of_128(text: &str) -> Result<(), &'static str> {
    length(text, 1, 128, "it must have 1 to 128 characters")?;
    all(text, is_name_char, NAME_ALPHABET)
}

fn name_of_2_to_64(text: &str) -> Result<(), &'static str> {
    length(text, 2, 64, "it must have 2 to 64 characters")?;
    all(text, is_name_char, NAME_ALPHABET)
}

name!(
    /// A user's name.
    UserName, "a user name", name_of_64,
    pattern: "^[A-Za-z0-9+=,.@_-]{1,64}$", example: "mary", says: "the name of a user"
);
name!(
    /// A group's name.
    GroupName, "a group name", name_of_128,
    pattern: "^[A-Za-z0-9+=,.@_-]{1,128}$", example: "Billing", says: "the name of a group"
);
name!(
    /// A role's name.
    RoleName, "a role name", name_of_64,
    pattern: "^[A-Za-z0-9+=,.@_-]{1,64}$", example: "OrganizationAccountAccessRole", says: "the name of a role"
);
name!(
    /// A managed policy's name.
    PolicyName, "a policy name", name_of_128,
    pattern: "^[A-Za-z0-9+=,.@_-]{1,128}$", example: "AmazonS3ReadOnlyAccess", says: "the name of a managed policy"
);
name!(
    /// The name of a policy written into one user, group or role.
    InlinePolicyName, "an inline policy name", name_of_128,
    pattern: "^[A-Za-z0-9+=,.@_-]{1,128}$", example: "read-invoices", says: "the name of an inline policy"
);
name!(
    /// What a role session calls itself; the last part of its ARN.
    RoleSessionName, "a role session name", name_of_2_to_64,
    pattern: "^[A-Za-z0-9+=,.@_-]{2,64}$", example: "mary@acme.example", says: "the name of a role session"
);
name!(
    /// Who is behind a chain of sessions; set once, never changed.
    SourceIdentity, "a source identity", name_of_2_to_64,
    pattern: "^[A-Za-z0-9+=,.@_-]{2,64}$", example: "mary", says: "who is behind a session"
);
name!(
    /// The shared value by which a third party shows on whose behalf it assumes a role.
    ExternalId, "an external id",
    |text| {
        length(text, 2, 1224, "it must have 2 to 1224 characters")?;
        all(text, |c| is_name_char(c) || ":/".contains(c), "it may hold only A-Z a-z 0-9 + = , . @ _ - : /")
    },
    pattern: "^[A-Za-z0-9+=,.@:/_-]{2,1224}$", example: "c0ffee00-1d5b-4e4a-9a0c-0f2f6c1d7e11", says: "an external id"
);
name!(
    /// How people call an account.
    AccountName, "an account name",
    |text| {
        length(text, 1, 128, "it must have 1 to 128 characters")?;
        all(text, is_printable, "it may not hold control or invisible formatting characters")?;
        if text.trim() == text { Ok(()) } else { Err("it may not begin or end with white space") }
    },
    pattern: "", example: "acme-prod", says: "the name of an account, 1 to 128 characters"
);
name!(
    /// A short name of an account, unique in the installation, that login accepts for its id.
    AccountAlias, "an account alias",
    |text| {
        length(text, 3, 63, "it must have 3 to 63 characters")?;
        all(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-', "it may hold only a-z 0-9 -")?;
        if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            return Err("a hyphen stands between two other characters");
        }
        // Otherwise one account's alias could be another account's id.
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) { Err("it may not look like an account id") } else { Ok(()) }
    },
    pattern: "^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$", example: "acme", says: "a short name of an account"
);
name!(
    /// An application: the prefix of its actions and the service part of its resources' ARNs.
    ApplicationName, "an application name",
    |text| {
        length(text, 1, 63, "it must have 1 to 63 characters")?;
        all(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-', "it may hold only a-z 0-9 -")?;
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err("it must begin with a letter");
        }
        if RESERVED_PREFIXES.contains(&text) { Err("this name is reserved") } else { Ok(()) }
    },
    pattern: "^[a-z][a-z0-9-]{0,62}$", example: "s3", says: "the name of an application"
);
name!(
    /// A kind of thing in an application, such as `bucket`.
    ResourceType, "a resource type",
    |text| {
        length(text, 1, 64, "it must have 1 to 64 characters")?;
        all(text, |c| c.is_ascii_alphanumeric() || "_-".contains(c), "it may hold only A-Z a-z 0-9 _ -")
    },
    pattern: "^[A-Za-z0-9_-]{1,64}$", example: "bucket", says: "a type of resource of an application"
);
name!(
    /// Which thing of its type: whatever the application calls it, slashes and colons included.
    ResourceKey, "a resource id",
    |text| {
        if text.is_empty() || text.len() > 512 {
            return Err("it must have 1 to 512 bytes");
        }
        all(text, |c| !c.is_control(), "it may not hold control characters")
    },
    pattern: "", example: "reports/2026/q3.pdf", says: "which resource of its type, 1 to 512 bytes"
);
name!(
    /// Where a user, group, role or policy is filed: `/` or `/team/eng/`; part of its ARN.
    Path, "a path",
    |text| {
        length(text, 1, 512, "it must have 1 to 512 characters")?;
        all(text, |c| ('!'..='~').contains(&c), "it may hold only visible ASCII characters")?;
        let framed = text.starts_with('/') && text.ends_with('/') && text != "//";
        if framed { Ok(()) } else { Err("it must be `/`, or begin and end with `/`") }
    },
    pattern: "^/([!-~]+/)*$", example: "/team/eng/", says: "the path of a thing in its account"
);
name!(
    /// The name of a tag.
    TagKey, "a tag key",
    |text| {
        length(text, 1, 128, "it must have 1 to 128 characters")?;
        all(text, is_tag_char, TAG_ALPHABET)?;
        let key = text.to_lowercase();
        if key.starts_with(KEY_PREFIX) || key.starts_with(KEY_PREFIX_ALIAS) {
            return Err("the prefixes `trilby:` and `aws:` are reserved");
        }
        Ok(())
    },
    pattern: r"^[\p{L}\p{Nd}\p{Zs}_.:/=+@-]{1,128}$", example: "team", says: "the name of a tag"
);
name!(
    /// The value of a tag; may be empty.
    TagValue, "a tag value",
    |text| {
        length(text, 0, 256, "it must have at most 256 characters")?;
        all(text, is_tag_char, TAG_ALPHABET)
    },
    pattern: r"^[\p{L}\p{Nd}\p{Zs}_.:/=+@-]{0,256}$", example: "payments", says: "the value of a tag"
);
name!(
    /// An e-mail address, in the plain form `local@domain`.
    EmailAddress, "an e-mail address", email,
    pattern: r"^[^\s@]+@[^\s@]+$", example: "mary@acme.example", says: "an e-mail address"
);

const TAG_ALPHABET: &str = "it may hold only letters, digits, spaces and _ . : / = + - @";

fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric()
        || "_.:/=+-@".contains(c)
        || (c.is_whitespace() && !c.is_control() && !is_line_end(c))
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Not a control character, and none of the invisible ones that turn or hide the text around them.
fn is_printable(c: char) -> bool {
    let invisible = matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}');
    !c.is_control() && !is_line_end(c) && !invisible
}

fn email(text: &str) -> Result<(), &'static str> {
    length(text, 3, 254, "it must have 3 to 254 characters")?;
    all(
        text,
        |c| c.is_ascii_graphic() && !"()<>[],;:\\\"".contains(c),
        "it may hold only visible ASCII characters, and no quoting",
    )?;
    let Some((local, domain)) = text.split_once('@') else {
        return Err("it has no `@`");
    };
    if local.is_empty()
        || local.len() > 64
        || local.starts_with('.')
        || local.ends_with('.')
        || local.contains("..")
    {
        return Err(
            "the part before `@` must have 1 to 64 characters, with dots only between others",
        );
    }
    let label_fits = |label: &str| {
        let chars_fit = label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (1..=63).contains(&label.len())
            && chars_fit
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.split('.').all(label_fits) {
        Ok(())
    } else {
        Err("the part after `@` is not a domain name")
    }
}

#[cfg(test)]
mod tests;
