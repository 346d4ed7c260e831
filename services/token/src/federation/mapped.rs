//! What an account's role map makes of an outside identity.

use trilby_account::Role;
use trilby_federation::role_map::{MapRefusal, Mapped, MappedRole};
use trilby_model::Arn;
use trilby_model::federation::RuleId;
use trilby_service::problem::{Code, Problem};

use super::Door;
use crate::session_tags::SessionTags;

/// One role of the map's result, or what stands for it where there is no map.
#[derive(Debug, Clone, Default)]
pub(crate) struct Granted {
    /// The rules that gave it.
    pub(crate) rules: Vec<RuleId>,
    /// Tags that come with it.
    pub(crate) tags: SessionTags,
    /// Its longest session by the rules, in seconds.
    pub(crate) duration_max_s: Option<i64>,
}

/// What a role map gives, with the role that was chosen.
///
/// Errors: `no_role_mapped`, `role_choice_required`, `ambiguous_role`; faults.
pub(crate) fn choose(mapped: &Mapped, named: Option<&Arn>) -> Result<(Arn, Granted), Problem> {
    let chosen = mapped.choose(named).map_err(|refusal| refused(&refusal))?;
    Ok((chosen.role.clone(), granted(chosen)?))
}

pub(crate) fn granted(chosen: &MappedRole) -> Result<Granted, Problem> {
    let given = chosen.tags.iter();
    let given = given.map(|(key, (value, _))| (key.clone(), value.clone()));
    let goes_on = chosen.tags.iter().filter(|(_, (_, goes_on))| *goes_on);
    Ok(Granted {
        rules: chosen.rules.clone(),
        tags: SessionTags::new(
            given.collect(),
            goes_on.map(|(key, _)| key.clone()).collect(),
        )?,
        duration_max_s: chosen.max_duration_seconds.map(i64::from),
    })
}

fn refused(refusal: &MapRefusal) -> Problem {
    match refusal {
        MapRefusal::NoRole => Problem::new(Code::NoRoleMapped, refusal.to_string()),
        MapRefusal::Choose { roles } => {
            let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
            Problem::new(Code::RoleChoiceRequired, refusal.to_string()).with("roles", roles)
        }
        MapRefusal::Ambiguous { rules } => {
            let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
            Problem::new(Code::AmbiguousRole, refusal.to_string()).with("rules", rules)
        }
    }
}

/// Whether the map means this very role: one of the same name that was made later is another.
pub(crate) fn means(door: &Door, arn: &Arn, role: &Role) -> bool {
    door.role_map()
        .is_none_or(|map| map.role(arn) == Some(&role.id))
}
