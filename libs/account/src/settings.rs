//! Settings of one account: defaults, and what they may be set to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trilby_model::{Arn, TagKey};

/// All settings of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Standing of an account's credentials, and what guards its administrators against each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Longest life of a new access key in days, 1..=90; nothing: keys need not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_days_max: Option<u32>,
    /// Whether who has a permissions boundary gives rights only to those who have it too.
    #[serde(default = "on", skip_serializing_if = "is_on")]
    pub boundary_sticky: bool,
    /// Boundaries that count as narrower: ARNs of policies by the ARN of the boundary they are within.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub narrower_boundaries: BTreeMap<String, BTreeSet<String>>,
    /// Whether nobody makes credentials for, or adds members to, what may do more than himself.
    #[serde(default = "on", skip_serializing_if = "is_on")]
    pub credential_ceiling: bool,
    /// Whether boundaries and session policies also cap what a resource policy grants to somebody by name or to everyone.
    #[serde(default, skip_serializing_if = "is_off")]
    pub caps_bind_resource_grants: bool,
    /// Keys of tags of users and roles that only holders of `iam:SetLockedTags` set; lower-cased.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub locked_tag_keys: BTreeSet<String>,
    /// Origins from which browsers may call what logs people in: scheme, host and port, as they send them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allowed_origins: BTreeSet<String>,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            access_key_days_max: None,
            boundary_sticky: on(),
            narrower_boundaries: BTreeMap::new(),
            credential_ceiling: on(),
            caps_bind_resource_grants: false,
            locked_tag_keys: BTreeSet::new(),
            allowed_origins: BTreeSet::new(),
        }
    }
}

/// Most entries of each list of [`Security`].
pub const SECURITY_LIST_MAX: usize = 50;

const fn on() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_on(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_off(value: &bool) -> bool {
    !*value
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
            Self::Security(s) => s.fault(),
            Self::Tokens(t) if !(3_600..=43_200).contains(&t.chain_age_s_max) => {
                Some(("/chain_age_s_max", "must be 3600 to 43200"))
            }
            Self::Decisions(d) if !(5..=3_600).contains(&d.stale_s_max) => {
                Some(("/stale_s_max", "must be 5 to 3600"))
            }
            Self::PasswordPolicy(_) | Self::Tokens(_) | Self::Decisions(_) => None,
        }
    }
}

impl Security {
    fn fault(&self) -> Option<(&'static str, &'static str)> {
        let days = self.access_key_days_max;
        let narrower = &self.narrower_boundaries;
        let arns = narrower.keys().chain(narrower.values().flatten());
        let entries: usize = narrower.values().map(BTreeSet::len).sum();
        if days.is_some_and(|days| !(1..=90).contains(&days)) {
            Some(("/access_key_days_max", "must be 1 to 90"))
        } else if entries.max(narrower.len()) > SECURITY_LIST_MAX {
            Some(("/narrower_boundaries", "has more than 50 entries"))
        } else if !arns.clone().all(|arn| arn.parse::<Arn>().is_ok()) {
            Some(("/narrower_boundaries", "must be ARNs of policies"))
        } else if self.locked_tag_keys.len() > SECURITY_LIST_MAX {
            Some(("/locked_tag_keys", "has more than 50 keys"))
        } else if !self.locked_tag_keys.iter().all(|key| is_folded_key(key)) {
            Some(("/locked_tag_keys", "must be keys of tags, in lower case"))
        } else if self.allowed_origins.len() > SECURITY_LIST_MAX {
            Some(("/allowed_origins", "has more than 50 origins"))
        } else if !self.allowed_origins.iter().all(|origin| is_origin(origin)) {
            Some((
                "/allowed_origins",
                "must be origins, such as https://app.example",
            ))
        } else {
            None
        }
    }
}

fn is_folded_key(key: &str) -> bool {
    key.parse::<TagKey>().is_ok() && key.to_lowercase() == key
}

/// Scheme, host and perhaps a port, and nothing else, as browsers write it.
fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
        (1..=255).contains(&host.len()) && host.bytes().all(plain)
    })
}
