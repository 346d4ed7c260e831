//! Which provider an outside token is verified against.

use trilby_model::federation::{
    IssuerUrl, LinkSettings, ProviderAudience, ProviderName, ProviderSettings,
};
use trilby_model::{LinkId, ProviderId};

use crate::refusal::Refusal;

/// A provider as an account knows it: its own, or another account's through a link.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its unique id.
    pub id: ProviderId,
    /// Its name: for condition keys (`oidc/<name>:<claim>`). With a link, the link's.
    pub name: ProviderName,
    /// The owner's settings.
    pub settings: ProviderSettings,
    /// Whether it, its link and its share all stand.
    pub enabled: bool,
    /// The link, if it belongs to another account.
    pub link: Option<Link>,
}

/// An account's acceptance of another's provider.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its unique id.
    pub id: LinkId,
    /// What it narrows.
    pub settings: LinkSettings,
}

/// Why no provider was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// None of that issuer, or not the one that the caller named.
    #[error("no identity provider of the token's issuer is registered here")]
    Unknown,
    /// There is one, and it is switched off.
    #[error("the identity provider is disabled")]
    Disabled,
    /// Several of that issuer: the caller must name one.
    #[error("several identity providers have the token's issuer: one must be named")]
    Ambiguous,
}

impl Provider {
    /// Whether a token for `audience` may be meant for us: registered by the owner, and kept by the link.
    #[must_use]
    pub fn accepts_audience(&self, audience: &str) -> bool {
        let kept = |link: &Link| {
            link.settings.audiences.is_empty() || link.settings.audiences.contains(audience)
        };
        self.settings.audiences.contains(audience) && self.link.as_ref().is_none_or(kept)
    }

    /// All audiences that [`Provider::accepts_audience`].
    pub fn audiences(&self) -> impl Iterator<Item = &ProviderAudience> {
        self.settings
            .audiences
            .iter()
            .filter(|audience| self.accepts_audience(audience.as_str()))
    }
}

/// Chooses among an account's own and linked providers: those whose issuer is byte for byte the (unverified) `issuer`.
///
/// A caller that names a provider hands in that one alone. Nothing here looks at the network: an issuer that nobody
/// registered costs nothing.
///
/// Errors: see [`ChoiceError`].
pub fn choose<'a>(
    candidates: impl IntoIterator<Item = &'a Provider>,
    issuer: &str,
) -> Result<&'a Provider, ChoiceError> {
    let (enabled, disabled): (Vec<&Provider>, Vec<&Provider>) = candidates
        .into_iter()
        .filter(|provider| is_issuer(&provider.settings.issuer, issuer))
        .partition(|provider| provider.enabled);
    match (enabled.as_slice(), disabled.as_slice()) {
        ([one], _) => Ok(one),
        ([_, ..], _) => Err(ChoiceError::Ambiguous),
        ([], [_, ..]) => Err(ChoiceError::Disabled),
        ([], []) => Err(ChoiceError::Unknown),
    }
}

/// Byte for byte: no case folding, no mended slash.
pub(crate) fn is_issuer(registered: &IssuerUrl, claimed: &str) -> bool {
    registered.as_str() == claimed
}

impl From<ChoiceError> for Refusal {
    /// For callers that treat "several" as "none that is meant".
    fn from(error: ChoiceError) -> Self {
        match error {
            ChoiceError::Unknown | ChoiceError::Ambiguous => Self::UnknownIssuer,
            ChoiceError::Disabled => Self::ProviderDisabled,
        }
    }
}

#[cfg(test)]
mod tests;
