//! Names and short texts of federation.

use crate::names::{all, length, name};

name!(
    /// The name of an identity provider or of a link to one; the last part of its ARN.
    ProviderName, "a provider name",
    |text| {
        length(text, 1, 64, "it must have 1 to 64 characters")?;
        all(text, |c| c.is_ascii_alphanumeric() || "._/-".contains(c), "it may hold only A-Z a-z 0-9 . _ / -")?;
        let framed = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.ends_with(|c: char| c.is_ascii_alphanumeric());
        if framed && !text.contains("//") { Ok(()) } else { Err("it must begin and end with a letter or digit, and may not hold `//`") }
    },
    pattern: "^[A-Za-z0-9]([A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?$", example: "accounts.google.com", says: "the name of an identity provider or provider link"
);
name!(
    /// The name of a rule in its role map.
    RuleId, "a rule id",
    |text| {
        length(text, 1, 64, "it must have 1 to 64 characters")?;
        all(text, |c| c.is_ascii_alphanumeric() || "._-".contains(c), "it may hold only A-Z a-z 0-9 . _ -")
    },
    pattern: "^[A-Za-z0-9._-]{1,64}$", example: "eng-admins", says: "the name of a rule"
);
name!(
    /// A value of `aud` that a provider's tokens may be for; compared byte for byte.
    ProviderAudience, "an audience",
    |text| {
        if text.is_empty() || text.len() > 255 {
            return Err("it must have 1 to 255 bytes");
        }
        all(text, |c| !c.is_control() && !c.is_whitespace(), "it may not hold white space or control characters")
    },
    pattern: r"^\S{1,255}$", example: "1234567890.apps.example.com", says: "an audience: the client id that tokens are issued for"
);
