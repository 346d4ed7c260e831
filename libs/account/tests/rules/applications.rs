use trilby_account::command::{DeleteApplication, PutActions, UpdateApplication};
use trilby_account::{ActionCatalogue, CatalogueAction, Quota, Rejection};
use trilby_testkit::given::account;

use crate::build::*;

fn catalogue(actions: &[&str], types: &[&str]) -> PutActions {
    let entry = |name: &&str| ((*name).to_owned(), CatalogueAction::default());
    PutActions {
        application: "s3".parse().unwrap(),
        catalogue: ActionCatalogue {
            actions: actions.iter().map(entry).collect(),
            resource_types: types.iter().map(|name| (*name).to_owned()).collect(),
            condition_keys: ["prefix".to_owned()].into(),
        },
    }
}

#[test]
fn an_application_has_a_catalogue() {
    let given = account().with(application("s3"));
    let given = given
        .when(catalogue(&["GetObject", "PutObject"], &["bucket"]))
        .then_types(&["application.actions_put"]);
    given
        .when(catalogue(&["GetObject", "PutObject"], &["bucket"]))
        .changes_nothing();
}

#[test]
fn catalogues_with_impossible_names_are_refused() {
    let given = account().with(application("s3"));
    let mut dangling = catalogue(&["GetObject"], &["bucket"]);
    let action = CatalogueAction {
        resource_types: ["object".to_owned()].into(),
        ..CatalogueAction::default()
    };
    dangling
        .catalogue
        .actions
        .insert("PutObject".to_owned(), action);
    let bad = [
        catalogue(&["Get Object"], &[]),
        catalogue(&[""], &[]),
        catalogue(&["getObject", "GetObject"], &[]),
        catalogue(&["GetObject"], &["buck/et"]),
        dangling,
    ];
    for command in bad {
        let refused = given.clone().when(command);
        refused.rejected_as("invalid_parameter");
    }
}

#[test]
fn a_catalogue_has_a_thousand_actions_at_most() {
    let names: Vec<String> = (0..1_001).map(|n| format!("Do{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    account()
        .with(application("s3"))
        .when(catalogue(&names, &[]))
        .rejected_as("limit_exceeded");
}

#[test]
fn an_account_has_fifty_applications_at_most() {
    let mut given = account();
    for n in 0..50 {
        given = given.with(application(&format!("app{n}")));
    }
    given
        .when(application("one-more"))
        .rejected(Rejection::LimitExceeded {
            quota: Quota::Applications,
            limit: 50,
            used: 51,
        });
}

#[test]
fn an_application_goes_only_with_its_resources() {
    let given = account()
        .with(application("s3"))
        .with(resource("s3", "bucket/a"));
    let delete = |cascade| DeleteApplication {
        application: "s3".parse().unwrap(),
        cascade,
    };
    given
        .clone()
        .when(delete(false))
        .rejected_as("delete_conflict");
    given
        .when(delete(true))
        .then_types(&["resource.deleted", "application.deleted"]);
}

#[test]
fn an_application_is_described() {
    account()
        .with(application("s3"))
        .when(UpdateApplication {
            application: "s3".parse().unwrap(),
            description: Some(Some("objects".parse().unwrap())),
        })
        .then_types(&["application.updated"]);
}
