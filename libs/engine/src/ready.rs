//! A request with everything about it that no state can change worked out.

use trilby_policy::keys::{Key, Origin};
use trilby_policy::{Context, ContextValue, Keys};

use crate::arn_text::with_ancestors;
use crate::block::Beginnings;
use crate::context::{self, Fill, Surroundings};
use crate::principal::Principal;
use crate::request::{Precedence, Request};

/// A request, prepared once and asked of any state.
#[derive(Clone, Debug)]
pub struct Ready {
    request: Request,
    pub(crate) beginnings: Beginnings,
    /// Matching keys of the resource and of what it is a `/` extension of, nearest first; empty if there is none.
    pub(crate) resources: Box<[String]>,
    /// Given keys, and those that follow from the principal as the request tells it.
    given: Context,
    /// Tags that came with the principal.
    own_tags: Context,
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
        Self {
            beginnings: Beginnings::of(&request.action, resources.first().map(String::as_str)),
            resources,
            given,
            own_tags: context::tags(&["aws:PrincipalTag/"], &own_tags.unwrap_or_default()),
            overlays: !matches!(request.principal, Principal::User(_)),
            request,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }
}

/// The keys of a request in a state: what [`context::derive`] would put into one context, looked up where it is.
pub(crate) struct View<'a> {
    pub(crate) ready: &'a Ready,
    /// Stored tags of the principal, and of the resource.
    pub(crate) principal_tags: &'a Context,
    pub(crate) resource_tags: Option<&'a Context>,
    /// Where both accounts stand in their organizations.
    pub(crate) principal_place: Option<&'a Context>,
    pub(crate) resource_place: Option<&'a Context>,
}

impl Keys for View<'_> {
    fn at(&self, key: &Key) -> Option<&ContextValue> {
        let ready = self.ready;
        let given = || ready.given.at(key);
        match key.origin() {
            Origin::Request => given(),
            Origin::PrincipalPlace => self.principal_place?.at(key),
            Origin::ResourcePlace => self.resource_place?.at(key),
            Origin::PrincipalTag => {
                let (own, stored) = (|| ready.own_tags.at(key), || self.principal_tags.at(key));
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
    stored: impl FnOnce() -> Option<&'a ContextValue>,
    given: impl FnOnce() -> Option<&'a ContextValue>,
) -> Option<&'a ContextValue> {
    match precedence {
        Precedence::Stored => stored().or_else(given),
        Precedence::Given => given().or_else(stored),
    }
}
