//! The path of a registered resource, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, Resource, ResourceName};
use trilby_model::{AccountId, ApplicationName, Arn};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::names::named_in_path;

/// A resource of an application.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ResourcePath {
    /// The account that owns it.
    pub account: AccountId,
    /// Name of the application.
    pub application: ApplicationName,
    /// Type of the resource.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the resource within its type; slashes percent-encoded.
    pub id: String,
}

impl ResourcePath {
    /// Type and id.
    ///
    /// Errors: `invalid_name`.
    pub fn name(&self) -> Result<ResourceName, Problem> {
        Ok(ResourceName {
            kind: named_in_path(&self.kind, "type")?,
            key: named_in_path(&self.id, "id")?,
        })
    }

    /// The ARN that such a resource has.
    ///
    /// Errors: `invalid_name`.
    pub fn arn(&self) -> Result<Arn, Problem> {
        let name = self.name()?;
        Ok(Arn::registered_resource(
            &self.application,
            &self.account,
            &name.kind,
            &name.key,
        ))
    }
}

/// The resource as it is, or as it would be called if it were there.
///
/// Errors: `invalid_name`.
pub fn target(path: &ResourcePath, scope: &Scope<'_>) -> Result<Target, Problem> {
    let name = path.name()?;
    let target = Target::new(path.account, path.arn()?);
    Ok(
        match scope
            .account
            .and_then(|view| view.state.resource(&path.application, &name))
        {
            Some(found) => target.resource_tags(&found.tags),
            None => target,
        },
    )
}

/// The resource of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, path: &ResourcePath) -> Result<&'a Resource, Problem> {
    account
        .resource(&path.application, &path.name()?)
        .ok_or_else(Problem::not_found)
}
