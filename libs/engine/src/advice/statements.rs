//! Statements that would make a request allowed.

mod trust;

use std::sync::Arc;

use serde_json::{Value, json};
use trilby_model::Arn;
use trilby_policy::{Document, Grammar, Kind};

use super::Addition;
use super::field::{Field, binds};
use crate::compiled::{CompiledPolicy, Resolution};
use crate::decide::is_about_trust;
use crate::decision::{Outcome, level_name};
use crate::evaluate::{evaluate_beside, evaluate_into};
use crate::formula::rule;
use crate::layer::{LayerKind, Layers};
use crate::matching::Class;
use crate::principal::Principal;
use crate::request::Resource;

/// What would do: in each place the narrowest statement about the request; and whether one is kept back, since nobody
/// should write it.
pub(super) fn additions(field: &Field<'_>) -> (Vec<Addition>, bool) {
    // No Allow outweighs a Deny.
    if field.ruling.outcome != Outcome::ImplicitDeny {
        return (Vec::new(), false);
    }
    let (sound, withheld): (Vec<Place>, Vec<Place>) = places(field)
        .into_iter()
        .partition(|place| field.setting.caller_known && place.is_sound(field));
    let additions = sound.into_iter().filter_map(|place| place.tried(field));
    let withheld = withheld.iter().any(|place| place.could_allow(field));
    (additions.collect(), withheld)
}

/// A statement in a place.
struct Place {
    layer: LayerKind,
    level: Option<usize>,
    /// How it names the caller; in the resource layer.
    principal: Option<(Class, Value)>,
}

/// Where a statement could help. One at a level helps only if no other level is shut.
fn places(field: &Field<'_>) -> Vec<Place> {
    let flat = |layer: LayerKind| Place {
        layer,
        level: None,
        principal: None,
    };
    let mut places = vec![flat(LayerKind::Identity)];
    places.extend(
        names(&field.request.principal)
            .into_iter()
            .map(|named| Place {
                principal: Some(named),
                ..flat(LayerKind::Resource)
            }),
    );
    places.extend([LayerKind::Boundary, LayerKind::Session].map(flat));
    let mut levels = field
        .ruling
        .unmet
        .iter()
        .filter(|gate| gate.level().is_some());
    if let (Some(gate), None) = (levels.next(), levels.next()) {
        places.push(Place {
            level: gate.level(),
            ..flat(gate.layer())
        });
    }
    places.retain(|place| binds(field, place.layer) && field.setting.visible.shows(place.layer));
    places
}

/// The ways to name a caller, the one that circumvents least first.
fn names(principal: &Principal) -> Vec<(Class, Value)> {
    let aws = |class: Class, arn: &Arn| (class, json!({ "AWS": arn.to_string() }));
    match principal {
        Principal::Root(root) => vec![aws(Class::Direct, &Arn::root(&root.account))],
        Principal::User(user) => vec![aws(Class::Direct, &user.arn)],
        Principal::RoleSession(session) => vec![
            aws(Class::Entity, &session.role_arn),
            aws(Class::Direct, &session.session_arn),
        ],
        Principal::FederatedUserSession(session) => session
            .user_arn
            .iter()
            .map(|arn| aws(Class::Entity, arn))
            .chain([aws(Class::Direct, &session.session_arn)])
            .collect(),
        Principal::Service { name } => vec![(Class::Direct, json!({ "Service": name }))],
        Principal::WebIdentity { provider, .. } => {
            vec![(Class::Direct, json!({ "Federated": provider.to_string() }))]
        }
        Principal::Anonymous => vec![(Class::Direct, json!("*"))],
    }
}

impl Place {
    /// Whether it is in a role's trust policy.
    fn is_trust(&self, field: &Field<'_>) -> bool {
        let request = field.request;
        self.layer == LayerKind::Resource && request.resource.is_role() && is_about_trust(request)
    }

    /// Whether somebody could be told to write a statement there.
    fn is_sound(&self, field: &Field<'_>) -> bool {
        !self.is_trust(field) || trust::condition(field).is_some()
    }

    /// The addition, if the request is allowed with it.
    fn tried(self, field: &Field<'_>) -> Option<Addition> {
        if !self.could_allow(field) {
            return None;
        }
        let kind = self.kind(field)?;
        let statement = self.statement(field, kind);
        let document = json!({ "Version": "2012-10-17", "Statement": [statement.clone()] });
        let document = Document::from_value(&document, kind, &Grammar::trusted()).ok()?;
        let resolution = resolution(field);
        let policy = CompiledPolicy::new("advice", self.layer, document, &resolution).shared();
        let answered = match self.layer {
            LayerKind::Resource => evaluate_beside(field.request, field.layers, &policy),
            LayerKind::Identity
            | LayerKind::Boundary
            | LayerKind::Session
            | LayerKind::Scp
            | LayerKind::Rcp => {
                let layers = self.added(field.layers, policy)?;
                evaluate_into(field.request, &layers, &mut ())
            }
        };
        answered.outcome.is_allow().then(|| Addition::Statement {
            layer: self.layer,
            level: self.level.map(|level| self.level_name(field, level)),
            statement,
            bypass: answered.bypass,
        })
    }

    fn could_allow(&self, field: &Field<'_>) -> bool {
        let mut tally = field.tally.clone();
        let class = self.principal.as_ref().map(|(class, _)| *class);
        tally.count(self.layer, self.level, trilby_policy::Effect::Allow, class);
        let facts = match self.layer {
            LayerKind::Session => &field.facts.with_session(),
            LayerKind::Identity
            | LayerKind::Resource
            | LayerKind::Boundary
            | LayerKind::Scp
            | LayerKind::Rcp => &field.facts,
        };
        rule(facts, &tally).outcome.is_allow()
    }

    fn kind(&self, field: &Field<'_>) -> Option<Kind> {
        match self.layer {
            LayerKind::Identity => Some(Kind::Identity),
            LayerKind::Resource if self.is_trust(field) => {
                field.setting.resource_policy.map(|_| Kind::Trust)
            }
            LayerKind::Resource => field.setting.resource_policy,
            LayerKind::Boundary => Some(Kind::Boundary),
            LayerKind::Session => Some(Kind::Session),
            LayerKind::Scp => Some(Kind::Scp),
            LayerKind::Rcp => Some(Kind::Rcp),
        }
    }

    fn statement(&self, field: &Field<'_>, kind: Kind) -> Value {
        if self.layer == LayerKind::Rcp {
            // The only Allow that a resource control policy may hold.
            return json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
        }
        let mut statement = json!({ "Effect": "Allow" });
        let resource = match &field.request.resource {
            Resource::Any => "*".to_owned(),
            Resource::Arn(arn) if self.is_of_old(field) => arn.to_string(),
            Resource::Arn(arn) => pattern(arn),
        };
        let action = field.request.action.as_str();
        let of_role = kind == Kind::Trust;
        let tests = of_role.then(|| trust::condition(field)).flatten().flatten();
        let members = [
            (
                "Principal",
                self.principal.as_ref().map(|(_, named)| named.clone()),
            ),
            ("Action", Some(json!(action))),
            ("Resource", (!of_role).then(|| json!(resource))),
            ("Condition", tests),
        ];
        if let Some(object) = statement.as_object_mut() {
            for (name, value) in members {
                object.extend(value.map(|value| (name.to_owned(), value)));
            }
        }
        statement
    }

    /// Whether it joins a document of the version that knows no escapes.
    fn is_of_old(&self, field: &Field<'_>) -> bool {
        let on_resource = field
            .bound
            .resource
            .filter(|_| self.layer == LayerKind::Resource);
        on_resource
            .and_then(|policy| policy.document())
            .is_some_and(|document| !document.version.has_variables())
    }

    /// The layers with one more policy.
    fn added(&self, layers: &Layers, policy: Arc<CompiledPolicy>) -> Option<Layers> {
        let mut layers = layers.clone();
        match self.layer {
            LayerKind::Identity => layers.identity.push(policy),
            LayerKind::Boundary => layers.boundary.get_or_insert_default().push(policy),
            LayerKind::Session => layers.session.get_or_insert_default().push(policy),
            LayerKind::Resource => layers.resource = Some(policy),
            LayerKind::Scp => layers
                .scp
                .as_mut()?
                .get_mut(self.level?)?
                .policies
                .push(policy),
            LayerKind::Rcp => layers
                .rcp
                .as_mut()?
                .get_mut(self.level?)?
                .policies
                .push(policy),
        }
        Some(layers)
    }

    fn level_name(&self, field: &Field<'_>, level: usize) -> String {
        let chain = match self.layer {
            LayerKind::Rcp => field.bound.rcp,
            LayerKind::Scp
            | LayerKind::Identity
            | LayerKind::Resource
            | LayerKind::Boundary
            | LayerKind::Session => field.bound.scp,
        };
        level_name(chain, level)
    }
}

/// A pattern that only this ARN fits: what a person wrote into it is no wildcard and no variable.
fn pattern(arn: &Arn) -> String {
    let text = arn.to_string();
    let (head, resource) = text.split_at(text.len() - arn.resource().len());
    let mut pattern = head.to_owned();
    for c in resource.chars() {
        match c {
            '*' | '?' | '$' => pattern.extend(['$', '{', c, '}']),
            other => pattern.push(other),
        }
    }
    pattern
}

/// Whom the suggested statement means.
fn resolution(field: &Field<'_>) -> Resolution {
    if !field.setting.stored {
        return Resolution::ByName;
    }
    let principal = &field.request.principal;
    let pairs: Vec<(&Arn, Option<&str>)> = match principal {
        Principal::User(user) => vec![(&user.arn, user.id.as_ref().map(AsRef::as_ref))],
        Principal::RoleSession(session) => {
            let id = session.role_id.as_ref().map(AsRef::as_ref);
            vec![(&session.role_arn, id), (&session.session_arn, id)]
        }
        Principal::FederatedUserSession(session) => {
            let id = session.user_id.as_ref().map(AsRef::as_ref);
            let user = session.user_arn.iter().map(|arn| (arn, id));
            user.chain([(&session.session_arn, id)]).collect()
        }
        Principal::WebIdentity {
            provider,
            provider_id,
        } => vec![(provider, provider_id.as_ref().map(AsRef::as_ref))],
        Principal::Root(_) | Principal::Service { .. } | Principal::Anonymous => Vec::new(),
    };
    Resolution::by_id(pairs.into_iter().filter_map(|(arn, id)| Some((arn, id?))))
}
