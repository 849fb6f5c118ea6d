//! Converts the bindings' types into the core's types and back, field by field.

use super::bindings::exports::gegi::coursekey::integration as wire;
use super::bindings::gegi::coursekey::{email, records, school, state, types};
use crate::change::{self, CourseChange};
use crate::inbox;
use crate::issue;
use crate::marking::Basis;
use crate::model::attendance::Mark;
use crate::model::course::{Agreement, Class, Course, CourseKind, HoursType, SendOption, Student};
use crate::model::ids::{CampusId, ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::issue::Issue;
use crate::model::person::Person;
use crate::model::settings::{Campus, NeverCheckedOut, Password, SchoolSettings};
use crate::model::time::{Instant, LocalDate};
use crate::overview::{CourseStatus, MOST, StatusQuery};
use crate::status::Status;
use crate::tick::Report;
use crate::world::Change;
use crate::world::network::Kind;
use crate::world::records::{CurrentMark, JournalEntry, LogRowEntry, Message, Operation, Origin, Value};

pub(super) fn settings(from: school::SchoolSettings) -> SchoolSettings {
    SchoolSettings {
        name: from.name,
        enabled: from.enabled,
        coursekey_url: from.coursekey_url,
        campuses: from.campuses.into_iter().map(campus).collect(),
        weeks_before_start: from.weeks_before_start,
        weeks_after_end: from.weeks_after_end,
        absent_after_start_minutes: from.absent_after_start_minutes,
        absent_before_end_minutes: from.absent_before_end_minutes,
        follow_adjustments_days: from.follow_adjustments_days,
        error_email: from.error_email,
        send_new_program_courses: from.send_new_program_courses,
        initial_user_password: Password::new(from.initial_user_password),
        update_every_minutes: from.update_every_minutes,
        settle_minutes: from.settle_minutes,
        longest_gap_minutes: from.longest_gap_minutes,
        never_checked_out: match from.never_checked_out {
            school::NeverCheckedOut::Report => NeverCheckedOut::Report,
            school::NeverCheckedOut::Absent => NeverCheckedOut::Absent,
            school::NeverCheckedOut::LeftAtEnd => NeverCheckedOut::LeftAtEnd,
        },
        minimum_attended_percent: from.minimum_attended_percent,
        digest_every_minutes: from.digest_every_minutes,
        guard_vanished_percent: from.guard_vanished_percent,
        guard_vanished_number: from.guard_vanished_number,
        guard_stopped_percent: from.guard_stopped_percent,
        guard_stopped_number: from.guard_stopped_number,
        saved_at: from.saved_at.map(Instant),
    }
}

fn campus(from: school::Campus) -> Campus {
    Campus {
        id: CampusId(from.id),
        zone: from.zone,
        school: SchoolNumber(from.coursekey_school_id),
        course_owner: from.course_owner,
        credentials_generation: from.credentials_generation,
    }
}

pub(super) fn change(from: wire::CourseChange) -> Result<CourseChange, String> {
    Ok(match from {
        wire::CourseChange::Saved(from) => CourseChange::Saved(Box::new(course(from)?)),
        wire::CourseChange::Removed(id) => CourseChange::Removed(CourseId(id)),
    })
}

/// Converts a course. The error names a field whose date is on no calendar.
pub(super) fn course(from: types::Course) -> Result<Course, String> {
    let date = |field: &str, date: types::LocalDate| {
        day(date)
            .ok_or_else(|| format!("course {}: {field} is not a day of the calendar; correct it in GEGI", from.number))
    };
    Ok(Course {
        revision: from.revision,
        kind: match from.kind {
            types::CourseKind::GroupCourse => CourseKind::GroupCourse,
            types::CourseKind::ClinicalRotation => CourseKind::ClinicalRotation,
        },
        start_date: date("start-date", from.start_date)?,
        end_date: date("end-date", from.end_date)?,
        completed_date: from.completed_date.map(|day| date("completed-date", day)).transpose()?,
        hours_type: match from.hours_type {
            types::HoursType::ClassSchedule => HoursType::ClassSchedule,
            types::HoursType::AttendanceLog => HoursType::AttendanceLog,
        },
        send: send_option(from.send_to_coursekey),
        program_send: send_option(from.program_send_to_coursekey),
        students: from.students.iter().map(|student| student_of(student, &date)).collect::<Result<_, _>>()?,
        instructors: from.instructors.into_iter().map(instructor).collect(),
        classes: from
            .classes
            .into_iter()
            .map(|class| Class { id: ClassId(class.id), starts: Instant(class.starts), ends: Instant(class.ends) })
            .collect(),
        id: CourseId(from.id),
        campus: CampusId(from.campus),
        several_groups: !from.groups.is_empty(),
        group_name: from.group.name,
        number: from.number,
        title: from.title,
    })
}

fn day(from: types::LocalDate) -> Option<LocalDate> {
    LocalDate::from_ymd_opt(i32::from(from.year), u32::from(from.month), u32::from(from.day))
}

fn send_option(from: types::SendOption) -> SendOption {
    match from {
        types::SendOption::On => SendOption::On,
        types::SendOption::Off => SendOption::Off,
        types::SendOption::Inherit => SendOption::Inherit,
    }
}

fn instructor(from: types::Instructor) -> Person {
    Person {
        id: PersonId(from.id),
        revision: from.revision,
        first_name: from.first_name,
        last_name: from.last_name,
        email: from.email,
    }
}

fn student_of(
    from: &types::Student,
    date: &impl Fn(&str, types::LocalDate) -> Result<LocalDate, String>,
) -> Result<Student, String> {
    Ok(Student {
        person: Person {
            id: PersonId(from.id.clone()),
            revision: from.revision,
            first_name: from.first_name.clone(),
            last_name: from.last_name.clone(),
            email: from.email.clone(),
        },
        stage: from.stage.clone(),
        agreement: match from.agreement {
            types::Agreement::Assigned => Agreement::Assigned,
            types::Agreement::CreditGranted => Agreement::CreditGranted,
        },
        enrolled_from: date("students/enrolled-from", from.enrolled_from)?,
        stopped_on: from.stopped_on.map(|day| date("students/stopped-on", day)).transpose()?,
    })
}

pub(super) fn current_mark(from: records::CurrentMark) -> CurrentMark {
    CurrentMark {
        student: PersonId(from.student),
        mark: match from.mark {
            types::Mark::Present => Mark::Present,
            types::Mark::Late => Mark::Late,
            types::Mark::Absent => Mark::Absent,
        },
        origin: match from.origin {
            records::Origin::Hand => Origin::Hand,
            records::Origin::Preset => Origin::Preset,
            records::Origin::Coursekey => Origin::CourseKey,
        },
    }
}

pub(super) fn state_change(from: Change) -> state::Change {
    match from {
        Change::Put(key, value) => state::Change::Put((key, value)),
        Change::Delete(key) => state::Change::Delete(key),
    }
}

pub(super) fn mark(from: Mark) -> types::Mark {
    match from {
        Mark::Present => types::Mark::Present,
        Mark::Late => types::Mark::Late,
        Mark::Absent => types::Mark::Absent,
    }
}

pub(super) fn operation(from: Operation) -> records::Operation {
    match from {
        Operation::SetMark { class, student, expected, mark: set, basis: why, journal: line } => {
            records::Operation::SetMark(records::SetMark {
                class: class.0,
                student: student.0,
                expected: expected.map(mark),
                mark: mark(set),
                basis: basis(*why),
                journal: journal(line),
            })
        }
        Operation::WithdrawMark { class, student, journal: line } => {
            let journal = journal(line);
            records::Operation::WithdrawMark(records::WithdrawMark { class: class.0, student: student.0, journal })
        }
        Operation::PutLogRow { row, journal: line } => records::Operation::PutLogRow(log_row(row, journal(line))),
        Operation::VoidLogRow { record, visit, journal: line } => {
            let journal = journal(line);
            records::Operation::VoidLogRow(records::VoidLogRow { attendance_record: record.0, visit, journal })
        }
        Operation::OpenIssue { key, at, issue: opened } => {
            records::Operation::OpenIssue(records::OpenIssue { key, at: at.0, issue: issue_of(opened) })
        }
        Operation::ResolveIssue { key, at } => {
            records::Operation::ResolveIssue(records::ResolveIssue { key, at: at.0 })
        }
        Operation::Journal(line) => records::Operation::Journal(journal(line)),
    }
}

fn basis(from: Basis) -> records::Basis {
    let (sentence, attended) = (crate::marking::sentence(&from), from.attended());
    records::Basis {
        rule: from.rule.name().to_owned(),
        starts: from.starts.0,
        ends: from.ends.0,
        late_until: from.late_until.0,
        early_from: from.early_from.0,
        longest_gap_seconds: from.longest_gap.map(|gap| u32::try_from(gap.0).unwrap_or(u32::MAX)),
        minimum_attended_percent: from.least_percent,
        attended_seconds: attended.0,
        visits: from
            .visits
            .iter()
            .map(|visit| records::Visit {
                checked_in: visit.checked_in.0,
                checked_out: visit.checked_out.map(|at| at.0),
            })
            .collect(),
        adjustment: from.adjustment.map(|kind| kind.name().to_owned()),
        awarded_seconds: from.awarded.map(|time| time.0),
        attendance_record: from.record.map(|id| id.0),
        version: from.version,
        sentence,
    }
}

fn log_row(from: LogRowEntry, journal: records::JournalEntry) -> records::LogRow {
    records::LogRow {
        course: from.course.0,
        class: from.class.0,
        student: from.student.0,
        attendance_record: from.record.0,
        visit: from.visit,
        checked_in: from.checked_in.0,
        checked_out: from.checked_out.0,
        minutes: from.minutes,
        journal,
    }
}

fn journal(from: JournalEntry) -> records::JournalEntry {
    records::JournalEntry {
        at: from.at.0,
        what: from.what.to_owned(),
        course: from.course.map(|id| id.0),
        class: from.class.map(|id| id.0),
        person: from.person.map(|id| id.0),
        old: from.old,
        new: from.new,
        by: from.by,
        attendance_record: from.record.map(|id| id.0),
    }
}

fn issue_of(from: Issue) -> types::Issue {
    let row = issue::row(from.code);
    types::Issue {
        code: row.code.to_owned(),
        course: from.subject.course.map(|id| id.0),
        class: from.subject.class.map(|id| id.0),
        person: from.subject.person.map(|id| id.0),
        sentence: from.sentence,
        owner: match row.owner {
            issue::Owner::School => types::Owner::School,
            issue::Owner::CourseKey => types::Owner::Coursekey,
            issue::Owner::Gegi => types::Owner::Gegi,
        },
        remedy: row.remedy.to_owned(),
    }
}

pub(super) fn message(from: Message) -> email::Message {
    let value = |value| match value {
        Value::Text(text) => email::Value::Text(text),
        Value::Number(number) => email::Value::Number(number),
        Value::Rows(rows) => email::Value::Rows(rows),
    };
    email::Message {
        template: from.template.to_owned(),
        recipient: from.recipient,
        variables: from.variables.into_iter().map(|(name, of)| (name.to_owned(), value(of))).collect(),
    }
}

pub(super) fn report(from: Report) -> wire::TickReport {
    let tally = |(kind, tally): (Kind, crate::tick::Tally)| wire::Tally {
        kind: match kind {
            Kind::Connection => wire::RequestKind::Connection,
            Kind::Users => wire::RequestKind::Users,
            Kind::Courses => wire::RequestKind::Courses,
            Kind::Sessions => wire::RequestKind::Sessions,
            Kind::Enrollments => wire::RequestKind::Enrollments,
            Kind::Attendance => wire::RequestKind::Attendance,
        },
        requests: tally.requests,
        items: tally.items,
        accepted: tally.accepted,
        rejected: tally.rejected,
        failed: tally.failed,
        failed_requests: tally.failed_requests,
    };
    wire::TickReport {
        tallies: from.tallies.into_iter().map(tally).collect(),
        marks_written: from.marks_written,
        log_rows_written: from.log_rows_written,
        issues_opened: from.issues_opened,
        issues_resolved: from.issues_resolved,
        more_work: from.more_work,
        next_due: from.next_due.map(|at| at.0),
    }
}

fn status(from: Status) -> types::Status {
    match from {
        Status::Disabled => types::Status::Disabled,
        Status::Scheduled => types::Status::Scheduled,
        Status::Failed => types::Status::Failed,
        Status::Synchronized => types::Status::Synchronized,
    }
}

pub(super) fn outcome(from: change::CourseOutcome) -> wire::CourseOutcome {
    wire::CourseOutcome {
        disposition: if from.taken { wire::Disposition::Taken } else { wire::Disposition::Stale },
        send_to_coursekey: from.send,
        option_locked: from.locked.map(str::to_owned),
        option_refused: from.refused,
        status: status(from.overview.status),
        reason: from.overview.reason,
        issues: from.issues.into_iter().map(issue_of).collect(),
    }
}

pub(super) fn attendance_outcome(from: inbox::PushOutcome) -> wire::AttendanceOutcome {
    wire::AttendanceOutcome { taken: from.taken, repeated: from.repeated }
}

/// Converts a query. The error says that it asks for more courses than one answer has.
pub(super) fn query(from: wire::StatusQuery) -> Result<StatusQuery, String> {
    match from {
        wire::StatusQuery::Ids(ids) if ids.len() <= MOST => {
            Ok(StatusQuery::Ids(ids.into_iter().map(CourseId).collect()))
        }
        wire::StatusQuery::Ids(ids) => Err(format!("{} ids; one call answers for {MOST}", ids.len())),
        wire::StatusQuery::Page(page) => Ok(StatusQuery::Page { after: page.after.map(CourseId), limit: page.limit }),
    }
}

pub(super) fn course_status(from: CourseStatus) -> wire::CourseStatus {
    wire::CourseStatus {
        course: from.course.0,
        status: status(from.overview.status),
        reason: from.overview.reason,
        since: from.since.0,
        opens: from.overview.window.map(|window| window.opens.0),
        closes: from.overview.window.map(|window| window.closes.0),
        send_to_coursekey: from.send,
        option_locked: from.locked,
        complete_until: from.complete_until.map(|at| at.0),
        issues: from.issues.into_iter().map(issue_of).collect(),
    }
}
