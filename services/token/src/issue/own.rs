//! Sessions of a user or root, by access key or password.

use trilby_access::{Facts, Services};
use trilby_account::{Account, AccountStatus, Ref, User};
use trilby_model::{AccountId, Arn, ConsistencyToken, Tags, Timestamp, UserId};
use trilby_service::problem::{Code, Problem};
use trilby_session::claims::{Claims, Dependency, DependencyKind, Private, SessionKind, VERSION};
use trilby_session::lifetime;

use super::mint::{self, Draft, mint};
use super::{Issued, audiences, standing};
use crate::proof::{Person, Proof, Proved, access_key, login};
use crate::signing::{Signer, signer};

/// `client_id` of sessions that began with a password.
const CONSOLE: &str = "console";

struct Owner {
    kind: SessionKind,
    limits: lifetime::Session,
    sub: String,
    arn: Arn,
    client_id: String,
    dependencies: Vec<(DependencyKind, String)>,
}

pub(super) async fn issue(
    services: &Services,
    proof: &Proof,
    duration_s: Option<i64>,
    audience: Option<String>,
    facts: &Facts,
) -> Result<Issued, Problem> {
    let account = proof.account();
    // Before any state is read: a position is never told as one of a later incarnation than it was read in.
    let incarnation = services.directory().incarnation();
    let Signer { view, key } = signer(services, account).await?;
    // On the state that the session will name: whatever ends it comes later in the log.
    let now = services.now();
    let owner = owner(&view.state, proof.proved(), now)?;
    // Root goes by no unique id: it is in quarantine with its account.
    let principal = owner.dependencies.first().map(|(_, id)| id.as_str());
    if standing::is_account_quarantined(services, account, principal).await? {
        return Err(standing::quarantined());
    }
    let lifetime = lifetime::bound(owner.limits, duration_s, now, now.unix_seconds())
        .map_err(mint::of_lifetime)?;
    let seq = view.seq().get();
    let dep = owner.dependencies.into_iter().map(|(kind, id)| Dependency {
        account,
        kind,
        id,
        seq,
    });
    let claims = Claims {
        iss: trilby_session::issuer(services.public_url(), account),
        aud: audiences(audience, |_| false)?,
        sub: owner.sub,
        client_id: owner.client_id,
        iat: lifetime.issued_at,
        nbf: lifetime.issued_at,
        exp: lifetime.expires_at,
        auth_time: lifetime.issued_at,
        jti: mint::session_id(services),
        act: None,
        trilby: Private {
            v: VERSION,
            kind: owner.kind,
            acct: account,
            org: view
                .state
                .organization()
                .map(|membership| membership.organization.clone()),
            arn: owner.arn,
            role: None,
            sn: None,
            tags: Tags::default(),
            ttk: Vec::new(),
            si: None,
            pol: None,
            polh: None,
            parn: Vec::new(),
            mfa: None,
            fed: None,
            depth: 0,
            chain: Vec::new(),
            seq,
            inc: incarnation,
            dep: dep.collect(),
        },
    };
    if claims.trilby.kind == SessionKind::Root {
        // Root is for emergencies: each use is worth an operator's look.
        tracing::warn!(account.id = %account, session.id = %claims.jti, request.id = %facts.request_id, "root logged in");
    }
    let seq = ConsistencyToken::new(vec![view.position()]).ok();
    mint(
        services,
        Draft {
            claims,
            seq,
            caller: None,
        },
        &key,
        facts,
    )
    .await
}

/// The principal of the proof, if everything about it is in service at this state.
fn owner(state: &Account, proved: &Proved, now: Timestamp) -> Result<Owner, Problem> {
    let account = state.id();
    if state.status() != AccountStatus::Active {
        return Err(Problem::new(
            Code::AccountSuspended,
            "the account is out of service",
        ));
    }
    match proved {
        Proved::AccessKey { user, key, .. } => {
            let standing = access_key::standing(state, key, now).filter(|owner| owner == user);
            standing.ok_or_else(gone)?;
            let mut owner = of_user(
                account,
                find(state, user)?,
                SessionKind::Key,
                lifetime::Session::Key,
            );
            owner.client_id = key.to_string();
            owner
                .dependencies
                .push((DependencyKind::AccessKey, key.to_string()));
            Ok(owner)
        }
        Proved::Password {
            person, generation, ..
        } => {
            // Another password was set in between: this one opens nothing any more.
            login::standing(state, person)
                .filter(|standing| standing == generation)
                .ok_or_else(gone)?;
            match person {
                Person::Root => Ok(Owner {
                    kind: SessionKind::Root,
                    limits: lifetime::Session::Root,
                    sub: state.root_subject(),
                    arn: Arn::root(&account),
                    client_id: CONSOLE.to_owned(),
                    dependencies: Vec::new(),
                }),
                Person::User(id) => Ok(of_user(
                    account,
                    find(state, id)?,
                    SessionKind::User,
                    lifetime::Session::User,
                )),
            }
        }
        Proved::Session(_) | Proved::Federated(_) | Proved::WebIdentity(_) => {
            Err(Problem::internal("a session is no origin"))
        }
    }
}

fn of_user(account: AccountId, user: &User, kind: SessionKind, limits: lifetime::Session) -> Owner {
    Owner {
        kind,
        limits,
        sub: user.id.to_string(),
        arn: Arn::user(&account, &user.path, &user.name),
        client_id: CONSOLE.to_owned(),
        dependencies: vec![(DependencyKind::User, user.id.to_string())],
    }
}

fn find<'a>(state: &'a Account, id: &UserId) -> Result<&'a User, Problem> {
    state.user(&Ref::Id(id.clone())).ok_or_else(gone)
}

fn gone() -> Problem {
    Problem::new(Code::InvalidCredentials, "the credential is not accepted")
}
