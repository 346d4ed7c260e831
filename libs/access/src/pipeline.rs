//! What happens to a request before and after its handler, in this order: path, authentication, body, authorization,
//! handler, answer.

use std::sync::Arc;
use std::time::Instant;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use trilby_directory::{ASKED_STANDS, Asked, Freshness, OrganizationView, Sides, World};
use trilby_model::{AccountId, Arn, DecisionId, Timestamp};
use trilby_policy::Context;
use trilby_service::problem::Problem;
use trilby_service::request_id::uuid_v7;

use crate::authenticate::{
    Anyone, FederatedSession, Rejected, Session, authenticate, authenticate_anyone, reach,
};
use crate::authorize::{Inquiry, access_denied};
use crate::authorized::{Authorized, Grant};
use crate::body::RequestBody;
use crate::browsers::Page;
use crate::freshness::counted_here;
use crate::history::READ_HISTORY;
use crate::input::{Facts, Input};
use crate::operation::{Access, Known, Operation, Rule};
use crate::services::Services;
use crate::target::{Place, Scope, Target};
use crate::write::{Incoming, allowed_in};
use crate::{late, params, problem};

/// Runs one operation. Only what depends on its types is done here: the rest is compiled once for all of them.
pub(crate) async fn run<Op: Operation>(
    request: &HttpRequest,
    payload: web::Payload,
    services: &Services,
) -> Result<HttpResponse, Problem> {
    let mut page = Page::of::<Op>(request);
    let answer = answer::<Op>(request, payload, services, &mut page).await;
    page.show(services, answer).await
}

async fn answer<Op: Operation>(
    request: &HttpRequest,
    payload: web::Payload,
    services: &Services,
    page: &mut Page,
) -> Result<HttpResponse, Problem> {
    let rule = Rule::of::<Op>();
    let arrived = arrive(&rule, request, services).await?;
    // INVARIANT: no answer rests on states of two incarnations of the store, nor on a session of another one than they are of.
    let begun_in = arrived.incarnation(services);
    let answer = answer_arrived::<Op>(request, payload, services, page, rule, arrived).await;
    match services.directory().incarnation() == begun_in {
        true => answer,
        false => Err(problem::fenced()),
    }
}

async fn answer_arrived<Op: Operation>(
    request: &HttpRequest,
    payload: web::Payload,
    services: &Services,
    page: &mut Page,
    rule: Rule,
    arrived: Arrived,
) -> Result<HttpResponse, Problem> {
    let path = params::read_path::<Op::Path>(request);
    let mut payload = payload.into_inner();
    let Arrived {
        facts,
        mut session,
        mut federated,
        judged_at,
    } = arrived;
    page.is_of(|| {
        let outside = federated.as_ref().map(|session| session.account.state.id());
        session
            .as_ref()
            .map_or(outside, |session| Some(session.caller.account))
    });
    // A segment that names nothing and a resource that does not exist are one answer.
    let path = path.ok_or_else(Problem::not_found)?;
    let query = params::read_query::<Op::Query>(request.query_string())?;
    let (body, raw_body) = Op::Body::read(request, &mut payload).await?;
    // Whoever sends a body slowly may have been revoked meanwhile.
    if judged_at.elapsed() > ASKED_STANDS {
        session = match session {
            Some(session) => Some(session.again(services).await?),
            None => None,
        };
        federated = match federated {
            Some(session) => Some(session.again(services).await?),
            None => None,
        };
    }
    let input = Input {
        path,
        query,
        body,
        facts,
        raw_body,
    };
    page.is_of(|| Op::page_account(&input));
    let place = Op::place(&input.path);
    let target = |scope: &Scope<'_>| Op::target(&input, scope);
    let federated = match federated {
        Some(session) => Some(fresh(services, session, &input.facts.freshness).await?),
        None => None,
    };
    let mut grant = authorize(services, rule, place, &input.facts, session, &target).await?;
    grant.federated = federated;
    let token = grant.token();
    if let Some(earlier) = grant.earlier(services, &Incoming::of(&input)).await? {
        let earlier = Op::again(earlier.into(), &input, services).await;
        return earlier.into_sent().into_response();
    }
    let reply = Op::handle(Authorized::new(grant), input, services).await?;
    let mut response = reply.into_sent().token_or(token).into_response()?;
    late::mark(services, &mut response);
    Ok(response)
}

/// What is known of a request before its parameters are read.
struct Arrived {
    facts: Facts,
    session: Option<Session>,
    federated: Option<FederatedSession>,
    /// When the session was judged.
    judged_at: Instant,
}

impl Arrived {
    /// The incarnation of the store by which the caller stands.
    fn incarnation(&self, services: &Services) -> u32 {
        let own = self.session.as_ref().map(|session| &session.verified);
        let outside = || self.federated.as_ref().map(|session| &session.verified);
        match own.or_else(outside) {
            Some(verified) => verified.claims().trilby.inc,
            None => services.directory().incarnation(),
        }
    }
}

async fn arrive(
    rule: &Rule,
    request: &HttpRequest,
    services: &Services,
) -> Result<Arrived, Problem> {
    // The middleware writes problems in this form, wherever they come from.
    request.extensions_mut().insert(rule.errors);
    request
        .extensions_mut()
        .insert(trilby_service::server::OperationId(rule.id));
    let facts = Facts::of(rule, request, &**services.clock(), is_secure(services));
    let judged_at = Instant::now();
    let (session, federated) = match rule.access {
        Access::Public(_) => (None, None),
        Access::Authenticated(_) | Access::Action(_) => {
            let bearer = crate::input::bearer(request.headers())?.ok_or_else(Problem::no_token)?;
            match who(rule, services, bearer.expose()).await? {
                Anyone::Session(session) => (Some(*session), None),
                Anyone::Federated(session) => (None, Some(session)),
            }
        }
    };
    Ok(Arrived {
        facts: facts?,
        session,
        federated,
        judged_at,
    })
}

/// Who calls. A federated session is nobody to an operation that asks for an action, whatever it says of itself.
async fn who(rule: &Rule, services: &Services, token: &str) -> Result<Anyone, Rejected> {
    match (rule.access, rule.federated) {
        (Access::Authenticated(_), true) => authenticate_anyone(services, token).await,
        (Access::Authenticated(_) | Access::Action(_) | Access::Public(_), _) => {
            let session = authenticate(services, token).await?;
            Ok(Anyone::Session(Box::new(session)))
        }
    }
}

/// An outside identity on states at least as fresh as asked. A principal of an account is judged with its rights.
async fn fresh(
    services: &Services,
    session: FederatedSession,
    freshness: &Freshness,
) -> Result<FederatedSession, Problem> {
    match reach(services, session.verified.rests_on(), freshness).await? {
        true => Ok(session.again(services).await?),
        false => Ok(session),
    }
}

fn is_secure(services: &Services) -> bool {
    // TLS ends at the proxy: whether clients use it is a matter of the public address.
    services.public_url().starts_with("https://")
}

/// Makes the target of the operation's action.
type MakeTarget<'a> = dyn Fn(&Scope<'_>) -> Result<Target, Problem> + 'a;

async fn authorize(
    services: &Services,
    rule: Rule,
    place: Place,
    facts: &Facts,
    session: Option<Session>,
    make_target: &MakeTarget<'_>,
) -> Result<Grant, Problem> {
    let decision_id = DecisionId::from(uuid_v7(facts.now, services.entropy_source()));
    let Some(mut session) = session else {
        return Ok(public(rule, place, decision_id, facts.now));
    };
    let own = session.caller.account;
    let freshness = &facts.freshness;
    let asked = session.asked.clone();
    reach(services, session.verified.rests_on(), freshness).await?;
    let mut rights = rights(services, own, &place, freshness, asked).await?;
    if matches!(freshness, Freshness::AtLeast(_)) {
        // What the positions tell may have ended the session: nothing is decided for whom it was until then.
        session = session.again(services).await?;
    }
    // A session whose own policies cannot be evaluated may do nothing; what needs no right it does all the same.
    let inquiry = Inquiry::of(&session, facts, facts.now);
    let ask = |rights: &Rights| match rule.access {
        Access::Public(_) | Access::Authenticated(_) => Ok(None),
        Access::Action(action) => {
            let inquiry = inquiry
                .as_ref()
                .map_err(|broken| access_denied(action, &decision_id).caused_by(broken.clone()))?;
            let question = Question {
                services,
                inquiry,
                rights,
                caller_account: own,
                decision_id: &decision_id,
                rule: &rule,
                facts,
            };
            question.action(action, make_target, &session).map(Some)
        }
    };
    let mut target = ask(&rights)?;
    // Only now may the caller learn, also by waiting, that a position is not reached or not ours.
    if rights.is_foreign && matches!(freshness, Freshness::AtLeast(_)) {
        rights.reach(services, own, &place, freshness).await?;
        target = ask(&rights)?;
    }
    let Rights {
        world,
        organization,
        ..
    } = rights;
    let (read, organization) = match freshness.is_past() {
        false => (world.clone(), organization),
        true => past(services, &world, organization, freshness).await?,
    };
    Ok(Grant {
        rule,
        session: Some(session),
        federated: None,
        inquiry: inquiry.ok(),
        target,
        place,
        rights: world,
        read,
        organization,
        decision_id,
        now: facts.now,
    })
}

fn public(rule: Rule, place: Place, decision_id: DecisionId, now: Timestamp) -> Grant {
    Grant {
        rule,
        session: None,
        federated: None,
        inquiry: None,
        target: None,
        place,
        rights: World::default(),
        read: World::default(),
        organization: None,
        decision_id,
        now,
    }
}

/// The state that rights are decided on.
struct Rights {
    world: World,
    organization: Option<Arc<OrganizationView>>,
    /// Whether logs other than the caller's own are part of it. Those are as they are, not as the request asks.
    is_foreign: bool,
}

/// The newest states; the caller's own at least as new as the request asks.
///
/// A stranger must not learn from `Trilby-Min-Seq`, nor from the time that an answer takes, which accounts exist and how
/// far their logs are: for logs other than the caller's own nobody waits until the caller is known to be allowed.
async fn rights(
    services: &Services,
    own: AccountId,
    place: &Place,
    freshness: &Freshness,
    asked: Asked,
) -> Result<Rights, Problem> {
    let directory = services.directory();
    // Rights are never decided on the past.
    let wanted = if freshness.is_past() {
        &Freshness::Head
    } else {
        freshness
    };
    let mut sides = Sides::default();
    let mine = sides.read_asked(directory, own, wanted, asked);
    mine.await.map_err(problem::of_directory)?;
    let mine = sides.get(own).and_then(|side| side.organization.as_ref());
    let organization = match (place, mine) {
        (Place::Organization(id), Some(view)) if view.state.id() == id => Some(view.clone()),
        (Place::Organization(id), _) => directory
            .organization_at(id, &Freshness::Head)
            .await
            .map_err(problem::of_directory)?,
        (Place::Nowhere | Place::Caller | Place::Account(_) | Place::Installation, _) => None,
    };
    let resource = match place {
        Place::Nowhere | Place::Caller => Some(own),
        Place::Account(account) => Some(*account),
        Place::Installation => services.operator_account().await?,
        Place::Organization(_) => organization.as_ref().and_then(|view| {
            // What a member was entrusted with is its own account's to allow.
            match view.state.delegated_admins().contains_key(&own) {
                true => Some(own),
                false => view.state.management_account(),
            }
        }),
    };
    if let Some(resource) = resource {
        let theirs = sides.read(directory, resource, &Freshness::Head);
        theirs.await.map_err(problem::of_directory)?;
    }
    let world = sides.world(Some(own), resource);
    Ok(Rights {
        organization: organization.map(|view| one_of(&world, view)),
        world,
        is_foreign: resource != Some(own),
    })
}

/// The world's own state of an organization, where it has one.
fn one_of(world: &World, view: Arc<OrganizationView>) -> Arc<OrganizationView> {
    world.organization(view.state.id()).cloned().unwrap_or(view)
}

impl Rights {
    /// Brings the other logs to where the request asks for.
    ///
    /// Errors: those of freshness.
    async fn reach(
        &mut self,
        services: &Services,
        own: AccountId,
        place: &Place,
        wanted: &Freshness,
    ) -> Result<(), Problem> {
        let directory = services.directory();
        let resource = self.world.resource.as_ref().map(|view| view.state.id());
        let world = directory.world(Some(own), resource, wanted);
        self.world = world.await.map_err(problem::of_directory)?;
        if let Place::Organization(id) = place {
            let organization = directory.organization_at(id, wanted);
            let organization = organization.await.map_err(problem::of_directory)?;
            self.organization = organization.map(|view| one_of(&self.world, view));
        }
        Ok(())
    }
}

async fn past(
    services: &Services,
    now: &World,
    organization: Option<Arc<OrganizationView>>,
    freshness: &Freshness,
) -> Result<(World, Option<Arc<OrganizationView>>), Problem> {
    counted_here(freshness, now, organization.as_ref())?;
    let directory = services.directory();
    let id = |view: &Option<Arc<trilby_directory::AccountView>>| {
        view.as_ref().map(|view| view.state.id())
    };
    let world = directory
        .world(None, id(&now.resource), freshness)
        .await
        .map_err(problem::of_directory)?;
    let organization = match organization {
        Some(view) => {
            let id = view.state.id().clone();
            directory
                .organization_at(&id, freshness)
                .await
                .map_err(problem::of_directory)?
        }
        None => None,
    };
    Ok((world, organization))
}

/// One request's question about rights.
struct Question<'a> {
    services: &'a Services,
    inquiry: &'a Inquiry,
    rights: &'a Rights,
    caller_account: AccountId,
    decision_id: &'a DecisionId,
    rule: &'a Rule,
    facts: &'a Facts,
}

impl Question<'_> {
    /// Asks for the action and everything that goes with it.
    fn action(
        &self,
        action: &'static str,
        make_target: &MakeTarget<'_>,
        session: &Session,
    ) -> Result<Target, Problem> {
        let world = &self.rights.world;
        let scope = Scope {
            caller: &session.caller,
            account: world.resource.as_ref(),
            organization: self
                .rights
                .organization
                .as_ref()
                .or(world.resource_organization.as_ref()),
            now: self.facts.now,
        };
        let target = make_target(&scope)?;
        if world.resource.is_none() {
            // No such account: nothing in it can be allowed, and nothing about it is told.
            return Err(Problem::not_found());
        }
        let allowed = |action: &str, resource: &Arn, keys: &Context| {
            self.inquiry
                .allows(world, action, resource, target.account, keys)
        };
        let own = allowed_in(self.rule, self.inquiry, world, action, &target)?;
        let mut refused = (!own).then_some(action);
        for also in &target.also {
            if refused.is_none() && !allowed(also.action, &also.resource, &target.context)? {
                refused = Some(also.action);
            }
        }
        if refused.is_none() && self.facts.freshness.is_past() {
            let account = target.account.unwrap_or(self.caller_account);
            if !allowed(READ_HISTORY, &Arn::account_of(&account), &Context::new())? {
                refused = Some(READ_HISTORY);
            }
        }
        match refused {
            None => Ok(target),
            Some(refused) => Err(self.refusal(refused, &target)?),
        }
    }

    /// A refusal: 403 to who may know of the resource, to everyone else the 404 of one that does not exist.
    fn refusal(&self, refused: &str, target: &Target) -> Result<Problem, Problem> {
        let knows = match self.rule.known {
            Known::ToMembers => target.account == Some(self.caller_account),
            Known::ByAction(reading) => {
                let world = &self.rights.world;
                self.inquiry.allows(
                    world,
                    reading,
                    &target.resource,
                    target.account,
                    &target.context,
                )?
            }
        };
        tracing::debug!(
            action = refused,
            decision.id = %self.decision_id,
            known = knows,
            at = ?self.services.now(),
            "refused"
        );
        Ok(if knows {
            access_denied(refused, self.decision_id)
        } else {
            Problem::not_found()
        })
    }
}
