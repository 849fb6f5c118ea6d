//! The agenda of a tick: dirty notes, pushes that wait, and courses that are due. The tick finds them without walking
//! over all courses, so that an idle tick reads once. The agenda also keeps the due index: when each course is due
//! next.

use crate::memory::entries::CoursePage;
use crate::memory::followed::Followed;
use crate::memory::head::Head;
use crate::memory::{
    DECIDED, DIRTY, FOLLOWED, HEAD, HOLD, HOT, INBOX, RESEND, Rosters, decode, due_key, parts, read_due_key,
};
use crate::model::ids::{CourseId, SchoolNumber};
use crate::model::sorted::SortedSet;
use crate::model::time::Instant;
use crate::review::decide::{self, Taken};
use crate::world::{Change, Reads, StorageError};

/// The most entries of the one read of an idle tick.
const FIRST_READ: u32 = 32;
/// The most entries of each further read, where there is work.
const NEXT_READ: u32 = 1_000;
/// About the most entries that one tick takes on.
const MOST: usize = 4_000;

/// The work that a tick found.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Courses with a dirty note.
    pub(super) dirty: Vec<CourseId>,
    /// Decisions about what is held, by course.
    pub(super) decided: Vec<(CourseId, Vec<Taken>)>,
    /// Courses that are to be sent again, each with who asked for it.
    pub(super) resend: Vec<(CourseId, String)>,
    /// Pushes that wait, by their digest, and the School ID whose key signed each.
    pub(super) inbox: Vec<(String, SchoolNumber)>,
    /// Courses that are due, the longest overdue first.
    pub(super) due: SortedSet<(Instant, CourseId)>,
    /// Courses that are to be freed.
    pub(super) over: SortedSet<CourseId>,
    /// When the first of the courses that are not due yet is due; none: there is no such course.
    pub(super) next: Option<Instant>,
    /// Whether more entries wait than one tick takes on. The tick does not know which.
    pub(super) more: bool,
    /// Whether work is left that the next tick should go on with at once.
    pub(super) again: bool,
    /// The changes of the dirty notes, the inbox and the due index, to be staged.
    changes: Vec<Change>,
}

/// What the first read of a tick brings beside the agenda.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The head; none before the first tick.
    pub(super) head: Option<Head>,
    /// The courses that are followed.
    pub(super) followed: Followed,
}

/// Reads the work that is due at `now`.
pub(super) fn read(world: &mut impl Reads, now: Instant) -> Result<(Agenda, Known), StorageError> {
    let (mut agenda, mut known) = (Agenda::default(), Known::default());
    let mut after: Option<String> = None;
    let mut limit = FIRST_READ;
    let mut taken = 0;
    loop {
        let entries = world.scan(HOT, after.as_deref(), limit)?;
        let full = entries.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        after = entries.last().map(|(key, _)| key.clone());
        taken += entries.len();
        for (key, value) in entries {
            if key == HEAD {
                known.head = Some(Head::read(&value)?);
            } else if key.starts_with(FOLLOWED) {
                known.followed.keep(&key, &value)?;
            } else {
                agenda.take(&key, &value, now)?;
            }
        }
        if !full || agenda.next.is_some() {
            return Ok((agenda, known));
        }
        if taken >= MOST {
            agenda.more = true;
            return Ok((agenda, known));
        }
        limit = NEXT_READ;
    }
}

impl Agenda {
    fn take(&mut self, key: &str, value: &[u8], now: Instant) -> Result<(), StorageError> {
        if let Some(course) = key.strip_prefix(DIRTY) {
            self.dirty.push(CourseId::from(course));
        } else if let Some(course) = key.strip_prefix(DECIDED) {
            self.decided.push((CourseId::from(course), decide::read(key, Some(value))));
        } else if let Some(course) = key.strip_prefix(RESEND) {
            self.resend.push((CourseId::from(course), decode(key, value)?));
        } else if let Some(digest) = key.strip_prefix(INBOX) {
            self.inbox.push((digest.to_owned(), decode(key, value)?));
        } else if let Some((at, course)) = read_due_key(key) {
            if at <= now {
                self.due.insert((at, course));
            } else {
                self.is_due_at(at);
            }
        }
        Ok(())
    }

    fn is_due_at(&mut self, at: Instant) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    /// Clears the dirty note of a course that was absorbed. The host drops this change if the note changed since the
    /// tick began, so that a newer change of the course is not lost.
    pub(super) fn clear_note(&mut self, course: &CourseId) {
        self.changes.push(Change::Delete(format!("{DIRTY}{course}")));
    }

    /// Clears the decisions about a course that were taken. The host drops this change if another one came meanwhile.
    pub(super) fn clear_decided(&mut self, course: &CourseId) {
        self.changes.push(Change::Delete(format!("{DECIDED}{course}")));
    }

    /// Clears the note that a course is to be sent again. The host drops this change if somebody asked again meanwhile.
    pub(super) fn clear_resend(&mut self, course: &CourseId) {
        self.changes.push(Change::Delete(format!("{RESEND}{course}")));
    }

    /// Lists a course among those of which something is held, or takes it off that list.
    pub(super) fn list_hold(&mut self, course: &CourseId, is_held: bool) {
        let key = format!("{HOLD}{course}");
        self.changes.push(if is_held { Change::Put(key, Vec::new()) } else { Change::Delete(key) });
    }

    /// Removes a push that was taken from the inbox, with its body.
    pub(super) fn clear_push(&mut self, digest: &str, body_key: &str, body: Option<&[u8]>) {
        self.changes.push(Change::Delete(format!("{INBOX}{digest}")));
        parts::store(&mut self.changes, body_key, body, None);
    }

    /// Sets the moment of a course in the due index; none: the course is not due before something changes.
    pub(super) fn schedule(&mut self, course: &CourseId, page: &mut CoursePage, due: Option<Instant>, now: Instant) {
        let before = std::mem::replace(&mut page.due, due);
        if before.is_none() {
            self.forget_others(course, due);
        }
        if before == due {
            return;
        }
        if let Some(at) = before {
            self.due.remove(&(at, course.clone()));
            self.changes.push(Change::Delete(due_key(at, course)));
        }
        if let Some(at) = due {
            self.changes.push(Change::Put(due_key(at, course), Vec::new()));
            if at <= now {
                self.due.insert((at, course.clone()));
            } else {
                self.is_due_at(at);
            }
        }
    }

    /// Removes a course from the due index wherever its page does not know of it, as when the page was lost.
    fn forget_others(&mut self, course: &CourseId, due: Option<Instant>) {
        let others = self.due.extract_if(|(at, of)| of == course && Some(*at) != due);
        self.changes.extend(others.map(|(at, of)| Change::Delete(due_key(at, &of))));
    }

    /// Moves a course in the due index to where its page says.
    pub(super) fn date(&mut self, course: &CourseId, page: &mut CoursePage, now: Instant) {
        let due = page.next();
        self.schedule(course, page, due, now);
    }

    /// Makes sure that a tick looks at a course, whose page is loaded, at a moment or earlier.
    pub(super) fn look_by(&mut self, rosters: &mut Rosters, course: &CourseId, at: Instant, now: Instant) {
        if rosters.page(course).and_then(|page| page.look).is_none_or(|look| look > at) {
            let page = rosters.pages.edit(course.as_str());
            page.look = Some(at);
            self.date(course, page, now);
        }
    }

    /// The changes to stage.
    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes
    }
}
