//! The call `watch`: when each student of a course attended last, and who was not seen for some days. Not here: what
//! attending means for a mark (`marking`).

use crate::attendance::Entry;
use crate::enrollment::{self, Standing};
use crate::lines;
use crate::memory::{Books, PAGE, parts, view};
use crate::model::attendance::Mark;
use crate::model::course::{Agreement, Class, Course, Student};
use crate::model::ids::{CourseId, PersonId};
use crate::model::sorted::SortedMap;
use crate::model::time::{Instant, Seconds};
use crate::naming;
use crate::settings::{self, Settings};
use crate::window::{self, Phase};
use crate::world::{Reads, StorageError};

/// The most courses of one page.
pub const MOST: u32 = 20;

/// The students of a course, and when each attended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The course.
    pub course: CourseId,
    /// Its number and title.
    pub name: String,
    /// The students who study now, ascending by id.
    pub students: Vec<Seen>,
}

/// When a student attended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The student.
    pub student: PersonId,
    /// The student's name.
    pub name: String,
    /// The start of the last class that the student attended; none: none so far.
    pub last: Option<Instant>,
    /// Whether classes were held for so many days and the student attended none of them.
    pub unseen: bool,
}

/// The courses whose sync window is open, behind the course `after`, at most `limit` and never more than [`MOST`]; and
/// behind which course the next page begins, if there is one.
pub fn watch(
    world: &mut impl Reads,
    after: Option<&CourseId>,
    limit: u32,
    days: u32,
) -> Result<(Vec<Watched>, Option<CourseId>), StorageError> {
    let (settings, _) = settings::check(&world.settings()?);
    let (now, most) = (world.now(), usize::try_from(limit.clamp(1, MOST)).unwrap_or(1));
    let after = after.map(|course| format!("{PAGE}{course}"));
    let keys = parts::keys(world, PAGE, after.as_deref(), most)?;
    let ids: Vec<CourseId> = keys.iter().filter_map(|key| key.strip_prefix(PAGE)).map(CourseId::from).collect();
    let next = ids.last().cloned().filter(|_| ids.len() == most);
    let fit: Vec<CourseId> = ids.into_iter().filter(|id| lines::is_fit(id.as_str())).collect();
    let stored = view::read(world, &fit)?;
    let mut watched = Vec::new();
    for course in stored.courses().filter_map(|course| course.held.as_ref()).filter(|held| !held.removed) {
        if is_open(&course.course, &settings, now) {
            watched.push(of_course(world, &course.course, now, Seconds::days(days))?);
        }
    }
    Ok((watched, next))
}

fn is_open(course: &Course, settings: &Settings, now: Instant) -> bool {
    let zone = settings.campuses.get(&course.campus).and_then(|campus| campus.zone);
    zone.is_some_and(|zone| window::sync_window(course, settings, zone).phase(now) == Phase::Open)
}

fn studies(student: &Student) -> bool {
    student.agreement == Agreement::Assigned && enrollment::standing(&student.stage) == Some(Standing::Enrolled)
}

/// Goes back from class to class until everybody was seen.
fn of_course(world: &mut impl Reads, course: &Course, now: Instant, days: Seconds) -> Result<Watched, StorageError> {
    let mut left: SortedMap<&PersonId, &Student> = course
        .students
        .iter()
        .filter(|student| studies(student))
        .map(|student| (&student.person.id, student))
        .collect();
    let mut held: Vec<&Class> = course.classes.iter().filter(|class| class.ends <= now).collect();
    held.sort_by_key(|class| std::cmp::Reverse(class.starts));
    let first = held.last().map(|class| class.starts);
    let mut students = Vec::new();
    for class in held {
        if left.is_empty() {
            break;
        }
        let mut books = Books::default();
        books.classes.load(world, std::iter::once(class.id.as_str()))?;
        let book = books.classes.get(class.id.as_str());
        let marks = world.current_marks(&class.id)?;
        let attended = |student: &PersonId| {
            let mark = marks.iter().find(|mark| mark.student == *student).map(|mark| mark.mark);
            let entry = book.and_then(|book| book.students.get(student));
            mark.map_or_else(|| entry.is_some_and(Entry::attended), |mark| mark != Mark::Absent)
        };
        let came: Vec<&Student> = left.extract_if(|student, _| attended(student)).map(|(_, student)| student).collect();
        let is_long_ago = class.starts + days <= now;
        students.extend(came.into_iter().map(|student| seen(student, Some(class.starts), is_long_ago)));
    }
    let is_long_ago = first.is_some_and(|first| first + days <= now);
    students.extend(left.into_values().map(|student| seen(student, None, is_long_ago)));
    students.sort_by(|one, other| one.student.cmp(&other.student));
    Ok(Watched { course: course.id.clone(), name: naming::course(course).to_string(), students })
}

fn seen(student: &Student, last: Option<Instant>, unseen: bool) -> Seen {
    Seen { student: student.person.id.clone(), name: student.person.name(), last, unseen }
}
