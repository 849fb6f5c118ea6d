//! The items of a course that CourseKey refused: as issues, and counted as troubles for the course's status.

use super::Look;
use crate::desired::Desired;
use crate::ledger::{CourseLedger, Item, Refusal, RefusalCode, Session};
use crate::model::course::Course;
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::SortedMap;
use crate::model::zone::Zone;
use crate::naming::{self, Named};
use crate::plan::{Waiting, Why};
use crate::status::Trouble;

impl Look {
    /// Adds the items that CourseKey refused, and the accounts that a weak Initial User Password keeps back, to the
    /// issues and the troubles.
    pub(super) fn count_refused(&mut self, course: &Course, desired: &Desired, ledger: &CourseLedger, zone: Zone) {
        let mut groups: SortedMap<(&'static str, usize, String), usize> = SortedMap::new();
        for Waiting { item, why } in &self.plan.waiting {
            let (name, of) = name_and_number(item, desired);
            let code = match why {
                Why::NoPassword => RefusalCode::PasswordWeak,
                Why::Refused(refusal, _) => refusal.code.clone(),
                Why::Unfit(_) | Why::Needs(_) | Why::Held | Why::Kept => continue,
            };
            if let Why::Refused(refusal, _) = why
                && code != RefusalCode::PasswordWeak
            {
                self.issues.push(issue(course, item, refusal, named(course, item, ledger, zone)));
            }
            if code != RefusalCode::HasAttendance {
                *groups.entry((name, of, code.to_string())).or_default() += 1;
            }
        }
        let weak = RefusalCode::PasswordWeak.to_string();
        self.troubles.extend(groups.into_iter().map(|((name, of, code), stuck)| {
            let why = if code == weak { Why::NoPassword.to_string() } else { format!("refused by CourseKey ({code})") };
            Trouble::new(name, stuck, of.max(stuck), &why)
        }));
    }
}

/// The word for an item's kind, and how many items of that kind the course wants.
fn name_and_number(item: &Item, desired: &Desired) -> (&'static str, usize) {
    match item {
        Item::Instructor(_) => ("instructor", desired.instructors.len()),
        Item::Student(_) => ("student", desired.students.len()),
        Item::Course => ("course", 1),
        Item::Class(_) => ("class", desired.sessions.len()),
        Item::Enrollment(_) => ("enrollment", desired.enrollments.len()),
    }
}

/// How a sentence names an item. A class that GEGI does not have any more is named by the time that CourseKey holds.
fn named<'a>(course: &'a Course, item: &'a Item, ledger: &CourseLedger, zone: Zone) -> Named<'a> {
    let named = naming::course(course);
    match item {
        Item::Instructor(person) | Item::Student(person) | Item::Enrollment(person) => named.person(person),
        Item::Class(class) => {
            let held = ledger.sessions.get(class).and_then(|slot| match slot.acknowledged {
                Some(Session::At { starts, .. }) => Some(starts),
                Some(Session::Removed) | None => None,
            });
            let starts = course.class(class).map(|class| class.starts).or(held);
            starts.map_or(named, |starts| named.class(starts, zone))
        }
        Item::Course => named,
    }
}

/// The issue about a refusal.
///
/// DOMAIN §4 "Dates": "Every refusal of CourseKey is told with person or class, field and its words."
fn issue(course: &Course, item: &Item, refusal: &Refusal, named: Named<'_>) -> Issue {
    let (class, person) = match item {
        Item::Instructor(person) | Item::Student(person) | Item::Enrollment(person) => (None, Some(person.clone())),
        Item::Class(class) => (Some(class.clone()), None),
        Item::Course => (None, None),
    };
    let mut subject = Subject { course: Some(course.id.clone()), class, person, detail: None };
    let sentence = match &refusal.code {
        RefusalCode::HasAttendance => {
            format!("CourseKey has attendance of {named}, which GEGI does not have any more")
        }
        RefusalCode::AccountMismatch => format!("CourseKey has another account with the e-mail of {named}"),
        RefusalCode::HeldBy(other) => format!("the e-mail of {named} is that of {other}'s account in CourseKey"),
        RefusalCode::Circle(people) => {
            // The circle is one fact, whoever of its people the refusal is about.
            subject.person = None;
            subject.detail = people.first().map(ToString::to_string);
            let people = naming::list(people.iter().map(super::super::model::ids::PersonId::as_str));
            let course = naming::course(course);
            format!("{people} in {course} each want the e-mail that CourseKey holds for another of them")
        }
        code => {
            let field = refusal.field.as_deref().map(|field| format!("{}: ", field_name(field))).unwrap_or_default();
            format!("CourseKey refused {}{named}: {field}{} ({code})", kind(item), refusal.message)
        }
    };
    Issue { code: code_of(&refusal.code), subject, sentence }
}

/// Which kind of issue a refusal is.
pub fn code_of(refusal: &RefusalCode) -> Code {
    match refusal {
        RefusalCode::HasAttendance => Code::ClassKept,
        RefusalCode::AccountMismatch => Code::AccountMismatch,
        RefusalCode::HeldBy(_) => Code::EmailShared,
        RefusalCode::Circle(_) => Code::EmailCircle,
        _ => Code::Rejected,
    }
}

/// What of a person or class was refused, in words that fit before the name.
fn kind(item: &Item) -> &'static str {
    match item {
        Item::Enrollment(_) => "the enrollment of ",
        Item::Instructor(_) | Item::Student(_) => "the account of ",
        Item::Course | Item::Class(_) => "",
    }
}

/// CourseKey's word for a field in GEGI's words; a word that is not known stays.
fn field_name(field: &str) -> &str {
    match field {
        "email" => "e-mail",
        "firstName" => "first name",
        "lastName" => "last name",
        "issuedId" | "userId" => "Student ID",
        "startDate" => "start date",
        "endDate" => "end date",
        "timeZone" => "time zone",
        "startsAt" => "start",
        "endsAt" => "end",
        "attendanceName" => "Hours Type",
        other => other,
    }
}
