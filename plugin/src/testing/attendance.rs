//! Attendance records as CourseKey serves them, and worlds whose courses CourseKey holds already.

use serde_json::{Value, json};

use super::{Fake, course};
use crate::inbox::on_attendance_received;
use crate::model::ids::{CampusId, SchoolNumber};
use crate::model::settings::Campus;

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

/// The record with visits that cannot be read.
pub(crate) fn broken(mut record: Value) -> Value {
    record["visits"] = "none".into();
    record
}

/// The record without an id.
pub(crate) fn nameless(mut record: Value) -> Value {
    record.as_object_mut().unwrap().remove("id");
    record
}

/// CourseKey pushes a record, signed with the key of `main`.
pub(crate) fn push(world: &mut Fake, record: &Value) {
    push_from(world, "main", record);
}

/// CourseKey pushes a record, signed with the key of a campus.
pub(crate) fn push_from(world: &mut Fake, campus: &str, record: &Value) {
    on_attendance_received(
        world,
        &CampusId::from(campus),
        &serde_json::to_vec(&json!({ "records": [record] })).unwrap(),
    )
    .unwrap();
}

/// A world of two campuses: `C1` of `main`, CourseKey's school 100, and `C2` of `other`, school 200, both synchronized.
pub(crate) fn two_campuses() -> Fake {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let main = world.settings.campuses[0].clone();
    world.settings.campuses.push(Campus { id: CampusId::from("other"), school: SchoolNumber(200), ..main });
    world.coursekey.elsewhere.insert(200, Vec::new());
    let mut other = course("C2");
    other.campus = CampusId::from("other");
    world.save(course("C1"));
    world.save(other);
    world.settle();
    world
}
