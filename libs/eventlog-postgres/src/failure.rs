//! Postgres's errors in the log's words, and what each means for the connection and for another attempt.

use std::time::Duration;

use tokio_postgres::Error as PgError;
use tokio_postgres::error::{DbError, SqlState};
use trilby_eventlog::Error;

use crate::options::OpenError;

/// What went wrong with a question.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The server said so, or the connection broke.
    Driver(PgError),
    /// The server did not answer in this time.
    Silence(Duration),
    /// The server answered something that makes no sense: whether it did what it was asked is not known.
    Senseless,
}

impl From<PgError> for Fault {
    fn from(error: PgError) -> Self {
        Self::Driver(error)
    }
}

/// Something that is told of a question that went wrong.
pub(crate) trait Told {
    /// What the server said, if it did.
    fn said(&self) -> Option<&DbError>;
    /// In words.
    fn told(&self) -> String;
}

impl Told for PgError {
    fn said(&self) -> Option<&DbError> {
        self.as_db_error()
    }

    fn told(&self) -> String {
        crate::connect::told(self)
    }
}

impl Told for Fault {
    fn said(&self) -> Option<&DbError> {
        match self {
            Self::Driver(error) => error.as_db_error(),
            Self::Silence(_) | Self::Senseless => None,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Driver(error) => error.told(),
            Self::Senseless => "the database gave an answer that makes no sense".to_owned(),
            Self::Silence(waited) => format!("the database did not answer within {waited:?}"),
        }
    }
}

/// What an error of a transaction means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Undone, and may well go through the next time: a deadlock, a lock or a statement that took too long.
    Again,
    /// Undone: a row was there already, or a condition did not hold.
    Conflict,
    /// Undone, because this server takes no writes, or is about to stop: another connection may find a better one.
    Elsewhere,
    /// Nothing is known: the connection broke, or nobody answers on it.
    Lost,
    /// Undone, and would be again.
    Final,
}

pub(crate) fn class(error: &impl Told) -> Class {
    let Some(db) = error.said() else {
        return Class::Lost;
    };
    let code = db.code();
    if [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
    ]
    .contains(code)
    {
        return Class::Again;
    }
    if [SqlState::UNIQUE_VIOLATION, SqlState::DIVISION_BY_ZERO].contains(code) {
        return Class::Conflict;
    }
    let text = code.code();
    // A fatal error ends the connection; whether a COMMIT before it was done is not said.
    if text.starts_with("08")
        || text.starts_with("57P")
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    {
        return Class::Lost;
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION || text.starts_with("53") {
        return Class::Elsewhere;
    }
    Class::Final
}

/// Whether the connection is of no more use.
pub(crate) fn spoils(error: &impl Told) -> bool {
    matches!(class(error), Class::Lost | Class::Elsewhere)
}

/// An error without what the driver or a row's values say beyond its code.
pub(crate) fn failure(error: &impl Told) -> Error {
    let Some(db) = error.said() else {
        return Error::Unavailable(error.told());
    };
    let code = db.code();
    let text = format!("{} ({})", db.message(), code.code());
    match code.code() {
        "XX001" | "XX002" => Error::Corrupt(text),
        "42501" => Error::Invalid(format!("this database role may not do that: {text}")),
        _ => Error::Unavailable(text),
    }
}

/// Why there is no connection. What may pass by itself is `Unreachable`; the rest would be the same at every attempt.
pub(crate) fn not_connected(error: &PgError) -> OpenError {
    let told = crate::connect::told(error);
    if let Some(db) = error.as_db_error() {
        return match passes(db) {
            true => OpenError::Unreachable(told),
            false => OpenError::Refused(format!("{} ({})", db.message(), db.code().code())),
        };
    }
    let causes = || std::iter::successors(std::error::Error::source(error), |one| one.source());
    // The driver gives this one no type.
    if causes().any(|cause| cause.to_string() == "password missing") {
        return OpenError::NoPassword;
    }
    let io = causes().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    let tls = io.and_then(std::io::Error::get_ref);
    match (io, tls) {
        (Some(_), Some(inner)) if inner.is::<rustls::Error>() => OpenError::Refused(told),
        // Closed, or no answer in time; a server that stands by for the one that writes is an error of this kind too.
        (Some(_), _) => OpenError::Unreachable(told),
        (None, _) if causes().next().is_none() => OpenError::Unreachable(told),
        // A login or TLS that the two cannot agree on.
        (None, _) => OpenError::Refused(told),
    }
}

/// Whether a server that says this may say otherwise in a moment: it starts, stops, or is full.
fn passes(db: &DbError) -> bool {
    let code = db.code().code();
    code.starts_with("57P") || code.starts_with("53") || code.starts_with("08")
}
