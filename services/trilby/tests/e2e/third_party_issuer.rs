//! An issuer that is not ours, for one test alone: opened by the program whose address is in `TRILBY_TEST_ISSUER`
//! (`xtask/issuers/oidc-provider`), which also logs in there as a browser would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use trilby_testkit::http::Client;

/// The issuer's clients, by the algorithm that each one's tokens are signed with.
pub const CLIENTS: [(&str, &str); 2] = [("RS256", "app-rs256"), ("ES256", "app-es256")];

pub struct Issuer {
    /// Opens, closes and reopens issuers.
    opener: Client,
    own: Client,
}

/// Which key signs what [`Issuer::sign`] is given.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// One that the issuer signs with now.
    Present,
    /// One that it signed with before.
    Retired,
    /// One that it never had, under the name of the present one.
    Stranger,
}

/// How often an issuer was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetches {
    pub discovery: u64,
    pub keys: u64,
}

impl Issuer {
    pub fn open() -> Issuer {
        let opener = Client::new(std::env::var("TRILBY_TEST_ISSUER").unwrap());
        let opened = opener.post("/test/issuers", &json!({})).expect(200);
        let own = Client::new(opened.text("/issuer"));
        Issuer { opener, own }
    }

    pub fn url(&self) -> &str {
        self.own.base()
    }

    /// The ID token of a login by the code flow.
    pub fn log_in(&self, who: &str, nonce: &str, algorithm: &str) -> String {
        let asked = json!({"login": who, "nonce": nonce, "algorithm": algorithm});
        let tokens = self.own.post("/test/login", &asked).expect(200);
        tokens.text("/id_token").to_owned()
    }

    pub fn sign(&self, claims: &Map<String, Value>, algorithm: &str, by: By) -> String {
        let by = match by {
            By::Present => "present",
            By::Retired => "retired",
            By::Stranger => "stranger",
        };
        let asked = json!({"claims": claims, "algorithm": algorithm, "by": by});
        let signed = self.own.post("/test/sign", &asked).expect(200);
        signed.text("/id_token").to_owned()
    }

    /// It signs by other keys from now on; the old ones stay published.
    pub fn rotate(&self) {
        self.own.post("/test/rotate", &json!({})).expect(200);
    }

    /// What it signed with before is published no more.
    pub fn withdraw(&self) {
        self.own.post("/test/withdraw", &json!({})).expect(200);
    }

    pub fn fetches(&self) -> Fetches {
        let told = self.own.post("/test/fetches", &json!({})).expect(200);
        let of = |what: &str| told.json[what].as_u64().unwrap();
        Fetches {
            discovery: of("discovery"),
            keys: of("keys"),
        }
    }

    /// Off the network.
    pub fn close(&self) {
        let which = json!({"issuer": self.url()});
        self.opener.post("/test/close", &which).expect(200);
    }

    /// At the same address again.
    pub fn reopen(&self) {
        let which = json!({"issuer": self.url()});
        self.opener.post("/test/reopen", &which).expect(200);
    }
}

/// What a token says.
pub fn claims(token: &str) -> Map<String, Value> {
    let payload = token.split('.').nth(1).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// The same claims under a header of this algorithm, with a signature that signs nothing.
pub fn unsigned(token: &str, algorithm: &str, signature: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
    format!("{}.{payload}.{signature}", URL_SAFE_NO_PAD.encode(header))
}
