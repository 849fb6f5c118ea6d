//! The items of a course that CourseKey refused: as issues, and counted as troubles for the course's status.

use std::collections::BTreeMap;

use super::Look;
use crate::desired::Desired;
use crate::ledger::{Item, Refusal, RefusalCode};
use crate::model::ids::CourseId;
use crate::model::issue::{Code, Issue, Subject};
use crate::plan::{Waiting, Why};
use crate::status::Trouble;

impl Look {
    /// Adds the items that CourseKey refused, and the accounts that a weak Initial User Password keeps back, to the
    /// issues and the troubles.
    pub(super) fn count_refused(&mut self, course: &CourseId, desired: &Desired) {
        let mut groups: BTreeMap<(&'static str, usize, String), usize> = BTreeMap::new();
        for Waiting { item, why } in &self.plan.waiting {
            let (name, of) = name_and_number(item, desired);
            let code = match why {
                Why::NoPassword => RefusalCode::PasswordWeak,
                Why::Refused(refusal, _) => refusal.code.clone(),
                Why::Unfit(_) | Why::Needs(_) => continue,
            };
            if let Why::Refused(refusal, _) = why
                && code != RefusalCode::PasswordWeak
            {
                self.issues.push(issue(course, item, name, refusal));
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

fn issue(course: &CourseId, item: &Item, name: &str, refusal: &Refusal) -> Issue {
    let (class, person) = match item {
        Item::Instructor(person) | Item::Student(person) | Item::Enrollment(person) => (None, Some(person.clone())),
        Item::Class(class) => (Some(class.clone()), None),
        Item::Course => (None, None),
    };
    let (code, sentence) = match &refusal.code {
        RefusalCode::HasAttendance => {
            (Code::ClassKept, "CourseKey has attendance of a class that GEGI does not have any more".to_owned())
        }
        RefusalCode::AccountMismatch => {
            (Code::AccountMismatch, "CourseKey has another account with this e-mail".to_owned())
        }
        code => (Code::Rejected, format!("CourseKey refused the {name}: {} ({code})", refusal.message)),
    };
    Issue { code, subject: Subject { course: Some(course.clone()), class, person, detail: None }, sentence }
}
