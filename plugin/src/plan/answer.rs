//! Enters CourseKey's answer to an action into the ledger. Nothing is sent here, and nothing else is decided.

use super::{Action, Write};
use crate::ledger::{CourseLedger, Enrollment, PersonLedger, Refusal, RefusalCode, Session, Slot};
use crate::model::ids::PersonId;
use crate::model::time::{Instant, Seconds};

/// After this time a refused item is sent again although nothing changed (DESIGN §5: once a day).
const RETRY_AFTER: Seconds = Seconds(86_400);

/// CourseKey's answer to an item: taken, or refused with a reason.
pub type Answer = Result<(), Refusal>;

/// Enters the answer to an account into the person's ledger.
pub fn to_account(ledger: &mut PersonLedger, action: &Action<String>, answer: Answer, now: Instant) {
    let Write::User { account, adopt, .. } = &action.write else { return };
    if adopt.is_some() && code(&answer) == Some(&RefusalCode::UnknownUser) {
        // The adopted account is gone from CourseKey: the person gets a new account.
        ledger.adopted = None;
    }
    match answer {
        Ok(()) => ledger.account.acknowledge(account.clone()),
        Err(refusal) => park(&mut ledger.account, account.clone(), refusal, now),
    }
}

/// Enters the answer to a course, a class or an enrolment into the course's ledger. Answers the person whose account
/// CourseKey does not know any more, if the answer says so.
///
/// A course or an enrolment that CourseKey does not know any more is forgotten, so that it is sent again (DESIGN §5).
pub fn to_course(ledger: &mut CourseLedger, action: &Action<String>, answer: Answer, now: Instant) -> Option<PersonId> {
    let refused = code(&answer).cloned();
    match &action.write {
        Write::User { .. } => {}
        Write::Course { content, .. } => match answer {
            Ok(()) => ledger.course.acknowledge(content.clone()),
            Err(refusal) => park(&mut ledger.course, content.clone(), refusal, now),
        },
        Write::Session(class, Session::Removed) if answer.is_ok() => _ = ledger.sessions.remove(class),
        Write::Session(..) | Write::Enrollment(..) if refused == Some(RefusalCode::UnknownCourse) => ledger.forget(),
        Write::Session(class, session) => {
            enter_dated(ledger.sessions.entry(class.clone()).or_default(), *session, answer, now);
        }
        Write::Enrollment(person, _) if refused == Some(RefusalCode::UnknownUser) => {
            ledger.enrollments.remove(person);
            return Some(person.clone());
        }
        Write::Enrollment(person, Enrollment { dropped }) => {
            let wanted = Enrollment { dropped: *dropped };
            enter_dated(ledger.enrollments.entry(person.clone()).or_default(), wanted, answer, now);
        }
    }
    None
}

fn code(answer: &Answer) -> Option<&RefusalCode> {
    answer.as_ref().err().map(|refusal| &refusal.code)
}

/// Enters the answer to a class or an enrolment with its moment, because it matters since when CourseKey knows them.
fn enter_dated<T: Clone + PartialEq>(slot: &mut Slot<T>, content: T, answer: Answer, now: Instant) {
    match answer {
        Ok(()) => slot.acknowledge_at(content, now),
        Err(refusal) => park(slot, content, refusal, now),
    }
}

/// Notes a refusal. The item is sent again another day, because every refusal has a remedy in CourseKey too: a class that
/// has attendance can lose it.
fn park<T: Clone + PartialEq>(slot: &mut Slot<T>, content: T, refusal: Refusal, now: Instant) {
    slot.park(content, refusal, now + RETRY_AFTER);
}
