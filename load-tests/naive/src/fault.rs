//! Mistakes made on purpose, to see that comparing finds them.

/// One rule got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Actions keep their case.
    ActionKeepsCase,
    /// A star in a resource stops at a slash.
    StarStopsAtSlash,
    /// A star in a resource crosses the colons before the sixth part.
    StarCrossesColons,
    /// Text that a variable brings in may hold wildcards.
    VariableIsPattern,
    /// A null variable in the `NotResource` of an Allow excludes nothing.
    AllowWidensOnNull,
    /// A document without a version has variables.
    OldVersionHasVariables,
    /// A negated operator is false when the key is absent.
    NegatedNeedsKey,
    /// A list without a set operator is looked at value by value.
    ListNeedsNoSetOperator,
    /// `ForAllValues` is false when the key is absent.
    ForAllNeedsKey,
    /// `ForAnyValue` with `IfExists` is false when the key is absent.
    ForAnyIfExistsNeedsKey,
    /// Numbers are compared as floating point.
    NumbersFloat,
    /// IPv4 and IPv6 ranges of length 0 hold everything.
    FamiliesMix,
    /// `aws` and `trilby` are two partitions.
    PartitionsDiffer,
    /// They are where a name is compared as a text.
    TextsKeepPartition,
    /// A role's ARN names its sessions directly.
    RoleIsDirect,
    /// An account grants in its own resources.
    AccountGrants,
    /// A boundary does not keep anyone from being exempt.
    BoundedMayBeExempt,
    /// Of a `NotPrincipal` one identity of the chain is enough.
    OneOfChainExempts,
    /// A boundary caps a direct grant in the same account.
    BoundaryCapsDirect,
    /// A session policy does not cap a grant to the role.
    SessionSparesEntity,
    /// A resource policy is enough for a foreign caller.
    ForeignNeedsNoIdentity,
    /// An identity policy is enough to put on a role.
    TrustNeedsNoResource,
    /// A root user may put on roles.
    RootAssumes,
    /// One allowing level of a chain is enough.
    OneLevelIsEnough,
    /// Service control policies do not bind a root user.
    RootIsFree,
    /// A session that a user named needs no session policy.
    FederatedNeedsNoSession,
    /// A missing Allow of the organization is told before a Deny.
    GateBeforeDeny,
    /// Groups lend their members nothing.
    GroupsLendNothing,
    /// Control policies bind the management account.
    ManagementIsBound,
    /// Whoever is in quarantine goes on.
    QuarantineIsNothing,
    /// Whoever is switched off goes on.
    DisabledGoOn,
    /// A user made again under a name is the one that was meant before.
    NamesAreTexts,
    /// A resource policy says nothing of what its resource holds.
    PoliciesReachNothingBelow,
    /// Where caps are to bind everything, direct grants are spared.
    CapsSpareDirect,
    /// No type of resource must grant by its own policy.
    TypesNeedNoTrust,
    /// A root user is bound by the resource policy it mends.
    RootMendsNothing,
    /// A role session has the second factor of who put the role on.
    SecondFactorGoesOn,
    /// A role's own tags stand before those of the session.
    SessionTagsComeSecond,
}

impl Fault {
    /// Those that cases tell.
    pub const OF_CASES: [Self; 27] = [
        Self::ActionKeepsCase,
        Self::StarStopsAtSlash,
        Self::StarCrossesColons,
        Self::VariableIsPattern,
        Self::AllowWidensOnNull,
        Self::OldVersionHasVariables,
        Self::NegatedNeedsKey,
        Self::ListNeedsNoSetOperator,
        Self::ForAllNeedsKey,
        Self::ForAnyIfExistsNeedsKey,
        Self::NumbersFloat,
        Self::FamiliesMix,
        Self::PartitionsDiffer,
        Self::TextsKeepPartition,
        Self::RoleIsDirect,
        Self::AccountGrants,
        Self::BoundedMayBeExempt,
        Self::OneOfChainExempts,
        Self::BoundaryCapsDirect,
        Self::SessionSparesEntity,
        Self::ForeignNeedsNoIdentity,
        Self::TrustNeedsNoResource,
        Self::RootAssumes,
        Self::OneLevelIsEnough,
        Self::RootIsFree,
        Self::FederatedNeedsNoSession,
        Self::GateBeforeDeny,
    ];

    /// Those that only worlds tell.
    pub const OF_WORLDS: [Self; 11] = [
        Self::GroupsLendNothing,
        Self::ManagementIsBound,
        Self::QuarantineIsNothing,
        Self::DisabledGoOn,
        Self::NamesAreTexts,
        Self::PoliciesReachNothingBelow,
        Self::CapsSpareDirect,
        Self::TypesNeedNoTrust,
        Self::RootMendsNothing,
        Self::SecondFactorGoesOn,
        Self::SessionTagsComeSecond,
    ];
}
