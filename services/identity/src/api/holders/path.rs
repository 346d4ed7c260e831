//! Paths below a user, group or role.
//!
//! Read by hand because the holder's parameter has the name of its kind, in routes and in the API's document alike.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use trilby_account::HolderRef;
use trilby_model::AccountId;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{IntoParams, PartialSchema};

use super::kind::HolderKind;
use crate::segment::segments;

/// A holder.
#[derive(Debug)]
pub struct HolderPath<K> {
    /// The account.
    pub account: AccountId,
    /// The holder.
    pub holder: HolderRef,
    kind: PhantomData<fn() -> K>,
}

/// One thing of a holder: an attached or an inline policy.
#[derive(Debug)]
pub struct HolderItemPath<K, I> {
    /// The account.
    pub account: AccountId,
    /// The holder.
    pub holder: HolderRef,
    /// The thing, as written.
    pub item: String,
    kind: PhantomData<fn() -> (K, I)>,
}

/// What the last parameter of a path is.
pub trait Item: 'static {
    /// Its name.
    const PARAMETER: &'static str;
    /// What it is, for the API's document.
    const DESCRIPTION: &'static str;
}

/// A managed policy.
#[derive(Debug)]
pub struct Managed;

impl Item for Managed {
    const PARAMETER: &'static str = "policy";
    const DESCRIPTION: &'static str = "The policy: unique id, name of a policy of the account, `system:` and a name, or an ARN (percent-encoded).";
}

/// An inline policy.
#[derive(Debug)]
pub struct Inline;

impl Item for Inline {
    const PARAMETER: &'static str = "name";
    const DESCRIPTION: &'static str = "Name of the inline policy.";
}

struct Segments(BTreeMap<String, String>);

impl Segments {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        segments(deserializer).map(Self)
    }

    fn take<E: Error>(&mut self, name: &'static str) -> Result<String, E> {
        self.0.remove(name).ok_or_else(|| E::missing_field(name))
    }

    fn account<E: Error>(&mut self) -> Result<AccountId, E> {
        self.take("account")?.parse().map_err(E::custom)
    }

    fn holder<K: HolderKind, E: Error>(&mut self) -> Result<HolderRef, E> {
        let text = self.take(K::PARAMETER)?;
        K::parse(&text).ok_or_else(|| E::custom("nobody can be called so"))
    }
}

impl<'de, K: HolderKind> Deserialize<'de> for HolderPath<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut segments = Segments::read(deserializer)?;
        Ok(Self {
            account: segments.account()?,
            holder: segments.holder::<K, _>()?,
            kind: PhantomData,
        })
    }
}

impl<'de, K: HolderKind, I: Item> Deserialize<'de> for HolderItemPath<K, I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut segments = Segments::read(deserializer)?;
        Ok(Self {
            account: segments.account()?,
            holder: segments.holder::<K, _>()?,
            item: segments.take(I::PARAMETER)?,
            kind: PhantomData,
        })
    }
}

impl<K: HolderKind> IntoParams for HolderPath<K> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![account(), parameter(K::PARAMETER, K::DESCRIPTION, text())]
    }
}

impl<K: HolderKind, I: Item> IntoParams for HolderItemPath<K, I> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            account(),
            parameter(K::PARAMETER, K::DESCRIPTION, text()),
            parameter(I::PARAMETER, I::DESCRIPTION, text()),
        ]
    }
}

fn account() -> Parameter {
    parameter("account", "The account", AccountId::schema())
}

fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}

fn parameter(name: &str, description: &str, schema: RefOr<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
