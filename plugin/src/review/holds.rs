//! What the guard holds, as people see it: each row with its name. Not here: what is held (`guard`).

use crate::guard::{self, Accident, Hold, Kind};
use crate::ledger::{CourseLedger, PersonLedger, Session};
use crate::memory::view::{self, StoredCourse};
use crate::memory::{ACCOUNT, HOLD, account_id, decode, parts};
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::sorted::SortedMap;
use crate::model::time::Instant;
use crate::model::zone::Zone;
use crate::naming;
use crate::settings::{self, Settings};
use crate::world::{Reads, StorageError};

/// The most courses on one page.
pub const MOST: u32 = 100;

/// What is held of one kind of rows of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The course.
    pub course: CourseId,
    /// The kind of rows.
    pub kind: Kind,
    /// What a decision names, so that it is about what was shown.
    pub hash: String,
    /// Since when.
    pub since: Instant,
    /// What looks like an accident, in a sentence.
    pub sentence: String,
    /// How many rows of this kind CourseKey held.
    pub of: u32,
    /// The rows, each with its name for people.
    pub rows: Vec<(String, String)>,
}

/// What is held, course by course, behind the course `after`. At most `limit` courses, and never more than [`MOST`].
pub fn holds(world: &mut impl Reads, after: Option<&CourseId>, limit: u32) -> Result<Vec<Held>, StorageError> {
    let (settings, _) = settings::check(&world.settings()?);
    let after = after.map(|course| format!("{HOLD}{course}"));
    let keys = world.scan(HOLD, after.as_deref(), limit.min(MOST))?;
    let ids: Vec<CourseId> = keys.iter().filter_map(|(key, _)| key.strip_prefix(HOLD)).map(CourseId::from).collect();
    let stored = view::read(world, &ids)?;
    let mut holds = Vec::new();
    for course in stored.courses() {
        holds.extend(of_course(world, &settings, course)?);
    }
    Ok(holds)
}

fn of_course(world: &mut impl Reads, settings: &Settings, stored: &StoredCourse) -> Result<Vec<Held>, StorageError> {
    let (Some(held), Some(page), Some(ledger)) = (&stored.held, &stored.page, &stored.ledger) else {
        return Ok(Vec::new());
    };
    let course = &held.course;
    let zone = settings.campuses.get(&course.campus).and_then(|campus| campus.zone);
    let mut holds = Vec::new();
    for (kind, hold) in &page.holds {
        let names = match kind {
            Kind::Students => students(world, ledger, hold)?,
            Kind::Classes => classes(ledger, hold, zone),
        };
        holds.push(Held {
            course: course.id.clone(),
            kind: *kind,
            hash: hold.hash(&course.id, *kind),
            since: hold.since,
            sentence: sentence(course, *kind, hold),
            of: hold.held,
            rows: hold.rows.iter().map(|row| (row.clone(), names.get(row).cloned().unwrap_or_default())).collect(),
        });
    }
    Ok(holds)
}

/// The names that CourseKey holds: GEGI's list may not have the students any more.
fn students(
    world: &mut impl Reads,
    ledger: &CourseLedger,
    hold: &Hold,
) -> Result<SortedMap<String, String>, StorageError> {
    let keys: Vec<String> = hold
        .rows
        .iter()
        .map(|row| format!("{ACCOUNT}{}", account_id(ledger.school, &PersonId::from(row.as_str()))))
        .collect();
    let accounts = parts::get_many(world, &keys)?;
    let name = |(key, bytes): (&String, &Option<Vec<u8>>)| {
        Some(decode::<PersonLedger>(key, bytes.as_deref()?).ok()?.account.acknowledged?.name())
    };
    let names = hold.rows.iter().zip(keys.iter().zip(&accounts));
    Ok(names.filter_map(|(row, account)| Some((row.clone(), name(account)?))).collect())
}

fn classes(ledger: &CourseLedger, hold: &Hold, zone: Option<Zone>) -> SortedMap<String, String> {
    let time = |row: &String| {
        let slot = ledger.sessions.get(&ClassId::from(row.as_str()))?;
        let Some(Session::At { starts, .. }) = slot.acknowledged else { return None };
        Some((row.clone(), naming::moment(starts, zone?)))
    };
    hold.rows.iter().filter_map(time).collect()
}

/// What looks like an accident.
pub fn sentence(course: &Course, kind: Kind, hold: &Hold) -> String {
    let (number, of, named) = (hold.rows.len(), hold.held, naming::course(course));
    let (whole, act) = match kind {
        Kind::Students => ("students", "dropped in CourseKey"),
        Kind::Classes => ("classes", "removed from CourseKey"),
    };
    let said = match hold.accident {
        Accident::Emptied => format!("the list of {whole} of {named} is empty in GEGI"),
        Accident::Vanished => format!("{number} of the {of} {whole} of {named} are not in GEGI's list any more"),
        Accident::VanishedInSchool => {
            format!("{number} of the {of} {whole} of {named} are not in GEGI's list any more, as in other courses")
        }
        Accident::Stopped => format!("{number} of the {of} {whole} of {named} stopped at once"),
    };
    format!("{said}; they are not {act} until somebody decides")
}

impl guard::Hold {
    /// What a decision about this hold names: another list of rows, or a hold that began anew, has another.
    pub fn hash(&self, course: &CourseId, kind: Kind) -> String {
        let rows: Vec<&str> = self.rows.iter().map(String::as_str).collect();
        let text = format!("{course}\0{}\0{}\0{}", kind.name(), self.since.0, rows.join("\0"));
        crate::model::fingerprint::fingerprint(text.as_bytes())
    }
}
