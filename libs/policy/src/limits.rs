//! Limits around documents.
//!
//! Sizes are bytes of the canonical form ([`crate::Document::size`]). This crate enforces only those
//! down to [`CONTEXT_VALUES_MAX`]; the others are enforced where documents are stored and sessions are
//! made, and are defaults there.

/// Findings reported for one document; one more would help nobody.
pub const FINDINGS_MAX: usize = 100;
/// Characters of a finding's message, which quotes the document.
pub const MESSAGE_CHARS_MAX: usize = 300;
/// Name of a condition key, in bytes: an issuer's address and a claim fit.
pub const CONDITION_KEY_BYTES_MAX: usize = 1_024;
/// All values of one condition key of a request, in bytes. What a decision costs at most grows with this times the size of
/// the policies.
pub const CONTEXT_VALUE_BYTES_MAX: usize = 32 * 1_024;
/// Values of one condition key of a request.
pub const CONTEXT_VALUES_MAX: usize = 1_000;

/// Managed policy document.
pub const MANAGED_POLICY_BYTES_MAX: usize = 6_144;
/// All inline policies of a user together.
pub const USER_INLINE_BYTES_MAX: usize = 2_048;
/// All inline policies of a group together.
pub const GROUP_INLINE_BYTES_MAX: usize = 5_120;
/// All inline policies of a role together.
pub const ROLE_INLINE_BYTES_MAX: usize = 10_240;
/// Role trust policy.
pub const TRUST_POLICY_BYTES_MAX: usize = 4_096;
/// Resource policy.
pub const RESOURCE_POLICY_BYTES_MAX: usize = 20_480;
/// Inline session policy.
pub const SESSION_POLICY_BYTES_MAX: usize = 2_048;
/// Service control policy.
pub const SCP_BYTES_MAX: usize = 5_120;
/// Resource control policy.
pub const RCP_BYTES_MAX: usize = 5_120;

/// Managed policies passed when a session is made.
pub const SESSION_POLICY_ARNS_MAX: usize = 10;
/// Tags of a session.
pub const SESSION_TAGS_MAX: usize = 50;
/// Tags of a user, role or policy.
pub const TAGS_MAX: usize = 50;
/// Characters of a tag key.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Characters of a tag value.
pub const TAG_VALUE_CHARS_MAX: usize = 256;

/// Managed policies attached to one user, group or role.
pub const ATTACHED_POLICIES_MAX: usize = 10;
/// Versions kept live of a managed policy; older ones stay in the log.
pub const POLICY_VERSIONS_MAX: usize = 20;
/// Groups a user may be in.
pub const GROUPS_PER_USER_MAX: usize = 10;
/// Access keys of a user.
pub const ACCESS_KEYS_PER_USER_MAX: usize = 2;
/// Groups of an account.
pub const GROUPS_PER_ACCOUNT_MAX: usize = 300;
/// Users of an account.
pub const USERS_PER_ACCOUNT_MAX: usize = 5_000;
/// Roles of an account.
pub const ROLES_PER_ACCOUNT_MAX: usize = 1_000;
/// Customer policies of an account.
pub const POLICIES_PER_ACCOUNT_MAX: usize = 1_500;
/// Outside identity providers of an account.
pub const PROVIDERS_PER_ACCOUNT_MAX: usize = 100;

/// Control policies of one kind attached to one root, unit or account.
pub const CONTROL_POLICIES_ATTACHED_MAX: usize = 5;
/// Units below the root, one inside the other.
pub const UNIT_DEPTH_MAX: usize = 5;

/// Shortest session.
pub const SESSION_SECONDS_MIN: u32 = 900;
/// Session length when none is asked for, and the longest one of a chained session.
pub const SESSION_SECONDS_DEFAULT: u32 = 3_600;
/// Longest session a role may permit.
pub const SESSION_SECONDS_MAX: u32 = 43_200;
