//! One event into the fold. What happened, happened: no rules and no errors here.
//!
//! An event about something that is not there changes nothing; `decide` never makes one. A deletion
//! takes every reference to the deleted thing with it, whatever events came before it.

mod application;
mod boundary;
mod credential;
mod group;
mod holder;
mod policy;
mod provider;
mod role;
mod user;

use trilby_model::{Seq, Timestamp};

use super::account::{Account, AccountStatus, MembershipState};
use super::external_id::ExternalIdRecord;
use super::user::{Password, PasswordTicket};
use crate::event::{Event, RootCredentialSet, RootPasswordTicketIssued};
use crate::id::{Holder, PrincipalId};
use crate::settings::SettingsSection;
use crate::stamp::{Moment, Stamp};

impl Account {
    /// Raised when an event comes to mean something else to the fold, so that older snapshots are
    /// ignored.
    pub const FOLD_VERSION: u32 = 3;

    /// What a snapshot of this fold depends on besides the log: see [`Self::FOLD_VERSION`].
    #[must_use]
    pub fn fold_fingerprint() -> trilby_model::Hash {
        crate::stored::fingerprint("account", Self::FOLD_VERSION, Event::KNOWN)
    }

    /// Takes in the event at `seq` of this account's log, stored at `at`.
    pub fn evolve(&mut self, event: &Event, seq: Seq, at: Timestamp) {
        let moment = Moment { seq, at };
        self.seq = seq;
        match event {
            Event::AccountCreated(fact) => {
                self.name = Some(fact.name.clone());
                self.status = AccountStatus::Active;
                self.stamp = Some(Stamp::new(moment));
            }
            Event::AccountRenamed(fact) => {
                self.name = Some(fact.name.clone());
                self.touch(moment);
            }
            Event::AccountAliasChanged(fact) => {
                self.alias.clone_from(&fact.alias);
                self.touch(moment);
            }
            Event::AccountSettingsChanged(fact) => {
                self.set_section(fact.section.clone());
                self.settings_changed = seq;
            }
            Event::AccountSuspended(_) => self.stand(AccountStatus::Suspended, moment),
            Event::AccountResumed(_) => self.stand(AccountStatus::Active, moment),
            Event::AccountClosed(_) => self.stand(AccountStatus::Closed, moment),
            Event::AccountJoinedOrganization(fact) => {
                self.organization = Some(MembershipState {
                    organization: fact.organization.clone(),
                    organization_seq: fact.organization_seq,
                    since: seq,
                });
            }
            Event::AccountLeftOrganization(_) => self.organization = None,
            Event::RootCredentialSet(fact) => self.root_credential_set(fact, moment),
            Event::RootCredentialRemoved(_) => {
                self.root.password = None;
                self.root.password_ticket = None;
                self.touch(moment);
            }
            Event::RootPasswordTicketIssued(fact) => self.root_ticket_issued(fact, moment),

            Event::UserCreated(fact) => self.user_created(fact, moment),
            Event::UserRenamed(fact) => self.user_renamed(fact, moment),
            Event::UserUpdated(fact) => self.user_updated(fact, moment),
            Event::UserDisabled(fact) => self.user_disabled(&fact.user, moment),
            Event::UserEnabled(fact) => self.user_enabled(&fact.user, moment),
            Event::UserDeleted(fact) => self.user_deleted(&fact.user),
            // Of a user that is gone nothing is left here.
            Event::UserErased(_) => {}
            Event::UserTagsChanged(fact) => self.user_tags_changed(fact, moment),
            Event::UserPasswordSet(fact) => self.user_password_set(fact, moment),
            Event::UserPasswordRemoved(fact) => self.user_password_removed(&fact.user, moment),
            Event::UserPasswordTicketIssued(fact) => self.user_ticket_issued(fact, moment),
            Event::UserPolicyAttached(fact) => {
                self.policy_attached(&Holder::User(fact.user.clone()), &fact.policy, moment);
            }
            Event::UserPolicyDetached(fact) => {
                self.policy_detached(&Holder::User(fact.user.clone()), &fact.policy);
            }
            Event::UserInlinePolicyPut(fact) => {
                let holder = Holder::User(fact.user.clone());
                self.inline_put(&holder, &fact.name, &fact.policy, moment);
            }
            Event::UserInlinePolicyDeleted(fact) => {
                self.inline_deleted(&Holder::User(fact.user.clone()), &fact.name);
            }
            Event::UserBoundarySet(fact) => {
                self.boundary_set(&PrincipalId::User(fact.user.clone()), &fact.policy, moment);
            }
            Event::UserBoundaryRemoved(fact) => {
                self.boundary_removed(&PrincipalId::User(fact.user.clone()), moment);
            }

            Event::GroupCreated(fact) => self.group_created(fact, moment),
            Event::GroupUpdated(fact) => self.group_updated(fact, moment),
            Event::GroupDeleted(fact) => self.group_deleted(&fact.group),
            Event::GroupTagsChanged(fact) => self.group_tags_changed(fact, moment),
            Event::GroupMemberAdded(fact) => self.member_added(fact, moment),
            Event::GroupMemberRemoved(fact) => self.member_removed(&fact.group, &fact.user),
            Event::GroupPolicyAttached(fact) => {
                self.policy_attached(&Holder::Group(fact.group.clone()), &fact.policy, moment);
            }
            Event::GroupPolicyDetached(fact) => {
                self.policy_detached(&Holder::Group(fact.group.clone()), &fact.policy);
            }
            Event::GroupInlinePolicyPut(fact) => {
                let holder = Holder::Group(fact.group.clone());
                self.inline_put(&holder, &fact.name, &fact.policy, moment);
            }
            Event::GroupInlinePolicyDeleted(fact) => {
                self.inline_deleted(&Holder::Group(fact.group.clone()), &fact.name);
            }

            Event::RoleCreated(fact) => self.role_created(fact, moment),
            Event::RoleUpdated(fact) => self.role_updated(fact, moment),
            Event::RoleTrustPolicyReplaced(fact) => self.role_trust_replaced(fact, moment),
            Event::RoleDeleted(fact) => self.role_deleted(&fact.role),
            Event::RoleTagsChanged(fact) => self.role_tags_changed(fact, moment),
            Event::RolePolicyAttached(fact) => {
                self.policy_attached(&Holder::Role(fact.role.clone()), &fact.policy, moment);
            }
            Event::RolePolicyDetached(fact) => {
                self.policy_detached(&Holder::Role(fact.role.clone()), &fact.policy);
            }
            Event::RoleInlinePolicyPut(fact) => {
                let holder = Holder::Role(fact.role.clone());
                self.inline_put(&holder, &fact.name, &fact.policy, moment);
            }
            Event::RoleInlinePolicyDeleted(fact) => {
                self.inline_deleted(&Holder::Role(fact.role.clone()), &fact.name);
            }
            Event::RoleBoundarySet(fact) => {
                self.boundary_set(&PrincipalId::Role(fact.role.clone()), &fact.policy, moment);
            }
            Event::RoleBoundaryRemoved(fact) => {
                self.boundary_removed(&PrincipalId::Role(fact.role.clone()), moment);
            }

            Event::ExternalIdIssued(fact) => {
                let issued = ExternalIdRecord {
                    id: fact.external_id.clone(),
                    description: fact.description.clone(),
                    stamp: Stamp::new(moment),
                };
                self.external_ids.insert(fact.external_id.clone(), issued);
            }
            Event::ExternalIdDeleted(fact) => {
                self.external_ids.remove(&fact.external_id);
            }

            Event::PolicyCreated(fact) => self.policy_created(fact, moment),
            Event::PolicyUpdated(fact) => self.policy_updated(fact, moment),
            Event::PolicyVersionCreated(fact) => self.policy_version_created(fact, moment),
            Event::PolicyDefaultVersionSet(fact) => self.policy_default_set(fact, moment),
            Event::PolicyVersionDeleted(fact) => self.policy_version_deleted(fact, moment),
            Event::PolicyDeleted(fact) => self.policy_deleted(&fact.policy),
            Event::PolicyTagsChanged(fact) => self.policy_tags_changed(fact, moment),

            Event::ApplicationRegistered(fact) => self.application_registered(fact, moment),
            Event::ApplicationUpdated(fact) => self.application_updated(fact, moment),
            Event::ApplicationActionsPut(fact) => self.application_actions_put(fact, moment),
            Event::ApplicationDeleted(fact) => {
                self.applications.remove(&fact.application);
            }
            Event::ApplicationTagsChanged(fact) => self.application_tags_changed(fact, moment),
            Event::ResourceRegistered(fact) => self.resource_registered(fact, moment),
            Event::ResourceUpdated(fact) => self.resource_updated(fact, moment),
            Event::ResourceDeleted(fact) => self.resource_deleted(fact),
            Event::ResourceTagsChanged(fact) => self.resource_tags_changed(fact, moment),
            Event::ResourcePolicyPut(fact) => self.resource_policy_put(fact, moment),
            Event::ResourcePolicyDeleted(fact) => self.resource_policy_deleted(fact),
            Event::SubjectAliasPut(fact) => self.subject_alias_put(fact, moment),
            Event::SubjectAliasDeleted(fact) => self.subject_alias_deleted(&fact.subject),

            Event::AccessKeyCreated(fact) => self.access_key_created(fact, moment),
            Event::AccessKeyActivated(fact) => self.access_key_activated(&fact.access_key, moment),
            Event::AccessKeyDeactivated(fact) => {
                self.access_key_deactivated(&fact.access_key, moment);
            }
            Event::AccessKeyDeleted(fact) => self.access_key_deleted(&fact.access_key),
            Event::SigningKeyPublished(fact) => self.signing_key_published(fact, moment),
            Event::SigningKeyActivated(fact) => self.signing_key_activated(fact, moment),
            Event::SigningKeyRetired(fact) => self.signing_key_retired(&fact.kid, moment),
            Event::SigningKeyRevoked(fact) => self.signing_key_revoked(&fact.kid, moment),

            Event::ProviderRegistered(fact) => self.provider_registered(fact, moment),
            Event::ProviderChanged(fact) => self.provider_changed(fact, moment),
            Event::ProviderShared(fact) => self.provider_shared(fact, moment),
            Event::ProviderDisabled(fact) => self.provider_stands(&fact.provider, false, moment),
            Event::ProviderEnabled(fact) => self.provider_stands(&fact.provider, true, moment),
            Event::ProviderRemoved(fact) => self.provider_removed(&fact.provider),
            Event::ProviderKeysObserved(fact) => self.provider_keys_observed(fact, moment),
            Event::ProviderKeysUriChanged(fact) => self.provider_keys_uri_changed(fact, moment),
            Event::ProviderKeysUriConfirmed(fact) => {
                self.provider_keys_uri_confirmed(fact, moment);
            }
            Event::ProviderLinkAccepted(fact) => self.link_accepted(fact, moment),
            Event::ProviderLinkChanged(fact) => self.link_changed(fact, moment),
            Event::ProviderLinkRemoved(fact) => self.link_removed(&fact.link),
            Event::RoleMapPut(fact) => self.role_map_put(fact, moment),
            Event::RoleMapDeleted(fact) => self.role_map_deleted(&fact.seat),

            // Revocations speak through their own index, not through the fold.
            Event::AccountSessionsRevoked(_)
            | Event::AccountMatchingSessionsRevoked(_)
            | Event::ProviderSessionsRevoked(_)
            | Event::ProviderLinkSessionsRevoked(_)
            | Event::UserSessionsRevoked(_)
            | Event::RoleSessionsRevoked(_)
            | Event::AccessKeySessionsRevoked(_)
            | Event::SessionRevoked(_) => {}
        }
    }

    fn stand(&mut self, status: AccountStatus, moment: Moment) {
        self.status = status;
        self.touch(moment);
    }

    fn set_section(&mut self, section: SettingsSection) {
        match section {
            SettingsSection::PasswordPolicy(section) => self.settings.password_policy = section,
            SettingsSection::Security(section) => self.settings.security = section,
            SettingsSection::Tokens(section) => self.settings.tokens = section,
            SettingsSection::Decisions(section) => self.settings.decisions = section,
        }
    }

    fn root_credential_set(&mut self, fact: &RootCredentialSet, moment: Moment) {
        self.root.password = Some(Password {
            generation: fact.generation,
            hashing: fact.hashing.clone(),
            must_change: false,
            since: moment.seq,
            set_at: moment.at,
        });
        self.root.password_generation = fact.generation;
        self.root.password_ticket = None;
        if let Some(email) = fact.email {
            self.root.email = Some(email);
        }
        self.touch(moment);
    }

    fn root_ticket_issued(&mut self, fact: &RootPasswordTicketIssued, moment: Moment) {
        self.root.password_ticket = Some(PasswordTicket {
            generation: fact.generation,
            expires_at: fact.expires_at,
            since: moment.seq,
        });
        self.root.ticket_generation = fact.generation;
        if let Some(email) = fact.email {
            self.root.email = Some(email);
        }
        self.touch(moment);
    }
}
