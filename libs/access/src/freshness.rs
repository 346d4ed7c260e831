//! `Trilby-Min-Seq`, `Trilby-At-Seq`, `Trilby-At-Time`.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use trilby_directory::{Freshness, OrganizationView, World};
use trilby_model::brand::headers;
use trilby_model::{ConsistencyToken, Timestamp};
use trilby_service::headers::single;
use trilby_service::problem::{Code, FieldError, Problem};

/// What the request's headers ask.
///
/// Errors: `invalid_parameter` for more than one of them, for one that does not parse, and for the past where there is
/// only a present.
pub(crate) fn read(map: &HeaderMap, history: bool) -> Result<Freshness, Problem> {
    let min = single(map, headers::MIN_SEQ)?;
    let at_seq = single(map, headers::AT_SEQ)?;
    let at_time = single(map, headers::AT_TIME)?;
    match (min, at_seq, at_time) {
        (None, None, None) => Ok(Freshness::Head),
        (Some(token), None, None) => parse(headers::MIN_SEQ, token).map(Freshness::AtLeast),
        (None, Some(_), None) if !history => Err(no_past(headers::AT_SEQ)),
        (None, None, Some(_)) if !history => Err(no_past(headers::AT_TIME)),
        (None, Some(token), None) => parse(headers::AT_SEQ, token).map(Freshness::AtSeq),
        (None, None, Some(time)) => match time.parse::<Timestamp>() {
            Ok(at) => Ok(Freshness::AtTime(at)),
            Err(error) => Err(refuse(headers::AT_TIME, &error.to_string())),
        },
        _ => {
            let what =
                "only one of `Trilby-Min-Seq`, `Trilby-At-Seq` and `Trilby-At-Time` may be sent";
            Err(Problem::new(Code::InvalidParameter, what))
        }
    }
}

/// Refuses a past that is counted from a log which is neither the caller's own nor one that is read: when that log had
/// which events is not told to everyone.
///
/// Errors: `invalid_parameter`, the same for a log that does not exist.
pub(crate) fn counted_here(
    freshness: &Freshness,
    world: &World,
    organization: Option<&Arc<OrganizationView>>,
) -> Result<(), Problem> {
    let Freshness::AtSeq(token) = freshness else {
        return Ok(());
    };
    let Some(first) = token.positions().first() else {
        return Ok(());
    };
    let mut here = world.positions();
    here.extend(organization.map(|view| view.position()));
    if here.iter().any(|position| position.log == first.log) {
        return Ok(());
    }
    Err(refuse(
        headers::AT_SEQ,
        "the first position must be one of the account that is read",
    ))
}

fn parse(name: &str, text: &str) -> Result<ConsistencyToken, Problem> {
    text.parse()
        .map_err(|error: trilby_model::PositionError| refuse(name, &error.to_string()))
}

fn no_past(name: &str) -> Problem {
    refuse(name, "this operation answers about the present only")
}

fn refuse(name: &str, what: &str) -> Problem {
    Problem::new(Code::InvalidParameter, format!("header `{name}`: {what}"))
        .error(FieldError::header(name, Code::InvalidParameter, what))
}
