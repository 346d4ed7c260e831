//! Role maps: from claims to roles, within what trust policies admit.

use std::collections::BTreeMap;

use trilby_model::federation::RoleMap;
use trilby_model::{Arn, ProviderId, RoleId};

use crate::decide::{Desk, Verdict};
use crate::event::{RoleMapDeleted, RoleMapPut};
use crate::id::{MapSeat, MapSeatRef, PrincipalId};
use crate::rejection::{Rejection, ThingKind};
use crate::state::{Account, MappedRoles};
use crate::trusted::Trusted;

/// Gives the logins of a provider or link a role map, new or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutRoleMap {
    /// Whose logins.
    pub seat: MapSeatRef,
    /// The rules.
    pub map: RoleMap,
}

/// Takes the role map away; trust policies alone decide then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRoleMap {
    /// Whose logins.
    pub seat: MapSeatRef,
}

/// Where a role map is, and whose logins it is about.
struct Seat<'a> {
    seat: MapSeat,
    provider: &'a ProviderId,
    current: Option<&'a MappedRoles>,
}

impl PutRoleMap {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let found = seat(desk, &self.seat)?;
        desk.require(found.current.map(|current| current.stamp.changed))?;
        let roles = resolve(desk.account, &self.map, found.provider)?;
        let is_so = |current: &MappedRoles| current.map == self.map && current.roles == roles;
        if found.current.is_some_and(is_so) {
            return Ok(Vec::new());
        }
        let fact = RoleMapPut {
            seat: found.seat,
            map: self.map.clone(),
            roles,
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteRoleMap {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let found = seat(desk, &self.seat)?;
        let Some(current) = found.current else {
            return Err(Rejection::not_found(ThingKind::RoleMap, &found.seat));
        };
        desk.require(Some(current.stamp.changed))?;
        Ok(vec![RoleMapDeleted { seat: found.seat }.into()])
    }
}

fn seat<'a>(desk: &Desk<'a>, seat: &MapSeatRef) -> Result<Seat<'a>, Rejection> {
    Ok(match seat {
        MapSeatRef::Provider(provider) => {
            let provider = desk.provider(provider)?;
            Seat {
                seat: MapSeat::Provider(provider.id.clone()),
                provider: &provider.id,
                current: provider.role_map.as_ref(),
            }
        }
        MapSeatRef::Link(link) => {
            let link = desk.link(link)?;
            Seat {
                seat: MapSeat::Link(link.id.clone()),
                provider: &link.provider.id,
                current: link.role_map.as_ref(),
            }
        }
    })
}

/// The roles of the map by unique id. Each must be of this account and trust the provider.
fn resolve(
    account: &Account,
    map: &RoleMap,
    provider: &ProviderId,
) -> Result<BTreeMap<String, RoleId>, Rejection> {
    let mut roles = BTreeMap::new();
    let mut strangers = Vec::new();
    for arn in map.roles() {
        match trusting(account, arn, provider) {
            Some(id) => drop(roles.insert(arn.to_string(), id)),
            None => strangers.push(arn.to_string()),
        }
    }
    if strangers.is_empty() {
        return Ok(roles);
    }
    Err(Rejection::RoleNotTrustingProvider { roles: strangers })
}

fn trusting(account: &Account, arn: &Arn, provider: &ProviderId) -> Option<RoleId> {
    let Some(PrincipalId::Role(id)) = account.principal_id(arn) else {
        return None;
    };
    // A session's ARN leads to its role as well, but a map names roles.
    if arn.service() != "iam" {
        return None;
    }
    let named = account.roles().get(&id)?.trust.names().ok()?;
    named
        .contains(&Trusted::Provider(provider.clone()))
        .then_some(id)
}
