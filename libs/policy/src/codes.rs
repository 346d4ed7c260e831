//! Every code a [`crate::Finding`] can carry, with its meaning. Codes are stable: never renamed, never
//! reused.

/// Code and meaning, errors first.
pub const CODES: &[(&str, &str)] = &[
    // Refusals of the reader.
    ("invalid_json", "the text is not JSON"),
    ("duplicate_member", "an object holds a member twice"),
    ("too_deep", "the text is nested too deeply"),
    (
        "invalid_character",
        "a character outside the alphabet of policies",
    ),
    (
        "wrong_type",
        "a value is of another JSON type than its place asks for",
    ),
    ("unknown_member", "an element that does not exist"),
    ("missing_member", "a required element is missing"),
    (
        "conflicting_members",
        "two elements that exclude each other",
    ),
    (
        "element_not_allowed",
        "an element this kind of document may not hold",
    ),
    ("empty_list", "a list without values"),
    ("version_required", "`Version` is missing"),
    ("invalid_version", "a version that does not exist"),
    (
        "old_version",
        "version 2008-10-17; an error in new documents, else a warning",
    ),
    ("invalid_sid", "a `Sid` outside its alphabet"),
    ("duplicate_sid", "two statements of one `Sid`"),
    ("invalid_effect", "neither `Allow` nor `Deny`"),
    (
        "effect_not_allowed",
        "a resource control policy that allows",
    ),
    ("invalid_action", "not an action pattern"),
    (
        "action_not_allowed",
        "an action that does not belong in a trust policy",
    ),
    ("invalid_arn_pattern", "not an ARN pattern"),
    ("invalid_variable", "a `${...}` that cannot be read"),
    ("variable_not_allowed", "a variable where none may stand"),
    ("invalid_principal", "not a principal"),
    (
        "unknown_principal_type",
        "a type of principal that does not exist",
    ),
    (
        "unsupported_principal_type",
        "a type of principal Trilby does not have",
    ),
    (
        "allow_with_not_principal",
        "`NotPrincipal` in a statement that allows",
    ),
    ("weak_trust_policy", "a trust policy that lets everyone in"),
    (
        "whole_organization_subject",
        "everything of an organization may assume the role",
    ),
    (
        "pull_request_subject",
        "whoever proposes a change may assume the role",
    ),
    (
        "mutable_claim",
        "a test of a claim that can come to mean somebody else",
    ),
    (
        "email_without_domain",
        "a test of an e-mail address that does not fix its domain",
    ),
    (
        "unused_provider",
        "a test of a provider's claims that the statement does not name",
    ),
    (
        "unknown_operator",
        "a condition operator that does not exist",
    ),
    ("invalid_condition_key", "not a condition key"),
    (
        "duplicate_condition_key",
        "a condition key twice under one operator",
    ),
    (
        "invalid_condition_value",
        "a value its operator cannot read",
    ),
    (
        "set_operator_required",
        "a multivalued key without a set operator",
    ),
    // Lint.
    (
        "literal_variable",
        "`${...}` in a document in which it is literal text",
    ),
    (
        "wildcard_principal",
        "everyone is allowed, without condition",
    ),
    (
        "not_principal",
        "`NotPrincipal` denies more callers than it seems",
    ),
    ("dangling_principal", "a principal that no longer exists"),
    ("not_action_allow", "`NotAction` in a statement that allows"),
    (
        "not_resource_allow",
        "`NotResource` in a statement that allows",
    ),
    (
        "privilege_escalation",
        "rights by which a principal can raise its own",
    ),
    (
        "foreign_resource",
        "a resource the policy is not attached to",
    ),
    (
        "for_all_values_allow",
        "`ForAllValues` allows requests without the key",
    ),
    (
        "set_operator_on_single_value",
        "a set operator on a single-valued key",
    ),
    (
        "negated_operator_allow",
        "a negated operator allows requests without the key",
    ),
    ("mfa_absent_not_denied", "a Deny that misses long-term keys"),
    (
        "key_never_sent",
        "a test of a key that no request carries yet",
    ),
    (
        "private_address",
        "an address range the internet never shows",
    ),
    ("spoofable_key_allow", "a grant by a key the caller chooses"),
    ("operator_type", "an operator that does not suit its key"),
    (
        "literal_star",
        "a `*` under an operator that has no wildcards",
    ),
    ("unknown_condition_key", "a key no request carries"),
    ("multivalued_variable", "a variable that never resolves"),
    ("unknown_action", "an action its service does not have"),
    (
        "redundant_pattern",
        "a pattern covered by another of its list",
    ),
    (
        "duplicate_statement",
        "a statement that says the same as another",
    ),
    ("shadowed_statement", "a statement another one covers"),
    (
        "unreachable_allow",
        "an Allow that the same document denies",
    ),
];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn each_code_is_listed_once() {
        let mut codes: Vec<&str> = CODES.iter().map(|(code, _)| *code).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
