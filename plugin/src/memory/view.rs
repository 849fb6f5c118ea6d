//! The view of a course: everything from which its status follows. `on-course-changed`, `get-status` and the tick make
//! the status of this one view, so that they never disagree. Not here: the status itself (`overview`).

use super::entries::{CoursePage, Held, Over};
use super::head::{CampusState, Head};
use super::{COURSE, FETCHED, HEAD, LEDGER, PAGE, UNFIT, decode, encode, newer, parts};
use crate::ledger::CourseLedger;
use crate::model::ids::{CampusId, CourseId};
use crate::model::sorted::SortedMap;
use crate::unfit::UnfitCourse;
use crate::world::{Change, Reads, StorageError};

/// A course with everything from which its status follows.
#[derive(Debug, Clone, Copy)]
pub struct CourseView<'a> {
    /// The newer sighting of the course.
    pub held: &'a Held,
    /// The page of the course; none: no tick has looked at the course.
    pub page: Option<&'a CoursePage>,
    /// The course's page of the ledger; none: the first send was not started.
    pub ledger: Option<&'a CourseLedger>,
    /// The state of each campus.
    pub campuses: &'a SortedMap<CampusId, CampusState>,
}

/// Courses as they are stored, for the calls that are no tick.
#[derive(Debug)]
pub struct Stored {
    campuses: SortedMap<CampusId, CampusState>,
    courses: Vec<StoredCourse>,
}

/// A course as it is stored.
#[derive(Debug)]
pub struct StoredCourse {
    /// The newer of the course's two sightings; none: GEGI never told of the course.
    pub held: Option<Held>,
    /// The page of the course.
    pub page: Option<CoursePage>,
    /// The course's page of the ledger.
    pub ledger: Option<CourseLedger>,
    /// The bytes under which the state has the course as GEGI sent it.
    pub sent: Option<Vec<u8>>,
}

/// How many keys are read of each course.
const KEYS: usize = 4;

/// Reads courses, in the order of the ids, and the state of their campuses.
pub fn read(world: &mut impl Reads, ids: &[CourseId]) -> Result<Stored, StorageError> {
    let of_course = |id: &CourseId| [COURSE, FETCHED, PAGE, LEDGER].map(|prefix| format!("{prefix}{id}"));
    let keys: Vec<String> = std::iter::once(HEAD.to_owned()).chain(ids.iter().flat_map(of_course)).collect();
    let mut values = parts::get_many(world, &keys)?.into_iter();
    let head = values.next().flatten().map(|bytes| Head::read(&bytes)).transpose()?;
    let values: Vec<Option<Vec<u8>>> = values.collect();
    let courses = keys.get(1..).unwrap_or_default().chunks(KEYS).zip(values.chunks(KEYS));
    let courses = courses.filter_map(|(keys, values)| {
        let ([course, fetched, page, ledger], [sent, found, kept, acknowledged]) = (keys, values) else { return None };
        let sightings: [Option<Held>; 2] = [read_one(course, sent.as_deref()), read_one(fetched, found.as_deref())];
        Some(StoredCourse {
            held: newer(sightings[0].as_ref(), sightings[1].as_ref()).cloned(),
            page: read_one(page, kept.as_deref()),
            ledger: read_one(ledger, acknowledged.as_deref()),
            sent: sent.clone(),
        })
    });
    let campuses = head.map(|head| head.campuses).unwrap_or_default();
    let courses = courses.collect();
    Ok(Stored { campuses, courses })
}

/// Reads the course that stands under a name because its id cannot be taken; none: there is no such course.
pub fn read_unfit(world: &mut impl Reads, name: &CourseId) -> Result<Option<UnfitCourse>, StorageError> {
    let key = format!("{UNFIT}{name}");
    let stored = parts::get_many(world, std::slice::from_ref(&key))?.pop().flatten();
    Ok(read_one(&key, stored.as_deref()))
}

/// The change that keeps such a course.
pub fn keep_unfit(name: &CourseId, course: &UnfitCourse) -> Result<Change, StorageError> {
    let key = format!("{UNFIT}{name}");
    let bytes = encode(&key, course)?;
    Ok(Change::Put(key, bytes))
}

/// Reads one value. A value that cannot be read counts as absent, as it does on a shelf.
fn read_one<T: serde::de::DeserializeOwned>(key: &str, bytes: Option<&[u8]>) -> Option<T> {
    bytes.and_then(|bytes| decode(key, bytes).ok())
}

impl StoredCourse {
    /// What is left of the course; none: the course is not long over.
    pub fn over(&self) -> Option<&Over> {
        self.page.as_ref()?.over.as_ref()
    }
}

impl Stored {
    /// Takes the courses out, to be changed. The state of the campuses stays.
    pub fn take_courses(&mut self) -> Vec<StoredCourse> {
        std::mem::take(&mut self.courses)
    }

    /// The courses, in the order of the ids that were asked for.
    pub fn courses(&self) -> impl Iterator<Item = &StoredCourse> {
        self.courses.iter()
    }

    /// The view of a course; none: GEGI never told of the course.
    pub fn view<'a>(&'a self, course: &'a StoredCourse) -> Option<CourseView<'a>> {
        let held = course.held.as_ref()?;
        let (page, ledger) = (course.page.as_ref(), course.ledger.as_ref());
        Some(CourseView { held, page, ledger, campuses: &self.campuses })
    }
}
