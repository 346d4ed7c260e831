//! Where an outside identity comes from: its token just now, or a session that keeps what the token said.

use trilby_access::authenticate::FederatedSession;
use trilby_account::Role;
use trilby_federation::role_map::{self, MapError, Mapped};
use trilby_federation::{Kept, Refusal as Doubt};
use trilby_model::federation::RoleMap;
use trilby_model::{AccountId, Arn, ProviderId, RoleId, SourceIdentity, Timestamp};
use trilby_policy::Context;
use trilby_service::problem::{Code, Problem};
use trilby_session::claims::{Claims, Dependency, DependencyKind, Federation};

use super::super::dress::Before;
use super::super::mint::Once;
use crate::federation::{Door, claims};
use crate::proof::web_identity::WebIdentity;

/// An outside identity.
#[derive(Debug)]
pub(in crate::issue) enum Origin<'a> {
    /// By its token.
    Token(&'a WebIdentity),
    /// By one of our federated sessions, with the provider that it names.
    Session(&'a FederatedSession, ProviderId),
}

impl Origin<'_> {
    /// The provider that vouched.
    pub(super) fn provider(&self) -> &ProviderId {
        match self {
            Self::Token(web) => web.identity.provider(),
            Self::Session(_, provider) => provider,
        }
    }

    /// Its owner.
    pub(super) fn owner(&self) -> AccountId {
        match self {
            Self::Token(web) => web.door.owner.state.id(),
            Self::Session(session, _) => session.account.state.id(),
        }
    }

    /// The account of the role: the one that is named, else where the token was presented.
    pub(super) fn account(&self, role: Option<&Arn>) -> Option<AccountId> {
        match (role, self) {
            (Some(role), _) => role.account_id(),
            (None, Self::Token(web)) => Some(web.door.account.state.id()),
            (None, Self::Session(..)) => None,
        }
    }

    /// The account whose principal asks, if any.
    pub(super) fn caller(&self) -> Option<AccountId> {
        match self {
            Self::Token(_) => None,
            Self::Session(..) => Some(self.owner()),
        }
    }

    /// Whether what it proves is enough for this provider as it stands now. A token was checked a moment ago; of a
    /// session it is asked again, with what it kept.
    pub(super) fn check(&self, door: &Door) -> Result<(), Doubt> {
        match self {
            // The provider or the link may have changed between the token's check and now: then others would be asked.
            Self::Token(web) if web.door.is_still(door) => Ok(()),
            Self::Token(_) => Err(Doubt::ProviderDisabled),
            // Who keeps what the settings of then exposed may lack what those of now read: an absent claim must not pass
            // for one that is not there in the token.
            Self::Session(session, provider) => {
                let claims = session.verified.claims();
                match door.settings_since(claims, provider) {
                    true => kept(claims, door)?.check(),
                    false => Err(Doubt::TooOld),
                }
            }
        }
    }

    /// Condition keys about it.
    pub(super) fn keys(&self, door: &Door) -> Context {
        match self {
            Self::Token(web) => {
                let identity = &web.identity;
                claims::keys(
                    identity.issuer(),
                    identity.subject(),
                    identity.audience(),
                    identity.condition_keys(),
                )
            }
            Self::Session(session, _) => match kept(session.verified.claims(), door) {
                Ok(kept) => claims::keys(
                    door.provider.settings.issuer.as_str(),
                    kept.subject(),
                    kept.audience(),
                    kept.condition_keys(),
                ),
                Err(_) => Context::new(),
            },
        }
    }

    /// What a role map gives it.
    pub(super) fn evaluate(&self, door: &Door, map: &RoleMap) -> Result<Mapped, MapError> {
        match self {
            Self::Token(web) => role_map::evaluate(map, &web.identity),
            Self::Session(session, _) => {
                let empty = serde_json::Map::new();
                let claims = session.verified.claims().trilby.fed.as_ref();
                let claims = claims.map_or(&empty, |fed| &fed.c);
                role_map::evaluate_claims(map, claims, |claim| {
                    trilby_federation::is_exposed(&door.provider, claim)
                })
            }
        }
    }

    /// The claim that the provider's settings name for sessions.
    pub(super) fn session_name(&self) -> Option<String> {
        match self {
            Self::Token(web) => web.identity.session_name().map(str::to_owned),
            Self::Session(..) => None,
        }
    }

    /// Who is behind it, if the provider's settings name a claim for that.
    ///
    /// Errors: `claim_mismatch` for a claim that is no source identity: cut or mended it could be another's.
    pub(super) fn source_identity(&self) -> Result<Option<SourceIdentity>, Problem> {
        match self {
            Self::Token(web) => source_identity(web.identity.source_identity()),
            Self::Session(session, _) => Ok(session.verified.claims().trilby.si.clone()),
        }
    }

    /// What the session has from it. `incarnation` was the store's before any state was read.
    pub(super) fn before(
        &self,
        door: &Door,
        role: &Role,
        incarnation: u32,
        now: Timestamp,
    ) -> Result<Before, Problem> {
        let mut dependencies = vec![Dependency {
            account: door.account.state.id(),
            kind: DependencyKind::Role,
            id: role.id.to_string(),
            seq: door.account.seq().get(),
        }];
        dependencies.extend(of_door(door));
        match self {
            Self::Token(web) => Ok(Before {
                client_id: door.provider.id.to_string(),
                auth_time: now.unix_seconds(),
                mfa: None,
                federation: Some(federation(web, door, serde_json::Map::new())),
                actor: None,
                chain: Vec::new(),
                depth: 0,
                is_chained: false,
                dependencies,
                incarnation,
            }),
            Self::Session(session, _) => {
                let parent = session.verified.claims();
                dependencies.push(Dependency {
                    account: self.owner(),
                    kind: DependencyKind::Session,
                    id: parent.jti.to_string(),
                    seq: session.account.seq().get(),
                });
                let mut federation = parent.trilby.fed.clone();
                if let Some(federation) = &mut federation {
                    federation.c = serde_json::Map::new();
                }
                // What the parent rests on, this one does, from as early on.
                for inherited in &parent.trilby.dep {
                    match dependencies.iter_mut().find(|known| {
                        (known.account, known.kind, &known.id)
                            == (inherited.account, inherited.kind, &inherited.id)
                    }) {
                        Some(known) => known.seq = known.seq.min(inherited.seq),
                        None => dependencies.push(inherited.clone()),
                    }
                }
                Ok(Before {
                    client_id: parent.client_id.clone(),
                    auth_time: parent.auth_time,
                    mfa: None,
                    federation,
                    actor: None,
                    chain: vec![parent.trilby.arn.clone()],
                    depth: 0,
                    is_chained: false,
                    dependencies,
                    incarnation: incarnation.min(parent.trilby.inc),
                })
            }
        }
    }

    /// What is used up by the session.
    pub(super) fn once(&self, role: Option<&RoleId>) -> Once {
        match self {
            Self::Token(web) => once(web, role),
            Self::Session(..) => Once::default(),
        }
    }
}

/// What a token uses up when it opens `role`, or a federated session.
pub(in crate::issue) fn once(web: &WebIdentity, role: Option<&RoleId>) -> Once {
    Once {
        owner: Some(web.door.owner.state.id()),
        replay: web
            .identity
            .replay_key(role)
            .map(|(key, until)| (*key.as_bytes(), until)),
        nonce: web
            .identity
            .nonce()
            .zip(web.nonce_until)
            .map(|(hash, until)| (*hash.as_bytes(), until)),
    }
}

/// Provider, link, and the owner's account if it is another: each with the state by which it was found good.
pub(in crate::issue) fn of_door(door: &Door) -> Vec<Dependency> {
    let (owner, account) = (door.owner.state.id(), door.account.state.id());
    let mut dependencies = vec![Dependency {
        account: owner,
        kind: DependencyKind::Provider,
        id: door.provider.id.to_string(),
        seq: door.owner.seq().get(),
    }];
    if let Some(link) = door.link() {
        dependencies.push(Dependency {
            account,
            kind: DependencyKind::Link,
            id: link.to_string(),
            seq: door.account.seq().get(),
        });
    }
    if owner != account {
        dependencies.push(Dependency {
            account: owner,
            kind: DependencyKind::Account,
            id: owner.to_string(),
            seq: door.owner.seq().get(),
        });
    }
    dependencies
}

/// The outside identity as claims hold it.
pub(in crate::issue) fn federation(
    web: &WebIdentity,
    door: &Door,
    kept: serde_json::Map<String, serde_json::Value>,
) -> Federation {
    Federation {
        prov: door.arn.clone(),
        iss: web.identity.issuer().to_owned(),
        sub: web.identity.subject().to_owned(),
        aud: web.identity.audience().to_owned(),
        c: kept,
    }
}

/// The source identity that a token's claim gives.
pub(crate) fn source_identity(claimed: Option<&str>) -> Result<Option<SourceIdentity>, Problem> {
    let Some(claimed) = claimed else {
        return Ok(None);
    };
    let refuse = |_| {
        Problem::new(
            Code::ClaimMismatch,
            "the claim that names who is behind the session is no source identity",
        )
    };
    claimed.parse().map(Some).map_err(refuse)
}

fn kept<'a>(claims: &'a Claims, door: &'a Door) -> Result<Kept<'a>, Doubt> {
    let fed = claims.trilby.fed.as_ref().ok_or(Doubt::UnknownIssuer)?;
    Ok(Kept {
        provider: &door.provider,
        issuer: &fed.iss,
        subject: &fed.sub,
        audience: &fed.aud,
        claims: &fed.c,
    })
}
