//! Classes whose attendance is judged in this tick: those of which something arrived, those whose time has come, those whose
//! course changed. Each is judged once, when everything that came with this tick is in its book.

use std::collections::BTreeMap;

use super::Tick;
use crate::attendance::{ClassBook, Reading, Sitting, Taken};
use crate::ledger::{CourseLedger, Session};
use crate::marking::{ClassTimes, Terms};
use crate::memory::entries::Held;
use crate::model::ids::{ClassId, CourseId};
use crate::model::time::{Instant, Seconds};
use crate::settings::CampusSettings;
use crate::window;
use crate::world::http::Kind;
use crate::world::{StorageError, World};

/// A class that cannot be judged, because its campus has no zone, is tried again this much later.
const TRY_AGAIN: Seconds = Seconds(86_400);

impl<W: World> Tick<'_, W> {
    /// Notes which classes of courses, whose pages are loaded, are to be judged by now: those that planned it, and those
    /// that ended so long ago that everything of them should have arrived.
    pub(super) fn note_what_waited(&mut self, courses: &[CourseId]) {
        let settled = self.now - self.settings.settle;
        for course in courses {
            let judged_until = self.memory.syncs.get(course.as_str()).and_then(|page| page.judged_until);
            if let (Some(held), Some(until)) = (self.memory.held(course), judged_until) {
                let ended = held.course.classes.iter().filter(|class| class.ends > until && class.ends <= settled);
                self.to_judge.extend(ended.map(|class| class.id.clone()));
            }
            let page = self.memory.syncs.edit(course.as_str());
            let now = self.now;
            self.to_judge.extend(page.judge.extract_if(.., |_, at| *at <= now).map(|(class, _)| class));
            page.judged_until = judged_until.map(|until| until.max(settled));
        }
    }

    /// A course changed: what was told of its latest classes, with which the change may have to do, is told anew.
    ///
    /// DOMAIN §4 "Class moved after marks": "marks inside the follow-up days are computed again".
    pub(super) fn note_latest_classes(&mut self, held: &Held) {
        let page = self.memory.syncs.get(held.course.id.as_str());
        let ledger = page.and_then(|page| page.ledger.as_ref());
        let was_begun = |class: &ClassId| ledger.is_some_and(|ledger| begun(ledger, class, self.now));
        let concerned = held.course.classes.iter().filter(|class| {
            class.ends + self.settings.follow >= self.now && (class.starts <= self.now || was_begun(&class.id))
        });
        self.to_judge.extend(concerned.map(|class| class.id.clone()));
    }

    /// Judges every class that was noted.
    pub(super) fn judge_what_is_due(&mut self) -> Result<(), StorageError> {
        let classes = std::mem::take(&mut self.to_judge);
        self.load_classes(&classes)?;
        if self.head.unplaced > 0 {
            self.memory.unplaced.load(self.world, classes.iter().map(ClassId::as_str))?;
        }
        classes.iter().try_for_each(|class| self.judge(class))
    }

    fn judge(&mut self, class: &ClassId) -> Result<(), StorageError> {
        let Some(course) = self.class_course(class) else { return Ok(()) };
        self.marks_of(class);
        let mut book = std::mem::take(self.memory.attendance.edit(class.as_str()));
        let taken = match self.judge_book(&course, class, &mut book) {
            Judgement::Judged(taken) => taken,
            // What GEGI wrote of a class it took back is its own matter; of the plugin nothing is left to be said.
            Judgement::Cancelled => Taken::default(),
            Judgement::NotNow => {
                let issues = book.issues.values().cloned().collect();
                Taken { judge_at: Some(self.now + TRY_AGAIN), issues, ..Taken::default() }
            }
        };
        let Taken { operations, marks, rows, judge_at, issues } = taken;
        self.report.marks_written += marks;
        self.report.log_rows_written += rows;
        self.operations.extend(operations);
        self.exchange_issues(&mut book.issues, &issues)?;
        if let Some(at) = judge_at {
            self.judge_again(&course, class, at);
        }
        if book == ClassBook::default() {
            self.memory.attendance.remove(class.as_str());
        } else {
            self.memory.attendance.set(class.as_str(), book);
        }
        Ok(())
    }

    fn judge_book(&self, course: &CourseId, class: &ClassId, book: &mut ClassBook) -> Judgement {
        let Some(held) = self.memory.held(course).filter(|held| !held.removed) else { return Judgement::Cancelled };
        let Some(scheduled) = held.course.class(class) else { return Judgement::Cancelled };
        let page = self.memory.syncs.get(course.as_str());
        let ledger = page.and_then(|page| page.ledger.as_ref());
        let Some((campus, zone)) = self.campus_to_read(held, ledger).and_then(|campus| Some((campus, campus.zone?)))
        else {
            return Judgement::NotNow;
        };
        let times = ClassTimes { starts: scheduled.starts, ends: scheduled.ends };
        let times = book.times(times, self.settings.follow, self.now);
        let thresholds = book.thresholds(times.starts, &self.head.thresholds, self.now);
        let thresholds = thresholds.as_ref().unwrap_or(&self.settings.thresholds);
        let nobody = BTreeMap::new();
        Judgement::Judged(book.judge(Sitting {
            course: &held.course,
            class,
            times,
            day: times.starts.date_in(zone),
            today: self.now.date_in(zone),
            ledger,
            marks: self.marks.get(class).unwrap_or(&nobody),
            terms: Terms { thresholds, settle: self.settings.settle },
            follow: self.settings.follow,
            followed_until: window::attendance_until(&held.course, &self.settings).unwrap_or(self.now),
            reading: &self.reading(campus, ledger, class),
            now: self.now,
        }))
    }

    /// The campus whose listing has the course's attendance.
    fn campus_to_read(&self, held: &Held, ledger: Option<&CourseLedger>) -> Option<&CampusSettings> {
        let acknowledged =
            ledger.and_then(|ledger| self.settings.campuses.values().find(|campus| campus.school == ledger.school));
        acknowledged.or_else(|| self.settings.campuses.get(&held.course.campus))
    }

    fn reading(&self, campus: &CampusSettings, ledger: Option<&CourseLedger>, class: &ClassId) -> Reading {
        let soon = self.now + self.settings.update_every;
        let CampusSettings { id: campus, school, .. } = campus;
        // What was read of one school says nothing of a course that another one has; and pushes that wait for the next
        // tick may be of the class.
        let everything = ledger.is_some_and(|ledger| ledger.school == *school) && !self.agenda.more;
        Reading {
            until: self.campuses.peek(campus).and_then(|state| state.read_until).filter(|_| everything),
            unplaced: self.memory.unplaced.get(class.as_str()).is_some(),
            unreadable: self.head.unreadable.students_of(class, *school),
            again_at: self.campuses.not_before(campus, Kind::Attendance).map_or(soon, |at| at.max(soon)),
        }
    }

    /// Makes sure the class is judged at a moment.
    fn judge_again(&mut self, course: &CourseId, class: &ClassId, at: Instant) {
        let page = self.memory.syncs.edit(course.as_str());
        let planned = page.judge.entry(class.clone()).or_insert(at);
        *planned = at.min(*planned);
        if page.due.is_none_or(|due| due > at) {
            self.schedule(course, Some(at));
        }
    }
}

/// What came of judging a class.
enum Judgement {
    Judged(Taken),
    /// GEGI does not have the class any more, or its course.
    Cancelled,
    /// It cannot be told on which day the class is.
    NotNow,
}

/// Whether the class, as CourseKey has it, has begun.
fn begun(ledger: &CourseLedger, class: &ClassId, now: Instant) -> bool {
    let session = ledger.sessions.get(class).and_then(|slot| slot.acknowledged.as_ref());
    matches!(session, Some(Session::At { starts, .. }) if *starts <= now)
}
