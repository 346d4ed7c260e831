//! `Resource` and `NotResource`.

use trilby_model::Arn;

use crate::context::Keys;
use crate::pattern::ArnPattern;
use crate::statement::Effect;

/// The `Resource` or `NotResource` of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceElement {
    negated: bool,
    patterns: Box<[ArnPattern]>,
}

impl ResourceElement {
    pub(crate) fn new(negated: bool, patterns: Vec<ArnPattern>) -> Self {
        Self {
            negated,
            patterns: patterns.into(),
        }
    }

    /// Whether it is `NotResource`.
    #[must_use]
    pub fn is_not(&self) -> bool {
        self.negated
    }

    /// Its values, in the order written.
    #[must_use]
    pub fn patterns(&self) -> &[ArnPattern] {
        &self.patterns
    }

    /// Whether the statement speaks about this resource.
    ///
    /// A pattern whose variable is null matches nothing. In a `NotResource` it therefore excludes
    /// nothing, so that a Deny still covers the request; an Allow does not apply at all, since it
    /// would grant more for knowing less.
    #[must_use]
    pub fn covers(&self, resource: &Arn, effect: Effect, context: &impl Keys) -> bool {
        self.decide(effect, |pattern| pattern.matches(resource, context))
    }

    /// As [`ResourceElement::covers`] for a request about no particular resource, written `*`: only
    /// the pattern `*` fits it.
    #[must_use]
    pub fn covers_unspecific(&self, effect: Effect, context: &impl Keys) -> bool {
        self.decide(effect, |pattern| {
            let null = pattern.variables().any(|v| v.resolve(context).is_none());
            (!null).then(|| pattern.is_all())
        })
    }

    fn decide(&self, effect: Effect, fits: impl Fn(&ArnPattern) -> Option<bool>) -> bool {
        if !self.negated {
            return self
                .patterns
                .iter()
                .any(|pattern| fits(pattern) == Some(true));
        }
        self.patterns
            .iter()
            .all(|pattern| match (fits(pattern), effect) {
                (Some(fits), Effect::Allow | Effect::Deny) => !fits,
                (None, Effect::Deny) => true,
                (None, Effect::Allow) => false,
            })
    }
}

#[cfg(test)]
mod tests;
