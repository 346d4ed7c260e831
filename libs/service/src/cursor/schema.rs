//! Schema of a page. Derived ones have one name for pages of whatever items, so that a document with two lists would describe one.

use std::borrow::Cow;

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::List;

fn text(kind: impl Into<SchemaType>, about: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(kind)
        .description(Some(about))
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new()
            .items(Ref::from_schema_name(T::name()))
            .description(Some("The items, by name, then id."));
        let next = SchemaType::Array(vec![Type::String, Type::Null]);
        let drifted = text(
            Type::Boolean,
            "`true` if a later page could not be read from the first page's state.",
        );
        ObjectBuilder::new()
            .description(Some("One page of a list."))
            .property("items", items)
            .property(
                "next_cursor",
                text(next, "Where to go on; `null` at the end."),
            )
            .property(
                "seq",
                text(Type::String, "The state the list was read from."),
            )
            .property(
                "seq_drift",
                drifted.default(Some(serde_json::Value::Bool(false))),
            )
            .required("items")
            .required("next_cursor")
            .required("seq")
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    /// `UserList`.
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
