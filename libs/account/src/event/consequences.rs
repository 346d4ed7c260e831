//! What an event means beside the fold: names it takes or gives up, sessions it ends.

use trilby_model::{AccountId, Seq};

use super::{ClaimAct, ClaimChange, Event, Revocation, SessionMatch};
use crate::value::PersonalRef;

#[derive(Default)]
struct Consequences {
    claims: Vec<ClaimChange>,
    revocations: Vec<Revocation>,
}

fn claims(
    released: impl IntoIterator<Item = ClaimChange>,
    taken: impl IntoIterator<Item = ClaimChange>,
) -> Consequences {
    Consequences {
        claims: released.into_iter().chain(taken).collect(),
        revocations: Vec::new(),
    }
}

fn ended(kind: char, id: &impl ToString, before_seq: Option<Seq>) -> Consequences {
    ended_by_value(kind, vec![id.to_string()], before_seq)
}

fn ended_by_value(kind: char, parts: Vec<String>, before_seq: Option<Seq>) -> Consequences {
    Consequences {
        claims: Vec::new(),
        revocations: vec![Revocation {
            kind,
            parts,
            before_seq,
        }],
    }
}

impl Event {
    /// The names this event takes and gives up.
    #[must_use]
    pub fn claims(&self) -> Vec<ClaimChange> {
        self.consequences().claims
    }

    /// The sessions this event ends.
    #[must_use]
    pub fn revocations(&self) -> Vec<Revocation> {
        self.consequences().revocations
    }

    /// The personal data this event is bound to: whose, and which.
    #[must_use]
    pub fn personal(&self) -> Option<(AccountId, PersonalRef)> {
        let (account, email) = if let Self::RootCredentialSet(fact) = self {
            (fact.account, fact.email)
        } else if let Self::RootPasswordTicketIssued(fact) = self {
            (fact.account, fact.email)
        } else {
            return None;
        };
        email.map(|row| (account, row))
    }

    fn consequences(&self) -> Consequences {
        match self {
            Self::AccountAliasChanged(fact) => claims(
                fact.previous.iter().map(|alias| ClaimChange::alias(ClaimAct::Release, alias)),
                fact.alias.iter().map(|alias| ClaimChange::alias(ClaimAct::Take, alias)),
            ),
            Self::AccountJoinedOrganization(fact) => {
                claims([], [ClaimChange::member(ClaimAct::Take, fact.account)])
            }
            Self::AccountLeftOrganization(fact) => {
                claims([ClaimChange::member(ClaimAct::Release, fact.account)], [])
            }
            Self::AccountSuspended(fact) => ended('a', &fact.account, None),
            Self::AccountClosed(fact) => ended('a', &fact.account, None),
            Self::AccountSessionsRevoked(fact) => {
                ended('a', &fact.account, fact.issued_before_seq)
            }
            Self::RootCredentialSet(fact) => ended('u', &fact.account, None),
            Self::RootCredentialRemoved(fact) => ended('u', &fact.account, None),
            Self::UserDisabled(fact) => ended('u', &fact.user, None),
            Self::UserDeleted(fact) => ended('u', &fact.user, None),
            Self::UserPasswordSet(fact) if fact.revoke_sessions => {
                ended('u', &fact.user, None)
            }
            Self::UserPasswordRemoved(fact) => ended('u', &fact.user, None),
            Self::UserSessionsRevoked(fact) => {
                ended('u', &fact.user, fact.issued_before_seq)
            }
            Self::RoleTrustPolicyReplaced(fact) if fact.revoke_sessions => {
                ended('r', &fact.role, None)
            }
            Self::RoleDeleted(fact) => ended('r', &fact.role, None),
            Self::RoleSessionsRevoked(fact) => {
                ended('r', &fact.role, fact.issued_before_seq)
            }
            Self::AccessKeyDeactivated(fact) => ended('k', &fact.access_key, None),
            Self::AccessKeyCreated(fact) => claims(
                [],
                [ClaimChange::access_key(ClaimAct::Take, &fact.access_key)],
            ),
            Self::AccessKeyDeleted(fact) => Consequences {
                claims: vec![ClaimChange::access_key(ClaimAct::Release, &fact.access_key)],
                ..ended('k', &fact.access_key, None)
            },
            Self::AccessKeySessionsRevoked(fact) => {
                ended('k', &fact.access_key, fact.issued_before_seq)
            }
            Self::SessionRevoked(fact) => ended('s', &fact.session, None),
            Self::AccountMatchingSessionsRevoked(fact) => {
                let (kind, parts) = match &fact.matching {
                    SessionMatch::SourceIdentity(identity) => ('v', vec![identity.to_string()]),
                    SessionMatch::Session { role, name } => {
                        ('n', vec![role.to_string(), name.to_string()])
                    }
                };
                ended_by_value(kind, parts, fact.issued_before_seq)
            }
            Self::ProviderDisabled(fact) => ended('p', &fact.provider, None),
            Self::ProviderRemoved(fact) => ended('p', &fact.provider, None),
            Self::ProviderShared(fact) if fact.revoke_sessions => ended('p', &fact.provider, None),
            Self::ProviderSessionsRevoked(fact) => match &fact.subject {
                None => ended('p', &fact.provider, fact.issued_before_seq),
                Some(subject) => ended_by_value(
                    'i',
                    vec![fact.provider.to_string(), subject.clone()],
                    fact.issued_before_seq,
                ),
            },
            Self::ProviderLinkRemoved(fact) => ended('l', &fact.link, None),
            Self::ProviderLinkSessionsRevoked(fact) => ended('l', &fact.link, None),
            Self::AccountCreated(_)
            | Self::ProviderRegistered(_)
            | Self::ProviderChanged(_)
            | Self::ProviderShared(_)
            | Self::ProviderEnabled(_)
            | Self::ProviderKeysObserved(_)
            | Self::ProviderKeysUriChanged(_)
            | Self::ProviderKeysUriConfirmed(_)
            | Self::ProviderLinkAccepted(_)
            | Self::ProviderLinkChanged(_)
            | Self::RoleMapPut(_)
            | Self::RoleMapDeleted(_)
            | Self::AccountRenamed(_)
            | Self::AccountSettingsChanged(_)
            | Self::AccountResumed(_)
            | Self::RootPasswordTicketIssued(_)
            | Self::UserCreated(_)
            | Self::UserRenamed(_)
            | Self::UserUpdated(_)
            | Self::UserEnabled(_)
            | Self::UserErased(_)
            | Self::UserTagsChanged(_)
            | Self::UserPasswordSet(_)
            | Self::UserPasswordTicketIssued(_)
            | Self::UserPolicyAttached(_)
            | Self::UserPolicyDetached(_)
            | Self::UserInlinePolicyPut(_)
            | Self::UserInlinePolicyDeleted(_)
            | Self::UserBoundarySet(_)
            | Self::UserBoundaryRemoved(_)
            | Self::GroupCreated(_)
            | Self::GroupUpdated(_)
            | Self::GroupDeleted(_)
            | Self::GroupTagsChanged(_)
            | Self::GroupMemberAdded(_)
            | Self::GroupMemberRemoved(_)
            | Self::GroupPolicyAttached(_)
            | Self::GroupPolicyDetached(_)
            | Self::GroupInlinePolicyPut(_)
            | Self::GroupInlinePolicyDeleted(_)
            | Self::RoleCreated(_)
            | Self::RoleUpdated(_)
            | Self::RoleTrustPolicyReplaced(_)
            | Self::RoleTagsChanged(_)
            | Self::RolePolicyAttached(_)
            | Self::RolePolicyDetached(_)
            | Self::RoleInlinePolicyPut(_)
            | Self::RoleInlinePolicyDeleted(_)
            | Self::RoleBoundarySet(_)
            | Self::RoleBoundaryRemoved(_)
            | Self::ExternalIdIssued(_)
            | Self::ExternalIdDeleted(_)
            | Self::PolicyCreated(_)
            | Self::PolicyUpdated(_)
            | Self::PolicyVersionCreated(_)
            | Self::PolicyDefaultVersionSet(_)
            | Self::PolicyVersionDeleted(_)
            | Self::PolicyDeleted(_)
            | Self::PolicyTagsChanged(_)
            | Self::ApplicationRegistered(_)
            | Self::ApplicationUpdated(_)
            | Self::ApplicationActionsPut(_)
            | Self::ApplicationDeleted(_)
            | Self::ApplicationTagsChanged(_)
            | Self::ResourceRegistered(_)
            | Self::ResourceUpdated(_)
            | Self::ResourceDeleted(_)
            | Self::ResourceTagsChanged(_)
            | Self::ResourcePolicyPut(_)
            | Self::ResourcePolicyDeleted(_)
            | Self::SubjectAliasPut(_)
            | Self::SubjectAliasDeleted(_)
            | Self::AccessKeyActivated(_)
            // A key's tokens die by its record: verifiers refuse a revoked key.
            | Self::SigningKeyPublished(_)
            | Self::SigningKeyActivated(_)
            | Self::SigningKeyRetired(_)
            | Self::SigningKeyRevoked(_) => Consequences::default(),
        }
    }
}
