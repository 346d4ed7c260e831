//! Where an account stands in its organization, and what is attached on the way there.

use serde_json::Value;

use crate::seats::items;

/// Root, five units below each other, an account.
const LEVELS: usize = 7;

/// An account's place.
pub(super) struct Place<'a> {
    organization: &'a Value,
    account: String,
    /// From the root down to the account.
    way: Vec<String>,
}

/// The organization is not there, or does not know the account.
pub(super) struct Lost;

impl<'a> Place<'a> {
    /// `None`: the account is in no organization.
    pub(super) fn of(world: &'a Value, account: Option<&'a Value>) -> Result<Option<Self>, Lost> {
        let text = |value: &'a Value, key: &str| value.get(key).and_then(Value::as_str);
        let Some((account, wanted)) = account.and_then(|a| Some((a, text(a, "organization")?)))
        else {
            return Ok(None);
        };
        let organizations = world.get("organizations").map(items).unwrap_or_default();
        let organization = organizations
            .into_iter()
            .find(|organization| text(organization, "id") == Some(wanted))
            .ok_or(Lost)?;
        let account = text(account, "id").ok_or(Lost)?.to_owned();
        let mut way = vec![account.clone()];
        while let Some(above) = way
            .first()
            .and_then(|node| organization.get("parents")?.get(node)?.as_str())
        {
            way.insert(0, above.to_owned());
            if way.len() > LEVELS {
                return Err(Lost);
            }
        }
        if way.len() < 2 {
            return Err(Lost);
        }
        Ok(Some(Self {
            organization,
            account,
            way,
        }))
    }

    /// The policies at each level; no level at all where the chain binds nobody.
    pub(super) fn chain(&self, kind: &str, management_is_free: bool) -> Vec<Vec<&'a Value>> {
        let on = self.organization.get(kind).and_then(Value::as_bool);
        let managed = self.organization.get("management").and_then(Value::as_str);
        if on != Some(true) || (management_is_free && managed == Some(self.account.as_str())) {
            return Vec::new();
        }
        let attached = self.organization.get("attached");
        let at = |node: &String| attached?.get(node)?.get(kind).map(items);
        self.way
            .iter()
            .map(|node| at(node).unwrap_or_default())
            .collect()
    }

    pub(super) fn id(&self) -> Option<&'a str> {
        self.organization.get("id").and_then(Value::as_str)
    }

    /// Root and units above the account.
    pub(super) fn path(&self) -> String {
        let above = self.way.split_last().map_or(&[][..], |(_, above)| above);
        let id = self.id().unwrap_or_default();
        format!("{id}/{}/", above.join("/"))
    }

    /// Whether the account is in quarantine, or this one of its users and roles.
    pub(super) fn is_quarantined(&self, id: Option<&str>) -> bool {
        let holds = |list: &str, wanted: &str| {
            let listed = self.organization.get(list).map(items).unwrap_or_default();
            listed.iter().any(|value| value.as_str() == Some(wanted))
        };
        holds("quarantined", &self.account)
            || id.is_some_and(|id| holds("quarantined_principals", id))
    }
}
