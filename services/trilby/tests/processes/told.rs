//! What a process's log tells whoever looks after it.

use serde_json::json;
use trilby_testkit::http::Client;

use crate::acme;
use crate::founded::Founded;

const WRONG: &str = "a wrong password, typed in full";
const NAME: &str = "a password, typed where the name belongs";

#[test]
#[ignore = "needs services"]
fn a_log_tells_what_runs_and_who_was_refused_and_no_secret() {
    let here = Founded::start(1);
    let stranger = Client::new(here.cluster.url());
    for name in ["identity-1", "token-1", "decision-1"] {
        let told = here.logged(name);
        let role = name.trim_end_matches("-1");
        let database = here.database.url();
        let place = database.rsplit_once('@').unwrap().1;
        let line = told.lines().find(|line| line.contains("serving")).unwrap();
        for what in [role, place, "incarnation=1", env!("CARGO_PKG_VERSION")] {
            assert!(line.contains(what), "{line}");
        }
        let password = here.database.password();
        assert!(password.is_none_or(|password| !told.contains(&password)));
    }

    assert_ne!(
        acme::root_login(&stranger, &here.account, WRONG).status,
        200
    );
    let named = [
        ("grant_type", "urn:trilby:grant-type:console-login"),
        ("account", &here.account),
        ("username", NAME),
        ("password", WRONG),
    ];
    assert_ne!(stranger.form("/v1/token", &named).status, 200);
    let told = here.logged("token-1");
    let failed: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("a login failed"))
        .collect();
    assert_eq!(failed.len(), 2, "{told}");
    for line in &failed {
        assert!(
            line.contains(&here.account) && line.contains("request.id"),
            "{line}"
        );
    }
    assert!(failed[0].contains(&format!("user.id=\"{}\"", here.account)));
    assert!(failed[1].contains("user.id=\"unknown\""));
    assert!(!told.contains(WRONG) && !told.contains(NAME), "{told}");

    let ticket = "tbb_uGMZtPtoMBliY5vBThmfBYKuinMOtJUl6Dv3wLO6AdL";
    let bootstrap = json!({
        "ticket": ticket,
        "account_name": "again",
        "root_email": "root@again.example",
        "root_password": WRONG,
    });
    assert_ne!(stranger.post("/v1/bootstrap", &bootstrap).status, 201);
    let told = here.logged("identity-1");
    assert!(told.contains("a bootstrap was refused"), "{told}");
    assert!(!told.contains(WRONG) && !told.contains(ticket), "{told}");
}

/// What a request leads to elsewhere is part of its trace.
#[test]
#[ignore = "needs services"]
fn the_trace_of_a_request_goes_with_its_commit() {
    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let here = Founded::start(1);
    let traces = || {
        let found = "select trace from outbox where trace is not null";
        crate::database::rows(&here.database.admin_url(), found)
    };
    for (header, user) in [("nonsense", "mary"), (TRACE, "cleo")] {
        assert_eq!(traces(), Vec::<String>::new());
        let traced = here.admin.with_header("traceparent", header);
        acme::create_user(&traced, &here.account, user);
    }
    assert_eq!(traces(), [TRACE]);
}
