//! The formula over every combination of its inputs, against the rules as the specification writes them.

use trilby_policy::Effect;

use super::*;
use crate::tally::Numbers;

#[derive(Clone, Copy, Debug)]
struct Inputs {
    path: Path,
    root: bool,
    federated: bool,
    identity: bool,
    /// `None`: not attached; `Some`: whether it allows.
    boundary: Option<bool>,
    session: Option<bool>,
    direct: bool,
    entity: bool,
    account: bool,
}

fn every() -> impl Iterator<Item = Inputs> {
    let three = [None, Some(false), Some(true)];
    let two = [false, true];
    [
        Path::Outsider,
        Path::CrossAccount,
        Path::Trust,
        Path::SameAccount,
    ]
    .into_iter()
    .flat_map(move |path| {
        (0..128_u32).flat_map(move |bits| {
            let bit = move |at: u32| two[(bits >> at & 1) as usize];
            three.into_iter().flat_map(move |boundary| {
                three.into_iter().map(move |session| Inputs {
                    path,
                    root: bit(0) && !bit(1),
                    federated: bit(1),
                    identity: bit(2),
                    boundary,
                    session,
                    direct: bit(3),
                    entity: bit(4),
                    account: bit(5),
                })
            })
        })
    })
}

fn facts(inputs: Inputs) -> Facts {
    Facts {
        relation: Relation::SameAccount,
        path: inputs.path,
        root: inputs.root,
        root_assumes: false,
        repair: false,
        boundary: inputs.boundary.is_some(),
        session: inputs.session.is_some(),
        federated: inputs.federated,
        caps_everything: false,
        quarantined: false,
        standing: Standing::Active,
        scp_levels: 0,
        rcp_levels: 0,
    }
}

fn tally(inputs: Inputs) -> Tally {
    Tally {
        identity: inputs.identity,
        boundary: inputs.boundary == Some(true),
        session: inputs.session == Some(true),
        direct: inputs.direct,
        entity: inputs.entity,
        account: inputs.account,
        ..Tally::default()
    }
}

/// Steps 5 to 9, letter by letter.
fn specified(x: Inputs) -> bool {
    let i = x.identity || x.root;
    let b = x.boundary.unwrap_or(true) || x.root;
    let p = x.session.unwrap_or(!x.federated) || x.root;
    let (rd, re, ra) = (x.direct, x.entity, x.account);
    match x.path {
        Path::Outsider => rd,
        Path::CrossAccount => (rd || re || ra) && i && b && p,
        Path::Trust => b && p && (rd || re || (ra && i)),
        Path::SameAccount => rd || ((i || re) && b && p),
    }
}

#[test]
fn the_formula_is_the_specified_one() {
    for inputs in every() {
        let ruling = rule(&facts(inputs), &tally(inputs));
        assert_eq!(
            ruling.outcome == Outcome::Allow,
            specified(inputs),
            "{inputs:?}: {ruling:?}"
        );
    }
}

#[test]
fn an_implicit_deny_names_what_would_have_to_change() {
    for inputs in every() {
        let ruling = rule(&facts(inputs), &tally(inputs));
        if ruling.outcome == Outcome::Allow {
            continue;
        }
        assert!(!ruling.unmet.is_empty(), "{inputs:?}");
        assert_eq!(
            ruling.layer,
            ruling.unmet.iter().map(Gate::layer).min().unwrap(),
            "{inputs:?}"
        );
        // Supplying every Allow that is said to be missing turns the answer.
        let mut supplied = inputs;
        for gate in ruling.unmet.iter() {
            match gate {
                Gate::Identity => supplied.identity = true,
                Gate::Resource => supplied.direct = true,
                Gate::Boundary => supplied.boundary = Some(true),
                Gate::Session => supplied.session = Some(true),
                Gate::Rcp(_) | Gate::Scp(_) => unreachable!("no organization here"),
            }
        }
        assert!(specified(supplied), "{inputs:?}: {ruling:?}");
    }
}

#[test]
fn any_deny_in_any_layer_beats_every_grant() {
    for layer in LayerKind::ALL {
        for inputs in every() {
            let mut tally = tally(inputs);
            tally.count(layer, Some(0), Effect::Deny, Some(Class::Direct));
            let ruling = rule(&facts(inputs), &tally);
            assert_eq!(
                (ruling.outcome, ruling.layer),
                (Outcome::ExplicitDeny, layer),
                "{inputs:?}"
            );
        }
    }
}

fn granted() -> Inputs {
    Inputs {
        path: Path::SameAccount,
        root: false,
        federated: false,
        identity: true,
        boundary: None,
        session: None,
        direct: false,
        entity: false,
        account: false,
    }
}

#[test]
fn every_level_of_a_chain_must_allow() {
    let facts = Facts {
        scp_levels: 3,
        rcp_levels: 2,
        ..facts(granted())
    };
    let mut tally = tally(granted());
    tally.scp = Numbers::of(&[0, 2]);
    tally.rcp = Numbers::of(&[0, 1]);
    let ruling = rule(&facts, &tally);
    assert_eq!(
        (ruling.outcome, ruling.layer, ruling.unmet),
        (
            Outcome::ImplicitDeny,
            LayerKind::Scp,
            Gates::from_iter([Gate::Scp(1)])
        )
    );

    tally.scp.insert(1);
    assert_eq!(rule(&facts, &tally).outcome, Outcome::Allow);

    tally.rcp = Numbers::default();
    let ruling = rule(&facts, &tally);
    assert_eq!(
        (ruling.outcome, ruling.layer),
        (Outcome::ImplicitDeny, LayerKind::Rcp)
    );
}

#[test]
fn a_chain_binds_the_root_user_too() {
    let inputs = Inputs {
        root: true,
        identity: false,
        ..granted()
    };
    let facts = Facts {
        scp_levels: 1,
        ..facts(inputs)
    };
    assert_eq!(rule(&facts, &tally(inputs)).outcome, Outcome::ImplicitDeny);
}

#[test]
fn with_caps_on_everything_a_direct_grant_is_capped() {
    let inputs = Inputs {
        identity: false,
        direct: true,
        boundary: Some(false),
        ..granted()
    };
    let open = facts(inputs);
    assert_eq!(
        rule(&open, &tally(inputs)).bypass,
        Some(Bypass::DirectResourceGrant)
    );
    let closed = Facts {
        caps_everything: true,
        ..open
    };
    let ruling = rule(&closed, &tally(inputs));
    assert_eq!(
        (ruling.outcome, ruling.unmet),
        (Outcome::ImplicitDeny, Gates::from_iter([Gate::Boundary]))
    );
}

#[test]
fn a_quarantined_principal_is_denied_whatever_else_is_said() {
    let facts = Facts {
        quarantined: true,
        ..facts(Inputs {
            root: true,
            ..granted()
        })
    };
    let ruling = rule(&facts, &tally(granted()));
    assert_eq!(
        (ruling.outcome, ruling.layer),
        (Outcome::ExplicitDeny, LayerKind::Scp)
    );
}

#[test]
fn a_disabled_principal_may_do_nothing() {
    let inputs = Inputs {
        direct: true,
        ..granted()
    };
    let facts = Facts {
        standing: Standing::Disabled,
        ..facts(inputs)
    };
    assert_eq!(rule(&facts, &tally(inputs)).outcome, Outcome::ImplicitDeny);
}

#[test]
fn an_unknown_principal_has_what_everyone_has() {
    let nothing = Inputs {
        identity: false,
        ..granted()
    };
    let unknown = Facts {
        standing: Standing::Unknown,
        ..facts(nothing)
    };
    assert_eq!(
        rule(&unknown, &tally(nothing)).outcome,
        Outcome::ImplicitDeny
    );
    let everyone = Inputs {
        direct: true,
        ..nothing
    };
    assert_eq!(rule(&unknown, &tally(everyone)).outcome, Outcome::Allow);
    // Not even a policy that was wrongly collected for it counts.
    assert_eq!(
        rule(&unknown, &tally(granted())).outcome,
        Outcome::ImplicitDeny
    );
}

#[test]
fn a_root_user_repairs_what_a_resource_policy_denies_it_and_nothing_else() {
    let inputs = Inputs {
        root: true,
        identity: false,
        ..granted()
    };
    let mut denied = tally(inputs);
    denied.count(LayerKind::Resource, None, Effect::Deny, Some(Class::Direct));
    let repair = Facts {
        repair: true,
        ..facts(inputs)
    };
    let ruling = rule(&repair, &denied);
    assert_eq!(
        (ruling.outcome, ruling.bypass),
        (Outcome::Allow, Some(Bypass::RootRepair))
    );
    denied.count(LayerKind::Scp, Some(0), Effect::Deny, None);
    assert_eq!(rule(&repair, &denied).outcome, Outcome::ExplicitDeny);
}
