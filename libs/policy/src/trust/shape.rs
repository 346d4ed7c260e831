//! What a value must say before its first wildcard, for issuers that we know.
//!
//! Such issuers serve anybody, and some of their claims begin with the name of the customer. A value that leaves the
//! name open lets in every customer.

/// How much of a value must be literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Something.
    Prefix,
    /// All of it: a number, an address or a name of its own.
    Whole,
    /// This text and then a name up to the next of this character.
    Owner(&'static str, char),
}

/// Issuer without scheme, claim, shape. Claims are lower-cased, as condition keys are.
const SHAPES: &[(&str, &str, Shape)] = &[
    (GITHUB, "sub", Shape::Owner("repo:", '/')),
    (GITHUB, "repository", Shape::Owner("", '/')),
    (GITHUB, "repository_owner", Shape::Whole),
    (GITHUB, "repository_owner_id", Shape::Whole),
    (GITHUB, "repository_id", Shape::Whole),
    (GITHUB, "job_workflow_ref", Shape::Owner("", '/')),
    (GITLAB, "sub", Shape::Owner("project_path:", '/')),
    (GITLAB, "project_path", Shape::Owner("", '/')),
    (GITLAB, "namespace_path", Shape::Whole),
    (GITLAB, "namespace_id", Shape::Whole),
    (GITLAB, "project_id", Shape::Whole),
    (CIRCLECI, "sub", Shape::Owner("org/", '/')),
    (CIRCLECI, "oidc.circleci.com/project-id", Shape::Whole),
    (TERRAFORM, "sub", Shape::Owner("organization:", ':')),
    (TERRAFORM, "terraform_organization_id", Shape::Whole),
    (TERRAFORM, "terraform_organization_name", Shape::Whole),
    (TERRAFORM, "terraform_workspace_id", Shape::Whole),
    (BITBUCKET, "sub", Shape::Owner("", ':')),
    (BITBUCKET, "repositoryuuid", Shape::Whole),
    (BITBUCKET, "workspaceuuid", Shape::Whole),
    (BUILDKITE, "sub", Shape::Owner("organization:", ':')),
    (BUILDKITE, "organization_slug", Shape::Whole),
    (BUILDKITE, "organization_id", Shape::Whole),
    (BUILDKITE, "pipeline_id", Shape::Whole),
    (VERCEL, "sub", Shape::Owner("owner:", ':')),
    (VERCEL, "owner", Shape::Whole),
    (VERCEL, "owner_id", Shape::Whole),
    (VERCEL, "project_id", Shape::Whole),
    (FLY, "sub", Shape::Owner("", ':')),
    (FLY, "org_id", Shape::Whole),
    (FLY, "app_id", Shape::Whole),
    (GOOGLE, "sub", Shape::Whole),
    (GOOGLE, "hd", Shape::Whole),
    (GOOGLE, "email", Shape::Whole),
    (ENTRA, "tid", Shape::Whole),
    (ENTRA, "oid", Shape::Whole),
    (ENTRA, "sub", Shape::Whole),
    (APPLE, "sub", Shape::Whole),
    (APPLE, "email", Shape::Whole),
    (FACEBOOK, "sub", Shape::Whole),
    (LINKEDIN, "sub", Shape::Whole),
    (SLACK, "sub", Shape::Whole),
    (SLACK, "https://slack.com/team_id", Shape::Whole),
];

/// GitHub Actions.
pub(super) const GITHUB: &str = "token.actions.githubusercontent.com";
const GITLAB: &str = "gitlab.com";
const CIRCLECI: &str = "oidc.circleci.com";
const TERRAFORM: &str = "app.terraform.io";
const BITBUCKET: &str = "api.bitbucket.org";
const BUILDKITE: &str = "agent.buildkite.com";
const VERCEL: &str = "oidc.vercel.com";
const FLY: &str = "oidc.fly.io";
const GOOGLE: &str = "accounts.google.com";
const ENTRA: &str = "login.microsoftonline.com";
const APPLE: &str = "appleid.apple.com";
const FACEBOOK: &str = "www.facebook.com";
const LINKEDIN: &str = "www.linkedin.com";
const SLACK: &str = "slack.com";

/// The shape that values of a claim of this issuer must have. What is below an issuer, as a tenant's or a workspace's own
/// is, speaks as it does.
pub(super) fn of(issuer: &str, claim: &str) -> Shape {
    let is_below = |known: &str| {
        issuer
            .strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let known = SHAPES
        .iter()
        .find(|(known, of, _)| is_below(known) && *of == claim);
    known.map_or(Shape::Prefix, |(_, _, shape)| *shape)
}

impl Shape {
    /// Whether a value with this literal beginning says enough. `whole`: there is nothing after it.
    pub(super) fn fits(self, prefix: &str, whole: bool) -> bool {
        match self {
            Self::Prefix => !prefix.is_empty(),
            Self::Whole => whole && !prefix.is_empty(),
            Self::Owner(before, end) => prefix
                .strip_prefix(before)
                .and_then(|rest| rest.split_once(end))
                .is_some_and(|(owner, _)| !owner.is_empty() && !owner.contains(['*', '?'])),
        }
    }
}
