//! Reading request headers that must not be given twice.

use actix_web::http::header::HeaderMap;

use crate::problem::{Code, FieldError, Problem};

/// The value of a header that may be given once.
///
/// # Errors
/// `invalid_parameter` if it is given twice or is not visible ASCII: of two values, proxies and services
/// may each believe another.
pub fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refuse(name, "is given twice"));
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| refuse(name, "is not visible ASCII"))
}

fn refuse(name: &str, what: &str) -> Problem {
    Problem::new(Code::InvalidParameter, format!("header `{name}` {what}"))
        .error(FieldError::header(name, Code::InvalidParameter, what))
}
