//! The core's world in the component: each method calls one of the host's imports. Not here: HTTP (`http`).

use super::bindings::gegi::coursekey::{email, records, school, state};
use super::deadline::Deadline;
use super::{convert, errors, http};
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId};
use crate::model::settings::SchoolSettings;
use crate::model::time::Instant;
use crate::world::network::{Exchange, Request};
use crate::world::records::{CurrentMark, Message, Operation};
use crate::world::{Aborted, Change, Network, Reads, StorageError, Usage, Writes};

/// The host behind the imports, during one call.
pub(super) struct Host {
    network: Deadline,
}

impl Host {
    /// The host of a tick, which has a network for a while.
    pub(super) fn of_tick(seconds: u32) -> Self {
        Self { network: Deadline::of_tick(seconds) }
    }

    /// The host of a call that looks at CourseKey and changes nothing.
    pub(super) fn of_look() -> Self {
        Self { network: Deadline::of_look() }
    }

    /// The host of a call that has no network.
    pub(super) fn of_short_call() -> Self {
        Self { network: Deadline::passed() }
    }
}

impl Reads for Host {
    fn now(&self) -> Instant {
        now()
    }

    fn settings(&mut self) -> Result<SchoolSettings, StorageError> {
        school::settings().map(convert::settings).map_err(errors::unavailable)
    }

    fn gegi_courses(&mut self, after: Option<&CourseId>, limit: u32) -> Result<Vec<(CourseId, u64)>, StorageError> {
        let listed = school::courses(after.map(CourseId::as_str), limit).map_err(errors::unavailable)?;
        Ok(listed.into_iter().map(|(id, revision)| (CourseId(id), revision)).collect())
    }

    fn gegi_course(&mut self, id: &CourseId) -> Result<Option<Course>, StorageError> {
        // A course with an impossible date counts as missing: `on-course-changed` has refused the course with the
        // reason.
        let course = school::get_course(id.as_str()).map_err(errors::unavailable)?;
        Ok(course.and_then(|course| convert::course(course).ok()))
    }

    fn current_marks(&mut self, class: &ClassId) -> Result<Vec<CurrentMark>, StorageError> {
        let marks = records::current_marks(class.as_str()).map_err(errors::unavailable)?;
        Ok(marks.into_iter().map(convert::current_mark).collect())
    }

    fn get_many(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        state::get_many(keys).map_err(|error| errors::refused(&error))
    }

    fn scan(&mut self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        state::scan(prefix, after, limit).map_err(|error| errors::refused(&error))
    }

    fn usage(&mut self) -> Usage {
        let state::Usage { bytes, most_bytes, keys, most_keys } = state::get_usage();
        Usage { bytes, most_bytes, keys, most_keys }
    }

    fn last_aborted(&mut self) -> Option<Aborted> {
        state::last_aborted().map(|aborted| Aborted { note: aborted.note, times: aborted.times })
    }
}

impl Writes for Host {
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StorageError> {
        let changes: Vec<state::Change> = changes.into_iter().map(convert::state_change).collect();
        state::apply(&changes).map_err(|error| errors::refused(&error))
    }

    fn stage(&mut self, operations: Vec<Operation>) -> Result<(), StorageError> {
        let operations: Vec<records::Operation> = operations.into_iter().map(convert::operation).collect();
        records::stage(&operations).map_err(|records::RecordsError::TooMany(most)| {
            StorageError::TooMuch(format!("more than {most} operations in one call"))
        })
    }

    fn queue(&mut self, message: Message) -> Result<(), String> {
        email::queue(&convert::message(message)).map_err(|error| format!("{error:?}"))
    }

    fn breadcrumb(&mut self, note: Option<&str>) {
        state::breadcrumb(note);
    }
}

impl Network for Host {
    fn exchange(&mut self, requests: &[Request], exchange: &mut dyn Exchange) {
        http::exchange(requests, exchange, self.network);
    }
}

/// The moment by the host's wall clock.
pub(super) fn now() -> Instant {
    Instant(i64::try_from(wasi::clocks::wall_clock::now().seconds).unwrap_or(i64::MAX))
}
