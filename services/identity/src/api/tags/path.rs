//! The path to the tags of a thing.
//!
//! Read by hand because the thing's parameter has the name of its kind, in routes and in the API's document alike.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use trilby_account::Taggable;
use trilby_model::AccountId;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{IntoParams, PartialSchema};

use super::kind::TaggedKind;
use crate::segment::segments;

/// A tagged thing of an account.
#[derive(Debug)]
pub struct TaggedPath<K> {
    /// The account.
    pub account: AccountId,
    /// The thing.
    pub thing: Taggable,
    kind: PhantomData<fn() -> K>,
}

impl<'de, K: TaggedKind> Deserialize<'de> for TaggedPath<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let segments = segments(deserializer)?;
        let segment = |name: &'static str| {
            segments
                .get(name)
                .ok_or_else(|| D::Error::missing_field(name))
        };
        let account = segment("account")?.parse().map_err(D::Error::custom)?;
        let thing = K::parse(segment(K::PARAMETER)?)
            .ok_or_else(|| D::Error::custom("nothing can be called so"))?;
        Ok(Self {
            account,
            thing,
            kind: PhantomData,
        })
    }
}

impl<K: TaggedKind> IntoParams for TaggedPath<K> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String).into();
        vec![
            parameter("account", "The account", AccountId::schema()),
            parameter(K::PARAMETER, K::DESCRIPTION, text),
        ]
    }
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
