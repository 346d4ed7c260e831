//! Units of the tree: at most five below each other, never below themselves, gone only when empty.

use trilby_model::{AccountName, UnitId};

use super::{Desk, Verdict};
use crate::organization::decide::full_access;
use crate::organization::event::{UnitCreated, UnitDeleted, UnitMoved, UnitRenamed};
use crate::organization::node::UnitRef;
use crate::quota::{Quota, count};
use crate::rejection::{BLOCKERS_MAX, Blocker, Rejection, ThingKind, within};

/// Makes a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateUnit {
    /// Its name, unique below its parent without case.
    pub name: AccountName,
    /// What it hangs on.
    pub parent: UnitRef,
}

/// Gives a unit another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameUnit {
    /// The unit.
    pub unit: UnitId,
    /// The name.
    pub name: AccountName,
}

/// Hangs a unit elsewhere, with everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveUnit {
    /// The unit.
    pub unit: UnitId,
    /// What it hangs on then.
    pub parent: UnitRef,
}

/// Deletes a unit on which nothing hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteUnit {
    /// The unit.
    pub unit: UnitId,
}

impl CreateUnit {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let above = desk.way(&self.parent)?;
        within(Quota::UnitDepth, count(above.len()) + 1)?;
        within(
            Quota::OrganizationUnits,
            count(desk.organization.units().len()) + 1,
        )?;
        is_free(desk, &self.parent, &self.name, None)?;
        let fact = UnitCreated {
            unit: UnitId::generate(&mut desk.entropy),
            name: self.name.clone(),
            parent: self.parent.clone(),
            control_policies: vec![full_access()?],
        };
        Ok(vec![fact.into()])
    }
}

impl RenameUnit {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let unit = desk.unit(&self.unit)?;
        desk.require(Some(unit.stamp.changed))?;
        if unit.name == self.name {
            return Ok(Vec::new());
        }
        is_free(desk, &unit.parent, &self.name, Some(&unit.id))?;
        let fact = UnitRenamed {
            unit: unit.id.clone(),
            name: self.name.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl MoveUnit {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let unit = desk.unit(&self.unit)?;
        desk.require(Some(unit.stamp.changed))?;
        let above = desk.way(&self.parent)?;
        if above.iter().any(|higher| higher.id == unit.id) {
            let why = "cannot hang below itself";
            return Err(Rejection::state(ThingKind::Unit, &unit.id, why));
        }
        if unit.parent == self.parent {
            return Ok(Vec::new());
        }
        within(
            Quota::UnitDepth,
            count(above.len()) + height(desk, &unit.id)?,
        )?;
        is_free(desk, &self.parent, &unit.name, Some(&unit.id))?;
        let fact = UnitMoved {
            unit: unit.id.clone(),
            parent: self.parent.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl DeleteUnit {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let unit = desk.unit(&self.unit)?;
        desk.require(Some(unit.stamp.changed))?;
        let node = UnitRef::Unit(unit.id.clone());
        let units = desk.organization.units().values();
        let units = units
            .filter(|below| below.parent == node)
            .map(|below| Blocker {
                kind: ThingKind::Unit,
                id: below.id.to_string(),
                name: Some(below.name.to_string()),
            });
        let members = desk.organization.members().values();
        let members = members
            .filter(|below| below.parent == node)
            .map(|below| Blocker {
                kind: ThingKind::Account,
                id: below.account.to_string(),
                name: Some(below.name.to_string()),
            });
        let blockers: Vec<Blocker> = units.chain(members).take(BLOCKERS_MAX).collect();
        if !blockers.is_empty() {
            return Err(Rejection::DeleteConflict {
                kind: ThingKind::Unit,
                name: unit.name.to_string(),
                blockers,
            });
        }
        let unit = unit.id.clone();
        Ok(vec![UnitDeleted { unit }.into()])
    }
}

/// Refuses if another unit below the same node has the name.
fn is_free(
    desk: &Desk<'_>,
    parent: &UnitRef,
    name: &AccountName,
    but: Option<&UnitId>,
) -> Result<(), Rejection> {
    let mut units = desk.organization.units().values();
    let taken = units.any(|other| {
        other.parent == *parent && other.name.key() == name.key() && Some(&other.id) != but
    });
    if taken {
        return Err(Rejection::exists(ThingKind::Unit, name));
    }
    Ok(())
}

/// How many units deep a unit is, itself counted.
fn height(desk: &Desk<'_>, unit: &UnitId) -> Result<u64, Rejection> {
    let mut height = 1;
    for other in desk.organization.units().keys() {
        let way = desk.way(&UnitRef::Unit(other.clone()))?;
        if let Some(below) = way.iter().position(|higher| higher.id == *unit) {
            height = height.max(count(below) + 1);
        }
    }
    Ok(height)
}
