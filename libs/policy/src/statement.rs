//! One statement.

use trilby_model::json::Place;

use crate::action::ActionElement;
use crate::condition::Condition;
use crate::pattern::{ArnPattern, Variable};
use crate::principal::PrincipalElement;
use crate::resource::ResourceElement;

/// What a matching statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Effect {
    /// Grants, unless something denies.
    Allow,
    /// Refuses, whatever else grants.
    Deny,
}

impl Effect {
    /// `Allow` or `Deny`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// One statement of a document, compiled.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its name within the document. An empty one counts as absent.
    pub sid: Option<String>,
    /// What it does when it matches.
    pub effect: Effect,
    /// Who it speaks about; present exactly in resource-type documents and resource control policies.
    pub principal: Option<PrincipalElement>,
    /// Which actions.
    pub action: ActionElement,
    /// Which resources. `None` only in resource-type documents: the resource the document is attached
    /// to.
    pub resource: Option<ResourceElement>,
    /// When. Empty: always.
    pub condition: Condition,
    /// Where it begins in the text it was read from; no part of its meaning.
    pub at: Place,
}

impl Statement {
    /// The variables in its resources and conditions.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let resources = self.resource.iter().flat_map(ResourceElement::patterns);
        resources
            .flat_map(ArnPattern::variables)
            .chain(self.condition.variables())
    }
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.sid == other.sid
            && self.effect == other.effect
            && self.principal == other.principal
            && self.action == other.action
            && self.resource == other.resource
            && self.condition == other.condition
    }
}
