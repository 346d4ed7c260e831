//! The account itself.

use trilby_model::{AccountAlias, AccountName};

use crate::context::Actor;
use crate::decide::{Desk, Verdict};
use crate::event::{
    AccountAliasChanged, AccountClosed, AccountRenamed, AccountResumed, AccountSettingsChanged,
    AccountSuspended,
};
use crate::rejection::{Rejection, ThingKind};
use crate::settings::SettingsSection;
use crate::state::{Account, AccountStatus};
use crate::value::Reason;

/// Gives the account another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameAccount {
    /// The name.
    pub name: AccountName,
}

/// Gives the account another alias, or none. That nobody else has it is the log's claim to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAccountAlias {
    /// The alias; nothing takes it away.
    pub alias: Option<AccountAlias>,
}

/// Replaces one group of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSettings {
    /// The group with all its values.
    pub section: SettingsSection,
}

/// Takes the account out of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspendAccount {
    /// Why.
    pub reason: Option<Reason>,
}

/// Takes the account back into service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeAccount {}

/// Takes the account out of service for good. Root only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseAccount {}

impl RenameAccount {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        desk.require(changed(desk.account))?;
        if desk.account.name() == Some(&self.name) {
            return Ok(Vec::new());
        }
        let name = self.name.clone();
        Ok(vec![AccountRenamed { name }.into()])
    }
}

impl SetAccountAlias {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        desk.require(changed(desk.account))?;
        if desk.account.alias() == self.alias.as_ref() {
            return Ok(Vec::new());
        }
        let fact = AccountAliasChanged {
            alias: self.alias.clone(),
            previous: desk.account.alias().cloned(),
        };
        Ok(vec![fact.into()])
    }
}

impl ChangeSettings {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        desk.require(Some(desk.account.settings_changed()))?;
        if let Some((pointer, why)) = self.section.fault() {
            return Err(Rejection::InvalidParameter { pointer, why });
        }
        let settings = desk.account.settings();
        let same = match &self.section {
            SettingsSection::PasswordPolicy(section) => *section == settings.password_policy,
            SettingsSection::Security(section) => *section == settings.security,
            SettingsSection::Tokens(section) => *section == settings.tokens,
            SettingsSection::Decisions(section) => *section == settings.decisions,
        };
        if same {
            return Ok(Vec::new());
        }
        let section = self.section.clone();
        Ok(vec![AccountSettingsChanged { section }.into()])
    }
}

impl SuspendAccount {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let fact = AccountSuspended {
            account: desk.account.id(),
            reason: self.reason.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl ResumeAccount {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        if desk.account.status() == AccountStatus::Active {
            return Ok(Vec::new());
        }
        Ok(vec![AccountResumed {}.into()])
    }
}

impl CloseAccount {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let account = desk.account.id();
        if desk.ctx.actor != Actor::Root(account) {
            return Err(Rejection::RootOnly);
        }
        if desk.account.organization().is_some() {
            let why = "is a member of an organization and must leave it first";
            return Err(Rejection::state(ThingKind::Account, &account, why));
        }
        Ok(vec![AccountClosed { account }.into()])
    }
}

fn changed(account: &Account) -> Option<trilby_model::Seq> {
    account.stamp().map(|stamp| stamp.changed)
}
