//! Identifiers: of accounts and organizations, and the unique ids that outlive names.
//!
//! An id is made once, at random, and never given to anything else: a user deleted and made again under the same name
//! has another id, and does not inherit what the first one was trusted with.

use std::fmt;
use std::str::FromStr;

use crate::entropy::Entropy;
use crate::text::{echo, string_on_the_wire};

/// Capitals and digits without `I`, `L`, `O`, `U`: nothing to misread, nothing to spell.
const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LOWER_AND_DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct IdError {
    what: &'static str,
    text: String,
}

impl IdError {
    pub(crate) fn new(what: &'static str, text: String) -> Self {
        Self { what, text }
    }
}

/// An account: twelve decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    const DIGITS: usize = 12;
    const COUNT: u64 = 1_000_000_000_000;

    /// A fresh id.
    pub fn generate(entropy: &mut Entropy) -> Self {
        // 64 bits over 10^12 values: the bias of the remainder is below one in ten million.
        Self(u64::from_be_bytes(entropy.take()) % Self::COUNT)
    }

    /// The number that the twelve digits write; storage keys rows by it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The account of a stored number; `None` from 10^12 on.
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        if number < Self::COUNT {
            Some(Self(number))
        } else {
            None
        }
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let well_formed = text.len() == Self::DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if well_formed => Ok(Self(number)),
            Ok(_) | Err(_) => Err(IdError {
                what: "an account id (12 digits)",
                text: echo(text),
            }),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

string_on_the_wire!(AccountId, pattern: "^[0-9]{12}$", example: "111122223333", says: "an account: 12 digits");

/// An id that is a fixed prefix and a fixed number of random characters.
macro_rules! random_id {
    ($(#[$doc:meta])* $type:ident, $prefix:literal, $length:literal of $alphabet:ident, class: $class:literal, example: $example:expr, says: $says:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// What each of these ids begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh id.
            pub fn generate(entropy: &mut Entropy) -> Self {
                Self(format!("{}{}", $prefix, entropy.text($alphabet, $length)))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.strip_prefix($prefix) {
                    Some(rest) if rest.len() == $length && rest.bytes().all(|b| $alphabet.contains(&b)) => Ok(Self(text.to_owned())),
                    Some(_) | None => Err(IdError { what: $says, text: echo(text) }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

        string_on_the_wire!($type, pattern: concat!("^", $prefix, $class, "{", stringify!($length), "}$"), example: $example, says: $says);
    };
}

random_id!(
    /// An organization: `o-` and ten characters.
    OrganizationId, "o-", 10 of LOWER_AND_DIGITS, class: "[a-z0-9]", example: "o-4k7m2xq9ab", says: "an organization id (o- and 10 of a-z0-9)"
);
random_id!(
    /// The root of an organization's tree: `r-` and four characters.
    RootId, "r-", 4 of LOWER_AND_DIGITS, class: "[a-z0-9]", example: "r-x3f9", says: "a root id (r- and 4 of a-z0-9)"
);
random_id!(
    /// An organizational unit: `ou-` and eight characters.
    UnitId, "ou-", 8 of LOWER_AND_DIGITS, class: "[a-z0-9]", example: "ou-7dk20aqz", says: "a unit id (ou- and 8 of a-z0-9)"
);
random_id!(
    /// A control policy (SCP or RCP): `p-` and eight characters.
    ControlPolicyId, "p-", 8 of LOWER_AND_DIGITS, class: "[a-z0-9]", example: "p-fullac01", says: "a control policy id (p- and 8 of a-z0-9)"
);

macro_rules! unique_id {
    ($(#[$doc:meta])* $type:ident, $prefix:literal, $thing:literal) => {
        random_id!(
            $(#[$doc])*
            $type, $prefix, 17 of CROCKFORD, class: "[0-9A-HJKMNP-TV-Z]", example: concat!($prefix, "0123456789ABCDEFG"),
            says: concat!($thing, " (", $prefix, " and 17 of Crockford base32)")
        );
    };
}

unique_id!(
    /// A user.
    UserId, "TUSR", "a user id"
);
unique_id!(
    /// A group.
    GroupId, "TGRP", "a group id"
);
unique_id!(
    /// A role.
    RoleId, "TROL", "a role id"
);
unique_id!(
    /// A managed policy.
    PolicyId, "TPOL", "a policy id"
);
unique_id!(
    /// An access key: the half that is no secret.
    AccessKeyId, "TKEY", "an access key id"
);
unique_id!(
    /// An MFA device.
    MfaDeviceId, "TMFA", "an MFA device id"
);
unique_id!(
    /// A session; also the `jti` of its token.
    SessionId, "TSES", "a session id"
);
unique_id!(
    /// An outside identity provider.
    ProviderId, "TIDP", "an identity provider id"
);
unique_id!(
    /// An account's acceptance of another account's identity provider.
    LinkId, "TLNK", "a provider link id"
);

random_id!(
    /// A value for `sts:ExternalId` that an account issued: 160 random bits, so that nobody can choose another's.
    IssuedExternalId, "ext-", 32 of CROCKFORD, class: "[0-9A-HJKMNP-TV-Z]", example: "ext-0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    says: "an external id (ext- and 32 of Crockford base32)"
);

#[cfg(test)]
mod tests;
