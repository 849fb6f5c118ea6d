//! The stories of settings, connections, courses and people.

use serde_json::json;

use super::{HOUR, Story, attendance, change, change_s1};
use crate::model::course::Course;
use crate::model::ids::{CampusId, ClassId};
use crate::model::issue::Code;
use crate::review::decide::{Decision, Verdict, decide};
use crate::review::holds::{Held, holds};
use crate::testing::{Fake, at, course, two_campuses};
use crate::world::Aborted;

/// A new school, not synchronized, whose course C1 is as `with` makes it.
fn begin(world: &mut Fake, with: impl FnOnce(&mut Fake, &mut Course)) {
    *world = Fake::new("2023-08-20T12:00:00Z");
    let mut course = course("C1");
    with(world, &mut course);
    world.save(course);
}

/// Somebody decides about everything that is held of a course.
fn decided(world: &mut Fake, verdict: Verdict) {
    let Held { course, kind, hash, .. } = holds(world, None, 1).unwrap().remove(0);
    let decision = Decision { course, kind, hash, verdict, rows: Vec::new(), by: "an administrator".to_owned() };
    decide(world, decision).unwrap();
}

/// The story of a code. A code without a story fails the test.
#[expect(clippy::too_many_lines, reason = "a table with a row for each code")]
pub(super) fn story(code: Code) -> Story {
    match code {
        Code::SettingOutOfRange => Story {
            opens: |world| world.settings.update_every_minutes = 0,
            remedies: vec![("corrected", |world| world.settings.update_every_minutes = 5)],
        },
        Code::RemovalsHeld => Story {
            opens: |world| {
                begin(world, |_, _| {});
                world.settle();
                change(world, |course| course.students.clear());
            },
            remedies: vec![
                ("approved", |world| decided(world, Verdict::Approve)),
                ("discarded", |world| decided(world, Verdict::Discard)),
                ("corrected", |world| change(world, |held| held.students = course("C1").students)),
            ],
        },
        Code::SettingDoubtful => Story {
            opens: |world| world.settings.absent_after_start_minutes = 400,
            remedies: vec![("corrected", |world| world.settings.absent_after_start_minutes = 15)],
        },
        Code::ZoneUnknown => Story {
            opens: |world| world.settings.campuses[0].zone = "Mars/Olympus".to_owned(),
            remedies: vec![("set", |world| world.settings.campuses[0].zone = "America/New_York".to_owned())],
        },
        Code::CampusUnknown => Story {
            opens: |world| begin(world, |_, course| course.campus = CampusId::from("other")),
            remedies: vec![("added", |world| {
                let mut campus = world.settings.campuses[0].clone();
                (campus.id, campus.school.0) = (CampusId::from("other"), 200);
                world.settings.campuses.push(campus);
            })],
        },
        Code::CredentialsRefused => Story {
            opens: |world| {
                begin(world, |world, _| {
                    world
                        .coursekey
                        .faults
                        .insert("users".to_owned(), std::iter::repeat_n(Ok((401, "")), 1_000).collect());
                });
            },
            remedies: vec![("renewed", |world| {
                world.coursekey.faults.clear();
                world.settings.campuses[0].credentials_generation += 1;
            })],
        },
        Code::ConnectionMismatch => Story {
            opens: |world| begin(world, |world, _| world.coursekey.zone = Some("Europe/Berlin".to_owned())),
            remedies: vec![
                ("corrected in CourseKey", |world| world.coursekey.zone = None),
                ("corrected in GEGI", |world| world.settings.campuses[0].zone = "Europe/Berlin".to_owned()),
            ],
        },
        Code::CoursekeySilent => Story {
            opens: |world| {
                world.coursekey.down.insert(100);
                world.now = at("2023-08-28T12:55:00Z");
            },
            remedies: vec![("answers again", |world| world.coursekey.down.clear())],
        },
        Code::InstructorMissing => Story {
            opens: |world| change(world, |course| course.instructors.clear()),
            remedies: vec![("added", |world| change(world, |c| c.instructors = course("C1").instructors))],
        },
        Code::ClassMissing => Story {
            opens: |world| change(world, |course| course.classes.clear()),
            remedies: vec![("scheduled", |world| change(world, |c| c.classes = course("C1").classes))],
        },
        Code::EmailMissing => Story {
            opens: |world| change_s1(world, |student| student.person.email.clear()),
            remedies: vec![("entered", |world| change_s1(world, |s| s.person.email = "s1@example.edu".to_owned()))],
        },
        Code::EmailInvalid => Story {
            opens: |world| change_s1(world, |student| student.person.email = "ask the office".to_owned()),
            remedies: vec![("corrected", |world| change_s1(world, |s| s.person.email = "s1@example.edu".to_owned()))],
        },
        Code::EmailShared => Story {
            opens: |world| {
                begin(world, |_, course| {
                    let email = course.students[1].person.email.clone();
                    course.students[0].person.email = email;
                });
            },
            remedies: vec![
                ("another e-mail", |world| change_s1(world, |s| s.person.email = "s1@example.edu".to_owned())),
                ("merged", |world| change(world, |course| _ = course.students.remove(0))),
            ],
        },
        Code::EmailCircle => Story {
            opens: |world| {
                for person in ["S1", "S2"] {
                    world.coursekey.refuses.insert(person.to_owned(), "email_taken".to_owned());
                }
                change(world, |course| {
                    let emails = [0, 1].map(|place: usize| course.students[place].person.email.clone());
                    for (place, email) in emails.into_iter().rev().enumerate() {
                        course.students[place].person.email = email;
                        course.students[place].person.revision += 1;
                    }
                });
            },
            remedies: vec![("a temporary e-mail in CourseKey", |world| world.coursekey.refuses.clear())],
        },
        Code::DataContradict => Story {
            opens: |world| {
                let mut other = course("C2");
                other.students[0].person.last_name = "Another".to_owned();
                world.save(other);
            },
            remedies: vec![("saved once more", |world| {
                let mut other = course("C2");
                other.revision = 2;
                other.students[0].person.revision = 2;
                world.save(other);
                change_s1(world, |_| ());
            })],
        },
        Code::ListedTwice => Story {
            opens: |world| {
                change(world, |course| {
                    let mut line = course.students[0].clone();
                    line.stage = "DROPPED".to_owned();
                    course.students.push(line);
                });
            },
            remedies: vec![("removed", |world| change(world, |course| _ = course.students.pop()))],
        },
        Code::IdUnfit => Story {
            opens: |world| change(world, |course| course.classes[1].id = ClassId("x".repeat(97))),
            remedies: vec![("shorter", |world| change(world, |course| course.classes[1].id = ClassId::from("C1-2")))],
        },
        Code::TextTooLong => Story {
            opens: |world| change(world, |course| course.title = "x".repeat(2_000)),
            remedies: vec![("shorter", |world| change(world, |course| course.title = "CARE".to_owned()))],
        },
        Code::DatesWrong => Story {
            opens: |world| change(world, |course| std::mem::swap(&mut course.start_date, &mut course.end_date)),
            remedies: vec![("corrected", |world| {
                change(world, |course| std::mem::swap(&mut course.start_date, &mut course.end_date));
            })],
        },
        Code::StageUnknown => Story {
            opens: |world| change_s1(world, |student| student.stage = "SLEEPING".to_owned()),
            remedies: vec![("known", |world| change_s1(world, |student| student.stage = "ACTIVE".to_owned()))],
        },
        Code::ClassTimesWrong => Story {
            opens: |world| change(world, |course| course.classes[1].ends = course.classes[1].starts - HOUR),
            remedies: vec![("corrected", |world| {
                change(world, |course| course.classes[1].ends = course.classes[1].starts + HOUR);
            })],
        },
        Code::AccountMismatch => Story {
            opens: |world| {
                world.coursekey.refuses.insert("S1".to_owned(), "email_taken".to_owned());
                world.coursekey.accounts = vec![json!({ "accountId": "u-1", "issuedId": null, "firstName": "Another",
                    "lastName": "Person", "email": "new@example.edu", "teacher": false })];
                change_s1(world, |student| student.person.email = "new@example.edu".to_owned());
            },
            remedies: vec![
                ("the account corrected", |world| {
                    world.coursekey.accounts.clear();
                    world.coursekey.refuses.clear();
                }),
                ("the person corrected", |world| {
                    world.coursekey.refuses.clear();
                    change_s1(world, |student| student.person.email = "other@example.edu".to_owned());
                }),
            ],
        },
        Code::Rejected => Story {
            opens: |world| {
                world.coursekey.refuses.insert("C1-2".to_owned(), "invalid".to_owned());
                change(world, |course| course.classes[1].ends = course.classes[1].ends + HOUR);
            },
            remedies: vec![
                ("corrected in GEGI", |world| {
                    world.coursekey.refuses.clear();
                    change(world, |course| course.classes[1].ends = course.classes[1].ends + HOUR);
                }),
                ("accepted a day later", |world| world.coursekey.refuses.clear()),
            ],
        },
        Code::CampusChanged => Story {
            opens: |world| {
                *world = two_campuses();
                change(world, |course| course.campus = CampusId::from("other"));
            },
            remedies: vec![
                ("moved back", |world| change(world, |course| course.campus = CampusId::from("main"))),
                ("completed", |world| {
                    change(world, |course| course.completed_date = Some(course.start_date));
                    world.now = at("2023-12-01T12:00:00Z");
                }),
            ],
        },
        Code::CourseRemoved => Story {
            opens: |world| world.remove("C1"),
            remedies: vec![
                ("there again", |world| _ = world.save(course("C1"))),
                ("window over", |world| world.now = at("2024-01-05T12:00:00Z")),
            ],
        },
        Code::ClassKept => Story {
            opens: |world| {
                world.coursekey.refuses.insert("C1-2".to_owned(), "has_attendance".to_owned());
                change(world, |course| _ = course.classes.pop());
            },
            remedies: vec![("attendance removed", |world| world.coursekey.refuses.clear())],
        },
        Code::AbortedRepeatedly => Story {
            opens: |world| world.aborted = Some(Aborted { note: "course/C1".to_owned(), times: 3 }),
            remedies: vec![("changed", |world| {
                world.aborted = None;
                change(world, |course| course.title = "CARE 2".to_owned());
            })],
        },
        Code::StateDamaged => Story {
            opens: |world| {
                world.state.insert("person/S1".to_owned(), vec![0xFF; 4]);
                change_s1(world, |student| student.person.last_name = "New".to_owned());
            },
            remedies: vec![("a day later", |_| ())],
        },
        Code::StorageFillsUp => Story {
            opens: |world| {
                world.most_bytes = world.bytes() * 100 / 85;
                change(world, |course| course.title = "CARE 2".to_owned());
            },
            remedies: vec![("more storage", |world| world.most_bytes = usize::MAX)],
        },
        _ => attendance::story(code),
    }
}
