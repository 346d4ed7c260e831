//! Facts about the account itself and its root.

use trilby_model::{AccountAlias, AccountId, AccountName, OrganizationId, Seq, Timestamp};

use crate::settings::SettingsSection;
use crate::stored::facts;
use crate::value::{Hashing, PersonalRef, Reason};

facts! {
    /// The account exists. Always the first event of its log.
    AccountCreated {
        /// Its number.
        account: AccountId,
        /// Its name.
        name: AccountName,
    }

    /// The account bears another name.
    AccountRenamed {
        /// The new name.
        name: AccountName,
    }

    /// The account has another alias, or none.
    AccountAliasChanged {
        /// The alias it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alias: Option<AccountAlias>,
        /// The one it gave up, which others may now take.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<AccountAlias>,
    }

    /// One group of settings was replaced.
    AccountSettingsChanged {
        /// The group with all its values.
        section: SettingsSection,
    }

    /// The account is out of service; its sessions ended.
    AccountSuspended {
        /// The account.
        account: AccountId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }

    /// The account is back in service; old sessions stay dead.
    AccountResumed {}

    /// The account is closed for good; its sessions ended.
    AccountClosed {
        /// The account.
        account: AccountId,
    }

    /// The account is a member of an organization from here on.
    AccountJoinedOrganization {
        /// The account.
        account: AccountId,
        /// The organization.
        organization: OrganizationId,
        /// The seq in the organization's log of the other half of this commit.
        organization_seq: Seq,
    }

    /// The account is in no organization from here on.
    AccountLeftOrganization {
        /// The account.
        account: AccountId,
        /// The organization it left.
        organization: OrganizationId,
        /// The seq in the organization's log of the other half of this commit.
        organization_seq: Seq,
    }

    /// Root has a password, and an e-mail address to log in with. Its older sessions ended.
    RootCredentialSet {
        /// The account.
        account: AccountId,
        /// Counts root's passwords, from 1; the hash is filed under it.
        generation: u32,
        /// How the password was hashed.
        hashing: Hashing,
        /// The e-mail address, where it was set with the password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<PersonalRef>,
    }

    /// Somebody was given a ticket that sets root's password once.
    RootPasswordTicketIssued {
        /// The account.
        account: AccountId,
        /// Counts root's tickets, from 1; the ticket's hash is filed under it. Only the newest opens.
        generation: u32,
        /// When it stops opening.
        expires_at: Timestamp,
        /// The e-mail address, where it was set with the ticket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<PersonalRef>,
    }

    /// Root has no password any more, and no ticket that sets one. Its sessions ended.
    RootCredentialRemoved {
        /// The account.
        account: AccountId,
    }
}
