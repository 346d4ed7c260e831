//! From the state of accounts to the layers of one request, and to its answer.

use std::sync::Arc;

use trilby_model::{AccountId, Arn, OrganizationId, Tags};
use trilby_policy::Kind;

use crate::account::{Account, Role, User};
use crate::compiled::CompiledPolicy;
use crate::context::{self, Fill, Surroundings};
use crate::decision::Decision;
use crate::error::Error;
use crate::evaluate::evaluate;
use crate::layer::{Layers, Standing};
use crate::organization::{Organization, Position};
use crate::principal::Principal;
use crate::request::Request;

/// The state a decision stands on: at most two accounts and their organizations.
///
/// Where one account is both principal's and owner's, giving it once is enough. An account that does not exist is not
/// given: its principals are then unknown, and its resources have no policy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worlds<'a> {
    /// The principal's account.
    pub principal_account: Option<&'a Account>,
    /// Its organization.
    pub principal_org: Option<&'a Organization>,
    /// The account that owns the resource.
    pub resource_account: Option<&'a Account>,
    /// Its organization.
    pub resource_org: Option<&'a Organization>,
}

/// Decides a request on the state of the accounts it touches.
///
/// Condition keys that follow from the principal and from state are filled in here ([`context::derive`]). Users and
/// roles are looked up by unique id, else by ARN; somebody who is not there is granted only what everyone is.
///
/// # Errors
/// State that the decision needs was not given, or is another account's.
pub fn decide(request: &Request, worlds: &Worlds<'_>) -> Result<Decision, Error> {
    let laid = lay_out(request, worlds)?;
    Ok(evaluate(&laid.request, &laid.layers))
}

/// A request laid out on the state of its accounts.
pub(crate) struct Laid {
    /// With every key that follows from its principal and from state.
    pub(crate) request: Request,
    /// All that bear on it.
    pub(crate) layers: Layers,
    /// The kind of document that a policy of the resource is, or would be. `None`: it can have none.
    pub(crate) resource_policy: Option<Kind>,
}

/// Lays a request out.
pub(crate) fn lay_out(request: &Request, worlds: &Worlds<'_>) -> Result<Laid, Error> {
    lay(request, worlds, |request, surroundings| {
        context::derive(
            &mut request.context,
            &request.principal,
            surroundings,
            Fill::Replace(request.tags),
        );
    })
}

/// The same without the keys that follow from principal and state: for who needs only what bears on a request.
pub(crate) fn lay_out_bare(request: &Request, worlds: &Worlds<'_>) -> Result<Laid, Error> {
    lay(request, worlds, |_, _| ())
}

fn lay(
    request: &Request,
    worlds: &Worlds<'_>,
    derive: impl FnOnce(&mut Request, &Surroundings<'_>),
) -> Result<Laid, Error> {
    let principal_side = Side::find(
        request.principal.account(),
        worlds.principal_account,
        worlds.resource_account,
        worlds,
    )?;
    let resource_side = Side::find(
        request.owner(),
        worlds.resource_account,
        worlds.principal_account,
        worlds,
    )?;

    let mut request = request.clone();
    request.resource_account = request.owner();
    let who = Who::look_up(&mut request.principal, principal_side.account);
    let target = Target::look_up(&request, resource_side.account);
    let surroundings = Surroundings {
        principal_tags: who.tags(),
        principal_position: principal_side.position.as_ref(),
        resource_account: request.resource_account,
        resource_tags: target.tags(),
        resource_position: resource_side.position.as_ref(),
        is_identity: target.is_identity(),
        time: request.time,
    };
    derive(&mut request, &surroundings);

    let layers = Layers {
        identity: who.policies(principal_side.account),
        boundary: who.boundary(),
        session: request.principal.session_policies().cloned(),
        resource: policy_on(&request, resource_side.account, &target),
        scp: principal_side.chain(Organization::scp_chain)?,
        rcp: resource_side.chain(Organization::rcp_chain)?,
        trust_required: resource_side
            .account
            .zip(request.resource.arn())
            .is_some_and(|(account, arn)| account.is_trust_required(arn)),
        caps_everything: resource_side.account.is_some_and(Account::caps_everything),
        quarantined: principal_side.is_quarantined(who.id()),
        standing: who.standing(),
    };
    Ok(Laid {
        resource_policy: target.policy_kind(&request),
        request,
        layers,
    })
}

/// One account of a request, with its place in its organization.
struct Side<'a> {
    account: Option<&'a Account>,
    organization: Option<&'a Organization>,
    position: Option<Position>,
}

impl<'a> Side<'a> {
    fn find(
        wanted: Option<AccountId>,
        own: Option<&'a Account>,
        other: Option<&'a Account>,
        worlds: &Worlds<'a>,
    ) -> Result<Self, Error> {
        let Some(wanted) = wanted else {
            return Ok(Self {
                account: None,
                organization: None,
                position: None,
            });
        };
        let account = match (own, other) {
            (Some(own), _) if own.id() == wanted => Some(own),
            (Some(own), _) => {
                return Err(Error::WrongAccount {
                    wanted,
                    given: own.id(),
                });
            }
            (None, other) => other.filter(|other| other.id() == wanted),
        };
        let organization = match account.and_then(Account::organization) {
            Some(id) => Some(worlds.organization(wanted, id)?),
            None => None,
        };
        let position = organization
            .map(|organization| organization.position(wanted))
            .transpose()?;
        Ok(Self {
            account,
            organization,
            position,
        })
    }

    fn chain<T>(
        &self,
        of: impl Fn(&Organization, AccountId) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        match (self.organization, self.account) {
            (Some(organization), Some(account)) => of(organization, account.id()),
            (None, _) | (_, None) => Ok(None),
        }
    }

    fn is_quarantined(&self, principal: Option<&str>) -> bool {
        self.organization
            .zip(self.account)
            .is_some_and(|(organization, account)| {
                organization.is_quarantined(account.id(), principal)
            })
    }
}

impl<'a> Worlds<'a> {
    /// The state of an account's organization, from whichever place it was put in.
    pub(crate) fn organization(
        &self,
        account: AccountId,
        id: &OrganizationId,
    ) -> Result<&'a Organization, Error> {
        let mut found = [self.principal_org, self.resource_org]
            .into_iter()
            .flatten()
            .filter(|organization| organization.id() == id);
        match (found.next(), found.next()) {
            // One state for both sides: of two the answer could name but one.
            (Some(one), Some(other)) if !std::ptr::eq(one, other) => {
                Err(Error::OrganizationTwice {
                    organization: id.clone(),
                })
            }
            (Some(one), _) => Ok(one),
            (None, _) => Err(Error::OrganizationMissing {
                account,
                organization: id.clone(),
            }),
        }
    }
}

/// Who asks, as the account knows them.
enum Who<'a> {
    User(&'a Arc<User>),
    Role(&'a Arc<Role>),
    /// The root user of an account that exists.
    Root,
    /// Nobody of an account.
    Outsider,
    Unknown,
}

impl<'a> Who<'a> {
    /// Finds the principal and brings what the request says of it up to date.
    ///
    /// INVARIANT: an unknown principal carries no unique id afterwards, so that no policy which names users and roles by
    /// id can name it.
    fn look_up(principal: &mut Principal, account: Option<&'a Account>) -> Self {
        match principal {
            Principal::Root(_) => account.map_or(Self::Unknown, |_| Self::Root),
            Principal::Service { .. } | Principal::WebIdentity { .. } | Principal::Anonymous => {
                Self::Outsider
            }
            Principal::User(user) => {
                let found =
                    account.and_then(|account| user_of(account, user.id.as_ref(), Some(&user.arn)));
                user.id = found.map(|found| found.id.clone());
                if let Some(found) = found {
                    user.arn = found.arn.clone();
                    user.name.clone_from(&found.name);
                }
                found.map_or(Self::Unknown, Self::User)
            }
            Principal::FederatedUserSession(session) => {
                let found = account.and_then(|account| {
                    user_of(account, session.user_id.as_ref(), session.user_arn.as_ref())
                });
                session.user_id = found.map(|found| found.id.clone());
                session.user_arn = found.map(|found| found.arn.clone());
                found.map_or(Self::Unknown, Self::User)
            }
            Principal::RoleSession(session) => {
                let found = account.and_then(|account| match &session.role_id {
                    Some(id) => account.role(id),
                    None => account.role_at(&session.role_arn),
                });
                session.role_id = found.map(|found| found.id.clone());
                if let Some(found) = found {
                    session.role_arn = found.arn.clone();
                }
                found.map_or(Self::Unknown, Self::Role)
            }
        }
    }

    fn standing(&self) -> Standing {
        match self {
            Self::User(user) if user.disabled => Standing::Disabled,
            Self::User(_) | Self::Role(_) | Self::Root | Self::Outsider => Standing::Active,
            Self::Unknown => Standing::Unknown,
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(user.id.as_str()),
            Self::Role(role) => Some(role.id.as_str()),
            Self::Root | Self::Outsider | Self::Unknown => None,
        }
    }

    fn tags(&self) -> Option<&'a Tags> {
        match self {
            Self::User(user) => Some(&user.tags),
            Self::Role(role) => Some(&role.tags),
            Self::Root | Self::Outsider | Self::Unknown => None,
        }
    }

    fn policies(&self, account: Option<&'a Account>) -> Vec<Arc<CompiledPolicy>> {
        match self {
            Self::User(user) => account
                .into_iter()
                .flat_map(|account| account.policies_of(user))
                .cloned()
                .collect(),
            Self::Role(role) => role.policies.clone(),
            Self::Root | Self::Outsider | Self::Unknown => Vec::new(),
        }
    }

    fn boundary(&self) -> Option<Vec<Arc<CompiledPolicy>>> {
        match self {
            Self::User(user) => user.boundary.clone(),
            Self::Role(role) => role.boundary.clone(),
            Self::Root | Self::Outsider | Self::Unknown => None,
        }
    }
}

/// A unique id decides alone: a user made again under a deleted one's name is somebody else.
fn user_of<'a>(
    account: &'a Account,
    id: Option<&trilby_model::UserId>,
    arn: Option<&Arn>,
) -> Option<&'a Arc<User>> {
    match id {
        Some(id) => account.user(id),
        None => account.user_at(arn?),
    }
}

/// What is asked about, as its owner's account knows it.
enum Target<'a> {
    User(&'a User),
    Role(&'a Role),
    Resource(&'a Tags),
    Nothing,
}

impl<'a> Target<'a> {
    fn look_up(request: &Request, account: Option<&'a Account>) -> Self {
        let Some((account, arn)) = account.zip(request.resource.arn()) else {
            return Self::Nothing;
        };
        if let Some(role) = account.role_at(arn) {
            return Self::Role(role);
        }
        if let Some(user) = account.user_at(arn) {
            return Self::User(user);
        }
        account
            .resource(arn)
            .map_or(Self::Nothing, |resource| Self::Resource(&resource.tags))
    }

    fn tags(&self) -> Option<&'a Tags> {
        match self {
            Self::User(user) => Some(&user.tags),
            Self::Role(role) => Some(&role.tags),
            Self::Resource(tags) => Some(tags),
            Self::Nothing => None,
        }
    }

    /// The kind of the policy that could be on it.
    fn policy_kind(&self, request: &Request) -> Option<Kind> {
        match self {
            Self::User(_) => None,
            Self::Role(_) => is_about_trust(request).then_some(Kind::Trust),
            Self::Resource(_) | Self::Nothing => request.resource.arn().map(|_| Kind::Resource),
        }
    }

    fn is_identity(&self) -> bool {
        match self {
            Self::User(_) | Self::Role(_) => true,
            Self::Resource(_) | Self::Nothing => false,
        }
    }
}

/// Whether a role's trust policy is asked.
pub(crate) fn is_about_trust(request: &Request) -> bool {
    request.action.key().starts_with("sts:")
}

/// The one policy on the resource: a role's trust policy for what concerns putting it on, else what is registered.
fn policy_on(
    request: &Request,
    account: Option<&Account>,
    target: &Target<'_>,
) -> Option<Arc<CompiledPolicy>> {
    match target {
        Target::Role(role) => is_about_trust(request).then(|| Arc::clone(&role.trust)),
        Target::User(_) | Target::Resource(_) | Target::Nothing => {
            let (account, arn) = account.zip(request.resource.arn())?;
            account.resource_policy(arn).cloned()
        }
    }
}

#[cfg(test)]
mod tests;
