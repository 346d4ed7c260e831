//! Session tokens of a test installation, signed with the accounts' own keys.

use trilby_account::{Ref, RoleRef};
use trilby_model::{AccountId, Arn, RoleSessionName, SessionId, Tags};
use trilby_service::clock::Clock;
use trilby_session::claims::{Claims, Private, SessionKind, VERSION};
use trilby_session::{AUDIENCE, issuer};

use super::Installation;
use crate::http::Client;

/// How long test sessions live, in seconds.
const LIFETIME_S: i64 = 3600;

impl Installation {
    /// A client with a root session.
    pub fn root(&self, account: AccountId) -> Client {
        self.with_session(self.root_claims(account))
    }

    /// A client with a session of this user.
    pub fn as_user(&self, account: AccountId, name: &str) -> Client {
        self.with_session(self.user_claims(account, name))
    }

    /// A client with a session of this role.
    pub fn as_role(&self, account: AccountId, name: &str, session_name: &str) -> Client {
        self.with_session(self.role_claims(account, name, session_name))
    }

    /// A client with a session of these claims.
    pub fn with_session(&self, claims: Claims) -> Client {
        self.stranger().with_token(&self.token(&claims))
    }

    /// Signs claims with the key of their account.
    pub fn token(&self, claims: &Claims) -> String {
        let token = self
            .key(claims.trilby.acct)
            .sign(claims)
            .expect("claims that can be signed");
        token.expose().to_owned()
    }

    /// Claims of a root session.
    pub fn root_claims(&self, account: AccountId) -> Claims {
        self.claims(
            account,
            SessionKind::Root,
            account.to_string(),
            Arn::root(&account),
        )
    }

    /// Claims of a console session of this user.
    pub fn user_claims(&self, account: AccountId, name: &str) -> Claims {
        let state = self.state(account);
        let user = state
            .user(&Ref::Name(name.parse().expect("a user name")))
            .expect("a user");
        let arn = Arn::user(&account, &user.path, &user.name);
        self.claims(account, SessionKind::User, user.id.to_string(), arn)
    }

    /// Claims of a session of this role.
    pub fn role_claims(&self, account: AccountId, name: &str, session_name: &str) -> Claims {
        let state = self.state(account);
        let role: RoleRef = Ref::Name(name.parse().expect("a role name"));
        let role = state.role(&role).expect("a role");
        let session_name: RoleSessionName = session_name.parse().expect("a session name");
        let arn = Arn::assumed_role(&account, &role.name, &session_name);
        let mut claims = self.claims(
            account,
            SessionKind::Role,
            format!("{}:{session_name}", role.id),
            arn,
        );
        claims.trilby.role = Some(Arn::role(&account, &role.path, &role.name));
        claims.trilby.sn = Some(session_name);
        claims
    }

    fn claims(&self, account: AccountId, kind: SessionKind, sub: String, arn: Arn) -> Claims {
        let now = self.clock().now().unix_seconds();
        let seq = self.state(account).seq();
        Claims {
            iss: issuer(self.services().public_url(), account),
            aud: vec![AUDIENCE.to_owned()],
            sub,
            client_id: "console".to_owned(),
            iat: now,
            nbf: now,
            exp: now + LIFETIME_S,
            auth_time: now,
            jti: SessionId::generate(&mut self.services().entropy()),
            act: None,
            trilby: Private {
                v: VERSION,
                kind,
                acct: account,
                org: None,
                arn,
                role: None,
                sn: None,
                tags: Tags::default(),
                ttk: Vec::new(),
                si: None,
                pol: None,
                polh: None,
                parn: Vec::new(),
                mfa: None,
                fed: None,
                depth: 0,
                chain: Vec::new(),
                seq: seq.get(),
                inc: self.services().directory().incarnation(),
                dep: Vec::new(),
            },
        }
    }
}
