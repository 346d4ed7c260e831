//! Names in bodies: a bad one is `invalid_name`, with the place and the rule it breaks.

use std::str::FromStr;

use trilby_model::{NameError, Path};
use trilby_service::problem::{Code, FieldError, Problem};

/// Reads the name at `pointer` of the body.
///
/// Errors: `invalid_name`.
pub fn named<N: FromStr<Err = NameError>>(text: &str, pointer: &str) -> Result<N, Problem> {
    text.parse().map_err(|error: NameError| {
        let detail = error.to_string();
        Problem::new(Code::InvalidName, detail.clone()).error(FieldError::at(
            pointer,
            Code::InvalidName,
            detail,
        ))
    })
}

/// Reads a name that is a segment of the path, of a thing that this request may make.
///
/// Errors: `invalid_name`.
pub fn named_in_path<N: FromStr<Err = NameError>>(
    text: &str,
    parameter: &str,
) -> Result<N, Problem> {
    text.parse().map_err(|error: NameError| {
        let detail = error.to_string();
        Problem::new(Code::InvalidName, detail.clone()).error(FieldError::parameter(
            parameter,
            Code::InvalidName,
            detail,
        ))
    })
}

/// The path of things that were given none.
///
/// Errors: none; a slash is a path.
pub fn root_path() -> Result<Path, Problem> {
    "/".parse()
        .map_err(|error: NameError| Problem::internal(error))
}

/// Free text of the body, if there is any.
///
/// Errors: `invalid_parameter` if it is too long or has control characters.
pub fn described(text: Option<&str>) -> Result<Option<trilby_account::Description>, Problem> {
    text.map(|text| {
        text.parse()
            .map_err(|error: trilby_account::DescriptionError| {
                Problem::invalid("/description", error.to_string())
            })
    })
    .transpose()
}

/// The path of the body, or the shortest.
///
/// Errors: `invalid_name`.
pub fn placed(text: Option<&str>) -> Result<Path, Problem> {
    match text {
        Some(text) => named(text, "/path"),
        None => root_path(),
    }
}
