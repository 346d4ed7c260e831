//! Groups of settings as bodies and answers have them. What a body leaves out is set to its default.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trilby_account::settings::{Decisions, PasswordPolicy, Security, Tokens, WhenStale};
use utoipa::ToSchema;

/// Rules for the passwords of the account's people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Fewest characters where the password alone opens: 12 to 128.
    pub length_min: u32,
    /// Fewest characters where a second factor is asked as well: 8 to 128.
    pub length_with_mfa_min: u32,
}

/// Standing of credentials, and what guards administrators against each other.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecuritySettings {
    /// Longest life of a new access key in days, 1 to 90; `null`: keys need not expire.
    pub access_key_days_max: Option<u32>,
    /// Whether who has a permissions boundary gives rights only to those who have it too.
    pub boundary_sticky: bool,
    /// Boundaries that count as narrower: ARNs of policies by the ARN of the boundary they are within.
    pub narrower_boundaries: BTreeMap<String, BTreeSet<String>>,
    /// Whether nobody makes credentials for, or adds members to, what may do more than himself.
    pub credential_ceiling: bool,
    /// Whether permissions boundaries and session policies also cap what a resource policy of this account grants to a user
    /// or session by name, or to everyone. Off, as in AWS, such a grant needs nothing else.
    pub caps_bind_resource_grants: bool,
    /// Keys of tags of users and roles that only holders of `iam:SetLockedTags` set; in lower case.
    pub locked_tag_keys: BTreeSet<String>,
    /// Origins of the pages in browsers that may read logins of outside identities, the roles they may put on, who they are,
    /// and decisions; such as `https://app.example`, compared whole.
    pub allowed_origins: BTreeSet<String>,
}

/// How long the account's sessions live.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokenSettings {
    /// Longest time in seconds from the first authentication to the end of the last session: 3600 to 43200.
    pub chain_age_max: u32,
}

/// How decisions about the account are made when news is late.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionSettings {
    /// How old a node's knowledge of revocations may be, 5 to 3600 seconds.
    pub max_stale: u32,
    /// What happens beyond that.
    pub when_stale: StaleChoice,
}

/// What a node does that has not heard of revocations for too long.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaleChoice {
    /// Refuses to decide.
    Deny,
    /// Decides until the session's own end.
    AllowUntilExp,
}

impl PasswordSettings {
    pub fn of(settings: &PasswordPolicy) -> Self {
        Self {
            length_min: settings.length_min,
            length_with_mfa_min: settings.length_with_mfa_min,
        }
    }

    pub fn settings(&self) -> PasswordPolicy {
        PasswordPolicy {
            length_min: self.length_min,
            length_with_mfa_min: self.length_with_mfa_min,
        }
    }
}

impl SecuritySettings {
    pub fn of(settings: &Security) -> Self {
        let settings = settings.clone();
        Self {
            access_key_days_max: settings.access_key_days_max,
            boundary_sticky: settings.boundary_sticky,
            narrower_boundaries: settings.narrower_boundaries,
            credential_ceiling: settings.credential_ceiling,
            caps_bind_resource_grants: settings.caps_bind_resource_grants,
            locked_tag_keys: settings.locked_tag_keys,
            allowed_origins: settings.allowed_origins,
        }
    }

    pub fn settings(&self) -> Security {
        let view = self.clone();
        Security {
            access_key_days_max: view.access_key_days_max,
            boundary_sticky: view.boundary_sticky,
            narrower_boundaries: view.narrower_boundaries,
            credential_ceiling: view.credential_ceiling,
            caps_bind_resource_grants: view.caps_bind_resource_grants,
            locked_tag_keys: view.locked_tag_keys,
            allowed_origins: view.allowed_origins,
        }
    }
}

impl TokenSettings {
    pub fn of(settings: &Tokens) -> Self {
        Self {
            chain_age_max: settings.chain_age_s_max,
        }
    }

    pub fn settings(&self) -> Tokens {
        Tokens {
            chain_age_s_max: self.chain_age_max,
        }
    }
}

impl DecisionSettings {
    pub fn of(settings: &Decisions) -> Self {
        Self {
            max_stale: settings.stale_s_max,
            when_stale: match settings.when_stale {
                WhenStale::Deny => StaleChoice::Deny,
                WhenStale::AllowUntilExp => StaleChoice::AllowUntilExp,
            },
        }
    }

    pub fn settings(&self) -> Decisions {
        Decisions {
            stale_s_max: self.max_stale,
            when_stale: match self.when_stale {
                StaleChoice::Deny => WhenStale::Deny,
                StaleChoice::AllowUntilExp => WhenStale::AllowUntilExp,
            },
        }
    }
}

macro_rules! defaults {
    ($($view:ident: $settings:ident),*) => {$(
        impl Default for $view {
            fn default() -> Self {
                Self::of(&$settings::default())
            }
        }
    )*};
}
defaults!(PasswordSettings: PasswordPolicy, SecuritySettings: Security, TokenSettings: Tokens, DecisionSettings: Decisions);
