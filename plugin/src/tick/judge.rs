//! Judges the classes whose attendance is to be judged in this tick: classes of which a record arrived, classes whose
//! moment to be judged has come, and classes whose course changed. Each class is judged once a tick, when every record
//! that came with the tick is in the class's book. Not here: the judgement itself (`attendance`).

use super::agenda::Agenda;
use super::campus::Campuses;
use super::moment::{Item, Moment};
use super::places::class_course;
use super::records::Intake;
use crate::attendance::{ClassBook, Desk, Reading, Sitting, Taken};
use crate::following;
use crate::ledger::{CourseLedger, Session};
use crate::marking::{ClassTimes, Terms, gives_time};
use crate::memory::Rosters;
use crate::memory::entries::Held;
use crate::memory::followed::Followed;
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::settings::{CampusSettings, InForce, Settings};
use crate::world::{StorageError, Writes};

/// After this time a class is judged again that cannot be judged now, because its campus has no time zone or is not
/// read.
const TRY_AGAIN: Seconds = Seconds(86_400);

/// The classes of courses that are to be judged by now: classes for which a judgement was planned, and classes whose
/// settle time is over. The courses must be loaded; their pages note that these classes are judged.
pub(super) fn what_waited(moment: Moment<'_>, rosters: &mut Rosters, courses: &[CourseId]) -> Vec<ClassId> {
    let Moment { now, settings, .. } = moment;
    let settled = now - settings.settle;
    let mut to_judge = Vec::new();
    for course in courses {
        let judged_until = rosters.page(course).and_then(|page| page.judged_until);
        if let (Some(held), Some(until)) = (rosters.held(course), judged_until) {
            let ended = held.course.classes.iter().filter(|class| class.ends > until && class.ends <= settled);
            to_judge.extend(ended.map(|class| class.id.clone()));
        }
        let page = rosters.pages.edit(course.as_str());
        to_judge.extend(page.judge.extract_if(|_, at| *at <= now).map(|(class, _)| class));
        page.judged_until = judged_until.map(|until| until.max(settled));
    }
    to_judge
}

/// The latest classes of a course that changed: those within their follow-up days that have begun, in GEGI or as
/// CourseKey has them. They are judged again, because the change may alter their marks.
///
/// DOMAIN §4 "Class moved after marks": "marks inside the follow-up days are computed again".
pub(super) fn latest_classes(moment: Moment<'_>, course: &Course, ledger: Option<&CourseLedger>) -> Vec<ClassId> {
    let Moment { now, settings, .. } = moment;
    let was_begun = |class: &ClassId| ledger.is_some_and(|ledger| begun(ledger, class, now));
    let concerned = course
        .classes
        .iter()
        .filter(|class| class.ends + settings.follow >= now && (class.starts <= now || was_begun(&class.id)));
    concerned.map(|class| class.id.clone()).collect()
}

/// Judges every class that the steps before noted in `Attendance::to_judge`.
pub(super) fn judge<W: Writes>(
    intake: Intake<'_, W>,
    (campuses, followed): (&Campuses, &Followed),
    agenda: &mut Agenda,
    thresholds: &InForce,
) -> Result<Written, StorageError> {
    let mut judging = Judging { intake, campuses, followed, agenda, thresholds, written: Written::default() };
    judging.judge_what_is_noted()?;
    Ok(judging.written)
}

/// Judges classes.
pub(super) struct Judging<'t, W> {
    pub(super) intake: Intake<'t, W>,
    pub(super) campuses: &'t Campuses,
    pub(super) followed: &'t Followed,
    pub(super) agenda: &'t mut Agenda,
    pub(super) thresholds: &'t InForce,
    pub(super) written: Written,
}

/// How many marks and rows were written into GEGI.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) marks: u32,
    pub(super) rows: u32,
}

impl<W: Writes> Judging<'_, W> {
    fn judge_what_is_noted(&mut self) -> Result<(), StorageError> {
        let classes: Vec<ClassId> = std::mem::take(&mut self.intake.attendance.to_judge).into_iter().collect();
        let mut left = classes.as_slice();
        while !left.is_empty() && !self.is_enough() {
            let (portion, rest) = left.split_at(self.intake.moment.size.portion().min(left.len()));
            self.judge_portion(portion)?;
            left = rest;
        }
        self.intake.moment.note_nothing(self.intake.world);
        self.leave(left)
    }

    /// Whether as much is to be written into GEGI as one tick writes.
    fn is_enough(&self) -> bool {
        let size = self.intake.moment.size;
        self.intake.out.operations.len() >= size.operations()
    }

    fn judge_portion(&mut self, classes: &[ClassId]) -> Result<(), StorageError> {
        if let [class] = classes {
            self.intake.moment.note_work_on(self.intake.world, &Item::Class(class.clone()));
        }
        self.intake.load_classes(&classes.iter().cloned().collect())?;
        if self.intake.attendance.unplaced > 0 {
            self.intake.attendance.books.unplaced.load(self.intake.world, classes.iter().map(ClassId::as_str))?;
        }
        classes.iter().try_for_each(|class| self.judge(class))?;
        self.intake.make_room()
    }

    /// Leaves classes to the next tick. What came of them is in their books already.
    fn leave(&mut self, classes: &[ClassId]) -> Result<(), StorageError> {
        let (now, rosters) = (self.intake.moment.now, &mut *self.intake.rosters);
        rosters.classes.load(self.intake.world, classes.iter().map(ClassId::as_str))?;
        let of_courses: Vec<(&ClassId, CourseId)> =
            classes.iter().filter_map(|class| Some((class, class_course(rosters, class)?.clone()))).collect();
        rosters.pages.load(self.intake.world, of_courses.iter().map(|(_, course)| course.as_str()))?;
        for (class, course) in &of_courses {
            self.judge_again(course, class, now);
        }
        self.agenda.again |= !classes.is_empty();
        Ok(())
    }

    fn judge(&mut self, class: &ClassId) -> Result<(), StorageError> {
        let Some(course) = class_course(self.intake.rosters, class).cloned() else { return Ok(()) };
        if self.intake.rosters.page(&course).is_some_and(|page| page.classes_set_aside.contains(class)) {
            return Ok(());
        }
        self.intake.attendance.ask_marks(self.intake.world, class)?;
        let mut book = std::mem::take(self.intake.attendance.books.classes.edit(class.as_str()));
        let taken = match self.seated(&course, class, &mut book, ClassBook::judge) {
            Ok(taken) => taken,
            // GEGI took the class back: the plugin writes no mark and no row any more, its issues about the class end, and
            // nobody is absent from it.
            Err(Unseated::Cancelled) => self.cancel(&course, class, &mut book),
            // GEGI removed the whole course: what was written stays.
            Err(Unseated::Removed) => Taken::default(),
            Err(Unseated::NotNow) => {
                let issues = book.issues.values().cloned().collect();
                Taken { judge_at: Some(self.intake.moment.now + TRY_AGAIN), issues, ..Taken::default() }
            }
        };
        self.intake.attendance.marks.remove(class);
        let Taken { operations, marks, rows, judge_at, issues } = taken;
        self.written.marks += marks;
        self.written.rows += rows;
        let Intake { out, world, attendance, .. } = &mut self.intake;
        out.operations.extend(operations);
        out.exchange_issues(*world, &mut book.issues, &issues)?;
        if book == ClassBook::default() {
            attendance.books.classes.remove(class.as_str());
        } else {
            attendance.books.classes.set(class.as_str(), book);
        }
        if let Some(at) = judge_at {
            self.judge_again(&course, class, at);
        }
        Ok(())
    }

    /// Does something with the book of a class and everything beside it that counts when the class is judged.
    pub(super) fn seated<T>(
        &self,
        course: &CourseId,
        class: &ClassId,
        book: &mut ClassBook,
        then: impl FnOnce(&mut ClassBook, Sitting<'_>) -> T,
    ) -> Result<T, Unseated> {
        let Intake { moment, rosters, attendance, .. } = &self.intake;
        let Moment { now, settings, .. } = *moment;
        let Some(held) = rosters.held(course).filter(|held| !held.removed) else { return Err(Unseated::Removed) };
        let Some(scheduled) = held.course.class(class) else { return Err(Unseated::Cancelled) };
        let ledger = rosters.ledger(course);
        let Some((campus, zone)) = campus_to_read(settings, held, ledger).and_then(|of| Some((of, of.zone?))) else {
            return Err(Unseated::NotNow);
        };
        let times = ClassTimes { starts: scheduled.starts, ends: scheduled.ends };
        let times = book.times(times, settings.follow, now);
        let thresholds = book.thresholds(times.starts, self.thresholds, now);
        let thresholds = thresholds.as_ref().unwrap_or(&settings.thresholds);
        let form = book.form(held.course.hours_type, times, settings.follow, now);
        let nobody = SortedMap::new();
        let sitting = Sitting {
            course: &held.course,
            students: &held.course.roll(),
            class,
            form,
            times,
            zone,
            day: times.starts.date_in(zone),
            today: now.date_in(zone),
            ledger,
            marks: attendance.marks.get(class).unwrap_or(&nobody),
            terms: Terms { thresholds, settle: settings.settle },
            follow: settings.follow,
            followed_until: following::until(&held.course, settings).unwrap_or(now),
            reading: &self.reading(campus, ledger, class),
            now,
        };
        Ok(then(book, sitting))
    }

    /// When a class is judged next if no record comes; none: not any more. `to_judge` are the classes that are judged now.
    pub(super) fn judged_at(
        &self,
        course: &CourseId,
        class: &ClassId,
        to_judge: &SortedSet<ClassId>,
    ) -> Option<Instant> {
        let Moment { now, settings, .. } = self.intake.moment;
        let page = self.intake.rosters.page(course);
        let planned = page.and_then(|page| page.judge.get(class)).copied();
        let ends = self.intake.rosters.held(course).and_then(|held| held.course.class(class)).map(|class| class.ends);
        let is_ahead = |ends: &Instant| page.and_then(|page| page.judged_until).is_none_or(|until| *ends > until);
        let settles = ends.filter(is_ahead).map(|ends| ends + settings.settle);
        let at_once = to_judge.contains(class).then_some(now);
        [planned, settles, at_once].into_iter().flatten().min().map(|at| at.max(now))
    }

    fn reading(&self, campus: &CampusSettings, ledger: Option<&CourseLedger>, class: &ClassId) -> Reading {
        let CampusSettings { id: campus, school, .. } = campus;
        // No campus has the School ID of the course any more: its attendance is not read, and no record will arrive.
        let is_elsewhere = ledger.is_some_and(|ledger| ledger.school != *school);
        let closely = self.followed.closely(*school, self.campuses.read_up_to(campus));
        let listed_again_at = self.campuses.read_again_at(campus, closely);
        // What was read of one School ID says nothing of a course that CourseKey holds under another. And where more
        // entries wait than the tick takes on, a push among them may be about the class.
        let everything = ledger.is_some_and(|ledger| ledger.school == *school) && !self.agenda.more;
        Reading {
            until: self.campuses.peek(campus).and_then(|state| state.read_until).filter(|_| everything),
            unplaced: self.unplaced(class),
            unreadable: self.intake.attendance.unreadable.students_of(class, *school),
            again_at: if is_elsewhere { self.intake.moment.now + TRY_AGAIN } else { listed_again_at },
        }
    }

    /// The students, folded, whose records of the class have no place and give time.
    fn unplaced(&self, class: &ClassId) -> SortedSet<String> {
        let waiting = self.intake.attendance.books.unplaced.get(class.as_str());
        let newest = waiting.into_iter().flat_map(|waiting| waiting.records.values()).filter_map(|of| of.last());
        newest.filter(|record| gives_time(record)).map(|record| record.student.folded()).collect()
    }

    fn cancel(&self, course: &CourseId, class: &ClassId, book: &mut ClassBook) -> Taken {
        let (now, nobody) = (self.intake.moment.now, SortedMap::new());
        let marks = self.intake.attendance.marks.get(class).unwrap_or(&nobody);
        book.cancel(Desk { course, class, marks, read_until: None, now })
    }

    /// Makes sure that the class is judged again at a moment or earlier.
    fn judge_again(&mut self, course: &CourseId, class: &ClassId, at: Instant) {
        let rosters = &mut *self.intake.rosters;
        let page = rosters.pages.edit(course.as_str());
        let planned = page.judge.entry(class.clone()).or_insert(at);
        *planned = at.min(*planned);
        self.agenda.date(course, page, self.intake.moment.now);
    }
}

/// The campus through which the course's attendance is read.
fn campus_to_read<'a>(
    settings: &'a Settings,
    held: &Held,
    ledger: Option<&CourseLedger>,
) -> Option<&'a CampusSettings> {
    let acknowledged = ledger.and_then(|ledger| settings.campus_of(ledger.school));
    acknowledged.or_else(|| settings.campuses.get(&held.course.campus))
}

/// Why a class is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseated {
    /// GEGI does not have the class any more.
    Cancelled,
    /// GEGI does not have the class's course any more.
    Removed,
    /// The class cannot be judged now: its campus or the campus's time zone is unknown.
    NotNow,
}

/// Whether the class has begun at the start that CourseKey acknowledged.
fn begun(ledger: &CourseLedger, class: &ClassId, now: Instant) -> bool {
    let session = ledger.sessions.get(class).and_then(|slot| slot.acknowledged.as_ref());
    matches!(session, Some(Session::At { starts, .. }) if *starts <= now)
}
