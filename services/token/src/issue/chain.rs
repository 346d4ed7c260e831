//! What a session has from the one that put it on: who came before, who is behind it, what it rests on.

use trilby_access::authenticate::Session;
use trilby_account::Role;
use trilby_model::{AccountId, Arn, SourceIdentity};
use trilby_service::caller::CallerKind;
use trilby_service::problem::{Code, Problem};
use trilby_session::Claims;
use trilby_session::claims::{
    CHAIN_MAX, DEPENDENCIES_MAX, Dependency, DependencyKind, SessionKind,
};

use super::RoleRequest;

/// Source identity is set once, by the first who names one.
pub(super) fn source_identity(
    parent: &Claims,
    request: &RoleRequest,
) -> Result<Option<SourceIdentity>, Problem> {
    match (&parent.trilby.si, &request.source_identity) {
        (Some(inherited), Some(asked)) if inherited != asked => Err(Problem::new(
            Code::SourceIdentityImmutable,
            "the session has another source identity already",
        )),
        (inherited, asked) => Ok(inherited.clone().or_else(|| asked.clone())),
    }
}

/// The principals before this session, oldest first, and how many role sessions came before it.
pub(super) fn chain(parent: &Claims) -> Result<(Vec<Arn>, u8), Problem> {
    let mut chain = parent.trilby.chain.clone();
    chain.push(parent.trilby.arn.clone());
    let depth = match parent.trilby.kind {
        SessionKind::Role => parent.trilby.depth.saturating_add(1),
        SessionKind::User | SessionKind::Key | SessionKind::Root | SessionKind::Federated => 0,
    };
    if chain.len() > CHAIN_MAX || usize::from(depth) > CHAIN_MAX {
        return Err(too_deep());
    }
    Ok((chain, depth))
}

fn too_deep() -> Problem {
    Problem::new(
        Code::ChainTooDeep,
        format!("a chain has at most {CHAIN_MAX} sessions"),
    )
}

/// What the session rests on: the role, the session that put it on, that session's account if it is another, and all
/// that session rests on itself.
///
/// Its own parts are of the state at which it was checked. What it inherited keeps its older position: a revocation of
/// sessions from before some position then reaches what came of them later, too.
pub(super) fn dependencies(
    session: &Session,
    account: AccountId,
    role: &Role,
    seq: u64,
) -> Result<Vec<Dependency>, Problem> {
    let parent = session.verified.claims();
    let own = parent.trilby.acct;
    let checked = session.account.seq().get();
    let mut all = vec![
        Dependency {
            account,
            kind: DependencyKind::Role,
            id: role.id.to_string(),
            seq,
        },
        Dependency {
            account: own,
            kind: DependencyKind::Session,
            id: parent.jti.to_string(),
            seq: checked,
        },
    ];
    if own != account {
        all.push(Dependency {
            account: own,
            kind: DependencyKind::Account,
            id: own.to_string(),
            seq: checked,
        });
    }
    let principal = match &session.caller.kind {
        CallerKind::Root => None,
        CallerKind::User { id, .. } => Some((DependencyKind::User, id.to_string())),
        CallerKind::Role { id, .. } => Some((DependencyKind::Role, id.to_string())),
    };
    let inherited = parent.trilby.dep.iter().cloned();
    let principal = principal.map(|(kind, id)| Dependency {
        account: own,
        kind,
        id,
        seq: parent.trilby.seq,
    });
    for dependency in inherited.chain(principal) {
        let known = all.iter_mut().find(|known| {
            known.account == dependency.account
                && known.kind == dependency.kind
                && known.id == dependency.id
        });
        match known {
            Some(known) => known.seq = known.seq.min(dependency.seq),
            None => all.push(dependency),
        }
    }
    if all.len() > DEPENDENCIES_MAX {
        return Err(too_deep());
    }
    Ok(all)
}
