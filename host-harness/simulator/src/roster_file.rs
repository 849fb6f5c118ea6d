//! `coursekey.jsonl` and `coursekey-start.jsonl` of a school directory: the data that CourseKey holds, one line for
//! each user, course, session and enrollment.
//!
//! Writing sorts by kind (user, course, session, enrollment) and then by the keys of the line in their order. Reading
//! accepts any order in which a line names only things of lines before it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::items::{AttendanceName, Course, Enrollment};
use super::lines::{self, LineError};
use super::rules::is_email;
use super::state::{School, Session, User};

#[cfg(test)]
mod tests;

type Schools = BTreeMap<u64, School>;

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EntryKind {
    User,
    Course,
    Session,
    Enrollment,
}

/// Reads only the kind of a line; the kind's own form reads the rest.
#[derive(Deserialize)]
struct AnyLine {
    kind: EntryKind,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct UserLine {
    kind: EntryKind,
    school: u64,
    id: Option<String>,
    email: String,
    teacher: bool,
    #[serde(default, skip_serializing)]
    first_name: String,
    #[serde(default, skip_serializing)]
    last_name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CourseLine {
    kind: EntryKind,
    school: u64,
    id: String,
    name: String,
    title: String,
    start_date: NaiveDate,
    end_date: NaiveDate,
    instructors: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionLine {
    kind: EntryKind,
    school: u64,
    course: String,
    id: String,
    starts: DateTime<Utc>,
    ends: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnrollmentLine {
    kind: EntryKind,
    school: u64,
    course: String,
    user: String,
    dropped: bool,
}

/// Writes everything that the schools hold. An account without an issued id is written with `null`, except the staff
/// accounts that own courses. Of the enrollments only those of students are written.
pub(super) fn write(schools: &Schools, out: &mut impl Write) -> io::Result<()> {
    for school in schools.values() {
        write_users(school, out)?;
    }
    for school in schools.values() {
        for course in school.courses.values() {
            write_line(out, &course_line(school.number, course))?;
        }
    }
    for school in schools.values() {
        let mut sessions: Vec<&Session> = school.sessions.after("").collect();
        sessions.sort_by(|a, b| (&a.course_id, &a.external_id).cmp(&(&b.course_id, &b.external_id)));
        for session in sessions {
            write_line(out, &session_line(school.number, session))?;
        }
    }
    for school in schools.values() {
        for enrollment in school.enrollments.values().flat_map(BTreeMap::values) {
            let is_student = school.accounts.by_issued_id(&enrollment.user_id).is_some_and(|user| !user.teacher);
            if is_student {
                write_line(out, &enrollment_line(school.number, enrollment))?;
            }
        }
    }
    Ok(())
}

fn write_users(school: &School, out: &mut impl Write) -> io::Result<()> {
    let is_staff = |user: &&User| user.issued_id.is_none() && school.owners.contains(&user.email.to_lowercase());
    let mut users: Vec<&User> = school.accounts.after("").filter(|user| !is_staff(user)).collect();
    users.sort_by(|a, b| (&a.issued_id, &a.email).cmp(&(&b.issued_id, &b.email)));
    users.into_iter().try_for_each(|user| write_line(out, &user_line(school.number, user)))
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn user_line(school: u64, user: &User) -> UserLine {
    UserLine {
        kind: EntryKind::User,
        school,
        id: user.issued_id.clone(),
        email: user.email.clone(),
        teacher: user.teacher,
        first_name: String::new(),
        last_name: String::new(),
    }
}

fn course_line(school: u64, course: &Course) -> CourseLine {
    CourseLine {
        kind: EntryKind::Course,
        school,
        id: course.external_id.clone(),
        name: course.name.clone(),
        title: course.title.clone(),
        start_date: course.start_date,
        end_date: course.end_date,
        instructors: course.instructors.clone(),
    }
}

fn session_line(school: u64, session: &Session) -> SessionLine {
    SessionLine {
        kind: EntryKind::Session,
        school,
        course: session.course_id.clone(),
        id: session.external_id.clone(),
        starts: session.starts_at,
        ends: session.ends_at,
    }
}

fn enrollment_line(school: u64, enrollment: &Enrollment) -> EnrollmentLine {
    EnrollmentLine {
        kind: EntryKind::Enrollment,
        school,
        course: enrollment.course_id.clone(),
        user: enrollment.user_id.clone(),
        dropped: enrollment.dropped,
    }
}

/// Puts one line into its school, with revision 0, and with CourseKey's own defaults for fields that the form leaves
/// out.
pub(super) fn take_line(schools: &mut Schools, now: DateTime<Utc>, number: usize, text: &str) -> Result<(), LineError> {
    match lines::parse::<AnyLine>(number, text)?.kind {
        EntryKind::User => take_user(schools, number, lines::parse(number, text)?),
        EntryKind::Course => take_course(schools, number, lines::parse(number, text)?),
        EntryKind::Session => take_session(schools, now, number, lines::parse(number, text)?),
        EntryKind::Enrollment => take_enrollment(schools, number, lines::parse(number, text)?),
    }
}

fn take_user(schools: &mut Schools, number: usize, line: UserLine) -> Result<(), LineError> {
    let school = school_of(schools, number, line.school)?;
    require(is_email(&line.email), number, "email", "not an e-mail address")?;
    require(school.accounts.by_email(&line.email).is_none(), number, "email", "an earlier line has this address")?;
    let is_new = line.id.as_ref().is_none_or(|id| school.accounts.by_issued_id(id).is_none());
    require(is_new, number, "id", "an earlier line has this id")?;
    let origin = line.id.as_ref().unwrap_or(&line.email);
    let account_id = school.accounts.fresh_id(school.number, origin);
    school.accounts.put(User {
        issued_id: line.id,
        account_id,
        first_name: line.first_name,
        last_name: line.last_name,
        email: line.email,
        teacher: line.teacher,
        revision: 0,
    });
    Ok(())
}

fn take_course(schools: &mut Schools, number: usize, line: CourseLine) -> Result<(), LineError> {
    let school = school_of(schools, number, line.school)?;
    require(!school.courses.contains_key(&line.id), number, "id", "an earlier line has this id")?;
    require(line.start_date <= line.end_date, number, "end-date", "earlier than start-date")?;
    let instructors = line.instructors.iter().map(|id| school.accounts.by_issued_id(id));
    let Some(instructors) = instructors.collect::<Option<Vec<&User>>>() else {
        return Err(LineError::new(number, "instructors", "no earlier line has a user of this id"));
    };
    let first_instructor = instructors.first().map(|user| user.email.clone());
    let owner = school.owners.first().cloned().or(first_instructor).unwrap_or_default();
    let course = Course {
        external_id: line.id.clone(),
        name: line.name,
        title: line.title,
        start_date: line.start_date,
        end_date: line.end_date,
        time_zone: school.zone.clone(),
        owner,
        instructors: line.instructors,
        attendance_name: AttendanceName::ClassSchedule,
        revision: 0,
    };
    school.courses.insert(line.id, course);
    Ok(())
}

fn take_session(schools: &mut Schools, now: DateTime<Utc>, number: usize, line: SessionLine) -> Result<(), LineError> {
    let school = school_of(schools, number, line.school)?;
    require(school.courses.contains_key(&line.course), number, "course", "no earlier line has a course of this id")?;
    require(school.sessions.get(&line.id).is_none(), number, "id", "an earlier line has this id")?;
    require(line.starts < line.ends, number, "ends", "not later than starts")?;
    let session = Session {
        external_id: line.id,
        course_id: line.course,
        starts_at: line.starts,
        ends_at: line.ends,
        revision: 0,
        begun: false,
    };
    school.sessions.put(session, now);
    Ok(())
}

fn take_enrollment(schools: &mut Schools, number: usize, line: EnrollmentLine) -> Result<(), LineError> {
    let school = school_of(schools, number, line.school)?;
    require(school.courses.contains_key(&line.course), number, "course", "no earlier line has a course of this id")?;
    let is_known = school.accounts.by_issued_id(&line.user).is_some();
    require(is_known, number, "user", "no earlier line has a user of this id")?;
    let enrollment =
        Enrollment { course_id: line.course.clone(), user_id: line.user.clone(), dropped: line.dropped, revision: 0 };
    let old = school.enrollments.entry(line.course).or_default().insert(line.user, enrollment);
    require(old.is_none(), number, "user", "an earlier line enrolls this user in this course")
}

fn school_of(schools: &mut Schools, number: usize, school: u64) -> Result<&mut School, LineError> {
    schools.get_mut(&school).ok_or_else(|| LineError::new(number, "school", "no campus has this CourseKey school id"))
}

fn require(holds: bool, number: usize, field: &str, problem: &str) -> Result<(), LineError> {
    if holds { Ok(()) } else { Err(LineError::new(number, field, problem)) }
}
