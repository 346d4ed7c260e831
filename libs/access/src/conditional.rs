//! `If-Match` and `If-None-Match` (identity.md 1.1).

use actix_web::http::header::{self, HeaderMap};
use trilby_account::Precondition as Condition;
use trilby_model::Seq;
use trilby_service::headers::single;
use trilby_service::problem::{Code, FieldError, Problem};

use crate::operation::{Method, Precondition};

/// What the request asks of the resource before it is changed, as far as the operation knows such conditions.
///
/// Errors: `precondition_required` where one is needed, `invalid_parameter` for one that means nothing here. A
/// condition is never ignored on a write.
pub(crate) fn read(
    headers: &HeaderMap,
    method: Method,
    rule: Precondition,
) -> Result<Condition, Problem> {
    if method.is_read() {
        return Ok(Condition::None);
    }
    let if_match = single(headers, header::IF_MATCH.as_str())?;
    let if_none_match = single(headers, header::IF_NONE_MATCH.as_str())?;
    let condition = match (if_match, if_none_match) {
        (None, None) => Condition::None,
        (Some(_), Some(_)) => {
            return Err(refuse(
                "If-None-Match",
                "cannot be combined with `If-Match`",
            ));
        }
        (Some(tag), None) => Condition::Unchanged(seq_of(tag)?),
        (None, Some("*")) if method == Method::Put => Condition::Absent,
        (None, Some(_)) => return Err(refuse("If-None-Match", "may only be `*`, and only on PUT")),
    };
    match (rule, condition) {
        (Precondition::Required, Condition::None) => Err(Problem::new(
            Code::PreconditionRequired,
            "send `If-Match` with the ETag you have read, or `If-None-Match: *` to create",
        )),
        (Precondition::None, Condition::Unchanged(_) | Condition::Absent) => {
            Err(refuse("If-Match", "means nothing for this operation"))
        }
        (_, condition) => Ok(condition),
    }
}

/// The seq in `"s<seq>"`. A tag of another form is none of ours and can match nothing.
fn seq_of(tag: &str) -> Result<Seq, Problem> {
    let quoted = tag
        .trim()
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(quoted) = quoted.filter(|tag| !tag.contains('"')) else {
        return match tag.starts_with("W/") {
            // Weak tags never match strongly (RFC 9110, section 13.1.1).
            true => Ok(Seq::ZERO),
            false => Err(refuse("If-Match", "must be one ETag in double quotes")),
        };
    };
    let digits = quoted
        .strip_prefix('s')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(digits
        .and_then(|digits| digits.parse().ok())
        .map_or(Seq::ZERO, Seq::new))
}

fn refuse(name: &str, what: &str) -> Problem {
    Problem::new(Code::InvalidParameter, format!("header `{name}` {what}"))
        .error(FieldError::header(name, Code::InvalidParameter, what))
}
