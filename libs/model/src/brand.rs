//! Every place where the product's name is part of a format, once.
//!
//! Changing one of these changes a wire or storage format: tokens, policies and clients in the field hold them.

/// The ARN partition Trilby writes. In ARN matching [`PARTITION_ALIAS`] is the same partition.
pub const PARTITION: &str = "trilby";
/// The partition that policies written for AWS name; equal to [`PARTITION`] wherever ARNs are matched.
pub const PARTITION_ALIAS: &str = "aws";
/// Prefix of our condition keys and private claims.
pub const KEY_PREFIX: &str = "trilby:";
/// The same prefix as AWS spells it; both name one key everywhere.
pub const KEY_PREFIX_ALIAS: &str = "aws:";
/// Prefix of environment variables that set a setting.
pub const ENV_PREFIX: &str = "TRILBY_";
/// Action prefixes that no application may take as its name.
pub const RESERVED_PREFIXES: [&str; 10] = [
    "iam",
    "sts",
    "organizations",
    "registry",
    "scim",
    "trilby",
    "operator",
    "authzen",
    "aws",
    "oidc",
];

/// Names of our HTTP headers, lower case as HTTP libraries want them.
pub mod headers {
    /// Where each log stood, on every answer that read or wrote one.
    pub const SEQ: &str = "trilby-seq";
    /// The caller wants each named log at least there.
    pub const MIN_SEQ: &str = "trilby-min-seq";
    /// The caller wants the state exactly there.
    pub const AT_SEQ: &str = "trilby-at-seq";
    /// The caller wants the state of that time.
    pub const AT_TIME: &str = "trilby-at-time";
    /// The id of the request, on every answer.
    pub const REQUEST_ID: &str = "trilby-request-id";
    /// The id of the decision that an answer rests on.
    pub const DECISION_ID: &str = "trilby-decision-id";
    /// How much of its reason a decision should tell.
    pub const EXPLAIN: &str = "trilby-explain";
    /// What is amiss with a question that no policy could allow, in words.
    pub const HINT: &str = "trilby-hint";
    /// Says that an answer stands on state that may be older than asked.
    pub const STALE: &str = "trilby-stale";
}

/// Prefixes of secrets, so that a scanner (and a person) can tell what leaked.
pub mod secrets {
    /// The secret half of an access key.
    pub const ACCESS_KEY: &str = "tbk_";
    /// An MFA ticket: password right, second factor still owed.
    pub const MFA_TICKET: &str = "tbm_";
    /// A password ticket: reset, must-change, a member account's root.
    pub const PASSWORD_TICKET: &str = "tbr_";
    /// The ticket that opens an empty store.
    pub const BOOTSTRAP_TICKET: &str = "tbb_";
    /// An invitation into an organization.
    pub const INVITATION_TICKET: &str = "tbi_";
}
