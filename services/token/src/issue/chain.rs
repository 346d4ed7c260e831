//! What a session has from the one that put it on: who came before, who is behind it, what it rests on.

use trilby_access::authenticate::Session;
use trilby_account::Role;
use trilby_model::{AccountId, Arn, SourceIdentity, Tags};
use trilby_service::caller::CallerKind;
use trilby_service::problem::{Code, Problem};
use trilby_session::Claims;
use trilby_session::claims::{
    CHAIN_MAX, DEPENDENCIES_MAX, Dependency, DependencyKind, SessionKind,
};

use super::RoleRequest;
use crate::session_tags::{SessionTags, too_many};

/// Source identity is set once, by the first who names one.
pub(super) fn source_identity(parent: &Claims, request: &RoleRequest) -> Option<SourceIdentity> {
    let inherited = parent.trilby.si.clone();
    inherited.or_else(|| request.source_identity.clone())
}

/// The tags that go on from a session to the next: those it was told to hand on.
pub(super) fn inherited_tags(parent: &Claims) -> Result<Tags, Problem> {
    let transitive = &parent.trilby.ttk;
    let kept = parent
        .trilby
        .tags
        .iter()
        .filter(|(key, _)| transitive.iter().any(|handed| handed.key() == key.key()));
    Tags::new(kept.map(|(key, value)| (key.clone(), value.clone()))).map_err(Problem::internal)
}

/// The tags of a session, and which of them go on: the inherited ones, which nobody can change, and its own.
///
/// Errors: `too_many_tags`.
pub(super) fn tags(
    parent: &Claims,
    inherited: &Tags,
    own: &SessionTags,
) -> Result<SessionTags, Problem> {
    let mut tags = own.tags.clone();
    for (key, value) in inherited.iter() {
        tags.insert(key.clone(), value.clone())
            .map_err(|_| too_many())?;
    }
    let mut transitive = parent.trilby.ttk.clone();
    for key in &own.transitive {
        if !transitive.iter().any(|known| known.key() == key.key()) {
            transitive.push(key.clone());
        }
    }
    Ok(SessionTags { tags, transitive })
}

/// What a session inherits nobody can change.
///
/// Errors: `transitive_tag_conflict`, `source_identity_immutable`.
pub(super) fn unchanged(
    parent: &Claims,
    inherited: &Tags,
    request: &RoleRequest,
) -> Result<(), Problem> {
    let conflict = request.tags.tags.iter().map(|(key, _)| key);
    if let Some(key) = conflict
        .into_iter()
        .find(|key| inherited.get(key.as_str()).is_some())
    {
        return Err(Problem::new(
            Code::TransitiveTagConflict,
            format!("tag `{key}` is inherited and cannot be given again"),
        ));
    }
    match (&parent.trilby.si, &request.source_identity) {
        (Some(inherited), Some(asked)) if inherited != asked => Err(Problem::new(
            Code::SourceIdentityImmutable,
            "the session has another source identity already",
        )),
        (Some(_) | None, _) => Ok(()),
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
