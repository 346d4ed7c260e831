//! What policies allow of the administration of an account, by comparing their patterns.
//!
//! Conservative on both sides: somebody may do what any statement could allow; somebody surely may what a statement
//! allows everywhere and without conditions, and no statement could deny.

use std::sync::Arc;

use trilby_account::{Account, Grants, Holder, PolicyRef, PrincipalId, system_policies};
use trilby_policy::{ActionPattern, Document, Effect, Grammar, Kind, Statement};
use trilby_service::problem::Problem;

/// The services whose actions are an administrator's.
const ADMINISTRATION: [&str; 3] = ["iam", "organizations", "sts"];

/// Documents that are one layer of somebody's rights.
pub(super) struct Layer(Vec<Document>);

impl Layer {
    /// The identity policies of a holder; of a user those of its groups as well.
    ///
    /// Errors: a stored policy that cannot be read; a fault of ours.
    pub(super) fn of(account: &Account, holder: &Holder) -> Result<Self, Problem> {
        let mut texts = Vec::new();
        texts.extend(
            account
                .grants(holder)
                .into_iter()
                .flat_map(|own| texts_of(account, own)),
        );
        if let Holder::User(id) = holder {
            let groups = account
                .users()
                .get(id)
                .into_iter()
                .flat_map(|user| &user.groups);
            let grants = groups.filter_map(|id| account.groups().get(id));
            texts.extend(grants.flat_map(|group| texts_of(account, &group.grants)));
        }
        Self::parsed(texts.iter().map(|text| (&**text, Kind::Identity)))
    }

    /// The one policy that caps a principal, if one does.
    pub(super) fn boundary(
        account: &Account,
        principal: &PrincipalId,
    ) -> Result<Option<Self>, Problem> {
        let Some(boundary) = account.boundary(principal) else {
            return Ok(None);
        };
        let text = text_of(account, &boundary.policy).unwrap_or_default();
        Self::parsed([(&*text, Kind::Boundary)]).map(Some)
    }

    /// Documents of any origin.
    pub(super) fn parsed<'a>(
        texts: impl IntoIterator<Item = (&'a str, Kind)>,
    ) -> Result<Self, Problem> {
        let documents = texts.into_iter().map(|(text, kind)| {
            Document::parse(text, kind, &Grammar::trusted())
                .map_err(|_| Problem::internal("a stored policy cannot be read"))
        });
        documents.collect::<Result<_, _>>().map(Self)
    }

    /// The administrator's actions that it might allow.
    pub(super) fn might(&self) -> Vec<ActionPattern> {
        let allows = self.statements(Effect::Allow);
        allows.flat_map(administration).collect()
    }

    /// Whether it surely allows all of these actions, on everything and always.
    pub(super) fn surely(&self, wanted: &ActionPattern) -> bool {
        let allowed = self.statements(Effect::Allow).any(|statement| {
            let patterns = statement.action.patterns().iter();
            !statement.action.is_not()
                && statement.condition.is_empty()
                && is_everywhere(statement)
                && patterns.clone().any(|pattern| pattern.covers(wanted))
        });
        allowed
            && !self
                .statements(Effect::Deny)
                .any(|deny| meets(deny, wanted))
    }

    /// Its statements that allow an action under conditions, for whoever asks about the conditions.
    pub(super) fn statements(&self, effect: Effect) -> impl Iterator<Item = &Statement> {
        let all = self.0.iter().flat_map(|document| &document.statements);
        all.filter(move |statement| statement.effect == effect)
    }
}

fn texts_of(account: &Account, grants: &Grants) -> Vec<Arc<str>> {
    let attached = grants.attached.iter();
    let attached = attached.filter_map(|attachment| text_of(account, &attachment.policy));
    let inline = grants
        .inline
        .values()
        .map(|policy| policy.text.document.clone());
    attached.chain(inline).collect()
}

fn text_of(account: &Account, policy: &PolicyRef) -> Option<Arc<str>> {
    match policy {
        PolicyRef::Customer(id) => {
            let version = account.policies().get(id)?.in_force()?;
            Some(version.text.document.clone())
        }
        PolicyRef::System { name, version } => system_policies::text(name, *version).map(Arc::from),
    }
}

/// The administrator's actions that a statement speaks about.
fn administration(statement: &Statement) -> Vec<ActionPattern> {
    if statement.action.is_not() {
        return everything();
    }
    let mut reached = Vec::new();
    for pattern in statement.action.patterns() {
        match pattern.service() {
            None => return everything(),
            Some(service) if ADMINISTRATION.contains(&service) => reached.push(pattern.clone()),
            Some(_) => {}
        }
    }
    reached
}

fn everything() -> Vec<ActionPattern> {
    let all = ADMINISTRATION.iter().map(|service| format!("{service}:*"));
    all.filter_map(|text| ActionPattern::parse(&text).ok())
        .collect()
}

fn is_everywhere(statement: &Statement) -> bool {
    statement.resource.as_ref().is_some_and(|resource| {
        let mut patterns = resource.patterns().iter();
        !resource.is_not() && patterns.any(|pattern| pattern.is_all())
    })
}

/// Whether a denial could be about one of these actions.
fn meets(deny: &Statement, wanted: &ActionPattern) -> bool {
    let mut patterns = deny.action.patterns().iter();
    deny.action.is_not()
        || patterns.any(|pattern| {
            pattern.is_all() || wanted.is_all() || pattern.service() == wanted.service()
        })
}
