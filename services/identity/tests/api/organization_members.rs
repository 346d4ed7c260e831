use serde_json::{Value, json};
use trilby_testkit::http::{Client, encode};
use trilby_testkit::installation::allow;

use super::organizations::Founded;
use super::world::once;

impl Founded {
    fn quarantine(&self, who: &str) -> String {
        self.at(&format!("/quarantine/{}", encode(who)))
    }

    /// A user of a member with this policy, logged in.
    fn member_user(&self, member: &str, name: &str, policy: &Value) -> Client {
        let inside = &self.acme.installation;
        let account = member.parse().unwrap();
        inside.user(account, name, policy);
        inside.as_user(account, name)
    }

    fn invited(&self, account: &str) -> (String, String) {
        let body = json!({ "account_id": account });
        let made = self
            .root()
            .post(&self.at("/invitations"), &body)
            .expect(201);
        (made.text("/id").to_owned(), made.text("/ticket").to_owned())
    }
}

#[test]
fn a_member_that_was_removed_is_bound_no_more_and_an_empty_organization_can_end() {
    let acme = Founded::new();
    let member = acme.member("acme-prod");
    let deny = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Action": "iam:CreateGroup", "Resource": "*" } ] });
    let policy = acme.policy("scp", "no-groups", &deny);
    acme.attach(acme.root_id(), &policy);
    let root = acme.root_of(&member);
    let group = || root.post(&acme.in_member(&member, "/groups"), &json!({ "name": "g" }));
    group().expect_problem(403, "access_denied");
    let whole = acme.at("");
    acme.root()
        .delete(&whole)
        .expect_problem(409, "delete_conflict");
    let at = acme.at(&format!("/accounts/{member}"));
    acme.root().delete(&at).expect(204);
    acme.root().delete(&at).expect_problem(404, "not_found");
    group().expect(201);
    let management = acme.at(&format!("/accounts/{}", acme.acme.account));
    acme.root()
        .delete(&management)
        .expect_problem(409, "invalid_state");
    acme.root().delete(&whole).expect(204);
    for path in [
        whole.clone(),
        acme.at("/units"),
        acme.at("/control-policies"),
    ] {
        acme.root().get(&path).expect_problem(404, "not_found");
    }
    let again = json!({ "name": "Acme again" });
    acme.root().post("/v1/organizations", &again).expect(201);
}

#[test]
fn a_quarantined_account_is_denied_everything_and_cannot_undo_it() {
    let acme = Founded::new();
    let member = acme.member("acme-prod");
    let before = acme.root_of(&member);
    before.get(&acme.in_member(&member, "/users")).expect(200);
    let path = acme.quarantine(&member);
    let set = acme
        .root()
        .put(&path, &json!({ "reason": "a stolen laptop" }));
    let set = set.expect(201);
    assert_eq!(set.text("/account_id"), member);
    assert!(set.seq().contains(&member) && set.seq().contains(&acme.id));
    acme.root().put(&path, &json!({})).expect(200);
    before
        .get(&acme.in_member(&member, "/users"))
        .expect_problem(401, "unauthenticated");
    // Whatever session comes later is denied everything, root's too.
    let later = acme.root_of(&member);
    later
        .get(&acme.in_member(&member, "/users"))
        .expect_problem(403, "access_denied");
    later.delete(&path).expect_problem(404, "not_found");
    let leaving = acme.at(&format!("/accounts/{member}"));
    acme.root()
        .delete(&leaving)
        .expect_problem(409, "invalid_state");
    let opening = acme.at(&format!("/accounts/{member}/root-credential"));
    acme.root()
        .post(&opening, &json!({}))
        .expect_problem(409, "invalid_state");
    let listed = acme.root().get(&acme.at("/quarantine")).expect(200);
    assert_eq!(listed.text("/items/0/reason"), "a stolen laptop");
    acme.root().delete(&path).expect(204);
    acme.root().delete(&path).expect_problem(404, "not_found");
    before
        .get(&acme.in_member(&member, "/users"))
        .expect_problem(401, "unauthenticated");
    acme.root_of(&member)
        .get(&acme.in_member(&member, "/users"))
        .expect(200);
}

#[test]
fn one_principal_is_held_and_the_others_are_not() {
    let acme = Founded::new();
    let member = acme.member("acme-prod");
    let mary = acme.member_user(&member, "mary", &allow(&["*"]));
    let bob = acme.member_user(&member, "bob", &allow(&["*"]));
    let arn = format!("arn:trilby:iam::{member}:user/mary");
    let set = acme
        .root()
        .put(&acme.quarantine(&arn), &json!({}))
        .expect(201);
    let id = set.text("/principal_id").to_owned();
    assert!(id.starts_with("TUSR"), "{id}");
    let users = acme.in_member(&member, "/users");
    mary.get(&users).expect_problem(401, "unauthenticated");
    let again = acme
        .acme
        .installation
        .as_user(member.parse().unwrap(), "mary");
    again.get(&users).expect_problem(403, "access_denied");
    bob.get(&users).expect(200);
    // Nobody of the account gives her something new to begin with.
    let keys = bob.with_header("idempotency-key", &once());
    keys.post(&format!("{users}/mary/access-keys"), &json!({}))
        .expect_problem(409, "invalid_state");
    let reset = bob.request("POST", &format!("{users}/mary/password-reset"));
    reset.send().expect_problem(409, "invalid_state");
    let keys = bob.with_header("idempotency-key", &once());
    keys.post(&format!("{users}/bob/access-keys"), &json!({}))
        .expect(201);
    bob.delete(&format!("{users}/mary?cascade=true"))
        .expect(204);
    acme.root()
        .delete(&acme.quarantine(&arn))
        .expect_problem(404, "not_found");
    acme.root().delete(&acme.quarantine(&id)).expect(204);
    let nobody = format!("arn:trilby:iam::{member}:user/nobody");
    acme.root()
        .put(&acme.quarantine(&nobody), &json!({}))
        .expect_problem(404, "not_found");
}

#[test]
fn a_delegated_administrator_does_what_it_was_given_by_its_own_rights() {
    let acme = Founded::new();
    let (member, other) = (acme.member("identity"), acme.member("acme-prod"));
    let admin = acme.member_user(&member, "admin", &allow(&["organizations:*"]));
    let nobody = acme.member_user(&member, "nobody", &Value::Null);
    let units = acme.at("/units");
    let unit = |name: &str| json!({ "name": name });
    admin
        .post(&units, &unit("Early"))
        .expect_problem(404, "not_found");
    let path = acme.at(&format!("/delegated-admins/{member}"));
    let actions = |names: &[&str]| json!({ "actions": names });
    acme.root()
        .put(&path, &actions(&["iam:CreateUser"]))
        .expect_problem(400, "invalid_parameter");
    let given = actions(&["organizations:CreateUnit", "organizations:ListUnits"]);
    let set = acme.root().put(&path, &given).expect(201);
    assert_eq!(set.json["actions"], given["actions"]);
    let made = admin.post(&units, &unit("Delegated")).expect(201);
    let id = made.text("/id").to_owned();
    assert_eq!(
        made.text("/arn"),
        format!(
            "arn:trilby:organizations::{}:unit/{}/{id}",
            acme.acme.account, acme.id
        )
    );
    admin.get(&units).expect(200);
    // What it was not given, and whoever has no rights of the own account.
    admin
        .delete(&acme.at(&format!("/units/{id}")))
        .expect_problem(404, "not_found");
    admin
        .put(&path, &actions(&["organizations:DeleteUnit"]))
        .expect_problem(404, "not_found");
    admin.delete(&acme.at("")).expect_problem(404, "not_found");
    admin
        .get(&acme.at("/accounts"))
        .expect_problem(404, "not_found");
    nobody
        .post(&units, &unit("Mine"))
        .expect_problem(404, "not_found");
    acme.root_of(&other)
        .post(&units, &unit("Theirs"))
        .expect_problem(404, "not_found");
    // Its own control policies cap it.
    let deny = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Action": "organizations:CreateUnit", "Resource": "*" } ] });
    let policy = acme.policy("scp", "no-units", &deny);
    acme.attach(&member, &policy);
    let capped = admin.post(&units, &unit("Capped"));
    assert!([403, 404].contains(&capped.status), "{capped:?}");
    acme.root().delete(&path).expect(204);
    admin.get(&units).expect_problem(404, "not_found");
}

#[test]
fn a_delegated_administrator_holds_its_own_people_and_lets_only_others_out() {
    let acme = Founded::new();
    let (member, other) = (acme.member("security"), acme.member("acme-prod"));
    let admin = acme.member_user(&member, "admin", &allow(&["organizations:*"]));
    let path = acme.at(&format!("/delegated-admins/{member}"));
    let given = json!({ "actions": ["organizations:Quarantine", "organizations:GetOrganization"] });
    acme.root().put(&path, &given).expect(201);
    let inside = &acme.acme.installation;
    for account in [&member, &other] {
        inside.user(account.parse().unwrap(), "mary", &allow(&["*"]));
    }
    let mary_of = |account: &str| format!("arn:trilby:iam::{account}:user/mary");
    let theirs = acme.quarantine(&mary_of(&other));
    admin.put(&theirs, &json!({})).expect(201);
    admin.delete(&theirs).expect(204);
    let own = acme.quarantine(&mary_of(&member));
    let set = admin.put(&own, &json!({})).expect(201);
    let by_id = acme.quarantine(set.text("/principal_id"));
    for path in [&own, &by_id] {
        admin.delete(path).expect_problem(403, "protected_resource");
    }
    acme.root().delete(&own).expect(204);
}

#[test]
fn an_account_joins_by_its_invitation_and_no_other_does() {
    let acme = Founded::new();
    let inside = &acme.acme.installation;
    let (guest, other) = (inside.account("Guest"), inside.account("Other"));
    let (id, ticket) = acme.invited(&guest.to_string());
    assert!(ticket.starts_with("tbi_"), "{ticket}");
    let accept = |account: &str| format!("/v1/accounts/{account}/invitations/{id}/accept");
    let by = |ticket: &str| json!({ "ticket": ticket });
    let (guests, others) = (accept(&guest.to_string()), accept(&other.to_string()));
    let root = inside.root(guest);
    root.post(&guests, &by("tbi_wrong"))
        .expect_problem(401, "invalid_credentials");
    inside
        .root(other)
        .post(&others, &by(&ticket))
        .expect_problem(404, "not_found");
    let joined = root.post(&guests, &by(&ticket)).expect(200);
    assert_eq!(joined.text("/origin"), "invited");
    assert_eq!(joined.text("/parent_id"), acme.root_id());
    root.post(&guests, &by(&ticket))
        .expect_problem(401, "invalid_credentials");
    let state = inside.state(guest);
    assert_eq!(
        state.organization().unwrap().organization.to_string(),
        acme.id
    );
    acme.root()
        .post(&acme.at("/invitations"), &json!({ "account_id": guest }))
        .expect_problem(409, "already_exists");
}

#[test]
fn an_invitation_that_is_over_opens_nothing() {
    let acme = Founded::new();
    let inside = &acme.acme.installation;
    let guest = inside.account("Guest");
    let root = inside.root(guest);
    let accept = |id: &str, ticket: &str| {
        root.post(
            &format!("/v1/accounts/{guest}/invitations/{id}/accept"),
            &json!({ "ticket": ticket }),
        )
    };
    let (first, first_ticket) = acme.invited(&guest.to_string());
    let (second, second_ticket) = acme.invited(&guest.to_string());
    accept(&first, &first_ticket).expect_problem(401, "invalid_credentials");
    acme.root()
        .delete(&acme.at(&format!("/invitations/{second}")))
        .expect(204);
    accept(&second, &second_ticket).expect_problem(401, "invalid_credentials");
    let (third, third_ticket) = acme.invited(&guest.to_string());
    let decline = format!("/v1/accounts/{guest}/invitations/{third}/decline");
    root.request("POST", &decline).send().expect(204);
    accept(&third, &third_ticket).expect_problem(401, "invalid_credentials");
    let (fourth, fourth_ticket) = acme.invited(&guest.to_string());
    let listed = acme.root().get(&acme.at("/invitations")).expect(200);
    assert_eq!(listed.text("/items/0/id"), fourth);
    assert!(!listed.body().contains(&fourth_ticket));
    inside.clock().advance_seconds(7 * 86_400);
    inside
        .root(guest)
        .post(
            &format!("/v1/accounts/{guest}/invitations/{fourth}/accept"),
            &json!({ "ticket": fourth_ticket }),
        )
        .expect_problem(404, "not_found");
}

#[test]
fn a_declined_invitation_and_an_ended_organization_are_told_again_to_who_did_it() {
    let acme = Founded::new();
    let inside = &acme.acme.installation;
    let guest = inside.account("Guest");
    let (id, _) = acme.invited(&guest.to_string());
    let decline = format!("/v1/accounts/{guest}/invitations/{id}/decline");
    let twice = |client: &Client, method: &str, path: &str| {
        let keyed = client.with_header("idempotency-key", &once());
        let first = keyed.request(method, path).send().expect(204);
        let again = keyed.request(method, path).send().expect(204);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.seq(), first.seq());
        client.request(method, path).send()
    };
    let other = twice(&inside.root(guest), "POST", &decline);
    assert!([404, 409].contains(&other.status), "{other:?}");
    let nobody = acme.acme.user("nobody", &Value::Null);
    twice(acme.root(), "DELETE", &acme.at("")).expect_problem(404, "not_found");
    for stranger in [&nobody, &inside.root(guest)] {
        let refused = stranger.delete(&acme.at(""));
        refused.expect_problem(404, "not_found");
    }
}
