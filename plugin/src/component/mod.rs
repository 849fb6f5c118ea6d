//! The component: the only room that knows the WIT bindings. GEGI's four calls come in here, and here the core's world
//! is made of the host's imports. This room translates between the bindings and the core and decides nothing.

// The macro `export!` expands to unsafe code. The generated bindings have no documentation (below).
#![allow(unsafe_code)]

mod convert;
mod deadline;
mod errors;
mod explain;
mod host;
mod http;
mod preview;
mod review;

mod bindings {
    //! Generated from `wit/`.
    #![allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction)]
    wit_bindgen::generate!({ path: "../wit", world: "plugin-with-review" });
}

use self::bindings::exports::gegi::coursekey::integration::{
    AttendanceOutcome, Budget, CallError, CourseChange, CourseOutcome, CourseStatus, Guest, StatusQuery, TickReport,
};
use self::host::Host;
use crate::model::ids::CampusId;
use crate::{change, inbox, overview, tick};

struct Component;

impl Guest for Component {
    fn on_tick(budget: Budget) -> Result<TickReport, CallError> {
        let budget = tick::Budget { items: budget.items, seconds: budget.seconds };
        tick::on_tick(&mut Host::of_tick(budget.seconds), budget).map(convert::report).map_err(errors::storage_error)
    }

    fn on_course_changed(change: CourseChange) -> Result<CourseOutcome, CallError> {
        let change = convert::change(change).map_err(CallError::BadInput)?;
        change::on_course_changed(&mut Host::of_short_call(), change)
            .map(convert::outcome)
            .map_err(errors::storage_error)
    }

    fn on_attendance_received(campus: String, body: Vec<u8>) -> Result<AttendanceOutcome, CallError> {
        let outcome = inbox::on_attendance_received(&mut Host::of_short_call(), &CampusId(campus), &body);
        outcome.map(convert::attendance_outcome).map_err(errors::push_error)
    }

    fn get_status(query: StatusQuery) -> Result<Vec<CourseStatus>, CallError> {
        let query = convert::query(query).map_err(CallError::BadInput)?;
        let statuses = overview::get_status(&mut Host::of_short_call(), query).map_err(errors::storage_error)?;
        Ok(statuses.into_iter().map(convert::course_status).collect())
    }
}

bindings::export!(Component with_types_in bindings);
