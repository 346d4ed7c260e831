//! Who is bound by what in one account, row by row: each caller, each way a resource policy can name it, with identity
//! policies, boundary and session policy that allow, do not, or are not there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::sync::Arc;

use trilby_engine::{
    Bypass, Class, CompiledPolicy, Decision, FederatedUser, LayerKind, Layers, Level, Outcome,
    Principal, Request, Resolution, RoleSession, SessionFacts, UserPrincipal, evaluate,
};
use trilby_model::{Arn, Tags};
use trilby_policy::{Document, Grammar, Kind};

const A: &str = "111111111111";
const DOC: &str = "arn:aws:app::111111111111:doc/1";
const ALICE: &str = "arn:aws:iam::111111111111:user/alice";
const DEV: &str = "arn:aws:iam::111111111111:role/Dev";
const S1: &str = "arn:aws:sts::111111111111:assumed-role/Dev/s1";
const S2: &str = "arn:aws:sts::111111111111:assumed-role/Dev/s2";
const GUEST: &str = "arn:aws:sts::111111111111:federated-user/guest";
const ROOT: &str = "arn:aws:iam::111111111111:root";

/// What a layer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// It is not there.
    None,
    /// It is there, and allows something else.
    Other,
    Allow,
}
use Says::{Allow, None as Absent, Other};

const ANY: &[Says] = &[Absent, Other, Allow];

/// How the resource policy names somebody.
#[derive(Clone, Copy, Debug)]
enum Names {
    Aws(&'static str),
    /// Everyone whose `aws:PrincipalArn` is this.
    EveryoneAs(&'static str),
    Service(&'static str),
    /// There is no resource policy.
    Nobody,
}

/// A row: what every combination of the layers comes to.
struct Row {
    caller: fn() -> Principal,
    names: Names,
    identity: &'static [Says],
    boundary: &'static [Says],
    session: &'static [Says],
    allows: bool,
    class: Option<Class>,
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn user() -> Principal {
    Principal::User(UserPrincipal {
        arn: arn(ALICE),
        id: None,
        account: A.parse().unwrap(),
        name: "alice".to_owned(),
        tags: Tags::default(),
        session: SessionFacts::default(),
    })
}

fn role_session() -> Principal {
    Principal::RoleSession(RoleSession {
        session_arn: arn(S1),
        role_arn: arn(DEV),
        role_id: None,
        account: A.parse().unwrap(),
        session_name: "s1".to_owned(),
        tags: Tags::default(),
        session_policies: None,
        session: SessionFacts::default(),
    })
}

fn federated() -> Principal {
    Principal::FederatedUserSession(FederatedUser {
        session_arn: arn(GUEST),
        user_arn: Some(arn(ALICE)),
        user_id: None,
        account: A.parse().unwrap(),
        name: "guest".to_owned(),
        tags: Tags::default(),
        session_policies: None,
        session: SessionFacts::default(),
    })
}

fn root() -> Principal {
    Principal::root(A.parse().unwrap())
}

fn service() -> Principal {
    Principal::Service {
        name: "mail".to_owned(),
    }
}

fn compiled(layer: LayerKind, kind: Kind, statement: &str) -> Arc<CompiledPolicy> {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    let document = Document::parse(&text, kind, &Grammar::simulated()).unwrap();
    CompiledPolicy::new(layer.as_str(), layer, document, &Resolution::ByName).shared()
}

fn layer(layer: LayerKind, kind: Kind, says: Says) -> Option<Vec<Arc<CompiledPolicy>>> {
    let action = match says {
        Absent => return None,
        Other => "app:Other",
        Allow => "app:Read",
    };
    let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
    Some(vec![compiled(layer, kind, &statement)])
}

fn on_resource(names: Names, effect: &str) -> Option<Arc<CompiledPolicy>> {
    let (principal, condition) = match names {
        Names::Nobody => return None,
        Names::Aws(name) => (format!(r#"{{"AWS":"{name}"}}"#), String::new()),
        Names::Service(name) => (format!(r#"{{"Service":"{name}"}}"#), String::new()),
        Names::EveryoneAs(name) => (
            r#""*""#.to_owned(),
            format!(r#","Condition":{{"ArnEquals":{{"aws:PrincipalArn":"{name}"}}}}"#),
        ),
    };
    let statement = format!(
        r#"{{"Effect":"{effect}","Principal":{principal},"Action":"app:Read","Resource":"*"{condition}}}"#
    );
    Some(compiled(LayerKind::Resource, Kind::Resource, &statement))
}

fn request(principal: Principal) -> Request {
    let mut request = Request::new(principal, "app:Read".parse().unwrap(), arn(DOC));
    request.resource_account = Some(A.parse().unwrap());
    if let Some(arn) = request.principal.principal_arn() {
        request.context.insert("aws:PrincipalArn", arn.to_string());
    }
    request
}

/// Of callers that have no session to pass a policy to.
const NO_SESSION: &[Says] = &[Absent];

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let row = |caller, names, identity, boundary, session, allows, class| Row {
        caller, names, identity, boundary, session, allows, class,
    };
    vec![
        row(user, Names::Aws(ALICE), &[Absent, Other], ANY, NO_SESSION, true, Some(Class::Direct)),
        row(user, Names::Aws(ROOT), &[Absent, Other], ANY, NO_SESSION, false, Some(Class::Account)),
        row(user, Names::Aws(A), &[Absent, Other], ANY, NO_SESSION, false, Some(Class::Account)),
        row(user, Names::Aws(ROOT), &[Allow], &[Other], NO_SESSION, false, Some(Class::Account)),
        row(user, Names::Aws(ROOT), &[Allow], &[Absent, Allow], NO_SESSION, true, Some(Class::Account)),
        row(user, Names::Aws("*"), &[Absent, Other], ANY, NO_SESSION, true, Some(Class::Direct)),
        row(user, Names::Nobody, &[Allow], &[Other], NO_SESSION, false, None),
        row(user, Names::Nobody, &[Allow], &[Absent, Allow], NO_SESSION, true, None),
        row(user, Names::Nobody, &[Absent, Other], ANY, NO_SESSION, false, None),
        row(role_session, Names::Aws(DEV), &[Absent, Other], &[Absent, Allow], &[Absent, Allow], true, Some(Class::Entity)),
        row(role_session, Names::Aws(DEV), ANY, &[Other], ANY, false, Some(Class::Entity)),
        row(role_session, Names::Aws(DEV), ANY, ANY, &[Other], false, Some(Class::Entity)),
        row(role_session, Names::Aws(S1), ANY, ANY, ANY, true, Some(Class::Direct)),
        row(role_session, Names::Aws(S2), &[Absent, Other], ANY, ANY, false, None),
        row(role_session, Names::Aws(ROOT), &[Absent, Other], ANY, ANY, false, Some(Class::Account)),
        row(role_session, Names::EveryoneAs(DEV), ANY, ANY, ANY, true, Some(Class::Direct)),
        row(role_session, Names::EveryoneAs(S1), &[Absent, Other], ANY, ANY, false, None),
        row(federated, Names::Aws(ALICE), ANY, &[Other], ANY, false, Some(Class::Entity)),
        row(federated, Names::Aws(ALICE), ANY, ANY, &[Absent, Other], false, Some(Class::Entity)),
        row(federated, Names::Aws(ALICE), ANY, &[Absent, Allow], &[Allow], true, Some(Class::Entity)),
        row(federated, Names::Aws(GUEST), ANY, ANY, ANY, true, Some(Class::Direct)),
        row(federated, Names::Nobody, &[Allow], &[Absent, Allow], &[Absent, Other], false, None),
        row(federated, Names::Nobody, &[Allow], &[Absent, Allow], &[Allow], true, None),
    ]
}

struct Asked {
    identity: Says,
    boundary: Says,
    session: Says,
    caps_everything: bool,
}

fn layers(names: Names, asked: &Asked) -> Layers {
    Layers {
        identity: layer(LayerKind::Identity, Kind::Identity, asked.identity).unwrap_or_default(),
        boundary: layer(LayerKind::Boundary, Kind::Boundary, asked.boundary),
        session: layer(LayerKind::Session, Kind::Session, asked.session),
        resource: on_resource(names, "Allow"),
        caps_everything: asked.caps_everything,
        ..Layers::default()
    }
}

/// Calls back with every combination that a row speaks of.
fn each(row: &Row, mut told: impl FnMut(&Asked)) {
    for identity in row.identity {
        for boundary in row.boundary {
            for session in row.session {
                for caps_everything in [false, true] {
                    told(&Asked {
                        identity: *identity,
                        boundary: *boundary,
                        session: *session,
                        caps_everything,
                    });
                }
            }
        }
    }
}

fn class_of(decision: &Decision) -> Option<Class> {
    let classes = decision.resource_classes.unwrap();
    let there = [
        (classes.direct, Class::Direct),
        (classes.entity, Class::Entity),
        (classes.account, Class::Account),
    ];
    there
        .into_iter()
        .find_map(|(is, class)| is.then_some(class))
}

#[test]
fn each_row_of_the_table_comes_out_as_it_says() {
    for (number, row) in rows().iter().enumerate() {
        each(row, |asked| {
            let told = format!(
                "row {number}, {:?}: identity {:?}, boundary {:?}, session {:?}, caps {}",
                row.names, asked.identity, asked.boundary, asked.session, asked.caps_everything
            );
            let decision = evaluate(&request((row.caller)()), &layers(row.names, asked));
            assert_eq!(class_of(&decision), row.class, "{told}");
            let federated = matches!((row.caller)(), Principal::FederatedUserSession(_));
            let bounded = asked.boundary == Other;
            let passed = match asked.session {
                Absent => !federated,
                Other => false,
                Allow => true,
            };
            let (within, direct) = (!bounded && passed, row.class == Some(Class::Direct));
            // The switch takes from direct grants what boundary and session policy do not allow, and nothing else.
            let wanted = row.allows && (!asked.caps_everything || !direct || within);
            assert_eq!(decision.is_allow(), wanted, "{told}");
            let bypass = wanted && direct && !within;
            let bypass = bypass.then_some(Bypass::DirectResourceGrant);
            assert_eq!(decision.bypass, bypass, "{told}");
            let layer = match (wanted, asked.identity) {
                (true, Allow) => LayerKind::Identity,
                (true, _) => LayerKind::Resource,
                (false, identity) => {
                    let granted = identity == Allow
                        || matches!(row.class, Some(Class::Direct | Class::Entity));
                    match () {
                        () if !granted => LayerKind::Identity,
                        () if bounded => LayerKind::Boundary,
                        () => LayerKind::Session,
                    }
                }
            };
            assert_eq!(decision.layer, layer, "{told}");
        });
    }
}

/// Callers that no boundary binds.
fn unbound() -> Vec<(Principal, Names)> {
    vec![
        (root(), Names::Nobody),
        (root(), Names::Aws(ROOT)),
        (root(), Names::Aws(A)),
        (service(), Names::Service("mail")),
        (service(), Names::Aws("*")),
    ]
}

#[test]
fn the_root_user_has_everything_and_a_service_what_names_it() {
    for (principal, names) in unbound() {
        let asked = Asked {
            identity: Absent,
            boundary: Other,
            session: Absent,
            caps_everything: true,
        };
        let decision = evaluate(&request(principal.clone()), &layers(names, &asked));
        // Everyone under `AWS` is nobody among services.
        let wanted = principal.is_root() || matches!(names, Names::Service(_));
        assert_eq!(decision.is_allow(), wanted, "{principal:?} {names:?}");
    }
}

#[test]
fn a_deny_in_any_layer_and_a_level_without_an_allow_stop_every_row() {
    let deny = r#"{"Effect":"Deny","Action":"app:Read","Resource":"*"}"#;
    let deny_rcp = r#"{"Effect":"Deny","Principal":"*","Action":"app:Read","Resource":"*"}"#;
    let level = |policies| Level {
        name: "level".into(),
        policies,
    };
    let allowed = rows().into_iter().filter(|row| row.allows);
    for row in allowed {
        let asked = Asked {
            identity: row.identity[0],
            boundary: row.boundary[0],
            session: *row.session.last().unwrap(),
            caps_everything: false,
        };
        let fresh = || layers(row.names, &asked);
        let answer = |layers: &Layers| {
            let decision = evaluate(&request((row.caller)()), layers);
            (decision.outcome, decision.layer)
        };
        let mut changed = fresh();
        changed
            .identity
            .push(compiled(LayerKind::Identity, Kind::Identity, deny));
        assert_eq!(
            answer(&changed),
            (Outcome::ExplicitDeny, LayerKind::Identity)
        );
        changed = fresh();
        let denying = compiled(LayerKind::Boundary, Kind::Boundary, deny);
        changed.boundary.get_or_insert_default().push(denying);
        assert_eq!(
            answer(&changed),
            (Outcome::ExplicitDeny, LayerKind::Boundary)
        );
        changed = fresh();
        let denying = compiled(LayerKind::Session, Kind::Session, deny);
        changed.session.get_or_insert_default().push(denying);
        assert_eq!(
            answer(&changed),
            (Outcome::ExplicitDeny, LayerKind::Session)
        );
        changed = fresh();
        changed.resource = on_resource(Names::Aws(A), "Deny");
        assert_eq!(
            answer(&changed),
            (Outcome::ExplicitDeny, LayerKind::Resource)
        );
        changed = fresh();
        changed.scp = Some(vec![level(vec![compiled(LayerKind::Scp, Kind::Scp, deny)])]);
        assert_eq!(answer(&changed), (Outcome::ExplicitDeny, LayerKind::Scp));
        changed.scp = Some(vec![level(Vec::new())]);
        assert_eq!(answer(&changed), (Outcome::ImplicitDeny, LayerKind::Scp));
        changed.rcp = Some(vec![level(vec![compiled(
            LayerKind::Rcp,
            Kind::Rcp,
            deny_rcp,
        )])]);
        assert_eq!(answer(&changed), (Outcome::ExplicitDeny, LayerKind::Rcp));
        changed.rcp = Some(vec![level(Vec::new())]);
        assert_eq!(answer(&changed), (Outcome::ImplicitDeny, LayerKind::Rcp));
    }
}
