//! Applications as answers show them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trilby_access::etag_text;
use trilby_account::{ActionCatalogue, Application, CatalogueAction};
use trilby_model::{AccountId, ApplicationName, Arn, Tags, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

/// An application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    /// The name again: applications have no other id.
    pub id: String,
    /// ARN.
    pub arn: Arn,
    /// The prefix of its actions and ARNs.
    pub name: ApplicationName,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// How many resources of it are registered.
    pub resource_count: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; its resources and its catalogue have their own times.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    pub etag: String,
}

impl ApplicationView {
    /// An application of an account.
    pub fn of(account: AccountId, application: &Application) -> Self {
        Self {
            id: application.name.to_string(),
            arn: Arn::application(&account, &application.name),
            name: application.name.clone(),
            description: application.description.as_ref().map(ToString::to_string),
            tags: application.tags.clone(),
            resource_count: u64::try_from(application.resources.len()).unwrap_or(u64::MAX),
            created_at: application.stamp.created_at,
            updated_at: application.stamp.updated_at,
            etag: etag_text(application.stamp.changed),
        }
    }
}

/// What an application's operations are: used to check policies and to search, never to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ActionCatalogue)]
pub struct CatalogueView {
    /// The operations by name, without the application's prefix.
    pub actions: BTreeMap<String, CatalogueActionView>,
    /// The types of resource it has.
    #[serde(default)]
    pub resource_types: BTreeSet<String>,
    /// The condition keys it sends, without its prefix.
    #[serde(default)]
    pub condition_keys: BTreeSet<String>,
}

/// One operation of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueAction)]
pub struct CatalogueActionView {
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The types of resource it is about; empty: none in particular.
    #[serde(default)]
    pub resource_types: BTreeSet<String>,
}

impl From<&ActionCatalogue> for CatalogueView {
    fn from(catalogue: &ActionCatalogue) -> Self {
        let action = |action: &CatalogueAction| CatalogueActionView {
            description: action.description.as_ref().map(ToString::to_string),
            resource_types: action.resource_types.clone(),
        };
        Self {
            actions: catalogue
                .actions
                .iter()
                .map(|(name, one)| (name.clone(), action(one)))
                .collect(),
            resource_types: catalogue.resource_types.clone(),
            condition_keys: catalogue.condition_keys.clone(),
        }
    }
}

impl CatalogueView {
    /// The catalogue for a command.
    ///
    /// Errors: `invalid_parameter` for a description that is too long.
    pub fn to_catalogue(&self) -> Result<ActionCatalogue, Problem> {
        let mut actions = BTreeMap::new();
        for (name, action) in &self.actions {
            let description = action.description.as_deref().map(|text| {
                text.parse()
                    .map_err(|error: trilby_account::DescriptionError| {
                        let name = trilby_model::json::escape_pointer(name);
                        Problem::invalid(format!("/actions/{name}/description"), error.to_string())
                    })
            });
            let description = description.transpose()?;
            actions.insert(
                name.clone(),
                CatalogueAction {
                    description,
                    resource_types: action.resource_types.clone(),
                },
            );
        }
        Ok(ActionCatalogue {
            actions,
            resource_types: self.resource_types.clone(),
            condition_keys: self.condition_keys.clone(),
        })
    }
}
