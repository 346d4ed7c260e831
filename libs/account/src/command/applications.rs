//! Applications and their catalogues.

use std::collections::BTreeSet;

use trilby_model::{Action, ApplicationName, ResourceType, Tags};

use super::deletion::{self, Part};
use crate::decide::{Desk, Verdict};
use crate::event::{
    ApplicationActionsPut, ApplicationDeleted, ApplicationRegistered, ApplicationUpdated,
    ResourceDeleted,
};
use crate::quota::{Quota, count};
use crate::rejection::{Blocker, Rejection, ThingKind, within};
use crate::value::{ActionCatalogue, Description};

/// Most types of resource, and most condition keys, of one catalogue.
const CATALOGUE_NAMES_MAX: usize = 200;

/// Makes a prefix known for actions and ARNs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterApplication {
    /// The prefix.
    pub name: ApplicationName,
    /// Free text.
    pub description: Option<Description>,
    /// Its tags.
    pub tags: Tags,
}

/// Changes an application's description; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateApplication {
    /// The application.
    pub application: ApplicationName,
    /// Another description, or none.
    pub description: Option<Option<Description>>,
}

/// Replaces an application's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutActions {
    /// The application.
    pub application: ApplicationName,
    /// The catalogue.
    pub catalogue: ActionCatalogue,
}

/// Removes an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteApplication {
    /// The application.
    pub application: ApplicationName,
    /// Whether its resources go with it; otherwise it must have none.
    pub cascade: bool,
}

impl RegisterApplication {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        if let Some(application) = desk.account.application(&self.name) {
            desk.require(Some(application.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::Application, &self.name));
        }
        within(
            Quota::Applications,
            count(desk.account.applications().len()) + 1,
        )?;
        let fact = ApplicationRegistered {
            application: self.name.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl UpdateApplication {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let application = desk.application(&self.application)?;
        desk.require(Some(application.stamp.changed))?;
        match &self.description {
            Some(description) if *description != application.description => {
                let fact = ApplicationUpdated {
                    application: self.application.clone(),
                    description: description.clone(),
                };
                Ok(vec![fact.into()])
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }
}

impl PutActions {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let application = desk.application(&self.application)?;
        let changed = application.catalogue_stamp.map(|stamp| stamp.changed);
        desk.require(changed)?;
        self.check()?;
        if application.catalogue == self.catalogue && application.catalogue_stamp.is_some() {
            return Ok(Vec::new());
        }
        let fact = ApplicationActionsPut {
            application: self.application.clone(),
            catalogue: self.catalogue.clone(),
        };
        Ok(vec![fact.into()])
    }

    fn check(&self) -> Result<(), Rejection> {
        let catalogue = &self.catalogue;
        within(Quota::CatalogueActions, count(catalogue.actions.len()))?;
        let mut names = BTreeSet::new();
        let is_action = |name: &str| format!("{}:{name}", self.application).parse::<Action>();
        let mut actions = catalogue.actions.iter();
        let fault = if catalogue.resource_types.len() > CATALOGUE_NAMES_MAX {
            ("/resource_types", "has more than 200 types")
        } else if catalogue.condition_keys.len() > CATALOGUE_NAMES_MAX {
            ("/condition_keys", "has more than 200 keys")
        } else if !catalogue.actions.keys().all(|name| is_action(name).is_ok()) {
            ("/actions", "has a name that no action can have")
        } else if !catalogue
            .actions
            .keys()
            .all(|name| names.insert(name.to_lowercase()))
        {
            ("/actions", "has two names that differ only in case")
        } else if !catalogue.resource_types.iter().all(|text| is_type(text)) {
            ("/resource_types", "has a name that no type can have")
        } else if !catalogue.condition_keys.iter().all(|text| is_key(text)) {
            ("/condition_keys", "has a name that no key can have")
        } else if !actions
            .all(|(_, action)| action.resource_types.is_subset(&catalogue.resource_types))
        {
            ("/actions", "names a resource type that the catalogue lacks")
        } else {
            return Ok(());
        };
        let (pointer, why) = fault;
        Err(Rejection::InvalidParameter { pointer, why })
    }
}

impl DeleteApplication {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let application = desk.application(&self.application)?;
        desk.require(Some(application.stamp.changed))?;
        let parts = application.resources.keys().map(|name| Part {
            blocker: Blocker {
                kind: ThingKind::Resource,
                id: name.to_string(),
                name: None,
            },
            removal: ResourceDeleted {
                application: self.application.clone(),
                resource: name.clone(),
            }
            .into(),
        });
        let last = ApplicationDeleted {
            application: self.application.clone(),
        };
        deletion::decide(
            ThingKind::Application,
            &self.application,
            parts,
            self.cascade,
            last.into(),
        )
    }
}

fn is_type(text: &str) -> bool {
    text.parse::<ResourceType>().is_ok()
}

fn is_key(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b))
}
