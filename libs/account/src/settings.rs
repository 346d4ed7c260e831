//! Settings of one account: defaults, and what they may be set to.

use serde::{Deserialize, Serialize};

/// All settings of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What passwords must be like.
    pub password_policy: PasswordPolicy,
    /// Standing of credentials.
    pub security: Security,
    /// Our own tokens.
    pub tokens: Tokens,
    /// Decisions.
    pub decisions: Decisions,
}

/// Rules for the passwords of an account's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordPolicy {
    /// Fewest characters where the password alone opens: 12..=128.
    pub length_min: u32,
    /// Fewest characters where a second factor is asked as well: 8..=128.
    pub length_with_mfa_min: u32,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            length_min: 15,
            length_with_mfa_min: 8,
        }
    }
}

/// Standing of an account's credentials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Longest life of a new access key in days, 1..=90; nothing: keys need not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_days_max: Option<u32>,
}

/// How an account's sessions are signed and how long they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Longest time from the first authentication to the end of the last session, 3,600..=43,200 s.
    pub chain_age_s_max: u32,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            chain_age_s_max: 43_200,
        }
    }
}

/// How decisions about an account are made when news is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// How old a node's knowledge of revocations may be, 5..=3,600 s.
    pub stale_s_max: u32,
    /// What happens beyond that.
    pub when_stale: WhenStale,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            stale_s_max: 60,
            when_stale: WhenStale::Deny,
        }
    }
}

/// What a node does that has not heard of revocations for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenStale {
    /// Refuses to decide.
    Deny,
    /// Decides until the session's own end.
    AllowUntilExp,
}

/// One group of settings, replaced as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsSection {
    /// See [`PasswordPolicy`].
    PasswordPolicy(PasswordPolicy),
    /// See [`Security`].
    Security(Security),
    /// See [`Tokens`].
    Tokens(Tokens),
    /// See [`Decisions`].
    Decisions(Decisions),
}

impl SettingsSection {
    /// The first member that is out of its bounds: its name and what it may be.
    pub(crate) fn fault(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::PasswordPolicy(p) if !(12..=128).contains(&p.length_min) => {
                Some(("/length_min", "must be 12 to 128"))
            }
            Self::PasswordPolicy(p) if !(8..=128).contains(&p.length_with_mfa_min) => {
                Some(("/length_with_mfa_min", "must be 8 to 128"))
            }
            Self::Security(s)
                if s.access_key_days_max
                    .is_some_and(|d| !(1..=90).contains(&d)) =>
            {
                Some(("/access_key_days_max", "must be 1 to 90"))
            }
            Self::Tokens(t) if !(3_600..=43_200).contains(&t.chain_age_s_max) => {
                Some(("/chain_age_s_max", "must be 3600 to 43200"))
            }
            Self::Decisions(d) if !(5..=3_600).contains(&d.stale_s_max) => {
                Some(("/stale_s_max", "must be 5 to 3600"))
            }
            Self::PasswordPolicy(_) | Self::Security(_) | Self::Tokens(_) | Self::Decisions(_) => {
                None
            }
        }
    }
}
