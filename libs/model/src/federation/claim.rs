//! Which claim of a token.

use crate::names::name;

/// How deep a claim may be nested.
pub const CLAIM_DEPTH_MAX: usize = 8;
const CLAIM_PATH_MAX_BYTES: usize = 256;

fn claim_path(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > CLAIM_PATH_MAX_BYTES {
        return Err("it must have 1 to 256 bytes");
    }
    if text.chars().any(|c| c.is_control() || "{}".contains(c)) {
        return Err("it may not hold control characters, `{` or `}`");
    }
    let Some(pointer) = text.strip_prefix('/') else {
        return Ok(());
    };
    if pointer.split('/').count() > CLAIM_DEPTH_MAX {
        return Err("it may name at most 8 nested members");
    }
    if pointer.split('/').any(str::is_empty) {
        return Err("none of its members may be empty");
    }
    let escapes_fit = text
        .split('~')
        .skip(1)
        .all(|after| after.starts_with(['0', '1']));
    if escapes_fit {
        Ok(())
    } else {
        Err("`~` is written `~0` in a JSON pointer")
    }
}

name!(
    /// A claim: the name of a top-level member, or with a leading `/` a JSON pointer (RFC 6901) into nested objects.
    ///
    /// `https://acme.example/roles` is one top-level name; `/realm_access/roles` goes into an object. Array elements
    /// cannot be named.
    ClaimPath, "a claim", claim_path,
    pattern: r"^[^{}\x00-\x1f]{1,256}$", example: "groups", says: "a claim: a top-level name, or a JSON pointer into nested objects"
);

impl ClaimPath {
    /// The member names to go through, outermost first.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        match self.as_str().strip_prefix('/') {
            None => vec![self.as_str().to_owned()],
            Some(pointer) => pointer
                .split('/')
                .map(|step| step.replace("~1", "/").replace("~0", "~"))
                .collect(),
        }
    }

    /// What the claim is called after the colon of a condition key: nested names with `/` between them.
    #[must_use]
    pub fn condition_name(&self) -> String {
        self.steps().join("/")
    }

    /// The value in `claims`; `None` if any member on the way is missing or no object.
    #[must_use]
    pub fn find<'a>(
        &self,
        claims: &'a serde_json::Map<String, serde_json::Value>,
    ) -> Option<&'a serde_json::Value> {
        let steps = self.steps();
        let (first, rest) = steps.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |value, step| {
            value.as_object()?.get(step)
        })
    }
}
