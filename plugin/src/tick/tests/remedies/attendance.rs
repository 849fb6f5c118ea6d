//! The stories of attendance.

use serde_json::{Value, json};

use super::{Story, change, change_s1};
use crate::model::attendance::Mark;
use crate::model::course::HoursType;
use crate::model::ids::{ClassId, PersonId};
use crate::model::issue::Code;
use crate::testing::{Fake, at, broken, course, record};
use crate::world::records::Origin;

/// CourseKey has a version of a record, in place of an earlier one.
fn serve(world: &mut Fake, version: Value) {
    let records = &mut world.coursekey.records;
    records.retain(|record| record["id"] != version["id"]);
    records.push(version);
    records.sort_by_key(|record| record["updatedAt"].as_str().unwrap().to_owned());
}

/// A version of record r1 of S1 in C1-1, with visits on the day of the class.
fn r1(version: u64, updated: &str, visits: &[(&str, Option<&str>)]) -> Value {
    let full = |time: &str| format!("2023-08-28T{time}Z");
    let visits: Vec<(String, Option<String>)> =
        visits.iter().map(|(came, left)| (full(came), left.map(full))).collect();
    let visits: Vec<(&str, Option<&str>)> =
        visits.iter().map(|(came, left)| (came.as_str(), left.as_deref())).collect();
    record("r1", version, "C1-1", "S1", updated, &visits)
}

const WHOLE: [(&str, Option<&str>); 1] = [("13:00:00", Some("16:00:00"))];
const AFTER_CLASS: &str = "2023-08-28T16:05:00Z";
const EVENING: &str = "2023-08-28T20:00:00Z";
const NEXT_DAY: &str = "2023-08-29T12:00:00Z";

fn without_time(mut record: Value) -> Value {
    record["adjustment"] = json!({ "kind": "remove-all", "by": "staff", "awardedSeconds": null });
    record
}

/// CourseKey tells of a class whose students came but for one record.
fn hold(world: &mut Fake, until: &str, records: &[Value]) {
    for version in records {
        serve(world, version.clone());
    }
    world.now = at("2023-08-28T12:55:00Z");
    world.settle();
    world.now = at(until);
}

fn by_hand(world: &mut Fake, class: &str, students: &[&str]) {
    for student in students {
        world.marks.insert((ClassId::from(class), PersonId::from(*student)), (Mark::Present, Origin::Hand));
    }
}

/// The story of a code.
#[expect(clippy::too_many_lines, reason = "a table with a row for each code")]
pub(super) fn story(code: Code) -> Story {
    match code {
        Code::RecordOfUnknownClass => Story {
            opens: |world| {
                let mut unknown = r1(1, AFTER_CLASS, &WHOLE);
                unknown["sessionId"] = "X1".into();
                hold(world, EVENING, &[unknown]);
            },
            remedies: vec![
                ("scheduled", |world| {
                    change(world, |course| {
                        let mut class = course.classes[0].clone();
                        class.id = ClassId::from("X1");
                        course.classes.push(class);
                    });
                }),
                ("time removed", |world| {
                    let mut unknown = without_time(r1(2, NEXT_DAY, &[]));
                    unknown["sessionId"] = "X1".into();
                    serve(world, unknown);
                }),
            ],
        },
        Code::RecordOfUnknownStudent => Story {
            opens: |world| {
                let mut unknown = r1(1, AFTER_CLASS, &WHOLE);
                unknown["userId"] = "S9".into();
                hold(world, EVENING, &[unknown]);
            },
            remedies: vec![
                ("added", |world| {
                    change(world, |course| {
                        let mut student = course.students[0].clone();
                        student.person.id = PersonId::from("S9");
                        student.person.email = "s9@example.edu".to_owned();
                        course.students.push(student);
                    });
                }),
                ("time removed", |world| {
                    let mut unknown = without_time(r1(2, NEXT_DAY, &[]));
                    unknown["userId"] = "S9".into();
                    serve(world, unknown);
                }),
            ],
        },
        Code::RecordUnreadable => Story {
            opens: |world| hold(world, EVENING, &[broken(r1(1, AFTER_CLASS, &WHOLE))]),
            remedies: vec![
                ("readable", |world| serve(world, r1(2, NEXT_DAY, &WHOLE))),
                ("gone", |world| world.coursekey.records.clear()),
            ],
        },
        Code::VisitBackwards => Story {
            opens: |world| hold(world, EVENING, &[r1(1, AFTER_CLASS, &[("14:00:00", Some("13:00:00"))])]),
            remedies: vec![("corrected", |world| serve(world, r1(2, NEXT_DAY, &WHOLE)))],
        },
        Code::VisitInFuture => Story {
            opens: |world| {
                hold(world, "2023-08-28T16:06:00Z", &[r1(1, AFTER_CLASS, &[("13:00:00", Some("19:00:00"))])]);
            },
            remedies: vec![
                ("corrected", |world| serve(world, r1(2, "2023-08-28T16:30:00Z", &WHOLE))),
                ("come", |world| world.now = at("2023-08-28T19:00:00Z")),
            ],
        },
        Code::VisitsDoubtful => Story {
            opens: |world| {
                hold(
                    world,
                    EVENING,
                    &[r1(1, AFTER_CLASS, &[("13:00:00", Some("13:00:20")), ("14:00:00", Some("15:00:00"))])],
                );
            },
            remedies: vec![
                ("corrected", |world| serve(world, r1(2, NEXT_DAY, &WHOLE))),
                ("by hand", |world| by_hand(world, "C1-1", &["S1"])),
            ],
        },
        Code::VisitTooLong => Story {
            opens: |world| {
                change(world, |course| course.hours_type = HoursType::AttendanceLog);
                let mut long = r1(1, "2023-08-29T06:00:00Z", &WHOLE);
                long["visits"][0]["out"] = "2023-08-29T05:00:00Z".into();
                hold(world, "2023-08-29T08:00:00Z", &[long]);
            },
            remedies: vec![("corrected", |world| serve(world, r1(2, NEXT_DAY, &WHOLE)))],
        },
        Code::RecordAfterDrop => Story {
            opens: |world| {
                change_s1(world, |student| {
                    student.stage = "DROPPED".to_owned();
                    student.stopped_on = "2023-08-25".parse().ok();
                });
                hold(world, EVENING, &[r1(1, AFTER_CLASS, &WHOLE)]);
            },
            remedies: vec![
                ("back", |world| {
                    change_s1(world, |student| (student.stage, student.stopped_on) = ("ACTIVE".to_owned(), None));
                }),
                ("time removed", |world| serve(world, without_time(r1(2, NEXT_DAY, &[])))),
            ],
        },
        Code::NeverCheckedOut => Story {
            opens: |world| hold(world, EVENING, &[r1(1, AFTER_CLASS, &[("13:00:00", None)])]),
            remedies: vec![
                ("checked out", |world| serve(world, r1(2, NEXT_DAY, &WHOLE))),
                ("by hand", |world| by_hand(world, "C1-1", &["S1"])),
            ],
        },
        Code::LateAdjustment => Story {
            opens: |world| {
                hold(world, EVENING, &[r1(1, AFTER_CLASS, &[("13:10:00", Some("16:00:00"))])]);
                world.settle();
                world.now = at("2023-09-06T12:00:00Z");
                let mut late = r1(2, "2023-09-06T11:00:00Z", &WHOLE);
                late["adjustment"] = json!({ "kind": "edit", "by": "staff", "awardedSeconds": null });
                serve(world, late);
            },
            remedies: vec![("by hand", |world| by_hand(world, "C1-1", &["S1"]))],
        },
        Code::SecondRecord => Story {
            opens: |world| {
                let mut second = r1(1, AFTER_CLASS, &[("13:00:00", Some("15:00:00"))]);
                second["id"] = "r2".into();
                hold(world, EVENING, &[r1(1, AFTER_CLASS, &WHOLE), second]);
            },
            remedies: vec![
                ("time removed", |world| {
                    let mut second = without_time(r1(2, NEXT_DAY, &[]));
                    second["id"] = "r2".into();
                    serve(world, second);
                }),
                ("by hand", |world| by_hand(world, "C1-1", &["S1"])),
            ],
        },
        Code::ClassNotHeld => Story {
            opens: |world| {
                change(world, |course| {
                    for number in 4..=7 {
                        let mut student = course.students[0].clone();
                        student.person.id = PersonId(format!("S{number}"));
                        student.person.email = format!("s{number}@example.edu");
                        course.students.push(student);
                    }
                });
                world.settle();
                hold(world, EVENING, &[]);
            },
            remedies: vec![
                ("cancelled", |world| change(world, |course| _ = course.classes.remove(0))),
                ("attendance entered", |world| {
                    for number in 1..=3 {
                        let mut entered = r1(1, NEXT_DAY, &WHOLE);
                        entered["id"] = format!("r{number}").into();
                        entered["userId"] = format!("S{number}").into();
                        serve(world, entered);
                    }
                }),
                ("by hand", |world| by_hand(world, "C1-1", &["S1", "S2", "S3", "S4", "S5", "S6", "S7"])),
            ],
        },
        Code::MarkStands => Story {
            opens: |world| {
                hold(world, EVENING, &[r1(1, AFTER_CLASS, &WHOLE)]);
                world.settle();
                change(world, |course| course.students.retain(|student| student.person.id.as_str() != "S1"));
            },
            remedies: vec![
                ("listed again", |world| change(world, |c| c.students = course("C1").students)),
                ("the day entered", |world| {
                    change(world, |c| {
                        c.students = course("C1").students;
                        c.students[0].stage = "DROPPED".to_owned();
                        c.students[0].stopped_on = "2023-08-25".parse().ok();
                    });
                }),
                ("by hand", |world| by_hand(world, "C1-1", &["S1"])),
            ],
        },
        Code::HoursTypeChanged => Story {
            opens: |world| {
                hold(world, EVENING, &[r1(1, AFTER_CLASS, &WHOLE)]);
                world.settle();
                world.now = at("2023-09-20T12:00:00Z");
                world.settle();
                change(world, |course| course.hours_type = HoursType::AttendanceLog);
            },
            remedies: vec![("changed back", |world| change(world, |c| c.hours_type = HoursType::ClassSchedule))],
        },
        other => panic!("no story of {other:?}"),
    }
}
