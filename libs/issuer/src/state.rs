//! What an issuer knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Map, Value, json};

use crate::keys::{Algorithm, KeyRing};
use crate::{Error, Now, token};

/// How long a token lives, in seconds.
const LIFETIME_S: i64 = 300;

pub struct State {
    pub url: String,
    now: Now,
    inner: RwLock<Inner>,
    pub n_discovery: AtomicU64,
    pub n_keys: AtomicU64,
}

pub struct Inner {
    pub present: KeyRing,
    pub old: Vec<KeyRing>,
    pub clients: BTreeSet<String>,
    pub users: BTreeMap<String, User>,
    pub cache_control: Option<String>,
    pub jwks_path: String,
    pub is_down: bool,
}

pub struct User {
    pub subject: String,
    pub claims: Map<String, Value>,
}

impl State {
    pub fn new(url: String, now: Now) -> Result<Self, Error> {
        let inner = Inner {
            present: KeyRing::generate()?,
            old: Vec::new(),
            clients: BTreeSet::new(),
            users: BTreeMap::new(),
            cache_control: Some("public, max-age=600".to_owned()),
            jwks_path: "/jwks.json".to_owned(),
            is_down: false,
        };
        Ok(Self {
            url,
            now,
            inner: RwLock::new(inner),
            n_discovery: AtomicU64::new(0),
            n_keys: AtomicU64::new(0),
        })
    }

    pub fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn rotate(&self) -> Result<(), Error> {
        // Made before the lock is taken: an RSA key takes its time.
        let fresh = KeyRing::generate()?;
        let mut inner = self.write();
        let retired = std::mem::replace(&mut inner.present, fresh);
        inner.old.push(retired);
        Ok(())
    }

    pub fn claims(&self, subject: &str, audience: &str) -> Map<String, Value> {
        let now = (self.now)();
        let registered = [
            ("iss", json!(self.url)),
            ("sub", json!(subject)),
            ("aud", json!(audience)),
            ("iat", json!(now)),
            ("exp", json!(now.saturating_add(LIFETIME_S))),
        ];
        registered
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }

    pub fn token(
        &self,
        algorithm: Algorithm,
        claims: &Map<String, Value>,
    ) -> Result<String, Error> {
        let inner = self.read();
        let key = inner.present.of(algorithm);
        token::signed(key, &token::header(algorithm.as_str(), &key.kid), claims)
    }
}
