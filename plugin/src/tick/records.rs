//! Enters attendance records into the books of their classes, whether the records were polled or pushed. Not here: the
//! judgement of the classes, which follows when every record of the tick is in its book (`judge`).

use super::agenda::Agenda;
use super::moment::{Item, Moment};
use super::outgoing::Outgoing;
use super::places::{NoPlace, Place, Places, class_course};
use crate::attendance::{ClassBook, Limits};
use crate::coursekey::attendance::{Page, Unreadable, read_push};
use crate::following;
use crate::memory::head::Head;
use crate::memory::unreadable::{UnreadableRecord, UnreadableRecords};
use crate::memory::{Books, PUSH, Rosters, parts};
use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::world::records::CurrentMark;
use crate::world::{Reads, StorageError, Writes};

/// About the bytes of a record in a book, with its mark and the mark's basis.
const RECORD_BYTES: usize = 200;
/// About the bytes of a visit there.
const VISIT_BYTES: usize = 30;

/// Where records come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A push that a key of this School ID signed.
    Pushed(SchoolNumber),
    /// The listing of a School ID from a moment on, which has every record in its newest version.
    Listed(SchoolNumber, Instant),
}

/// The attendance that this tick works on.
#[derive(Debug, Default)]
pub(super) struct Attendance {
    pub(super) books: Books,
    /// The marks that GEGI holds, of the classes for which this tick asked.
    pub(super) marks: SortedMap<ClassId, SortedMap<PersonId, CurrentMark>>,
    /// The classes to judge when every record of the tick is in its book.
    pub(super) to_judge: SortedSet<ClassId>,
    /// How many records came that could be read.
    pub(super) received: u32,
    /// How many pushed records were not taken, because a key of another School ID signed them than that of their class.
    pub(super) foreign: u32,
    /// How many visits those records have.
    visits: usize,
    /// About the bytes that were entered into books since they were last put away.
    weight: usize,
    /// The records that cannot be read.
    pub(super) unreadable: UnreadableRecords,
    /// How many records wait because GEGI does not have their class or student.
    pub(super) unplaced: u32,
    /// The end of the latest class of which everything was freed; none: nothing was ever freed.
    pub(super) freed_until: Option<Instant>,
}

/// Enters records into books.
pub(super) struct Intake<'t, W> {
    pub(super) world: &'t mut W,
    pub(super) moment: Moment<'t>,
    pub(super) rosters: &'t mut Rosters,
    pub(super) attendance: &'t mut Attendance,
    pub(super) out: &'t mut Outgoing,
}

impl<W: Writes> Intake<'_, W> {
    /// Takes the pushes that wait in the inbox.
    pub(super) fn take_pushes(&mut self, agenda: &mut Agenda) -> Result<(), StorageError> {
        for (digest, school) in std::mem::take(&mut agenda.inbox) {
            if self.attendance.is_enough(self.moment) {
                // A push that waits may be about any class, so nobody is absent for want of a record yet.
                agenda.again = true;
                agenda.more = true;
                break;
            }
            self.moment.note_work_on(self.world, &Item::Push(digest.clone()));
            let body_key = format!("{PUSH}{digest}");
            let body = parts::get_many(self.world, std::slice::from_ref(&body_key))?.pop().flatten();
            let body = body.unwrap_or_default();
            let page = read_push(&body).unwrap_or_else(|problem| Page {
                records: Vec::new(),
                unreadable: vec![Unreadable::whole(problem)],
                next: None,
                as_of: None,
            });
            self.take_page(&Source::Pushed(school), page, false)?;
            agenda.clear_push(&digest, &body_key, Some(&body));
        }
        Ok(())
    }

    /// Takes the records of one page, or of one push. `again`: the source lists records that were read before.
    pub(super) fn take_page(&mut self, source: &Source, page: Page, again: bool) -> Result<(), StorageError> {
        self.attendance.received += u32::try_from(page.records.len() + page.unreadable.len()).unwrap_or(u32::MAX);
        self.attendance.visits += page.records.iter().map(|record| record.visits.len()).sum::<usize>();
        for unreadable in page.unreadable {
            self.note_unreadable(source, unreadable)?;
        }
        let schools = SortedSet::from([source.school()]);
        for record in &page.records {
            self.attendance.unreadable.read(&record.id, record.version, &schools, matches!(source, Source::Listed(..)));
        }
        let records = if again { self.only_unknown(page.records)? } else { page.records };
        let records = self.only_at_their_places(source, records)?;
        self.enter_records(records, source.pushed_by())
    }

    /// Notes a record that cannot be read, unless a later version of the record was read.
    fn note_unreadable(&mut self, source: &Source, unreadable: Unreadable) -> Result<(), StorageError> {
        let schools = SortedSet::from([source.school()]);
        if self.was_read_since(&unreadable)? {
            return Ok(());
        }
        let Unreadable { id, version, class, student, updated_at, problem } = unreadable;
        // Who is absent by silence may have this record.
        self.attendance.to_judge.extend(class.clone());
        let listed_from = updated_at.unwrap_or(match source {
            Source::Pushed(_) => self.moment.pass_from(),
            Source::Listed(_, since) => *since,
        });
        let (came, sought_at) = (self.moment.now, SortedSet::new());
        let record = UnreadableRecord { id, version, schools, class, student, problem, listed_from, came, sought_at };
        self.attendance.unreadable.note(record);
        Ok(())
    }

    fn was_read_since(&mut self, unreadable: &Unreadable) -> Result<bool, StorageError> {
        let Some(next) = unreadable.next_version() else { return Ok(false) };
        self.attendance.books.classes.load(self.world, std::iter::once(next.class.as_str()))?;
        Ok(self.attendance.was_taken(&next))
    }

    /// Enters records into the books of their classes. A record whose class or student GEGI does not have is kept apart
    /// (`unplaced`). A record that a key of another School ID signed than that of its class is not taken.
    pub(super) fn enter_records(
        &mut self,
        records: Vec<AttendanceRecord>,
        pushed_by: Option<SchoolNumber>,
    ) -> Result<(), StorageError> {
        let mut of_classes: SortedMap<ClassId, Vec<AttendanceRecord>> = SortedMap::new();
        for record in records {
            of_classes.entry(record.class.clone()).or_default().push(record);
        }
        let classes: Vec<ClassId> = of_classes.keys().cloned().collect();
        for portion in classes.chunks(self.moment.size.portion()) {
            if let [class] = portion {
                self.moment.note_work_on(self.world, &Item::Class(class.clone()));
            }
            self.load_classes(&portion.iter().cloned().collect())?;
            let of_portion = portion.iter().filter_map(|class| of_classes.remove_entry(class));
            let (own, foreign): (Vec<_>, Vec<_>) =
                of_portion.partition(|(class, _)| pushed_by.is_none_or(|school| self.may_speak_for(school, class)));
            let foreign: usize = foreign.iter().map(|(_, records)| records.len()).sum();
            self.attendance.foreign += u32::try_from(foreign).unwrap_or(u32::MAX);
            let homeless = self.enter_all(own.into_iter().flat_map(|(_, records)| records))?;
            self.keep_unplaced(homeless, pushed_by)?;
            self.make_room()?;
        }
        Ok(())
    }

    /// Enters records whose classes are loaded, and answers those that have no place.
    fn enter_all(
        &mut self,
        records: impl Iterator<Item = AttendanceRecord>,
    ) -> Result<Vec<AttendanceRecord>, StorageError> {
        let mut places = Places::new(self.rosters, self.moment.settings);
        let (mut homeless, mut bygone) = (Vec::new(), Vec::new());
        for record in records {
            match places.of(&record) {
                Ok(place) => self.attendance.enter(self.world, self.moment, place, &record)?,
                // The book took this version before GEGI cancelled the class or took the student off the list.
                Err(_) if self.attendance.was_taken(&record) => {}
                // CourseKey has the record, but not the course: the seed speaks of synchronized courses alone. If the
                // course is synchronized later, its attendance is read from its first class on.
                Err(NoPlace::NotSynchronized) => {}
                // Nobody knows the class, and classes of its time were freed: it may be one of them, which are settled.
                Err(NoPlace::Unknown(_))
                    if class_course(self.rosters, &record.class).is_none()
                        && self.attendance.freed_until >= Some(last_punch(&record)) =>
                {
                    bygone.push(record);
                }
                Err(NoPlace::Unknown(_)) => homeless.push(record),
            }
        }
        bygone.iter().try_for_each(|record| self.forget_place(record))?;
        Ok(homeless)
    }

    /// Whether a key of a School ID may sign records of a class: the class is of a campus with this number or CourseKey
    /// holds its course there, or GEGI does not have the class yet.
    fn may_speak_for(&self, school: SchoolNumber, class: &ClassId) -> bool {
        let Some(course) = class_course(self.rosters, class) else { return true };
        let Some(held) = self.rosters.held(course) else { return true };
        let campus = self.moment.settings.campuses.get(&held.course.campus).map(|campus| campus.school);
        let ledger = self.rosters.ledger(course).map(|ledger| ledger.school);
        [campus, ledger].contains(&Some(school))
    }

    /// Puts books and courses away once they take up as much memory as one tick may.
    pub(super) fn make_room(&mut self) -> Result<(), StorageError> {
        let most = self.moment.size.bytes();
        if self.attendance.books.classes.bytes() + self.attendance.weight > most {
            self.attendance.books.put_away(self.world)?;
            self.attendance.weight = 0;
        }
        if self.rosters.bytes() > most {
            self.rosters.forget_untouched();
        }
        Ok(())
    }

    /// Leaves out the records that their books hold in this very version. No book is put on the shelf for it.
    fn only_unknown(&mut self, mut records: Vec<AttendanceRecord>) -> Result<Vec<AttendanceRecord>, StorageError> {
        let books = &self.attendance.books.classes;
        let classes: SortedSet<String> = records.iter().map(|record| record.class.to_string()).collect();
        let read = books.peek(self.world, classes.iter().map(String::as_str))?;
        let book = |class: &str| -> Option<&ClassBook> { read.get(class).or_else(|| books.get(class)) };
        records.retain(|record| !book(record.class.as_str()).is_some_and(|book| book.knows(record)));
        Ok(records)
    }

    /// Loads classes with their courses and books.
    pub(super) fn load_classes(&mut self, classes: &SortedSet<ClassId>) -> Result<(), StorageError> {
        self.rosters.classes.load(self.world, classes.iter().map(ClassId::as_str))?;
        let courses: SortedSet<CourseId> =
            classes.iter().filter_map(|class| class_course(self.rosters, class)).cloned().collect();
        self.rosters.load_courses(self.world, &courses)?;
        self.attendance.books.classes.load(self.world, classes.iter().map(ClassId::as_str))
    }
}

impl Attendance {
    /// Takes from the head what it holds of attendance. `to_judge` are the classes whose course changed.
    pub(super) fn begin(head: &mut Head, to_judge: SortedSet<ClassId>) -> Self {
        let unreadable = std::mem::take(&mut head.unreadable);
        Self { to_judge, unreadable, unplaced: head.unplaced, freed_until: head.freed_until, ..Self::default() }
    }

    /// Gives back to the head what it holds of attendance, and answers the books.
    pub(super) fn end(self, head: &mut Head) -> Books {
        head.unreadable = self.unreadable;
        head.unplaced = self.unplaced;
        head.freed_until = self.freed_until;
        self.books
    }

    /// Whether as many records came as one tick takes on.
    pub(super) fn is_enough(&self, moment: Moment<'_>) -> bool {
        let received = usize::try_from(self.received).unwrap_or(usize::MAX);
        received >= moment.size.records() || self.visits >= moment.size.visits()
    }

    fn was_taken(&self, record: &AttendanceRecord) -> bool {
        self.books.classes.get(record.class.as_str()).is_some_and(|book| book.has_seen(record))
    }

    fn enter(
        &mut self,
        world: &mut impl Reads,
        moment: Moment<'_>,
        place: &Place<'_>,
        record: &AttendanceRecord,
    ) -> Result<(), StorageError> {
        let class = record.class.as_str();
        if self.books.classes.get(class).is_some_and(|book| book.knows(record)) {
            return Ok(());
        }
        let Moment { now, settings, .. } = moment;
        let Some(followed_until) = following::until(place.course, settings).filter(|_| !place.closed) else {
            return Ok(());
        };
        self.weight += RECORD_BYTES + record.visits.len() * VISIT_BYTES;
        self.ask_marks(world, &record.class)?;
        let (book, nobody) = (self.books.classes.edit(class), SortedMap::new());
        let times = book.times(place.times, settings.follow, now);
        let limits = Limits::of(times.ends, settings.follow, settings.settle, followed_until);
        if book.enter(record, limits, self.marks.get(&record.class).unwrap_or(&nobody)) {
            self.to_judge.insert(record.class.clone());
        }
        Ok(())
    }

    /// Asks GEGI for the marks of a class. Once a tick is enough, because a class is judged once a tick.
    pub(super) fn ask_marks(&mut self, world: &mut impl Reads, class: &ClassId) -> Result<(), StorageError> {
        if !self.marks.contains_key(class) {
            let marks = world.current_marks(class)?.into_iter().map(|mark| (mark.student.clone(), mark));
            self.marks.insert(class.clone(), marks.collect());
        }
        Ok(())
    }
}

impl Source {
    /// The School ID that holds the records.
    pub(super) fn school(&self) -> SchoolNumber {
        match self {
            Self::Pushed(school) | Self::Listed(school, _) => *school,
        }
    }

    /// The School ID whose key signed the push; none: CourseKey listed the records.
    fn pushed_by(&self) -> Option<SchoolNumber> {
        match self {
            Self::Pushed(school) => Some(*school),
            Self::Listed(..) => None,
        }
    }
}

/// The last punch of a record; where it has none, when the record was written.
pub(super) fn last_punch(record: &AttendanceRecord) -> Instant {
    let punches = record.visits.iter().map(|visit| visit.checked_out.unwrap_or(visit.checked_in));
    punches.max().unwrap_or(record.updated_at)
}
