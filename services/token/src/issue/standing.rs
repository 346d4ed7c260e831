//! What keeps an account or a principal from any session, whatever else allows it.

use trilby_access::{Services, problem};
use trilby_directory::{Freshness, World};
use trilby_model::AccountId;
use trilby_service::problem::{Code, Problem};

/// Whether the account that owns the resource, or this principal of it, is in quarantine.
///
/// The engine denies a quarantined principal everything; that a session is not even made is asked here, since not every
/// origin has a principal that the engine could deny.
pub(super) fn is_quarantined(world: &World, principal: Option<&str>) -> bool {
    let account = world.resource.as_ref().map(|view| view.state.id());
    world
        .resource_organization
        .as_ref()
        .zip(account)
        .is_some_and(|(organization, account)| {
            organization.compiled.is_quarantined(account, principal)
        })
}

/// The refusal of a session to one in quarantine who has proved who they are.
pub(super) fn quarantined() -> Problem {
    Problem::new(
        Code::AccessDenied,
        "the account or the principal is in quarantine",
    )
}

/// As [`is_quarantined`], of an account without its world at hand.
///
/// Errors: faults only.
pub(super) async fn is_account_quarantined(
    services: &Services,
    account: AccountId,
    principal: Option<&str>,
) -> Result<bool, Problem> {
    let directory = services.directory();
    let world = directory.world(None, Some(account), &Freshness::Head).await;
    let world = world.map_err(problem::of_directory)?;
    Ok(is_quarantined(&world, principal))
}
