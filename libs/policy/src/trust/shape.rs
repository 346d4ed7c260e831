//! What a value must say before its first wildcard, for issuers that we know.
//!
//! Such issuers serve anybody, and some of their claims begin with the name of the customer. A value that leaves the
//! name open lets in every customer.

/// How much of a value must be literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Something.
    Prefix,
    /// All of it: a number or a name of its own.
    Whole,
    /// This text and then a name up to the next slash.
    Owner(&'static str),
}

/// Issuer without scheme, claim, shape. Claims are lower-cased, as condition keys are.
const SHAPES: &[(&str, &str, Shape)] = &[
    (GITHUB, "sub", Shape::Owner("repo:")),
    (GITHUB, "repository", Shape::Owner("")),
    (GITHUB, "repository_owner", Shape::Whole),
    (GITHUB, "repository_owner_id", Shape::Whole),
    (GITHUB, "repository_id", Shape::Whole),
    (GITHUB, "job_workflow_ref", Shape::Owner("")),
    (GITLAB, "sub", Shape::Owner("project_path:")),
    (GITLAB, "project_path", Shape::Owner("")),
    (GITLAB, "namespace_path", Shape::Whole),
    (GITLAB, "namespace_id", Shape::Whole),
    (GITLAB, "project_id", Shape::Whole),
    (GOOGLE, "sub", Shape::Whole),
    (GOOGLE, "hd", Shape::Whole),
];

/// GitHub Actions.
pub(super) const GITHUB: &str = "token.actions.githubusercontent.com";
const GITLAB: &str = "gitlab.com";
const GOOGLE: &str = "accounts.google.com";

/// The shape that values of a claim of this issuer must have.
pub(super) fn of(issuer: &str, claim: &str) -> Shape {
    let known = SHAPES
        .iter()
        .find(|(known, of, _)| *known == issuer && *of == claim);
    known.map_or(Shape::Prefix, |(_, _, shape)| *shape)
}

impl Shape {
    /// Whether a value with this literal beginning says enough. `whole`: there is nothing after it.
    pub(super) fn fits(self, prefix: &str, whole: bool) -> bool {
        match self {
            Self::Prefix => !prefix.is_empty(),
            Self::Whole => whole && !prefix.is_empty(),
            Self::Owner(before) => prefix
                .strip_prefix(before)
                .and_then(|rest| rest.split_once('/'))
                .is_some_and(|(owner, _)| !owner.is_empty() && !owner.contains(['*', '?'])),
        }
    }
}
