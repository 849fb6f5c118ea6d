//! Where records belong: the class of a course that GEGI has and CourseKey holds, and a student whom the course lists.
//! Not here: what is done with a record that has no place (`unplaced`).

use crate::attendance;
use crate::ledger::CourseLedger;
use crate::marking::ClassTimes;
use crate::memory::Rosters;
use crate::memory::entries::CoursePage;
use crate::model::attendance::AttendanceRecord;
use crate::model::course::{Course, Student};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::Issue;
use crate::model::sorted::SortedMap;
use crate::settings::Settings;

/// The course to which a class belongs. The class must be loaded.
pub(super) fn class_course<'a>(rosters: &'a Rosters, class: &ClassId) -> Option<&'a CourseId> {
    rosters.classes.get(class.as_str()).map(|entry| &entry.course)
}

/// Why a record has no place.
pub(super) enum NoPlace {
    /// GEGI does not have the class, or the class's course does not list the student; with the issue about it.
    Unknown(Issue),
    /// CourseKey never acknowledged the class's course.
    NotSynchronized,
}

impl NoPlace {
    /// The issue about the record; none: there is nothing to tell.
    pub(super) fn issue(self) -> Option<Issue> {
        match self {
            Self::Unknown(issue) => Some(issue),
            Self::NotSynchronized => None,
        }
    }
}

/// Where records belong. Each class is searched once, however many records it has.
pub(super) struct Places<'r> {
    rosters: &'r Rosters,
    settings: &'r Settings,
    known: SortedMap<ClassId, Option<Place<'r>>>,
}

/// The place of the records of one class.
pub(super) struct Place<'r> {
    pub(super) course: &'r Course,
    /// When the class is, as GEGI schedules it.
    pub(super) times: ClassTimes,
    students: SortedMap<&'r PersonId, &'r Student>,
    /// Whether CourseKey acknowledged the course.
    synchronized: bool,
    /// Whether records of the class count no more: the class is set aside, because working on it aborted the call again
    /// and again, or it was settled and freed.
    pub(super) closed: bool,
}

impl<'r> Places<'r> {
    /// Places among the courses and classes that were loaded.
    pub(super) fn new(rosters: &'r Rosters, settings: &'r Settings) -> Self {
        Self { rosters, settings, known: SortedMap::new() }
    }

    /// The place of a record. The error says why there is none.
    pub(super) fn of(&mut self, record: &AttendanceRecord) -> Result<&Place<'r>, NoPlace> {
        let Self { rosters, settings, known } = self;
        let place = known.entry(record.class.clone()).or_insert_with(|| find(rosters, &record.class)).as_ref();
        let place = place.ok_or_else(|| NoPlace::Unknown(attendance::unplaced(record, None)))?;
        if !place.synchronized {
            return Err(NoPlace::NotSynchronized);
        }
        if place.students.contains_key(&record.student) {
            return Ok(place);
        }
        let course = Some((place.course, settings.zone_of(&place.course.campus)));
        Err(NoPlace::Unknown(attendance::unplaced(record, course)))
    }
}

fn find<'r>(rosters: &'r Rosters, class: &ClassId) -> Option<Place<'r>> {
    let held = rosters.held(class_course(rosters, class)?).filter(|held| !held.removed)?;
    let scheduled = held.course.class(class)?;
    let times = ClassTimes { starts: scheduled.starts, ends: scheduled.ends };
    let synchronized = is_synchronized(rosters, class);
    let is_settled = |page: &CoursePage| page.settled_until.is_some_and(|until| scheduled.ends <= until);
    let is_closed = |page: &CoursePage| page.classes_set_aside.contains(class) || is_settled(page);
    let closed = rosters.page(&held.course.id).is_some_and(is_closed);
    Some(Place { course: &held.course, times, students: held.course.roll(), synchronized, closed })
}

/// Whether CourseKey acknowledged the course of a class. The class must be loaded.
pub(super) fn is_synchronized(rosters: &Rosters, class: &ClassId) -> bool {
    let ledger = class_course(rosters, class).and_then(|course| rosters.ledger(course));
    ledger.is_some_and(CourseLedger::acknowledged)
}
