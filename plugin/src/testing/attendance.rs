//! Attendance as CourseKey serves it, and a course to serve it for.

use serde_json::{Value, json};

use super::{Fake, course};

/// A version of an attendance record, as CourseKey serves it.
pub(crate) fn record(
    id: &str,
    version: u64,
    class: &str,
    student: &str,
    updated: &str,
    visits: &[(&str, Option<&str>)],
) -> Value {
    let visits: Vec<Value> = visits.iter().map(|(checked_in, out)| json!({ "in": checked_in, "out": out })).collect();
    json!({ "id": id, "version": version, "sessionId": class, "userId": student, "updatedAt": updated, "visits": visits, "adjustment": null })
}

/// A world whose one course, `C1`, CourseKey holds.
pub(crate) fn synchronized() -> Fake {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    world
}
