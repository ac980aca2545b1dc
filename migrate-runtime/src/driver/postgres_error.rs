//! Errors and rows of `postgres` and `tokio-postgres`, which share their types.

use std::error::Error as StdError;

use migrate_core::Dialect;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::{ErrorPosition, Severity, SqlState};

use super::{DriverError, DriverErrorKind, Row, StepFailure};
use crate::step::StepError;

pub(crate) fn driver_error(sql: &str, error: tokio_postgres::Error) -> DriverError {
    let Some(answer) = error.as_db_error() else { return without_answer(error) };
    let code = answer.code().code();
    let kind = match (code, answer.parsed_severity()) {
        // The session ends with it. What the server had begun may have been done: a commit may be the very thing that it died of.
        (_, Some(Severity::Fatal | Severity::Panic)) => DriverErrorKind::ConnectionLost,
        // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped
        ("57P01" | "57P02" | "57P03" | "57P04", _) => DriverErrorKind::ConnectionLost,
        _ if code.starts_with("08") => DriverErrorKind::ConnectionLost,
        _ => DriverErrorKind::Refused,
    };
    let position = match answer.position() {
        Some(ErrorPosition::Original(character)) => byte_offset(sql, *character),
        _ => None,
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let (code, message) = (code.to_owned(), answer.message().to_owned());
    let (detail, hint, context) = (owned(answer.detail()), owned(answer.hint()), owned(answer.where_()));
    let table = owned(answer.table());
    DriverError::new(Dialect::Postgres, kind, message, error)
        .with_code(Some(code))
        .with_detail(detail)
        .with_hint(hint)
        .with_context(context)
        .with_table(table)
        .with_position(position)
}

/// What the function of a step has returned; `inside` is what the server has made of the statements of that name since.
pub(super) fn step_failure(error: StepError, inside: Result<(), tokio_postgres::Error>) -> StepFailure {
    // In a transaction that has failed, everything fails.
    let has_left = |code: &SqlState| *code != SqlState::IN_FAILED_SQL_TRANSACTION;
    if inside.is_err_and(|error| error.code().is_some_and(has_left)) {
        return StepFailure::LeftTransaction(Some(error));
    }
    match error.downcast::<tokio_postgres::Error>() {
        Ok(error) => StepFailure::OfDriver(driver_error("", *error).with_position(None)),
        Err(error) => StepFailure::Function(error),
    }
}

/// An error without an answer of the server: the connection broke, or the driver did not know what to do with what came.
fn without_answer(error: tokio_postgres::Error) -> DriverError {
    let is_io = |source: &(dyn StdError + 'static)| source.is::<std::io::Error>();
    let kind = match error.is_closed() || error.source().is_some_and(is_io) {
        true => DriverErrorKind::ConnectionLost,
        false => DriverErrorKind::Refused,
    };
    let mut message = error.to_string();
    // Some versions of the driver tell their cause themselves.
    if let Some(cause) = error.source().map(ToString::to_string).filter(|cause| !message.contains(cause)) {
        message = format!("{message}: {cause}");
    }
    DriverError::new(Dialect::Postgres, kind, message, error)
}

/// Postgres counts characters, from 1.
fn byte_offset(sql: &str, character: u32) -> Option<usize> {
    let index = usize::try_from(character).ok()?.checked_sub(1)?;
    Some(sql.char_indices().nth(index).map_or(sql.len(), |(offset, _)| offset))
}

pub(super) fn rows(messages: Vec<SimpleQueryMessage>) -> Vec<Row> {
    let cells = |message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()),
        _ => None,
    };
    messages.into_iter().filter_map(cells).collect()
}
