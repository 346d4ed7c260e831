//! SQLite's errors in the log's words.

use rusqlite::ErrorCode;
use trilby_eventlog::Error;

/// A row that cannot be what was written is corruption; everything else may pass.
pub(crate) fn failure(error: rusqlite::Error) -> Error {
    match &error {
        rusqlite::Error::SqliteFailure(cause, _) => match cause.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Error::Corrupt(error.to_string())
            }
            _ => Error::Unavailable(error.to_string()),
        },
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => Error::Corrupt(error.to_string()),
        _ => Error::Unavailable(error.to_string()),
    }
}
