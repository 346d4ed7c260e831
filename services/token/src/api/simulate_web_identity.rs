//! `POST /v1/accounts/{account}/simulate/web-identity`: what would come of an outside identity, step by step.
//!
//! A dry run: it makes no session, uses up no token, and writes nothing but news of a provider's keys.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trilby_access::authorize::Inquiry;
use trilby_access::{
    Access, Authorized, Idempotency, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target, problem,
};
use trilby_directory::{Freshness, World};
use trilby_engine::Explain;
use trilby_federation::role_map::{MapError, Mapped, MappedRole, evaluate_claims};
use trilby_federation::{Kept, is_exposed};
use trilby_model::{Arn, SourceIdentity, Tags};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::AccountPath;
use crate::federation::{Door, Named, candidates, claims, mapped};
use crate::issue::SessionTags;
use crate::issue::assumable::try_outsider;
use crate::issue::source_identity;
use crate::proof::web_identity::{self, Outside};

/// Tries an outside identity.
pub struct SimulateWebIdentity;

/// Whom, and for which role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebIdentityTrial {
    /// The provider, which must count in this account.
    provider: Named,
    /// A token of its issuer. Either this or `claims`.
    #[schema(value_type = Option<String>, format = Password)]
    token: Option<Secret<String>>,
    /// The nonce of ours that goes with the token. It is not used up.
    nonce: Option<String>,
    /// The claims that a token would have. They are believed here, and here alone.
    #[schema(value_type = Option<Object>)]
    claims: Option<Map<String, Value>>,
    /// The role whose trust policy is asked.
    role_arn: Option<Arn>,
}

/// What would come of it. What comes after a step that fails is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebIdentityVerdict {
    /// Whether token or claims would be taken.
    accepted: bool,
    /// Why not: the code that the token's owner would get.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'static str>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What the account's role map gives; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_map: Option<MapVerdict>,
    /// The action that `trust` is about: the first that is not allowed, else that of putting on the role. Tags of the role map
    /// need `sts:TagSession`, and a claim that names who is behind the session `sts:SetSourceIdentity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    /// What the role's trust policy says, as a trace; absent without a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    trust: Option<Value>,
}

/// What a role map gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct MapVerdict {
    /// The roles, best first.
    roles: Vec<MappedVerdict>,
    /// Why it could not be evaluated: then it gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// A role that a role map gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct MappedVerdict {
    /// The role.
    role_arn: Arn,
    /// The rules that give it; none for a default.
    rule_ids: Vec<String>,
    /// The tags that come with it.
    tags: Tags,
    /// Its longest session by the rules, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_duration_seconds: Option<u32>,
}

impl WebIdentityVerdict {
    fn refused(problem: &Problem) -> Self {
        Self {
            accepted: false,
            refused: Some(problem.code.as_str()),
            detail: Some(problem.detail.clone()),
            role_map: None,
            action: None,
            trust: None,
        }
    }
}

impl Operation for SimulateWebIdentity {
    const ID: &'static str = "simulate_web_identity";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/simulate/web-identity";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Try an outside identity";
    const DESCRIPTION: &'static str = "A dry run: says whether a token would be taken, which roles the role map would \
        give, and what a role's trust policy says. No session is made and no token used up.";
    const ACCESS: Access = Access::Action("sts:SimulateWebIdentity");
    const SUCCESS_DESCRIPTION: &'static str = "What would come of it";
    const PROBLEMS: &'static [Code] = &[Code::IssuerKeysUnavailable, Code::RateLimited];
    const IDEMPOTENCY: Idempotency = Idempotency::None;

    type Path = AccountPath;
    type Query = trilby_access::Empty;
    type Body = Json<WebIdentityTrial>;
    type Reply = WebIdentityVerdict;

    fn place(path: &AccountPath) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = input.path.account;
        let body = &input.body.value;
        let is_elsewhere = |role: &Arn| role.account_id() != Some(account);
        if body.role_arn.as_ref().is_some_and(is_elsewhere) {
            return Err(Problem::invalid("/role_arn", "is no role of this account"));
        }
        if body.nonce.is_some() && body.token.is_none() {
            return Err(Problem::invalid("/nonce", "goes with a token"));
        }
        let found = match (&body.token, &body.claims) {
            (Some(token), None) => {
                let outside = Outside {
                    token: token.clone(),
                    nonce: body.nonce.clone(),
                    provider: Some(body.provider.clone()),
                    account,
                    role: body.role_arn.clone(),
                };
                let tried = web_identity::try_out(services, &input.facts, &outside).await;
                tried.and_then(|(identity, door)| {
                    Ok(Trial {
                        door,
                        subject: identity.subject().to_owned(),
                        audience: identity.audience().to_owned(),
                        claims: claims::exposed(&identity),
                        source_identity: source_identity(identity.source_identity())?,
                    })
                })
            }
            (None, Some(claims)) => by_claims(services, account, body, claims).await,
            (Some(_), Some(_)) | (None, None) => {
                return Err(Problem::invalid("", "has either `token` or `claims`"));
            }
        };
        let trial = match found {
            Ok(trial) => trial,
            Err(problem) if problem.status().is_server_error() => return Err(problem),
            Err(problem) => return Ok(Reply::new(WebIdentityVerdict::refused(&problem))),
        };
        let kept = trial.kept();
        if let Err(doubt) = kept.check() {
            let refused = WebIdentityVerdict::refused(&web_identity::of(&doubt));
            return Ok(Reply::new(refused));
        }
        let world = services
            .directory()
            .world(None, Some(account), &Freshness::Head)
            .await
            .map_err(problem::of_directory)?;
        let mapped = evaluated(&trial.door, &kept);
        let asked = match &body.role_arn {
            None => None,
            Some(role) => {
                // What the map gives with the role; nothing where it does not give it, and then no login does.
                let mapped = mapped.as_ref().and_then(|mapped| mapped.as_ref().ok());
                let granted = mapped.map(|mapped| mapped::choose(mapped, Some(role)));
                let granted = granted.and_then(Result::ok);
                let tags = granted.map_or_else(SessionTags::default, |(_, given)| given.tags);
                Some(trace(&trial, &kept, role, &tags, &world, &input, services)?)
            }
        };
        let (action, trust) = asked.unzip();
        Ok(Reply::new(WebIdentityVerdict {
            accepted: true,
            refused: None,
            detail: None,
            role_map: mapped.map(shown).transpose()?,
            action,
            trust,
        }))
    }
}

/// An identity that is believed for the trial, and the provider through which it would come.
struct Trial {
    door: Door,
    subject: String,
    audience: String,
    claims: Map<String, Value>,
    source_identity: Option<SourceIdentity>,
}

impl Trial {
    fn kept(&self) -> Kept<'_> {
        Kept {
            provider: &self.door.provider,
            issuer: self.door.provider.settings.issuer.as_str(),
            subject: &self.subject,
            audience: &self.audience,
            claims: &self.claims,
        }
    }
}

async fn by_claims(
    services: &Services,
    account: trilby_model::AccountId,
    body: &WebIdentityTrial,
    claims: &Map<String, Value>,
) -> Result<Trial, Problem> {
    let named = candidates(services, account, None, Some(&body.provider)).await?;
    let [door] = named.as_slice() else {
        let code = Code::UnknownIssuer;
        return Err(Problem::new(
            code,
            "no such identity provider counts in this account",
        ));
    };
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).map(str::to_owned);
    let missing = |claim: &str| {
        Problem::new(
            Code::ClaimMissing,
            format!("the claims have no text `{claim}`"),
        )
    };
    let mut claims = claims.clone();
    // As of a token: an address that was not verified is none.
    if claims.get("email_verified") != Some(&Value::Bool(true)) {
        claims.remove("email");
    }
    let claimed = door.provider.settings.source_identity_claim.as_ref();
    let claimed = claimed.and_then(|claim| claim.find(&claims)?.as_str());
    let source_identity = source_identity(claimed)?;
    Ok(Trial {
        door: door.clone(),
        subject: text("sub").ok_or_else(|| missing("sub"))?,
        audience: text("aud").ok_or_else(|| missing("aud"))?,
        claims,
        source_identity,
    })
}

fn trace(
    trial: &Trial,
    kept: &Kept<'_>,
    role: &Arn,
    tags: &SessionTags,
    world: &World,
    input: &Input<SimulateWebIdentity>,
    services: &Services,
) -> Result<(&'static str, Value), Problem> {
    let door = &trial.door;
    let (arn, id) = (door.arn.clone(), door.provider.id.clone());
    let inquiry = Inquiry::of_outsider(arn, id, &input.facts, services.now());
    let issuer = door.provider.settings.issuer.as_str();
    let keys = claims::keys(
        issuer,
        &trial.subject,
        &trial.audience,
        kept.condition_keys(),
    );
    let source_identity = trial.source_identity.as_ref();
    let asked = try_outsider(&inquiry, world, role, tags, source_identity, keys);
    let (action, decision) = asked?;
    let seen = decision.seen_from(input.path.account);
    let explanation = seen.explanation(Explain::Trace, world.token().as_ref());
    let trace = serde_json::to_value(explanation).map_err(Problem::internal)?;
    Ok((action, trace))
}

/// What the account's role map makes of it; `None` if it has none.
fn evaluated(door: &Door, kept: &Kept<'_>) -> Option<Result<Mapped, MapError>> {
    let stored = door.role_map()?;
    let exposes = |claim: &_| is_exposed(&door.provider, claim);
    Some(evaluate_claims(&stored.map, kept.claims, exposes))
}

fn shown(mapped: Result<Mapped, MapError>) -> Result<MapVerdict, Problem> {
    let (roles, fault) = match mapped {
        Ok(given) => (
            given
                .roles()
                .iter()
                .map(shown_role)
                .collect::<Result<_, _>>()?,
            None,
        ),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    Ok(MapVerdict { roles, fault })
}

fn shown_role(role: &MappedRole) -> Result<MappedVerdict, Problem> {
    let granted = mapped::granted(role)?;
    Ok(MappedVerdict {
        role_arn: role.role.clone(),
        rule_ids: granted.rules.iter().map(ToString::to_string).collect(),
        tags: granted.tags.tags,
        max_duration_seconds: role.max_duration_seconds,
    })
}
