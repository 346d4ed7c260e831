//! What a role's sessions may be, as bodies say it.

use std::collections::BTreeSet;

use trilby_account::RoleLimits;
use trilby_service::body::Patch;
use trilby_service::problem::Problem;

/// The limits that a merge patch names; `null` sets one back to its default.
pub struct LimitsPatch<'a> {
    pub max_session_duration: &'a Patch<u32>,
    pub chain_max: &'a Patch<u32>,
    pub allowed_audiences: &'a Patch<BTreeSet<String>>,
    pub listed: &'a Patch<bool>,
}

impl LimitsPatch<'_> {
    /// The limits after the patch. Their bounds are checked where the command is decided.
    pub fn on(&self, old: &RoleLimits) -> RoleLimits {
        let default = RoleLimits::default();
        RoleLimits {
            max_session_duration_s: pick(
                self.max_session_duration,
                old.max_session_duration_s,
                default.max_session_duration_s,
            ),
            chain_max_s: pick(self.chain_max, old.chain_max_s, default.chain_max_s),
            allowed_audiences: pick(
                self.allowed_audiences,
                old.allowed_audiences.clone(),
                default.allowed_audiences,
            ),
            listed: pick(self.listed, old.listed, default.listed),
        }
    }
}

fn pick<T: Clone>(patch: &Patch<T>, old: T, default: T) -> T {
    match patch {
        Patch::Keep => old,
        Patch::Clear => default,
        Patch::Set(value) => value.clone(),
    }
}

/// The audiences of a body: each once.
///
/// Errors: `invalid_parameter` for one that is named twice.
pub fn audiences(given: Option<&Vec<String>>) -> Result<BTreeSet<String>, Problem> {
    let Some(given) = given else {
        return Ok(BTreeSet::new());
    };
    let set: BTreeSet<String> = given.iter().cloned().collect();
    match set.len() == given.len() {
        true => Ok(set),
        false => Err(Problem::invalid(
            "/allowed_audiences",
            "names an audience twice",
        )),
    }
}
