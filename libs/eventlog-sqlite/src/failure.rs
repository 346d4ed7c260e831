//! SQLite's errors in the log's words.

use rusqlite::ErrorCode;
use trilby_eventlog::Error;

/// A row that cannot be what was written is corruption; everything else may pass.
pub(crate) fn failure(error: rusqlite::Error) -> Error {
    match is_corruption(&error) {
        true => Error::Corrupt(error.to_string()),
        false => Error::Unavailable(error.to_string()),
    }
}

/// Whether nothing that this program writes reads like that.
pub(crate) fn is_corruption(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(cause, _) => matches!(
            cause.code,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
        ),
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}
