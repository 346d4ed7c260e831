//! What all values that are one string on the wire share: serde as that string, and an OpenAPI schema.

/// The longest piece of refused input an error message repeats; the rest is cut off, so that a megabyte of nonsense
/// does not come back in a log line.
const ECHO_MAX_CHARS: usize = 80;

/// Input as an error message may show it: clipped and with control characters escaped.
pub(crate) fn echo(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(ECHO_MAX_CHARS)
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect();
    if text.chars().nth(ECHO_MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// Serde through `Display` and `FromStr`, and under feature `openapi` a string schema with a pattern and an example.
macro_rules! string_on_the_wire {
    ($type:ident, pattern: $pattern:expr, example: $example:expr, says: $says:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string: ")?;
                        f.write_str($says)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let pattern: &str = $pattern;
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .title(Some(stringify!($type)))
                    .description(Some($says))
                    .pattern((!pattern.is_empty()).then_some(pattern))
                    .examples([serde_json::Value::from($example)])
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $type {}
    };
}
pub(crate) use string_on_the_wire;
