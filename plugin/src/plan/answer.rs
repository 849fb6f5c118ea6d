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

/// Notes that the answer to an account is missing.
pub fn missing_of_account(ledger: &mut PersonLedger) {
    ledger.account.unheard = true;
}

/// Notes that the answer to a course, a class or an enrolment is missing: CourseKey may have done what it was asked.
pub fn missing(ledger: &mut CourseLedger, action: &Action<String>) {
    match &action.write {
        Write::User { .. } => {}
        Write::Course { .. } => ledger.course.unheard = true,
        Write::Session(class, _) => ledger.sessions.entry(class.clone()).or_default().unheard = true,
        Write::Enrollment(person, _) => ledger.enrollments.entry(person.clone()).or_default().unheard = true,
    }
}

/// When an answer came.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// When the tick began. What CourseKey says within one tick it says once, however many items it says it of.
    pub began: Instant,
    /// When the answer came.
    pub now: Instant,
}

/// Enters the answer to a course, a class or an enrolment into the course's ledger. `account_lost_at` says when CourseKey
/// last said that it does not know the account of the person of an enrolment. Answers the person whose account
/// CourseKey does not know any more, if the answer says so.
///
/// A course or an enrolment that CourseKey does not know any more is forgotten, so that it is sent again (DESIGN §5).
/// That helps once: whoever says the same after it was sent again has refused it, or it would be sent again for ever and
/// nobody would be told.
pub fn to_course(
    ledger: &mut CourseLedger,
    action: &Action<String>,
    answer: Answer,
    account_lost_at: Option<Instant>,
    when: When,
) -> Option<PersonId> {
    let now = when.now;
    let refused = code(&answer).cloned().filter(|code| match (code, &action.write) {
        (RefusalCode::UnknownCourse, Write::Session(class, _)) => {
            is_news(ledger.lost_at, ledger.sessions.get(class), code, when)
        }
        (RefusalCode::UnknownCourse, Write::Enrollment(person, _)) => {
            is_news(ledger.lost_at, ledger.enrollments.get(person), code, when)
        }
        (RefusalCode::UnknownUser, Write::Enrollment(person, _)) => {
            is_news(account_lost_at, ledger.enrollments.get(person), code, when)
        }
        _ => true,
    });
    match &action.write {
        Write::User { .. } => {}
        Write::Course { content, .. } => match answer {
            Ok(()) => ledger.course.acknowledge(content.clone()),
            Err(refusal) => park(&mut ledger.course, content.clone(), refusal, now),
        },
        Write::Session(class, Session::Removed) if answer.is_ok() => _ = ledger.sessions.remove(class),
        Write::Session(..) | Write::Enrollment(..) if refused == Some(RefusalCode::UnknownCourse) => {
            ledger.forget(now);
        }
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

/// Whether CourseKey says for the first time that it does not know something: it did not within a day before this
/// tick, and the item is not refused for that reason since.
fn is_news<T>(lost_at: Option<Instant>, slot: Option<&Slot<T>>, code: &RefusalCode, when: When) -> bool {
    let parked = slot.and_then(|slot| slot.parked.as_ref()).is_some_and(|parked| parked.refusal.code == *code);
    !parked && lost_at.is_none_or(|at| at >= when.began || when.now >= at + RETRY_AFTER)
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
