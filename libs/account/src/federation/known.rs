//! Issuers that serve the whole world: a trust policy that names one without saying whom it means trusts everybody.
//!
//! A table shipped as data. An issuer that is not in it is what its administrator says it is.

use trilby_model::federation::{
    Invalid, IssuerUrl, KeySource, ProviderChange, ProviderSettings, RequiredClaim, Sharing,
};

/// An issuer that gives tokens to strangers of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownIssuer {
    /// What people call it.
    pub name: &'static str,
    issuer: Issuer,
    /// Claims that a trust statement must pin: one of each list.
    required: &'static [&'static [&'static str]],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Issuer {
    /// This one.
    Is(&'static str),
    /// It, and all below it: a tenant or workspace is part of the path.
    Below(&'static str),
}

const KNOWN: &[KnownIssuer] = &[
    known(
        "GitHub Actions",
        Issuer::Below("token.actions.githubusercontent.com"),
        &[&["sub", "repository_id", "repository_owner_id"]],
    ),
    known(
        "GitLab.com",
        Issuer::Is("gitlab.com"),
        &[&["sub", "project_id", "namespace_id"]],
    ),
    known(
        "CircleCI",
        Issuer::Below("oidc.circleci.com"),
        &[&["sub", "oidc.circleci.com/project-id"]],
    ),
    known(
        "Terraform Cloud",
        Issuer::Is("app.terraform.io"),
        &[&["sub", "terraform_organization_id", "terraform_workspace_id"]],
    ),
    known(
        "Bitbucket",
        Issuer::Below("api.bitbucket.org"),
        &[&["sub", "repositoryUuid", "workspaceUuid"]],
    ),
    known(
        "Buildkite",
        Issuer::Is("agent.buildkite.com"),
        &[&["sub", "organization_id", "pipeline_id"]],
    ),
    known(
        "Vercel",
        Issuer::Below("oidc.vercel.com"),
        &[&["sub", "owner_id", "project_id"]],
    ),
    known(
        "Fly.io",
        Issuer::Below("oidc.fly.io"),
        &[&["sub", "org_id", "app_id"]],
    ),
    known(
        "Google accounts",
        Issuer::Is("accounts.google.com"),
        &[&["sub", "hd", "email"]],
    ),
    known(
        "Entra common",
        Issuer::Below("login.microsoftonline.com/common"),
        &[&["tid", "sub", "oid"]],
    ),
    known(
        "Entra organizations",
        Issuer::Below("login.microsoftonline.com/organizations"),
        &[&["tid", "sub", "oid"]],
    ),
    known(
        "Entra consumers",
        Issuer::Below("login.microsoftonline.com/consumers"),
        &[&["sub", "oid"]],
    ),
    // The tenant that all personal accounts are in.
    known(
        "Entra consumers",
        Issuer::Below("login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad"),
        &[&["sub", "oid"]],
    ),
    known(
        "Apple",
        Issuer::Is("appleid.apple.com"),
        &[&["sub", "email"]],
    ),
    known("Facebook", Issuer::Is("www.facebook.com"), &[&["sub"]]),
    known("LinkedIn", Issuer::Below("www.linkedin.com"), &[&["sub"]]),
    known(
        "Slack",
        Issuer::Is("slack.com"),
        &[&["sub", "https://slack.com/team_id"]],
    ),
];

const fn known(
    name: &'static str,
    issuer: Issuer,
    required: &'static [&'static [&'static str]],
) -> KnownIssuer {
    KnownIssuer {
        name,
        issuer,
        required,
    }
}

/// What is known of an issuer, if it serves the world. Host names do not tell case apart, so neither does this.
#[must_use]
pub fn known_issuer(issuer: &IssuerUrl) -> Option<&'static KnownIssuer> {
    let text = issuer.without_scheme().to_lowercase();
    let text = text.trim_end_matches('/');
    // A port that is written although it is the scheme's names the same host.
    let (host, path) = text
        .split_once('/')
        .map_or((text, ""), |(host, path)| (host, path));
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let text = match path {
        "" => host.to_owned(),
        path => format!("{host}/{path}"),
    };
    KNOWN.iter().find(|known| match known.issuer {
        Issuer::Is(wanted) => text == wanted,
        Issuer::Below(wanted) => text
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    })
}

/// A new provider's settings with what follows from a known issuer: shared, its required claims, its keys followed.
///
/// Errors: what was given says otherwise, or is wrong in itself. Pointers are into the settings.
pub fn complete(mut change: ProviderChange) -> Result<ProviderSettings, Invalid> {
    if let Some(issuer) = &change.issuer
        && let Some(known) = known_issuer(issuer)
    {
        is_without_slash(issuer, known)?;
        // First of all: what is asked of claims means something only of who is shared.
        known.may_be(change.sharing)?;
        change.sharing = Some(Sharing::Shared);
        if change.required_claims.is_none() {
            change.required_claims = Some(known.required_claims()?);
        }
        change.keys.get_or_insert(KeySource::Discovery {
            follow_jwks_uri: true,
        });
    }
    let settings = change.create()?;
    satisfies(&settings)?;
    Ok(settings)
}

/// Settings with a change.
///
/// Errors: as those of [`complete`].
pub(crate) fn changed(
    settings: &ProviderSettings,
    change: ProviderChange,
) -> Result<ProviderSettings, Invalid> {
    if let Some(known) = known_issuer(&settings.issuer) {
        known.may_be(change.sharing)?;
    }
    let settings = settings.changed_by(change)?;
    satisfies(&settings)?;
    Ok(settings)
}

/// Refuses a bare host with a slash behind it: `iss` is compared byte for byte, and none of those known has one.
fn is_without_slash(issuer: &IssuerUrl, known: &KnownIssuer) -> Result<(), Invalid> {
    let bare = issuer.as_str().trim_end_matches('/');
    let is_host = !issuer.without_scheme().trim_end_matches('/').contains('/');
    if is_host && bare != issuer.as_str() {
        let name = known.name;
        let message =
            format!("must be written `{bare}`: the tokens of {name} have no slash at its end");
        return Err(Invalid::new("/issuer", message));
    }
    Ok(())
}

/// Refuses settings that call a known issuer private, or ask less of trust policies than it needs.
fn satisfies(settings: &ProviderSettings) -> Result<(), Invalid> {
    let Some(known) = known_issuer(&settings.issuer) else {
        return Ok(());
    };
    let name = known.name;
    known.may_be(Some(settings.sharing))?;
    for wanted in known.required {
        let is_asked = settings.required_claims.iter().any(|required| {
            let mut claims = required.any_of.iter();
            claims.all(|claim| wanted.contains(&claim.as_str()))
        });
        if !is_asked {
            let wanted = wanted.join("`, `");
            let message = format!(
                "must ask for one of `{wanted}`, and for no other beside: {name} gives tokens to anybody"
            );
            return Err(Invalid::new("/required_claims", message));
        }
    }
    Ok(())
}

impl KnownIssuer {
    /// Refuses to have it private.
    fn may_be(&self, sharing: Option<Sharing>) -> Result<(), Invalid> {
        match sharing {
            Some(Sharing::Private) => {
                let name = self.name;
                let message = format!("must be `shared`: {name} gives tokens to anybody");
                Err(Invalid::new("/sharing", message))
            }
            Some(Sharing::Shared) | None => Ok(()),
        }
    }

    fn required_claims(&self) -> Result<Vec<RequiredClaim>, Invalid> {
        let claims = |names: &&[&str]| {
            let any_of = names.iter().map(|name| name.parse());
            let any_of =
                any_of
                    .collect::<Result<_, _>>()
                    .map_err(|error: trilby_model::NameError| {
                        Invalid::new("/required_claims", error.to_string())
                    })?;
            Ok(RequiredClaim { any_of })
        };
        self.required.iter().map(claims).collect()
    }
}

#[cfg(test)]
mod tests;
