//! What CourseKey's answer to an action makes of the ledger. Nothing is sent or decided here.

use super::{Action, Write};
use crate::ledger::{CourseLedger, Enrollment, PersonLedger, Refusal, RefusalCode, Retry, Session, Slot};
use crate::model::ids::PersonId;
use crate::model::time::{Instant, Seconds};

/// What CourseKey refused is tried again after this long, though nothing changed (DESIGN §5: once a day).
const RETRY_AFTER: Seconds = Seconds(86_400);

/// CourseKey took an item, or refused it.
pub type Answer = Result<(), Refusal>;

/// Enters the answer to an account into the person's ledger.
pub fn to_account(ledger: &mut PersonLedger, action: &Action<String>, answer: Answer, now: Instant) {
    let Write::User { account, adopt, .. } = &action.write else { return };
    if adopt.is_some() && code(&answer) == Some(&RefusalCode::UnknownUser) {
        // The account that was adopted is gone: the person gets one of their own.
        ledger.adopted = None;
    }
    match answer {
        Ok(()) => ledger.account.acknowledge(account.clone()),
        Err(refusal) => park(&mut ledger.account, account.clone(), refusal, now),
    }
}

/// Enters the answer to a course, a class or an enrolment into the course's ledger; whose account CourseKey does not know any
/// more, if that is what it says.
///
/// What CourseKey does not know any more is forgotten, so that it is sent again (DESIGN §5).
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

/// Of classes and enrolments it matters since when CourseKey knows them.
fn enter_dated<T: Clone + PartialEq>(slot: &mut Slot<T>, content: T, answer: Answer, now: Instant) {
    match answer {
        Ok(()) => slot.acknowledge_at(content, now),
        Err(refusal) => park(slot, content, refusal, now),
    }
}

/// A class that has attendance is refused for good; everything else may be taken another day.
fn park<T: Clone + PartialEq>(slot: &mut Slot<T>, content: T, refusal: Refusal, now: Instant) {
    let is_final = refusal.code == RefusalCode::HasAttendance;
    let retry = if is_final { Retry::WhenChanged } else { Retry::At(now + RETRY_AFTER) };
    slot.park(content, refusal, retry);
}
