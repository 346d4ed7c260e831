//! A provider in accounts that link it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tokio::sync::Semaphore;
use trilby_account::Ref;
use trilby_account::command::{
    RemoveProviderLink, SetProviderStatus, SuspendAccount, UpdateProviderLink,
};
use trilby_account::organization::QuarantineTarget;
use trilby_federation::fetch::{Fetch, FetchError, Fetched};
use trilby_federation::guard::Refused;
use trilby_model::federation::{LinkChange, LinkFields};

use crate::member::Member;
use crate::outside::{CLIENT, Outside, name};

#[test]
fn a_provider_counts_elsewhere_only_while_share_and_link_stand() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let role = outside.role(linking, "Customer");
    let ask = || outside.assume(&outside.token("ana", json!({})), &role, json!({}));
    let session = outside.wearing(&ask().expect(200));
    assert!(outside.world.stands(&session));

    outside.share(&[]);
    assert!(
        !outside.world.stands(&session),
        "what came by the share ended"
    );
    ask().expect_problem(400, "provider_disabled");
    outside.share(&[linking]);
    assert!(
        !outside.world.stands(&session),
        "sharing again revives nothing"
    );
    let session = outside.wearing(&ask().expect(200));

    let link = || Ref::Name(name("shop"));
    let remove = RemoveProviderLink {
        link: link(),
        cascade: true,
    };
    outside.world.inside.run(linking, remove);
    assert!(
        !outside.world.stands(&session),
        "what came by the link ended"
    );
    ask().expect_problem(400, "unknown_issuer");
}

#[test]
fn a_disabled_provider_or_a_suspended_owner_ends_it_everywhere() {
    for suspended in [false, true] {
        let outside = Outside::new(json!({}));
        let linking = outside.linked(LinkFields::default());
        let role = outside.role(linking, "Customer");
        let ask = || outside.assume(&outside.token("ana", json!({})), &role, json!({}));
        let session = outside.wearing(&ask().expect(200));
        let federated = outside.federated(json!({}));
        if suspended {
            outside
                .world
                .inside
                .run(outside.owner, SuspendAccount { reason: None });
        } else {
            let provider = Ref::Name(name("login"));
            let command = SetProviderStatus {
                provider,
                enabled: false,
            };
            outside.world.inside.run(outside.owner, command);
        }
        ask().expect_problem(400, "provider_disabled");
        assert!(!outside.world.stands(&session));
        let body = json!({ "role_arn": role, "role_session_name": "ana" });
        outside
            .world
            .post(&federated, "/v1/assume-role", &body)
            .expect_problem(401, "unauthenticated");
        let again = outside.federate(&outside.token("ana", json!({})));
        let code = if suspended {
            "unknown_issuer"
        } else {
            "provider_disabled"
        };
        again.expect_problem(400, code);
    }
}

#[test]
fn an_owner_in_quarantine_vouches_for_nobody_elsewhere() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let role = outside.role(linking, "Customer");
    let ask = || outside.assume(&outside.token("ana", json!({})), &role, json!({}));
    let session = outside.wearing(&ask().expect(200));
    let member = Member::join(&outside.world);
    ask().expect(200);
    member.quarantine(QuarantineTarget::Account(outside.owner));
    assert!(!outside.world.stands(&session));
    ask().expect_problem(403, "access_denied");
}

#[test]
fn claims_of_a_linked_provider_go_by_the_links_name() {
    let outside = Outside::new(json!({ "audiences": [CLIENT, "another"] }));
    let linking = outside.linked(LinkFields::default());
    let condition = json!({ "StringEquals": { "oidc/shop:aud": CLIENT, "oidc/shop:sub": "ana" } });
    let role = outside.role_if(linking, "Customer", condition);
    let ask = |who: &str| outside.assume(&outside.token(who, json!({})), &role, json!({}));
    ask("ana").expect(200);
    ask("bob").expect_problem(403, "access_denied");
}

#[test]
fn a_link_asks_more_than_the_provider() {
    let outside = Outside::new(json!({ "exposed_claims": ["plan"] }));
    let settings =
        json!({ "require_claims": [{ "claim": "plan", "op": "equals", "value": "gold" }] });
    let linking = outside.linked(serde_json::from_value(settings).unwrap());
    let role = outside.role(linking, "Customer");
    let gold = outside.token("ana", json!({ "plan": "gold" }));
    outside.assume(&gold, &role, json!({})).expect(200);
    let free = outside.token("ana", json!({ "plan": "free" }));
    outside
        .assume(&free, &role, json!({}))
        .expect_problem(400, "claim_mismatch");
    outside
        .assume(&outside.token("ana", json!({})), &role, json!({}))
        .expect_problem(400, "claim_missing");
    // A federated session is made where the link does not count, and asked again where it does.
    for (plan, status) in [("gold", 200), ("free", 403)] {
        let session = outside.federated(json!({ "plan": plan }));
        let body = json!({ "role_arn": role, "role_session_name": "ana" });
        outside
            .world
            .post(&session, "/v1/assume-role", &body)
            .expect(status);
    }
}

/// Keeps the first call waiting until it is let go.
struct Held {
    fetch: Arc<dyn Fetch>,
    is_first: AtomicBool,
    came: Semaphore,
    go: Semaphore,
}

struct Through(Arc<Held>);

#[async_trait::async_trait]
impl Fetch for Through {
    fn allows(&self, url: &str) -> Result<(), Refused> {
        self.0.fetch.allows(url)
    }

    async fn get(&self, url: &str, bytes_max: usize) -> Result<Fetched, FetchError> {
        if self.0.is_first.swap(false, Ordering::SeqCst) {
            self.0.came.add_permits(1);
            let _ = self.0.go.acquire().await;
        }
        self.0.fetch.get(url, bytes_max).await
    }
}

#[test]
fn a_link_that_is_narrowed_while_keys_are_fetched_counts_as_it_is_then() {
    let mut held = None;
    let outside = Outside::through(json!({ "exposed_claims": ["plan"] }), |fetch| {
        let holding = Arc::new(Held {
            fetch,
            is_first: AtomicBool::new(true),
            came: Semaphore::new(0),
            go: Semaphore::new(0),
        });
        held = Some(Arc::clone(&holding));
        Arc::new(Through(holding))
    });
    let held = held.unwrap();
    let linking = outside.linked(LinkFields::default());
    let role = outside.role(linking, "Customer");
    let free = || outside.token("ana", json!({ "plan": "free" }));
    let body = json!({
        "role_arn": role,
        "role_session_name": "ana",
        "web_identity_token": free(),
    });
    let client = outside.world.inside.stranger();
    let asking =
        std::thread::spawn(move || client.post("/v1/assume-role-with-web-identity", &body));
    let _ = outside.world.inside.wait(held.came.acquire()).unwrap();
    let gold = json!([{ "claim": "plan", "op": "equals", "value": "gold" }]);
    let command = UpdateProviderLink {
        link: Ref::Name(name("shop")),
        settings: LinkChange {
            audiences: None,
            require_claims: Some(serde_json::from_value(gold).unwrap()),
        },
    };
    outside.world.inside.run(linking, command);
    held.go.add_permits(1);
    let answer = asking.join().unwrap();
    answer.expect_problem(403, "access_denied");
    outside
        .assume(&free(), &role, json!({}))
        .expect_problem(400, "claim_mismatch");
}
