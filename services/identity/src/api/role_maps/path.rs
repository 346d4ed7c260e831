//! The path of a role map. Read by hand because its last parameter has the name of its kind.

use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use trilby_account::MapSeatRef;
use trilby_model::AccountId;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{IntoParams, PartialSchema};

use super::kind::MapKind;
use crate::segment::segments;

/// Whose logins the map is about.
#[derive(Debug)]
pub struct MapPath<K> {
    /// The account.
    pub account: AccountId,
    /// The provider or link.
    pub seat: MapSeatRef,
    kind: PhantomData<fn() -> K>,
}

impl<'de, K: MapKind> Deserialize<'de> for MapPath<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut segments = segments(deserializer)?;
        let mut take = |name: &'static str| {
            segments
                .remove(name)
                .ok_or_else(|| D::Error::missing_field(name))
        };
        Ok(Self {
            account: take("account")?.parse().map_err(D::Error::custom)?,
            seat: K::parse(&take(K::PARAMETER)?)
                .ok_or_else(|| D::Error::custom("nothing can be called so"))?,
            kind: PhantomData,
        })
    }
}

impl<K: MapKind> IntoParams for MapPath<K> {
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
