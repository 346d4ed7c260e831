//! A serde reader of query parameters: everything is text until the field's type says otherwise.

use std::collections::BTreeMap;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// One parameter.
pub(super) enum Text {
    One(String),
    Many(BTreeMap<String, String>),
}

/// All parameters that the struct knows.
pub(super) struct TextMap(BTreeMap<String, Text>);

impl TextMap {
    pub(super) fn new(parameters: BTreeMap<String, Text>) -> Self {
        Self(parameters)
    }
}

impl<'de> Deserializer<'de> for TextMap {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        MapDeserializer::new(self.0.into_iter()).deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Text {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let text = self.one()?;
            let value: $type = text.parse().map_err(|_| {
                let (min, max) = (<$type>::MIN, <$type>::MAX);
                de::Error::custom(format_args!("must be a whole number from {min} to {max}"))
            })?;
            visitor.$visit(value)
        }
    )*};
}

impl Text {
    fn one(self) -> Result<String, Error> {
        match self {
            Self::One(text) => Ok(text),
            Self::Many(_) => Err(de::Error::custom("must be one value")),
        }
    }
}

impl<'de> Deserializer<'de> for Text {
    type Error = Error;

    whole_numbers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::One(text) => visitor.visit_string(text),
            Self::Many(map) => MapDeserializer::new(map.into_iter()).deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let is_set = self.one()?.parse();
        visitor.visit_bool(is_set.map_err(|_| de::Error::custom("must be `true` or `false`"))?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.one()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}
