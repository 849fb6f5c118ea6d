//! One view of a course: everything its status is made from. Whoever shows a status, GEGI's event, the status page or the
//! tick itself, looks at the same.

use super::entries::{CoursePage, Held};
use super::head::{CampusState, Head, Stopped};
use super::{COURSE, FETCHED, HEAD, LEDGER, PAGE, decode, newer};
use crate::ledger::CourseLedger;
use crate::model::ids::{CampusId, CourseId};
use crate::world::{Reads, StorageError};

/// A course with everything that is known of it.
#[derive(Debug, Clone, Copy)]
pub struct CourseView<'a> {
    /// The course as GEGI last told of it.
    pub held: &'a Held,
    /// What the tick keeps of it; none: no tick has looked at it.
    pub page: Option<&'a CoursePage>,
    /// What CourseKey acknowledged of it; none before the first send is started.
    pub ledger: Option<&'a CourseLedger>,
    /// Why its campus is stopped, if it is.
    pub stop: Option<&'a Stopped>,
}

/// Courses as they are stored, for a call that is no tick.
#[derive(Debug)]
pub struct Stored {
    head: Option<Head>,
    courses: Vec<StoredCourse>,
}

/// A course as it is stored.
#[derive(Debug)]
pub struct StoredCourse {
    /// The newer of its two sightings.
    pub held: Option<Held>,
    /// What the tick keeps of it.
    pub page: Option<CoursePage>,
    /// What CourseKey acknowledged of it.
    pub ledger: Option<CourseLedger>,
}

/// Keys that are read of each course.
const KEYS: usize = 4;

/// Reads courses, in the order asked for, with what is known of their campuses.
pub fn read(world: &mut impl Reads, ids: &[CourseId]) -> Result<Stored, StorageError> {
    let of_course = |id: &CourseId| [COURSE, FETCHED, PAGE, LEDGER].map(|prefix| format!("{prefix}{id}"));
    let keys: Vec<String> = std::iter::once(HEAD.to_owned()).chain(ids.iter().flat_map(of_course)).collect();
    let mut values = world.get_many(&keys)?.into_iter();
    let head = values.next().flatten().map(|bytes| Head::read(&bytes)).transpose()?;
    let values: Vec<Option<Vec<u8>>> = values.collect();
    let courses = keys.get(1..).unwrap_or_default().chunks(KEYS).zip(values.chunks(KEYS));
    let courses = courses.filter_map(|(keys, values)| {
        let ([course, fetched, page, ledger], [sent, found, kept, acknowledged]) = (keys, values) else { return None };
        Some((|| {
            let sent: Option<Held> = read_one(course, sent.as_deref())?;
            let found: Option<Held> = read_one(fetched, found.as_deref())?;
            Ok(StoredCourse {
                held: newer(sent.as_ref(), found.as_ref()).cloned(),
                page: read_one(page, kept.as_deref())?,
                ledger: read_one(ledger, acknowledged.as_deref())?,
            })
        })())
    });
    Ok(Stored { head, courses: courses.collect::<Result<_, StorageError>>()? })
}

fn read_one<T: serde::de::DeserializeOwned>(key: &str, bytes: Option<&[u8]>) -> Result<Option<T>, StorageError> {
    bytes.map(|bytes| decode(key, bytes)).transpose()
}

impl Stored {
    /// Takes the courses out, to be changed. What is known of campuses stays.
    pub fn take_courses(&mut self) -> Vec<StoredCourse> {
        std::mem::take(&mut self.courses)
    }

    /// The courses that GEGI told of.
    pub fn views(&self) -> impl Iterator<Item = CourseView<'_>> {
        self.courses.iter().filter_map(|course| self.view(course))
    }

    /// The view of a course; none if GEGI never told of it.
    pub fn view<'a>(&'a self, course: &'a StoredCourse) -> Option<CourseView<'a>> {
        let held = course.held.as_ref()?;
        let stop = self.head.as_ref().and_then(|head| stop(&head.campuses, &held.course.campus));
        Some(CourseView { held, page: course.page.as_ref(), ledger: course.ledger.as_ref(), stop })
    }
}

/// Why a campus is stopped, if it is.
pub fn stop<'a>(
    campuses: &'a std::collections::BTreeMap<CampusId, CampusState>,
    campus: &CampusId,
) -> Option<&'a Stopped> {
    campuses.get(campus)?.stopped.as_ref()
}
