//! What an error of PostgreSQL means for a store, said without a value: PostgreSQL's own texts may quote what a
//! statement was given, so only the code of an error is shown.

use deadpool_postgres::PoolError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::tls::refusal;
use crate::store::StoreError;

/// What should be done about a failed statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// PostgreSQL undid the statement and asks for it to be made again.
    Repeat,
    /// The connection is gone; the statement may or may not have been made.
    Reconnect,
    /// Nothing that this program could do.
    GiveUp,
}

/// What should be done about an error.
pub(super) fn remedy(error: &Error) -> Remedy {
    match error.code() {
        Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
            Remedy::Repeat
        }
        Some(code) if code.code().starts_with("57P") || code.code().starts_with("08") => Remedy::Reconnect,
        Some(_) => Remedy::GiveUp,
        None => Remedy::Reconnect,
    }
}

/// The error of a store.
pub(super) fn explain(error: &Error) -> StoreError {
    let reason = told(error);
    tracing::error!(reason, "the database failed");
    match error.code().map(SqlState::code) {
        // Locks, time-outs and connections that are all taken.
        Some("55P03" | "57014" | "53300" | "40001" | "40P01") => StoreError::Busy,
        Some("53100") => StoreError::Full,
        Some(code) if code.starts_with("XX") => StoreError::Corrupt,
        _ => StoreError::Unavailable { reason },
    }
}

/// The error of a store for a pool that gave no connection.
pub(super) fn explain_pool(error: &PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(deadpool_postgres::HookError::Backend(error)) => {
            explain(error)
        }
        PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => StoreError::Busy,
        _ => StoreError::Unavailable { reason: "PostgreSQL gives no connection".to_owned() },
    }
}

/// A row that no version of this program wrote.
pub(super) fn unreadable(error: &Error) -> StoreError {
    tracing::error!(reason = told(error), "a row of the database cannot be read");
    StoreError::Corrupt
}

/// What went wrong, without any value.
pub(super) fn told(error: &Error) -> String {
    match error.code() {
        Some(code) => format!("PostgreSQL answers with the code {}", code.code()),
        None if let Some(refusal) = refusal(error) => refusal,
        None if error.is_closed() => "the connection to PostgreSQL was lost".to_owned(),
        None => {
            // The first cause is the operating system's or TLS's, and the text of both names no value.
            let mut cause: &dyn std::error::Error = error;
            while let Some(next) = cause.source() {
                cause = next;
            }
            format!("PostgreSQL cannot be reached: {cause}")
        }
    }
}
