//! Versions of a policy: what holds for an account's policies and an organization's control policies alike. They differ in
//! the facts that say so, and in what hangs on them.

use std::collections::BTreeMap;

use crate::organization::ControlPolicy;
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::{Policy, PolicyVersion};
use crate::value::Description;

/// The versions that a policy has now.
pub(crate) struct Versions<'a> {
    live: &'a BTreeMap<u32, PolicyVersion>,
    last: u32,
    in_force: u32,
}

impl<'a> From<&'a Policy> for Versions<'a> {
    fn from(policy: &'a Policy) -> Self {
        Self {
            live: &policy.versions,
            last: policy.last_version,
            in_force: policy.default_version,
        }
    }
}

impl<'a> From<&'a ControlPolicy> for Versions<'a> {
    fn from(policy: &'a ControlPolicy) -> Self {
        Self {
            live: &policy.versions,
            last: policy.last_version,
            in_force: policy.default_version,
        }
    }
}

impl Versions<'_> {
    /// The number of the next version: none is given twice.
    ///
    /// Errors: there are as many as there may be.
    pub fn next(&self) -> Result<u32, Rejection> {
        within(Quota::PolicyVersions, count(self.live.len()) + 1)?;
        Ok(self.last.saturating_add(1))
    }

    /// Whether putting this version in force changes anything.
    ///
    /// Errors: there is no such version.
    pub fn would_change(&self, version: u32) -> Result<bool, Rejection> {
        self.exists(version)?;
        Ok(version != self.in_force)
    }

    /// Refuses to drop a version that is in force, or that is not there.
    pub fn droppable(&self, version: u32) -> Result<(), Rejection> {
        if self.would_change(version)? {
            return Ok(());
        }
        let why = "is in force; put another version in force first";
        Err(Rejection::state(
            ThingKind::PolicyVersion,
            &spelled(version),
            why,
        ))
    }

    fn exists(&self, version: u32) -> Result<(), Rejection> {
        if self.live.contains_key(&version) {
            return Ok(());
        }
        Err(Rejection::not_found(
            ThingKind::PolicyVersion,
            &spelled(version),
        ))
    }
}

fn spelled(version: u32) -> String {
    format!("v{version}")
}

/// The description that a thing gets, if one is wanted and it is another than it has.
pub(crate) fn another(
    wanted: Option<&Option<Description>>,
    has: &Option<Description>,
) -> Option<Option<Description>> {
    wanted.filter(|wanted| *wanted != has).cloned()
}
