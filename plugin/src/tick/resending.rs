//! Carries out what somebody asked for: everything of a course is sent to CourseKey once more. What CourseKey acknowledged
//! stays in the ledger, as something that is not certain any more, so that the option stays locked, nobody is absent or
//! present for another reason, and the plan sends all of it. Not here: the note (`review::resend`).

use super::agenda::Agenda;
use super::moment::Moment;
use super::outgoing::Outgoing;
use crate::memory::{Rosters, account_id};
use crate::model::ids::{CourseId, PersonId};
use crate::world::records::{JournalEntry, Operation};
use crate::world::{Reads, StorageError};

/// Takes the notes that wait, as many as one tick takes on.
pub(super) fn take(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    out: &mut Outgoing,
) -> Result<(), StorageError> {
    let waiting = std::mem::take(&mut agenda.resend);
    let mut left = waiting.as_slice();
    while let Some(((course, by), rest)) = left.split_first() {
        if left.len() < waiting.len() && moment.size.is_used_up(rosters) {
            agenda.again = true;
            return Ok(());
        }
        rosters.load_courses(world, [course])?;
        if doubt(world, rosters, course)? {
            agenda.look_by(rosters, course, moment.now, moment.now);
            out.operations.push(Operation::Journal(entry(course, by, moment)));
        }
        agenda.clear_resend(course);
        left = rest;
    }
    Ok(())
}

/// Makes everything uncertain that CourseKey acknowledged of a course and of its people's accounts. Answers whether there
/// was anything.
fn doubt(world: &mut impl Reads, rosters: &mut Rosters, course: &CourseId) -> Result<bool, StorageError> {
    let Some(ledger) = rosters.ledger_mut(course).filter(|ledger| ledger.acknowledged()) else { return Ok(false) };
    ledger.doubt();
    let school = ledger.school;
    let taught = ledger.course.acknowledged.iter().flat_map(|content| &content.instructors);
    let people: Vec<PersonId> = ledger.enrollments.keys().chain(taught).cloned().collect();
    let accounts: Vec<String> = people.iter().map(|person| account_id(school, person)).collect();
    rosters.accounts.load(world, accounts.iter().map(String::as_str))?;
    for account in &accounts {
        if let Some(ledger) = rosters.accounts.change(account) {
            ledger.account.doubt();
        }
    }
    Ok(true)
}

fn entry(course: &CourseId, by: &str, moment: Moment<'_>) -> JournalEntry {
    JournalEntry {
        at: moment.now,
        what: "resend",
        course: Some(course.clone()),
        class: None,
        person: None,
        old: None,
        new: Some("everything is sent again".to_owned()),
        by: format!("asked for by {by}"),
        record: None,
    }
}
