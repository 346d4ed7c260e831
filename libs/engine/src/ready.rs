//! A request with everything about it that no state can change worked out.

use trilby_model::{Action, Arn};
use trilby_policy::Context;
use trilby_policy::keys::Origin;

use crate::arn_text::with_ancestors;
use crate::code::{KeyRef, Name};
use crate::context::{self, Fill, Surroundings};
use crate::filter::Beginnings;
use crate::principal::Principal;
use crate::request::{Precedence, Request};
use crate::values::{Told, Values};

/// A request, prepared once and asked of any state.
#[derive(Clone, Debug)]
pub struct Ready {
    request: Request,
    pub(crate) beginnings: Beginnings,
    /// Matching keys of the resource and of what it is a `/` extension of, nearest first; empty if there is none.
    pub(crate) resources: Box<[String]>,
    /// What follows the partition of the resource.
    rest: Box<str>,
    /// Given keys, and those that follow from the principal as the request tells it.
    given: Values,
    /// Tags that came with the principal.
    own_tags: Values,
    /// Its own tags stand before stored ones.
    overlays: bool,
}

impl Ready {
    /// Prepares a request.
    #[must_use]
    pub fn new(mut request: Request) -> Self {
        request.resource_account = request.owner();
        let mut bare = request.principal.clone();
        let own_tags = match &mut bare {
            Principal::User(user) => Some(std::mem::take(&mut user.tags)),
            Principal::RoleSession(session) => Some(std::mem::take(&mut session.tags)),
            Principal::FederatedUserSession(session) => Some(std::mem::take(&mut session.tags)),
            Principal::Root(_)
            | Principal::Service { .. }
            | Principal::WebIdentity { .. }
            | Principal::Anonymous => None,
        };
        let mut given = request.context.clone();
        let surroundings = Surroundings {
            resource_account: request.resource_account,
            time: request.time,
            ..Surroundings::default()
        };
        context::derive(
            &mut given,
            &bare,
            &surroundings,
            Fill::Replace(request.tags),
        );
        let resources: Box<[String]> = request
            .resource
            .arn()
            .into_iter()
            .flat_map(with_ancestors)
            .collect();
        let rest = request.resource.arn().map(rest_of).unwrap_or_default();
        let own_tags: Context =
            context::tags(&["aws:PrincipalTag/"], &own_tags.unwrap_or_default());
        Self {
            beginnings: Beginnings::of(request.action.key(), &rest),
            resources,
            rest: rest.into(),
            given: Values::given(&given),
            own_tags: Values::given(&own_tags),
            overlays: !matches!(request.principal, Principal::User(_)),
            request,
        }
    }

    /// A request whose context already holds everything that follows from principal and state.
    pub(crate) fn told(request: Request) -> Self {
        let rest = request.resource.arn().map(rest_of).unwrap_or_default();
        Self {
            beginnings: Beginnings::default(),
            resources: Box::default(),
            rest: rest.into(),
            given: Values::given(&request.context),
            own_tags: Values::default(),
            overlays: false,
            request,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub(crate) fn action(&self) -> &Action {
        &self.request.action
    }

    /// The resource; `None` for none in particular.
    #[inline]
    pub(crate) fn name(&self) -> Option<Name<'_>> {
        let arn = self.request.resource.arn()?;
        Some(Name::new(arn.partition(), &self.rest))
    }
}

pub(crate) fn rest_of(arn: &Arn) -> String {
    format!(
        "{}:{}:{}:{}",
        arn.service(),
        arn.region(),
        arn.account(),
        arn.resource()
    )
}

/// The keys of a request in a state: what [`context::derive`] would put into one context, looked up where it is.
pub(crate) struct View<'a> {
    pub(crate) ready: &'a Ready,
    /// Stored tags of the principal, and of the resource.
    pub(crate) principal_tags: Option<&'a Values>,
    pub(crate) resource_tags: Option<&'a Values>,
    /// Where both accounts stand in their organizations.
    pub(crate) principal_place: Option<&'a Values>,
    pub(crate) resource_place: Option<&'a Values>,
}

impl<'a> View<'a> {
    /// Of a request that holds all keys itself.
    pub(crate) fn of(ready: &'a Ready) -> Self {
        Self {
            ready,
            principal_tags: None,
            resource_tags: None,
            principal_place: Some(&ready.given),
            resource_place: Some(&ready.given),
        }
    }

    /// What is known of a key.
    #[inline]
    pub(crate) fn at(&self, key: KeyRef<'_>) -> Option<Told<'_>> {
        let ready = self.ready;
        let given = || ready.given.at(key);
        match key.origin {
            Origin::Request => given(),
            Origin::PrincipalPlace => self.principal_place?.at(key),
            Origin::ResourcePlace => self.resource_place?.at(key),
            Origin::PrincipalTag => {
                let (own, stored) = (|| ready.own_tags.at(key), || self.principal_tags?.at(key));
                let known = || {
                    if ready.overlays {
                        own().or_else(stored)
                    } else {
                        stored().or_else(own)
                    }
                };
                by(ready.request.tags.principal, known, given)
            }
            Origin::ResourceTag => {
                let stored = || self.resource_tags?.at(key);
                by(ready.request.tags.resource, stored, given)
            }
        }
    }
}

fn by<'a>(
    precedence: Precedence,
    stored: impl FnOnce() -> Option<Told<'a>>,
    given: impl FnOnce() -> Option<Told<'a>>,
) -> Option<Told<'a>> {
    match precedence {
        Precedence::Stored => stored().or_else(given),
        Precedence::Given => given().or_else(stored),
    }
}
