//! Every problem code this installation can answer with, in one table.
//!
//! A code is part of the API's contract: it is never renamed and never reused; new ones may come. Each
//! has a page `docs/problems/<slug>.md` that is served at `/problems/<slug>`, the address in a problem's
//! `type`. The page is compiled in, so a code without a page does not build.

use actix_web::http::StatusCode;

/// Builds [`Code`] and its look-ups: variant, code, slug, status, OAuth error, title.
macro_rules! codes {
    ($( $variant:ident $code:literal $slug:literal $status:ident $oauth:literal $title:literal; )+) => {
        /// The stable name of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each variant is documented by its page in docs/problems")]
        pub enum Code { $( $variant, )+ }

        impl Code {
            /// All codes, in the order of their status.
            pub const ALL: &'static [Code] = &[ $( Code::$variant, )+ ];

            /// The code as it is written in answers, for example `etag_mismatch`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Code::$variant => $code, )+ }
            }

            /// The last segment of the problem's address: the code with hyphens.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $( Code::$variant => $slug, )+ }
            }

            /// The HTTP status, unless a problem says otherwise ([`super::Problem::status`]).
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $( Code::$variant => StatusCode::$status, )+ }
            }

            /// The short, unchanging title.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $( Code::$variant => $title, )+ }
            }

            /// The `error` of an OAuth answer (tokens.md 13). `/v1/token` may choose another where the
            /// same code has two (a wrong access key is `invalid_client`, a wrong login `invalid_grant`).
            #[must_use]
            pub const fn oauth_error(self) -> &'static str {
                match self { $( Code::$variant => $oauth, )+ }
            }

            /// The page for people: what happened, what to do. Markdown.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self {
                    $( Code::$variant => include_str!(concat!("../../../../docs/problems/", $slug, ".md")), )+
                }
            }
        }
    };
}

codes! {
    InvalidJson "invalid_json" "invalid-json" BAD_REQUEST "invalid_request" "The body is not valid JSON";
    InvalidParameter "invalid_parameter" "invalid-parameter" BAD_REQUEST "invalid_request" "A value is not acceptable";
    UnknownField "unknown_field" "unknown-field" BAD_REQUEST "invalid_request" "The body has a member this operation does not know";
    DuplicateField "duplicate_field" "duplicate-field" BAD_REQUEST "invalid_request" "A JSON member is given twice";
    DuplicateParameter "duplicate_parameter" "duplicate-parameter" BAD_REQUEST "invalid_request" "A parameter is given twice";
    MissingParameter "missing_parameter" "missing-parameter" BAD_REQUEST "invalid_request" "A required parameter is missing";
    InvalidCursor "invalid_cursor" "invalid-cursor" BAD_REQUEST "invalid_request" "The cursor cannot be used here";
    InvalidSeq "invalid_seq" "invalid-seq" BAD_REQUEST "invalid_request" "The consistency token is not usable";
    InvalidName "invalid_name" "invalid-name" BAD_REQUEST "invalid_request" "The name is not acceptable";
    MalformedPolicy "malformed_policy" "malformed-policy" BAD_REQUEST "invalid_request" "The policy document is malformed";
    WeakTrustPolicy "weak_trust_policy" "weak-trust-policy" BAD_REQUEST "invalid_request" "The trust policy trusts too much";
    ExternalIdRequired "external_id_required" "external-id-required" BAD_REQUEST "invalid_request" "Trust in a foreign account needs an external id";
    InvalidPrincipal "invalid_principal" "invalid-principal" BAD_REQUEST "invalid_request" "The policy names a principal that cannot be used";
    RoleNotTrustingProvider "role_not_trusting_provider" "role-not-trusting-provider" BAD_REQUEST "invalid_request" "The role does not trust the provider";
    UnsupportedGrantType "unsupported_grant_type" "unsupported-grant-type" BAD_REQUEST "unsupported_grant_type" "The grant type is not supported";
    DurationExceedsLimit "duration_exceeds_limit" "duration-exceeds-limit" BAD_REQUEST "invalid_request" "The session would be longer than allowed";
    ChainExpired "chain_expired" "chain-expired" BAD_REQUEST "invalid_request" "The chain of sessions has no time left";
    ChainTooDeep "chain_too_deep" "chain-too-deep" BAD_REQUEST "invalid_request" "The chain of sessions is too long";
    PackedPolicyTooLarge "packed_policy_too_large" "packed-policy-too-large" BAD_REQUEST "invalid_request" "Session policy and tags do not fit into a token";
    TooManyTags "too_many_tags" "too-many-tags" BAD_REQUEST "invalid_request" "There are too many tags";
    TransitiveTagConflict "transitive_tag_conflict" "transitive-tag-conflict" BAD_REQUEST "invalid_request" "An inherited session tag cannot be changed";
    SourceIdentityImmutable "source_identity_immutable" "source-identity-immutable" BAD_REQUEST "invalid_request" "The source identity cannot be changed";
    InvalidTarget "invalid_target" "invalid-target" BAD_REQUEST "invalid_target" "The audience is not allowed";
    UnknownIssuer "unknown_issuer" "unknown-issuer" BAD_REQUEST "invalid_grant" "The token's issuer is not registered here";
    ProviderDisabled "provider_disabled" "provider-disabled" BAD_REQUEST "invalid_grant" "The identity provider is switched off";
    UnsupportedTokenAlg "unsupported_token_alg" "unsupported-token-alg" BAD_REQUEST "invalid_grant" "The token is signed in a way the provider may not use";
    KeyNotFound "key_not_found" "key-not-found" BAD_REQUEST "invalid_grant" "The token's key is not one of the provider's";
    BadSignature "bad_signature" "bad-signature" BAD_REQUEST "invalid_grant" "The token's signature does not verify";
    WrongAudience "wrong_audience" "wrong-audience" BAD_REQUEST "invalid_grant" "The token is meant for somebody else";
    TokenExpired "token_expired" "token-expired" BAD_REQUEST "invalid_grant" "The token has expired";
    TokenNotYetValid "token_not_yet_valid" "token-not-yet-valid" BAD_REQUEST "invalid_grant" "The token is not valid yet";
    TokenTooOld "token_too_old" "token-too-old" BAD_REQUEST "invalid_grant" "The token was issued too long ago";
    ClaimMissing "claim_missing" "claim-missing" BAD_REQUEST "invalid_grant" "The token lacks a claim";
    ClaimMismatch "claim_mismatch" "claim-mismatch" BAD_REQUEST "invalid_grant" "A claim of the token is not what it must be";
    NonceMismatch "nonce_mismatch" "nonce-mismatch" BAD_REQUEST "invalid_grant" "The token's nonce is not the one that was given out";
    TokenReplayed "token_replayed" "token-replayed" BAD_REQUEST "invalid_grant" "The token was used before";
    MalformedToken "malformed_token" "malformed-token" BAD_REQUEST "invalid_grant" "The token is malformed";
    Unauthenticated "unauthenticated" "unauthenticated" UNAUTHORIZED "invalid_client" "The request is not authenticated";
    InvalidCredentials "invalid_credentials" "invalid-credentials" UNAUTHORIZED "invalid_client" "The credentials are not accepted";
    InvalidSession "invalid_session" "invalid-session" UNAUTHORIZED "invalid_grant" "The session token is not accepted";
    AccessDenied "access_denied" "access-denied" FORBIDDEN "access_denied" "Access is denied";
    MfaRequired "mfa_required" "mfa-required" FORBIDDEN "mfa_required" "A second factor is required";
    EscalationRefused "escalation_refused" "escalation-refused" FORBIDDEN "access_denied" "The change would give more rights than its author may give";
    RootOnly "root_only" "root-only" FORBIDDEN "access_denied" "Only the account's root user may do this";
    ProtectedResource "protected_resource" "protected-resource" FORBIDDEN "access_denied" "The resource is protected";
    PasswordChangeRequired "password_change_required" "password-change-required" FORBIDDEN "invalid_grant" "The password must be changed first";
    AccountSuspended "account_suspended" "account-suspended" FORBIDDEN "access_denied" "The account is suspended";
    NoRoleMapped "no_role_mapped" "no-role-mapped" FORBIDDEN "invalid_target" "The role map gives no role";
    AmbiguousRole "ambiguous_role" "ambiguous-role" FORBIDDEN "invalid_target" "The role map gives several roles";
    NotFound "not_found" "not-found" NOT_FOUND "invalid_request" "Not found";
    MethodNotAllowed "method_not_allowed" "method-not-allowed" METHOD_NOT_ALLOWED "invalid_request" "The path does not know this method";
    RequestTimeout "request_timeout" "request-timeout" REQUEST_TIMEOUT "invalid_request" "The request body did not arrive in time";
    AlreadyExists "already_exists" "already-exists" CONFLICT "invalid_request" "It exists already";
    DeleteConflict "delete_conflict" "delete-conflict" CONFLICT "invalid_request" "Something still depends on the resource";
    IdempotencyInProgress "idempotency_in_progress" "idempotency-in-progress" CONFLICT "temporarily_unavailable" "The first request with this key is still running";
    LimitExceeded "limit_exceeded" "limit-exceeded" CONFLICT "invalid_request" "A quota is used up";
    InvalidState "invalid_state" "invalid-state" CONFLICT "invalid_request" "The resource is not in a state for this";
    WriteConflict "write_conflict" "write-conflict" CONFLICT "temporarily_unavailable" "Too many writers at once";
    TimelineLost "timeline_lost" "timeline-lost" CONFLICT "invalid_request" "The position belongs to a history that this store does not have";
    RoleChoiceRequired "role_choice_required" "role-choice-required" CONFLICT "invalid_target" "A role must be chosen";
    EtagMismatch "etag_mismatch" "etag-mismatch" PRECONDITION_FAILED "invalid_request" "The resource has changed";
    PayloadTooLarge "payload_too_large" "payload-too-large" PAYLOAD_TOO_LARGE "invalid_request" "The body is too large";
    UnsupportedMediaType "unsupported_media_type" "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "invalid_request" "The content type is not supported";
    IdempotencyKeyReused "idempotency_key_reused" "idempotency-key-reused" UNPROCESSABLE_ENTITY "invalid_request" "The idempotency key was used for another request";
    PasswordRejected "password_rejected" "password-rejected" UNPROCESSABLE_ENTITY "invalid_request" "The password is not acceptable";
    PreconditionRequired "precondition_required" "precondition-required" PRECONDITION_REQUIRED "invalid_request" "The request must say which version it changes";
    RateLimited "rate_limited" "rate-limited" TOO_MANY_REQUESTS "slow_down" "Too many requests";
    HeadersTooLarge "headers_too_large" "headers-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE "invalid_request" "The request's headers are too large";
    InternalError "internal_error" "internal-error" INTERNAL_SERVER_ERROR "server_error" "Something went wrong on our side";
    Unavailable "unavailable" "unavailable" SERVICE_UNAVAILABLE "temporarily_unavailable" "The service cannot answer now";
    StateBehind "state_behind" "state-behind" SERVICE_UNAVAILABLE "temporarily_unavailable" "This node has not reached the asked position";
    Busy "busy" "busy" SERVICE_UNAVAILABLE "temporarily_unavailable" "The service is at its limit";
    RevocationStateStale "revocation_state_stale" "revocation-state-stale" SERVICE_UNAVAILABLE "temporarily_unavailable" "Revocations are not known well enough";
    IssuerKeysUnavailable "issuer_keys_unavailable" "issuer-keys-unavailable" SERVICE_UNAVAILABLE "temporarily_unavailable" "The issuer's keys cannot be had";
}

impl Code {
    /// The code with this slug.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.slug() == slug)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
