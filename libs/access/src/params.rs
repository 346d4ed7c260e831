//! Parameters of path and query, read into plain structs.
//!
//! The structs derive `Deserialize` and `IntoParams`, so what is read and what the API's document says come from the
//! same fields. Unknown, doubled and empty query parameters are refused whatever the struct's own serde attributes say.

mod text;

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use trilby_service::params::Params;
use trilby_service::problem::{Code, FieldError, Problem};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use text::{Text, TextMap};

/// No parameters.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Empty {}

impl IntoParams for Empty {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// The prefix of filters by tag: `tag.team=blue`. They are gathered into the field `tag`, a map, if there is one.
const TAG_PREFIX: &str = "tag.";
const TAG_FIELD: &str = "tag";

/// Reads the path's parameters. A segment that does not fit its type names nothing that exists: the caller answers
/// 404 after authentication, not 400 before.
pub(crate) fn read_path<T: DeserializeOwned>(request: &HttpRequest) -> Option<T> {
    let mut segments = BTreeMap::new();
    for (name, raw) in request.match_info().iter() {
        // The router has decoded all but the characters that part segments.
        let text = percent_decode_str(raw).decode_utf8().ok()?;
        segments.insert(name.to_owned(), Text::One(text.into_owned()));
    }
    T::deserialize(TextMap::new(segments)).ok()
}

/// Reads the query's parameters.
pub(crate) fn read_query<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, Problem> {
    let mut params = Params::parse(query)?;
    let mut known: BTreeMap<String, Text> = BTreeMap::new();
    for parameter in T::into_params(|| Some(ParameterIn::Query)) {
        if parameter.name == TAG_FIELD {
            let tags = params.take_prefixed(TAG_PREFIX);
            if !tags.is_empty() {
                known.insert(parameter.name, Text::Many(tags.into_iter().collect()));
            }
        } else if let Some(value) = params.take(&parameter.name)? {
            known.insert(parameter.name, Text::One(value));
        }
    }
    params.finish()?;
    serde_path_to_error::deserialize(TextMap::new(known)).map_err(|error| {
        let name = error.path().to_string();
        let detail = error.inner().to_string();
        let code = if detail.starts_with("missing field") {
            Code::MissingParameter
        } else {
            Code::InvalidParameter
        };
        Problem::new(code, format!("parameter `{name}`: {detail}"))
            .error(FieldError::parameter(name, code, detail))
    })
}

#[cfg(test)]
mod tests;
