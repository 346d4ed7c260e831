//! A request that would succeed, for every operation, in an account that has one of everything.

use std::cell::RefCell;

use serde_json::{Value, json};
use trilby_access::{Idempotency, Precondition, Row};
use trilby_account::command::CreateRole;
use trilby_account::{KnownPrincipals, Ref, RoleLimits};
use trilby_model::{AccountId, Tags};
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::{Installation, allow};

use crate::federated::{MOVED, federate, provider_arn, provider_settings};
use crate::world::{PASSWORD, once};

/// The operations that need no token.
pub const EVERYONE_MAY: [&str; 1] = ["bootstrap"];

/// The operations whose right counts only in root's hands.
pub const ROOT_ONLY: [&str; 1] = ["close_account"];

/// An account and an organization that never existed.
const NOWHERE: (&str, &str) = ("100000000009", "o-0000000000");

/// An account with one of everything.
pub struct Fixture {
    pub account: AccountId,
    /// A session that was good and is not.
    pub stale: Client,
    root: Client,
    /// The account whose providers it has linked.
    owner: AccountId,
    /// An organization of the account with one of everything.
    organization: Option<Organized>,
    /// An invitation that it was sent, with the ticket.
    received: RefCell<Option<(String, String)>>,
    ids: Ids,
}

/// A request to it.
pub struct Sample<'a> {
    fixture: &'a Fixture,
    row: &'a Row,
    etag: Option<String>,
}

/// An organization, and what it has.
struct Organized {
    id: String,
    member: String,
    unit: String,
    other_unit: String,
    /// A control policy that is attached nowhere, and one that the unit has.
    policy: String,
    held: String,
    /// A member in quarantine, and an invitation.
    contained: String,
    invitation: String,
}

/// Unique ids of the things that have one.
struct Ids {
    user: String,
    group: String,
    role: String,
    policy: String,
    access_key: String,
    provider: String,
    link: String,
    external_id: String,
}

/// Whether the operation is about the caller's own account, which its path does not name.
pub fn is_in_own_account(row: &Row) -> bool {
    !row.path.contains("{account}") && !row.path.contains("{organization}")
}

/// The rights that the sample request of an operation needs besides its action.
pub fn further_rights(id: &str) -> Vec<&'static str> {
    match id {
        "create_user" => vec!["iam:TagUser"],
        "create_group" => vec!["iam:TagGroup"],
        "create_role" => vec!["iam:TagRole"],
        "create_policy" => vec!["iam:TagPolicy"],
        "create_policy_version" => vec!["iam:SetDefaultPolicyVersion"],
        "put_user_tags" | "update_user_tags" => vec!["iam:UntagUser"],
        "put_group_tags" | "update_group_tags" => vec!["iam:UntagGroup"],
        "put_role_tags" | "update_role_tags" => vec!["iam:UntagRole"],
        "put_policy_tags" | "update_policy_tags" => vec!["iam:UntagPolicy"],
        "put_login_profile" | "reset_user_password" => vec!["iam:CreateLoginProfile"],
        "put_oidc_provider_role_map" | "put_oidc_provider_link_role_map" => vec!["iam:PassRole"],
        _ => Vec::new(),
    }
}

/// How a request is refused that lacks a further right: a guard against escalation says so.
pub fn refusal_without(right: &str) -> &'static str {
    match right {
        "iam:PassRole" => "escalation_refused",
        _ => "access_denied",
    }
}

fn body(id: &str, fixture: &Fixture) -> Value {
    let (ids, account) = (&fixture.ids, fixture.account);
    let tags = json!({ "team": "blue" });
    let document = allow(&["s3:Get*"]);
    match id {
        "update_account" => json!({ "name": "Renamed" }),
        "create_user" | "create_group" => json!({ "name": "fresh", "tags": tags }),
        "create_policy" => json!({ "name": "fresh", "tags": tags, "document": document }),
        "create_policy_version" => json!({ "document": document, "set_as_default": true }),
        "set_default_policy_version" => json!({ "version": "v2" }),
        "update_user" => json!({ "description": "another", "status": "disabled" }),
        "update_group" | "update_policy" | "update_application" => {
            json!({ "description": "another" })
        }
        "put_login_profile" => json!({ "password": PASSWORD }),
        "create_access_key" => json!({}),
        "update_access_key" => json!({ "status": "inactive" }),
        "put_user_tags" | "put_group_tags" | "put_role_tags" | "put_policy_tags" => {
            json!({ "tags": tags })
        }
        "update_user_tags" | "update_group_tags" | "update_role_tags" | "update_policy_tags" => {
            json!({ "tags": { "old": null } })
        }
        "put_user_inline_policy" | "put_group_inline_policy" | "put_role_inline_policy" => {
            json!({ "document": document })
        }
        "put_password_policy_settings" => json!({ "length_min": 20 }),
        "put_security_settings" => json!({ "locked_tag_keys": ["team"] }),
        "put_token_settings" => json!({ "chain_age_max": 3600 }),
        "put_decision_settings" => json!({ "max_stale": 30 }),
        "create_external_id" => json!({}),
        "register_application" => json!({ "name": "fresh" }),
        "put_user_permissions_boundary" | "put_role_permissions_boundary" => {
            json!({ "policy_arn": "arn:trilby:iam::system:policy/ReadOnlyAccess" })
        }
        "create_role" => json!({ "name": "fresh", "tags": tags, "trust_policy": trust(account) }),
        "update_role" => json!({ "description": "another", "max_session_duration": 900 }),
        "put_role_trust_policy" => json!({ "document": trust(account), "revoke_sessions": true }),
        "put_actions" => json!({ "actions": { "Read": {} } }),
        "put_resource" => json!({ "description": "another" }),
        "put_resource_policy" => json!({ "document": resource_policy() }),
        "put_subject_alias" => json!({ "principal": ids.role }),
        "create_oidc_provider" => json!({ "name": "fresh", "settings": provider_settings() }),
        "update_oidc_provider" => json!({ "settings": { "clock_skew_seconds": 5 } }),
        "share_oidc_provider" => json!({ "shared_with": ["777788889999"] }),
        "confirm_oidc_provider_keys_uri" => json!({ "jwks_uri": MOVED }),
        "create_oidc_provider_link" => {
            json!({ "provider_arn": provider_arn(fixture.owner, "spare") })
        }
        "update_oidc_provider_link" => json!({ "settings": { "audiences": ["app"] } }),
        "put_oidc_provider_role_map" | "put_oidc_provider_link_role_map" => {
            json!({ "role_map": { "default_roles": [format!("arn:trilby:iam::{account}:role/login")] } })
        }
        "create_organization" | "create_member_account" | "create_unit" | "update_unit" => {
            json!({ "name": "Fresh" })
        }
        "create_control_policy" => {
            json!({ "name": "fresh", "kind": "scp", "document": deny("s3:*") })
        }
        "update_control_policy" => json!({ "description": "another" }),
        "create_control_policy_version" => json!({ "document": deny("s3:*") }),
        "set_default_control_policy_version" => json!({ "version": "v2" }),
        "put_delegated_admin" => json!({ "actions": ["organizations:MoveUnit"] }),
        "put_quarantine" | "suspend_account" => json!({ "reason": "a stolen laptop" }),
        "create_invitation" => json!({ "account_id": "100000000011" }),
        "accept_invitation" => json!({ "ticket": fixture.received().1 }),
        "enable_root_credential" => json!({ "root_email": "dev@example.com" }),
        "move_unit" | "move_member_account" => {
            json!({ "parent_id": fixture.organized().other_unit })
        }
        other => panic!("operation `{other}` has no sample body: add one"),
    }
}

fn deny(action: &str) -> Value {
    let statement = json!({ "Effect": "Deny", "Action": action, "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn resource_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "s3:Delete*", "Resource": "*" }],
    })
}

/// The value of a path's parameter.
fn parameter<'a>(row: &Row, name: &str, ids: &'a Ids) -> &'a str {
    // What is deleted must hold on to nothing, and what is attached must not be there yet.
    match (row.id, name) {
        ("delete_user", "user")
        | ("put_login_profile", "user")
        | ("reset_user_password", "user") => "bare",
        ("add_group_member", "user") => "bare",
        ("delete_role", "role") => "bare",
        ("delete_oidc_provider", "provider") | ("delete_oidc_provider_link", "link") => "bare",
        (_, "provider") => "own",
        (_, "link") => "shared",
        ("delete_group", "group")
        | ("delete_policy", "policy")
        | ("delete_application", "application") => "bare",
        ("delete_resource", "id") => "bare",
        ("attach_user_policy" | "attach_group_policy" | "attach_role_policy", "policy") => "bare",
        ("get_system_policy", "name") => "ReadOnlyAccess",
        ("get_subject_alias" | "put_subject_alias" | "delete_subject_alias", "type") => "user",
        ("get_subject_alias" | "put_subject_alias" | "delete_subject_alias", "id") => "ext-1",
        (_, "user") => "mary",
        (_, "group") => "g",
        ("put_role_permissions_boundary" | "delete_role_permissions_boundary", "role") => "capped",
        (_, "role") => "r",
        (_, "policy") => "p",
        (_, "version") => "v2",
        (_, "name") => "inl",
        (_, "application") => "s3",
        (_, "type") => "bucket",
        (_, "id") => "drafts",
        (_, "seq") => "1",
        (_, "access_key") => &ids.access_key,
        (_, "external_id") => &ids.external_id,
        (id, other) => {
            panic!("operation `{id}` has a parameter `{other}` without a sample: add one")
        }
    }
}

impl Fixture {
    /// Makes the account; `founded` tells whether it has an organization.
    pub fn new(inside: &Installation, founded: bool) -> Self {
        Self::of(inside, inside.account("Acme"), founded)
    }

    /// Makes one of everything in an account.
    pub fn of(inside: &Installation, account: AccountId, founded: bool) -> Self {
        let root = inside.root(account);
        let at = |rest: &str| format!("/v1/accounts/{account}{rest}");
        let post = |rest: &str, body: Value| {
            let client = root.with_header("idempotency-key", &once());
            client.post(&at(rest), &body).expect(201)
        };
        let old = json!({ "old": "yes" });
        let user = post("/users", json!({ "name": "mary", "tags": old }));
        post("/users", json!({ "name": "bare" }));
        let group = post("/groups", json!({ "name": "g", "tags": old }));
        post("/groups", json!({ "name": "bare" }));
        let policy = post(
            "/policies",
            json!({ "name": "p", "tags": old, "document": allow(&["s3:*"]) }),
        );
        post(
            "/policies",
            json!({ "name": "bare", "document": allow(&["s3:*"]) }),
        );
        post(
            "/policies/p/versions",
            json!({ "document": allow(&["s3:Get*"]) }),
        );
        role(inside, account, "r");
        role(inside, account, "capped");
        role(inside, account, "bare");
        let role = root.get(&at("/roles/r")).expect(200);
        root.put(&at("/roles/r/tags"), &json!({ "tags": old }))
            .expect(200);
        root.request("PUT", &at("/groups/g/members/mary"))
            .send()
            .expect(204);
        for holder in ["/users/mary", "/groups/g", "/roles/r"] {
            root.request("PUT", &at(&format!("{holder}/attached-policies/p")))
                .send()
                .expect(204);
            let inline = at(&format!("{holder}/inline-policies/inl"));
            let new = root.with_header("if-none-match", "*");
            new.put(&inline, &json!({ "document": allow(&["s3:List*"]) }))
                .expect(201);
        }
        for capped in ["/users/mary", "/roles/capped"] {
            let new = root.with_header("if-none-match", "*");
            new.put(
                &at(&format!("{capped}/permissions-boundary")),
                &json!({ "policy_arn": policy.text("/arn") }),
            )
            .expect(201);
        }
        // A ticket is as much of a login profile as a password, and costs no hash.
        root.request("POST", &at("/users/mary/password-reset"))
            .send()
            .expect(201);
        let key = post("/users/mary/access-keys", json!({}));
        let external = post("/external-ids", json!({}));
        post("/applications", json!({ "name": "s3" }));
        post("/applications", json!({ "name": "bare" }));
        for resource in ["drafts", "bare"] {
            root.put(
                &at(&format!("/applications/s3/resources/bucket/{resource}")),
                &json!({}),
            )
            .expect(201);
        }
        let new = root.with_header("if-none-match", "*");
        let guard = json!({ "document": resource_policy() });
        new.put(
            &at("/applications/s3/resources/bucket/drafts/policy"),
            &guard,
        )
        .expect(201);
        let meant = json!({ "principal": user.text("/id") });
        root.put(&at("/subject-aliases/user/ext-1"), &meant)
            .expect(201);
        let (owner, [provider, link]) = federate(inside, account, &root);
        Self {
            account,
            owner,
            stale: stale(inside, account),
            received: RefCell::default(),
            organization: founded.then(|| found(&root)),
            ids: Ids {
                user: user.text("/id").to_owned(),
                group: group.text("/id").to_owned(),
                role: role.text("/id").to_owned(),
                policy: policy.text("/id").to_owned(),
                access_key: key.text("/access_key_id").to_owned(),
                provider,
                link,
                external_id: external.text("/external_id").to_owned(),
            },
            root,
        }
    }

    /// Makes so what only one operation needs, and would be in the way of others.
    pub fn prepare(&self, inside: &Installation, row: &Row) {
        match row.id {
            "delete_organization" => {
                let organized = self.organized();
                let at = |rest: &str| format!("/v1/organizations/{}/{rest}", organized.id);
                let quarantine = at(&format!("quarantine/{}", organized.contained));
                self.root.delete(&quarantine).expect(204);
                for member in [&organized.member, &organized.contained] {
                    self.root
                        .delete(&at(&format!("accounts/{member}")))
                        .expect(204);
                }
            }
            "accept_invitation" | "decline_invitation" => {
                let other = inside.root(inside.account("Elsewhere"));
                let id = found(&other).id;
                let invited = other.post(
                    &format!("/v1/organizations/{id}/invitations"),
                    &json!({ "account_id": self.account }),
                );
                let invited = invited.expect(201);
                let received = (
                    invited.text("/id").to_owned(),
                    invited.text("/ticket").to_owned(),
                );
                *self.received.borrow_mut() = Some(received);
            }
            _ => {}
        }
    }

    /// An invitation of the account with its ticket.
    fn received(&self) -> (String, String) {
        let received = self.received.borrow().clone();
        received.unwrap_or_else(|| ("o-0000000000.1".to_owned(), "tbi_none".to_owned()))
    }

    fn organized(&self) -> &Organized {
        self.organization.as_ref().unwrap()
    }

    /// The request of an operation.
    pub fn sample<'a>(&'a self, row: &'a Row) -> Sample<'a> {
        let mut sample = Sample {
            fixture: self,
            row,
            etag: None,
        };
        if row.precondition == Precondition::Required {
            if row.path.ends_with("/permissions-boundary") {
                let holder = sample.path().replace("/permissions-boundary", "");
                let read = self.root.get(&holder).expect(200);
                sample.etag = Some(read.text("/permissions_boundary/etag").to_owned());
                return sample;
            }
            if row.id == "put_role_trust_policy" {
                let read = self.root.get(&sample.path().replace("/trust-policy", ""));
                let etag = read.expect(200).text("/trust_policy_etag").to_owned();
                sample.etag = Some(etag);
                return sample;
            }
            let path = match row.id {
                "share_oidc_provider" => sample.path().replace("/sharing", ""),
                "set_default_policy_version" => format!("/v1/accounts/{}/policies/p", self.account),
                "set_default_control_policy_version" => format!(
                    "/v1/organizations/{}/control-policies/{}",
                    self.organized().id,
                    self.organized().policy
                ),
                "attach_control_policy" | "detach_control_policy" => format!(
                    "/v1/organizations/{}/units/{}",
                    self.organized().id,
                    self.organized().unit
                ),
                _ => sample.path(),
            };
            sample.etag = Some(self.root.get(&path).expect(200).etag().to_owned());
        }
        sample
    }
}

fn found(root: &Client) -> Organized {
    let made = root
        .post("/v1/organizations", &json!({ "name": "Acme" }))
        .expect(201);
    let id = made.text("/id").to_owned();
    let client = root.with_header("idempotency-key", &once());
    let member = client
        .post(
            &format!("/v1/organizations/{id}/accounts"),
            &json!({ "name": "dev" }),
        )
        .expect(201);
    let unit = |name: &str| {
        let path = format!("/v1/organizations/{id}/units");
        let made = root.post(&path, &json!({ "name": name })).expect(201);
        made.text("/id").to_owned()
    };
    let path = format!("/v1/organizations/{id}/control-policies");
    let policy = |name: &str| {
        let body = json!({ "kind": "scp", "name": name, "document": deny("s3:Delete*") });
        let made = root.post(&path, &body).expect(201);
        made.text("/id").to_owned()
    };
    let bare = policy("bare");
    let versions = format!("{path}/{bare}/versions");
    root.post(&versions, &json!({ "document": deny("s3:Put*") }))
        .expect(201);
    let member = member.text("/account_id").to_owned();
    let credential = format!("/v1/organizations/{id}/accounts/{member}/root-credential");
    root.post(&credential, &json!({ "root_email": "root@example.com" }))
        .expect(201);
    let admin = format!("/v1/organizations/{id}/delegated-admins/{member}");
    let actions = json!({ "actions": ["organizations:CreateUnit"] });
    root.put(&admin, &actions).expect(201);
    let contained = root
        .with_header("idempotency-key", &once())
        .post(
            &format!("/v1/organizations/{id}/accounts"),
            &json!({ "name": "lab" }),
        )
        .expect(201);
    let contained = contained.text("/account_id").to_owned();
    let quarantine = format!("/v1/organizations/{id}/quarantine/{contained}");
    root.put(&quarantine, &json!({})).expect(201);
    let invitation = root.post(
        &format!("/v1/organizations/{id}/invitations"),
        &json!({ "account_id": "100000000010" }),
    );
    let invitation = invitation.expect(201).text("/id").to_owned();
    let (production, held) = (unit("Production"), policy("held"));
    let at = format!("/v1/organizations/{id}/targets/{production}/control-policies/{held}");
    let new = root.with_header("if-none-match", "*");
    new.request("PUT", &at).send().expect(204);
    Organized {
        policy: bare,
        held,
        contained,
        invitation,
        member,
        unit: production,
        other_unit: unit("Development"),
        id,
    }
}

impl Sample<'_> {
    /// Sends the request.
    pub fn ask(&self, client: &Client) -> Answer {
        self.ask_at(client, &self.path())
    }

    /// Sends the same request to an account or organization that never existed.
    pub fn ask_nowhere(&self, client: &Client) -> Answer {
        let path = self.filled(|name| match name {
            "account" => Some(NOWHERE.0.to_owned()),
            "organization" => Some(NOWHERE.1.to_owned()),
            _ => None,
        });
        self.ask_at(client, &path)
    }

    /// Sends the same request to another path.
    pub fn ask_at(&self, client: &Client, path: &str) -> Answer {
        let mut call = client.request(self.row.method.as_str(), path);
        if self.row.idempotency == Idempotency::Required {
            call = call.header("idempotency-key", &once());
        }
        if let Some(etag) = &self.etag {
            call = call.header("if-match", etag);
        }
        if self.row.has_body {
            call = call.json(&body(self.row.id, self.fixture));
        }
        call.send()
    }

    /// The path with unique ids of another account's things in the place of names. `None`: it names nothing by id.
    pub fn path_with_ids_of(&self, twin: &Fixture) -> Option<String> {
        let organized = twin.organized();
        self.by_id(&twin.ids, &organized.unit, &organized.policy)
    }

    /// The path with ids that nobody has.
    pub fn path_of_nothing(&self) -> Option<String> {
        let ids = Ids {
            user: "TUSR0123456789ABCDEFG".to_owned(),
            group: "TGRP0123456789ABCDEFG".to_owned(),
            role: "TROL0123456789ABCDEFG".to_owned(),
            policy: "TPOL0123456789ABCDEFG".to_owned(),
            access_key: "TKEY0123456789ABCDEFG".to_owned(),
            provider: "TIDP0123456789ABCDEFG".to_owned(),
            link: "TLNK0123456789ABCDEFG".to_owned(),
            external_id: "ext-0123456789ABCDEFGHJKMNPQRSTVWXYZ".to_owned(),
        };
        self.by_id(&ids, "ou-00000000", "p-00000000")
    }

    fn by_id(&self, ids: &Ids, unit: &str, control_policy: &str) -> Option<String> {
        let mut named = false;
        let path = self.filled(|name| {
            let id = match name {
                "user" => &ids.user,
                "group" => &ids.group,
                "role" => &ids.role,
                "policy" => &ids.policy,
                "access_key" => &ids.access_key,
                "provider" => &ids.provider,
                "link" => &ids.link,
                "unit" => unit,
                "external_id" => &ids.external_id,
                "control_policy" => control_policy,
                _ => return None,
            };
            named = true;
            Some(id.to_owned())
        });
        named.then_some(path)
    }

    fn path(&self) -> String {
        self.filled(|_| None)
    }

    fn filled(&self, mut other: impl FnMut(&str) -> Option<String>) -> String {
        let segments = self.row.path.split('/').map(|segment| {
            let Some(name) = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
            else {
                return segment.to_owned();
            };
            other(name).unwrap_or_else(|| match name {
                "organization" => self.fixture.organized().id.clone(),
                "account" if self.row.path.contains("{organization}") => {
                    self.fixture.organized().member.clone()
                }
                "target" if self.row.path.contains("/quarantine/") => match self.row.id {
                    "delete_quarantine" => self.fixture.organized().contained.clone(),
                    _ => self.fixture.organized().member.clone(),
                },
                "invitation" => match &self.fixture.organization {
                    Some(organized) => organized.invitation.clone(),
                    None => self.fixture.received().0,
                },
                "unit" | "target" => self.fixture.organized().unit.clone(),
                "control_policy" if self.row.id == "detach_control_policy" => {
                    self.fixture.organized().held.clone()
                }
                "control_policy" => self.fixture.organized().policy.clone(),
                "account" => self.fixture.account.to_string(),
                _ => parameter(self.row, name, &self.fixture.ids).to_owned(),
            })
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

fn trust(account: AccountId) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "AWS": format!("arn:trilby:iam::{account}:root") },
        }],
    })
}

fn role(inside: &Installation, account: AccountId, name: &str) {
    let trust = trust(account);
    inside.run(
        account,
        CreateRole {
            name: name.parse().unwrap(),
            path: "/".parse().unwrap(),
            description: None,
            tags: Tags::default(),
            trust: document(Kind::Trust, &trust),
            known: KnownPrincipals::default(),
            limits: RoleLimits::default(),
            external_id_waiver: None,
        },
    );
}

/// A session of a user that was deleted.
fn stale(inside: &Installation, account: AccountId) -> Client {
    let id = inside.user(account, "gone", &allow(&["*"]));
    let client = inside.as_user(account, "gone");
    let command = trilby_account::command::DeleteUser {
        user: Ref::Id(id),
        cascade: true,
    };
    inside.run(account, command);
    client
}

/// The rights that the guards against escalation ask of the sample request, besides its own: the policy is held by a user,
/// a group and a role, and caps a user and a role.
pub fn guarded_rights(id: &str) -> Vec<&'static str> {
    match id {
        "create_policy_version" | "set_default_policy_version" => vec![
            "iam:AttachUserPolicy",
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:PutUserPermissionsBoundary",
            "iam:PutRolePermissionsBoundary",
        ],
        _ => Vec::new(),
    }
}
