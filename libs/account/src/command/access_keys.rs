//! Access keys of users. Root has none: a key belongs to a user, and root is not one.

use std::net::IpAddr;

use trilby_model::{AccessKeyId, Timestamp};

use crate::context::Context;
use crate::decide::{Desk, Verdict};
use crate::event::{AccessKeyActivated, AccessKeyCreated, AccessKeyDeactivated, AccessKeyDeleted};
use crate::id::UserRef;
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::{AccessKey, AccessKeyStatus};

/// Most networks a key may be bound to.
pub const CIDRS_MAX: usize = 20;

/// Makes an access key. The caller files the secret's keyed digest under the event's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAccessKey {
    /// Whose it will be.
    pub user: UserRef,
    /// When it stops opening; cut to whole seconds.
    pub expires_at: Option<Timestamp>,
    /// Networks it may be used from, in CIDR notation; empty: any.
    pub allowed_cidrs: Vec<String>,
}

/// Lets an access key open, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAccessKeyStatus {
    /// Whose it is.
    pub user: UserRef,
    /// The key.
    pub access_key: AccessKeyId,
    /// Whether it opens.
    pub status: AccessKeyStatus,
}

/// Deletes an access key for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteAccessKey {
    /// Whose it is.
    pub user: UserRef,
    /// The key.
    pub access_key: AccessKeyId,
}

impl CreateAccessKey {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let user = desk.user(&self.user)?;
        within(Quota::AccessKeysPerUser, count(user.access_keys.len()) + 1)?;
        let expires_at = self.expiry(desk)?;
        self.check_cidrs()?;
        let fact = AccessKeyCreated {
            access_key: AccessKeyId::generate(desk.entropy),
            user: user.id.clone(),
            expires_at,
            allowed_cidrs: self.allowed_cidrs.clone(),
        };
        Ok(vec![fact.into()])
    }

    fn expiry(&self, desk: &Desk<'_>) -> Result<Option<Timestamp>, Rejection> {
        let days_max = desk.account.settings().security.access_key_days_max;
        let expires_at = self
            .expires_at
            .map(|at| later_second(desk.ctx, at))
            .transpose()?;
        let Some(days_max) = days_max else {
            return Ok(expires_at);
        };
        let pointer = "/expires_at";
        let Some(at) = expires_at else {
            let why = "must be given: the account's keys expire";
            return Err(Rejection::InvalidParameter { pointer, why });
        };
        if at > desk.ctx.now.plus_seconds(i64::from(days_max) * 86_400) {
            let why = "is later than the account allows for keys";
            return Err(Rejection::InvalidParameter { pointer, why });
        }
        Ok(Some(at))
    }

    fn check_cidrs(&self) -> Result<(), Rejection> {
        let why = if self.allowed_cidrs.len() > CIDRS_MAX {
            "has more than 20 networks"
        } else if !self.allowed_cidrs.iter().all(|cidr| is_cidr(cidr)) {
            "must be networks in CIDR notation, such as 192.0.2.0/24"
        } else {
            return Ok(());
        };
        let pointer = "/allowed_cidrs";
        Err(Rejection::InvalidParameter { pointer, why })
    }
}

impl SetAccessKeyStatus {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let key = key_of(desk, &self.user, &self.access_key)?;
        desk.require(Some(key.stamp.changed))?;
        let access_key = key.id.clone();
        Ok(match (key.status, self.status) {
            (AccessKeyStatus::Inactive, AccessKeyStatus::Active) => {
                vec![AccessKeyActivated { access_key }.into()]
            }
            (AccessKeyStatus::Active, AccessKeyStatus::Inactive) => {
                vec![AccessKeyDeactivated { access_key }.into()]
            }
            (AccessKeyStatus::Active, AccessKeyStatus::Active)
            | (AccessKeyStatus::Inactive, AccessKeyStatus::Inactive) => Vec::new(),
        })
    }
}

impl DeleteAccessKey {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let key = key_of(desk, &self.user, &self.access_key)?;
        desk.require(Some(key.stamp.changed))?;
        let access_key = key.id.clone();
        Ok(vec![AccessKeyDeleted { access_key }.into()])
    }
}

/// A key as that user's: the same answer for a key of somebody else as for none.
fn key_of<'a>(
    desk: &Desk<'a>,
    user: &UserRef,
    id: &AccessKeyId,
) -> Result<&'a AccessKey, Rejection> {
    let user = desk.user(user)?;
    let key = desk.account.access_key(id);
    key.filter(|key| key.user == user.id)
        .ok_or_else(|| Rejection::not_found(ThingKind::AccessKey, id))
}

/// A time to come, in whole seconds: events have no finer ones.
pub(crate) fn later_second(ctx: &Context, at: Timestamp) -> Result<Timestamp, Rejection> {
    let at = Timestamp::from_unix_seconds(at.unix_seconds());
    if at > ctx.now {
        return Ok(at);
    }
    let (pointer, why) = ("/expires_at", "must be in the future");
    Err(Rejection::InvalidParameter { pointer, why })
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let plain = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    let bits = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    plain && length.parse::<u8>().is_ok_and(|length| length <= bits)
}
