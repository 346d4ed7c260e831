//! A request with everything about it that no state can change worked out.

use trilby_model::{AccountId, Arn};
use trilby_policy::Context;
use trilby_policy::keys::Origin;

use crate::account::told;
use crate::arn_text::with_ancestors;
use crate::code::{KeyRef, Name, Operation, is_twin};
use crate::context::{self, Fill, Surroundings};
use crate::filter::Beginnings;
use crate::formula::Asked;
use crate::principal::Principal;
use crate::request::{Precedence, Request, TagPrecedence};
use crate::table::hash;
use crate::values::{Places, Told, Values};

/// A request, prepared once and asked of any state. What every decision reads is together.
#[derive(Clone, Debug)]
pub struct Ready {
    request: Box<Request>,
    tags: TagPrecedence,
    pub(crate) asked: Asked,
    pub(crate) home: Option<AccountId>,
    pub(crate) owner: Option<AccountId>,
    pub(crate) beginnings: Beginnings,
    /// As whom it names the user or role who asks ([`crate::account::told`]), the action as written and in lower case, and
    /// the matching key of the resource.
    text: Box<str>,
    told: usize,
    action: usize,
    /// The partition of the resource is our own or its alias.
    twin: bool,
    /// Hash of the caller's unique id.
    caller: Option<u64>,
    /// Where the matching keys of the resource and of what it is a `/` extension of end, nearest first, and their hashes.
    ends: Box<[(usize, u64)]>,
    /// Where in the matching key the partition ends, with its colon.
    partition: usize,
    /// Given keys, and those that follow from the principal as the request tells it.
    given: Values,
    /// Where in `given` the keys of the registry are.
    places: Places,
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
        let own_tags: Context =
            context::tags(&["aws:PrincipalTag/"], &own_tags.unwrap_or_default());
        let given = Values::given(&given);
        let caller = match &request.principal {
            Principal::User(user) => user
                .id
                .as_ref()
                .map(|id| (hash(id), told(id.as_str(), &user.arn, &user.name))),
            Principal::RoleSession(session) => session
                .role_id
                .as_ref()
                .map(|id| (hash(id), told(id.as_str(), &session.role_arn, ""))),
            Principal::FederatedUserSession(_)
            | Principal::Root(_)
            | Principal::Service { .. }
            | Principal::WebIdentity { .. }
            | Principal::Anonymous => None,
        };
        let (caller, told) = caller.unzip();
        let told = told.unwrap_or_default();
        let beginnings = |resource: &Laid| Beginnings::of(request.action.key(), resource.rest());
        let resource = Laid::of(request.resource.arn());
        Self {
            beginnings: beginnings(&resource),
            caller,
            own_tags: Values::given(&own_tags),
            overlays: !matches!(request.principal, Principal::User(_)),
            ..Self::bare(request, &told, resource, given)
        }
    }

    fn bare(request: Request, told: &str, resource: Laid, given: Values) -> Self {
        let action = &request.action;
        Self {
            tags: request.tags,
            asked: Asked::of(&request),
            home: request.principal.account(),
            owner: request.owner(),
            beginnings: Beginnings::default(),
            text: [told, action.as_str(), action.key(), &resource.key]
                .concat()
                .into(),
            told: told.len(),
            action: action.key().len(),
            twin: resource.twin,
            caller: None,
            ends: resource.ends.into(),
            partition: resource.partition,
            places: Places::of(&given),
            given,
            own_tags: Values::default(),
            overlays: false,
            request: request.into(),
        }
    }

    /// A request whose context already holds everything that follows from principal and state.
    pub(crate) fn told(request: Request) -> Self {
        let resource = Laid::of(request.resource.arn());
        let given = Values::given(&request.context);
        Self::bare(request, "", resource, given)
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    #[inline]
    pub(crate) fn action(&self) -> Option<Operation<'_>> {
        let both = self.text.as_bytes().get(self.told..)?;
        let (written, rest) = both.split_at_checked(self.action)?;
        Some(Operation {
            written,
            key: rest.get(..self.action)?,
        })
    }

    /// The resource; `None` for none in particular.
    #[inline]
    pub(crate) fn name(&self) -> Option<Name<'_>> {
        let key = self.key()?;
        let before = key.get("arn:".len()..self.partition.checked_sub(1)?)?;
        Some(Name::of(self.twin, before, key.get(self.partition..)?))
    }

    /// The user or role who asks: hash of the unique id, and as whom the request names it. `None`: nobody who has an id.
    pub(crate) fn caller(&self) -> Option<(u64, &str)> {
        Some((self.caller?, self.text.get(..self.told)?))
    }

    fn key(&self) -> Option<&str> {
        let begin = self.told.checked_add(self.action.checked_mul(2)?)?;
        self.text.get(begin..)
    }

    /// Matching keys of the resource and of what it is a `/` extension of, nearest first, with their hashes; none if there
    /// is none.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (u64, &str)> {
        let key = self.key().unwrap_or_default();
        let ends = self.ends.iter();
        ends.filter_map(|(end, hash)| Some((*hash, key.get(..*end)?)))
    }
}

/// A resource, laid out.
struct Laid {
    key: String,
    ends: Vec<(usize, u64)>,
    partition: usize,
    twin: bool,
}

impl Laid {
    fn of(arn: Option<&Arn>) -> Self {
        let Some(arn) = arn else {
            return Self {
                key: String::new(),
                ends: Vec::new(),
                partition: 0,
                twin: false,
            };
        };
        // What holds a resource has a key that the resource's begins with.
        let ends = with_ancestors(arn)
            .map(|key| (key.len(), hash(&*key)))
            .collect();
        let key = arn.matching_key();
        let partition = key
            .match_indices(':')
            .nth(1)
            .map(|(at, _)| at.saturating_add(1));
        Self {
            key,
            ends,
            partition: partition.unwrap_or_default(),
            twin: is_twin(arn.partition()),
        }
    }

    fn rest(&self) -> &str {
        self.key.get(self.partition..).unwrap_or_default()
    }
}

/// What follows the partition of an ARN.
#[cfg(test)]
pub(crate) fn rest_of(arn: &Arn) -> String {
    Laid::of(Some(arn)).rest().to_owned()
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

    /// How many keys may be passed over in looking for one.
    pub(crate) fn n_keys(&self) -> usize {
        let stored = |values: Option<&Values>| values.map_or(0, Values::len);
        let own = self
            .ready
            .given
            .len()
            .saturating_add(self.ready.own_tags.len());
        own.saturating_add(stored(self.principal_tags))
            .saturating_add(stored(self.resource_tags))
    }

    /// What is known of a key.
    #[inline]
    pub(crate) fn at(&self, key: KeyRef<'_>) -> Option<Told<'_>> {
        let ready = self.ready;
        let given = || ready.places.find(&ready.given, key);
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
                by(ready.tags.principal, known, given)
            }
            Origin::ResourceTag => {
                let stored = || self.resource_tags?.at(key);
                by(ready.tags.resource, stored, given)
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
