//! A world with an outside issuer on loopback, which one account registers and another links.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};
use trilby_account::command::{AcceptProviderLink, PutRoleMap, RegisterProvider, ShareProvider};
use trilby_account::{MapSeatRef, Ref};
use trilby_federation::fetch::{Fetch, GuardedFetch, SystemResolver};
use trilby_federation::guard::{Guard, PrivateHost};
use trilby_issuer::{Algorithm, Issuer};
use trilby_model::AccountId;
use trilby_model::federation::{LinkFields, ProviderName, ShareTarget};
use trilby_service::clock::Clock;
use trilby_testkit::http::{Answer, Client};

use crate::world::World;

/// For whom the issuer's tokens are.
pub const CLIENT: &str = "shop-web";

pub struct Outside {
    pub world: World,
    pub issuer: Issuer,
    /// Owns the provider `login`.
    pub owner: AccountId,
}

pub fn name(text: &str) -> ProviderName {
    text.parse().unwrap()
}

/// Trust in a provider's users who pass this condition.
pub fn trusting_provider(provider: &str, condition: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": condition,
    }]})
}

impl Outside {
    /// The provider has these settings besides issuer and audience.
    pub fn new(settings: Value) -> Self {
        Self::through(settings, |fetch| fetch)
    }

    /// As [`Outside::new`]; the issuer is called through what `wrap` makes.
    pub fn through(settings: Value, wrap: impl FnOnce(Arc<dyn Fetch>) -> Arc<dyn Fetch>) -> Self {
        let clock: Arc<OnceLock<Arc<dyn Clock>>> = Arc::default();
        let of_issuer = Arc::clone(&clock);
        let now = move || {
            of_issuer
                .get()
                .map_or(0, |clock| clock.now().unix_seconds())
        };
        let issuer = Issuer::start(Arc::new(now)).unwrap();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let host = PrivateHost {
            host: address.to_string(),
            port: issuer.port(),
            addresses: [address].into(),
            http: true,
        };
        let guard = Guard::new(vec![host]);
        let fetch = GuardedFetch::new(guard, Arc::new(SystemResolver));
        let world = World::fetching(&Value::Null, wrap(Arc::new(fetch)));
        clock
            .set(Arc::clone(world.inside.services().clock()))
            .unwrap_or_else(|_| panic!("one clock"));
        let owner = world.account;
        let outside = Self {
            world,
            issuer,
            owner,
        };
        outside.register("login", settings);
        outside
    }

    pub fn register(&self, provider: &str, mut settings: Value) {
        let own = json!({ "issuer": self.issuer.url(), "audiences": [CLIENT] });
        for (member, value) in own.as_object().unwrap() {
            let settings = settings.as_object_mut().unwrap();
            settings.entry(member.clone()).or_insert(value.clone());
        }
        let command = RegisterProvider {
            name: name(provider),
            settings: serde_json::from_value(settings).unwrap(),
            keys: None,
        };
        self.world.inside.run(self.owner, command);
    }

    pub fn provider(&self) -> String {
        format!("arn:trilby:iam::{}:oidc-provider/login", self.owner)
    }

    pub fn share(&self, with: &[AccountId]) {
        let command = ShareProvider {
            provider: Ref::Name(name("login")),
            shared_with: with.iter().copied().map(ShareTarget::Account).collect(),
        };
        self.world.inside.run(self.owner, command);
    }

    /// Another account that accepts the provider under the name `shop`.
    pub fn linked(&self, settings: LinkFields) -> AccountId {
        let account = self.world.another_account("Linking");
        self.share(&[account]);
        let owner = self.world.inside.state(self.owner);
        let taker = self.world.inside.state(account);
        let offered = owner.offers(&Ref::Name(name("login")), &taker).unwrap();
        let command = AcceptProviderLink {
            name: name("shop"),
            provider: offered,
            settings: settings.try_into().unwrap(),
        };
        self.world.inside.run(account, command);
        account
    }

    pub fn map(&self, account: AccountId, map: Value) {
        let seat = if account == self.owner {
            MapSeatRef::Provider(Ref::Name(name("login")))
        } else {
            MapSeatRef::Link(Ref::Name(name("shop")))
        };
        let map = serde_json::from_value(map).unwrap();
        self.world.inside.run(account, PutRoleMap { seat, map });
    }

    /// A role open to Ana.
    pub fn role(&self, account: AccountId, role: &str) -> String {
        let key = format!("{}:sub", self.issuer.url().trim_start_matches("http://"));
        let condition = json!({ "StringEquals": { key: "ana" } });
        self.role_if(account, role, condition)
    }

    pub fn role_if(&self, account: AccountId, role: &str, condition: Value) -> String {
        let trust = trusting_provider(&self.provider(), condition);
        self.world.role(account, role, &trust);
        self.world.role_arn(account, role)
    }

    /// Claims of an honest token, with further ones.
    pub fn claims(&self, subject: &str, more: Value) -> Map<String, Value> {
        let mut claims = self.issuer.claims(subject, CLIENT);
        claims.extend(more.as_object().unwrap().clone());
        // Each login is another token.
        let n = self.world.inside.services().entropy().take::<8>();
        claims.insert("jti".to_owned(), json!(format!("{n:?}")));
        claims
    }

    /// An honest token.
    pub fn token(&self, subject: &str, more: Value) -> String {
        self.issuer
            .token(Algorithm::Es256, &self.claims(subject, more))
            .unwrap()
    }

    pub fn assume(&self, token: &str, role: &str, more: Value) -> Answer {
        let mut body = json!({
            "role_arn": role,
            "role_session_name": "ana",
            "web_identity_token": token,
        });
        for (member, value) in more.as_object().unwrap() {
            body[member] = value.clone();
        }
        self.post("/v1/assume-role-with-web-identity", &body)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.world.post(&self.world.inside.stranger(), path, body)
    }

    /// Posts nothing.
    pub fn post_nothing(&self, path: &str) -> Answer {
        self.world.inside.clock().advance_seconds(6);
        self.world.inside.stranger().request("POST", path).send()
    }

    /// A federated session of Ana.
    pub fn federated(&self, more: Value) -> Client {
        let answer = self.federate(&self.token("ana", more)).expect(201);
        let token = answer.text("/credentials/session_token");
        self.world.inside.stranger().with_token(token)
    }

    pub fn federate(&self, token: &str) -> Answer {
        let body = json!({ "provider": self.provider(), "web_identity_token": token });
        self.post("/v1/federated-sessions", &body)
    }

    pub fn wearing(&self, answer: &Answer) -> Client {
        let token = answer.text("/credentials/session_token");
        self.world.inside.stranger().with_token(token)
    }
}
