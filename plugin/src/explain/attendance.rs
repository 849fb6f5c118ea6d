//! Everything behind the mark, or the log rows, of a student in a class; and why there is none.

use super::obstacle::{Condition, Finding, Obstacle};
use crate::attendance::account::{Account, NoMark, Use, account};
use crate::attendance::{ClassBook, RowKey, Sitting};
use crate::ledger::CourseLedger;
use crate::marking::{self, Basis};
use crate::model::attendance::{AttendanceRecord, Mark};
use crate::model::course::HoursType;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::{Code, Issue};
use crate::model::time::{Instant, Seconds};
use crate::naming;
use crate::tick::foresee::{self, Seat, Unseated};
use crate::world::records::{CurrentMark, Origin};
use crate::world::{Reads, StorageError};

/// Everything behind the mark, or the rows, of a student in a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The course.
    pub course: CourseId,
    /// Its number and title.
    pub course_name: String,
    /// The student's name; empty: the course does not list the student.
    pub student_name: String,
    /// Whether the class has marks or log rows.
    pub form: HoursType,
    /// The class's start and end that count for its marks.
    pub times: (Instant, Instant),
    /// The same by the campus's clocks, in words.
    pub class_name: String,
    /// The limits in force for the class.
    pub limits: Limits,
    /// The mark that GEGI holds; none: none.
    pub current: Option<CurrentMark>,
    /// What stands and why, or why nothing stands, in a sentence.
    pub sentence: String,
    /// The rule that decided the mark which the plugin wrote or writes next; none: it writes none.
    pub basis: Option<Basis>,
    /// The mark that the next tick writes in place of the present one; none: it writes none.
    pub next: Option<Mark>,
    /// The log rows: check-in, check-out and minutes.
    pub rows: Vec<(RowKey, (Instant, Instant, u32))>,
    /// The mark set by hand that CourseKey's records overruled since; none: there is no such mark.
    pub overruled: Option<Mark>,
    /// The versions of CourseKey's records that are kept, and what each is good for.
    pub records: Vec<(AttendanceRecord, Use)>,
    /// The open issues about the student in the class.
    pub issues: Vec<Issue>,
    /// Why there is no mark or row; none: there is.
    pub obstacle: Option<Obstacle>,
}

/// The limits in force for a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The latest check-in that is late; a later one is absence.
    pub late_until: Instant,
    /// The earliest check-out that is early; an earlier one is absence.
    pub early_from: Instant,
    /// The longest time away in between that does not make a P an L; none: it does not matter.
    pub longest_gap: Option<Seconds>,
    /// The least share of the class that a P or an L needs, in percent; 0: it does not matter.
    pub least_percent: u32,
    /// From when on the class is decided.
    pub settled_at: Instant,
    /// Up to when adjustments count.
    pub follow_until: Instant,
    /// Up to when CourseKey's attendance was read whole; none: it was not read.
    pub read_until: Option<Instant>,
}

/// Everything behind the attendance of a student in a class; none: GEGI told of no course that has the class, or it is
/// not judged.
pub(super) fn explanation(
    world: &mut impl Reads,
    class: &ClassId,
    student: &PersonId,
) -> Result<Option<Explanation>, StorageError> {
    let mut found = None;
    foresee::seat(world, class, &mut |seat| {
        if let Seat::Seated(book, sitting, judged_at) = seat {
            found = Some(explained(book, student, sitting, judged_at));
        }
    })?;
    Ok(found)
}

fn explained(book: &ClassBook, student: &PersonId, sitting: Sitting<'_>, judged_at: Option<Instant>) -> Explanation {
    let Account { current, basis, next, rows, overruled, records, issues, obstacle } =
        account(book, student, sitting, judged_at);
    let obstacle = obstacle.map(|no_mark| in_words(no_mark, student, sitting));
    let sentence = match (&obstacle, &current, &basis) {
        (Some(obstacle), ..) => obstacle.sentence.clone(),
        (None, Some(CurrentMark { mark, origin: Origin::Hand, .. }), _) => {
            format!("{} was set by hand in GEGI", name(*mark))
        }
        (None, Some(CurrentMark { mark, origin: Origin::Preset, .. }), None) => {
            format!("{} is GEGI's own default from before the class", name(*mark))
        }
        (None, _, Some(basis)) => marking::sentence(basis),
        (None, Some(CurrentMark { mark, .. }), None) => format!("{} stands in GEGI", name(*mark)),
        (None, None, None) => {
            let minutes: u32 = rows.iter().map(|(_, (_, _, minutes))| minutes).sum();
            format!("{minutes} min in {} rows of the attendance log", rows.len())
        }
    };
    let thresholds = sitting.terms.thresholds;
    let (starts, ends) = (sitting.times.starts, sitting.times.ends);
    let time = |at: Instant| naming::moment(at, sitting.zone);
    Explanation {
        course: sitting.course.id.clone(),
        course_name: naming::course(sitting.course).to_string(),
        student_name: sitting.course.student(student).map(|student| student.person.name()).unwrap_or_default(),
        form: sitting.form,
        times: (starts, ends),
        class_name: format!("{} to {}", time(starts), time(ends)),
        limits: Limits {
            late_until: starts + thresholds.late,
            early_from: ends - thresholds.early,
            longest_gap: thresholds.longest_gap,
            least_percent: thresholds.least_percent,
            settled_at: ends + sitting.terms.settle,
            follow_until: ends + sitting.follow,
            read_until: sitting.reading.until,
        },
        current,
        sentence,
        basis,
        next,
        rows,
        overruled,
        records,
        issues,
        obstacle,
    }
}

fn name(mark: Mark) -> &'static str {
    match mark {
        Mark::Present => "P",
        Mark::Late => "L",
        Mark::Absent => "A",
    }
}

/// Why a student has no mark, or no row, in a class.
pub(super) fn mark(world: &mut impl Reads, class: &ClassId, student: &PersonId) -> Result<Finding, StorageError> {
    let (mut found, mut unsent) = (Finding::Missing(unknown(class)), None);
    foresee::seat(world, class, &mut |seat| match seat {
        Seat::Unknown => {}
        Seat::SetAside(course) => {
            let sentence = format!("the class of {} is set aside", naming::course(course));
            found = Finding::Missing(Obstacle::new(Condition::Issue(Code::AbortedRepeatedly), sentence));
        }
        Seat::Unseated(course, why) => {
            let named = naming::course(course);
            found = Finding::Missing(match why {
                Unseated::Cancelled => {
                    Obstacle::new(Condition::ClassNotListed, format!("{named} does not have the class"))
                }
                Unseated::Removed => Obstacle::new(Condition::CourseRemoved, format!("GEGI removed {named}")),
                Unseated::NotNow => Obstacle::new(
                    Condition::Issue(Code::ZoneUnknown),
                    format!("the campus of {named} is unknown, or its time zone"),
                ),
            });
        }
        Seat::Seated(book, sitting, judged_at) => {
            let explained = explained(book, student, sitting, judged_at);
            let is_sent = sitting.ledger.is_some_and(CourseLedger::acknowledged);
            unsent = Some(sitting.course.id.clone()).filter(|_| explained.obstacle.is_some() && !is_sent);
            found = explained.obstacle.map_or(Finding::There(explained.sentence), Finding::Missing);
        }
    })?;
    // What CourseKey does not have yet has no attendance: whatever keeps the course from CourseKey comes first.
    if let Some(course) = unsent
        && let Finding::Missing(obstacle) = super::roster::class(world, &course, class)?
        && obstacle.condition != Condition::NextTick
    {
        return Ok(Finding::Missing(obstacle));
    }
    Ok(found)
}

pub(super) fn unknown(class: &ClassId) -> Obstacle {
    Obstacle::new(Condition::ClassNotListed, format!("GEGI told of no course that has class {class}"))
}

fn in_words(no_mark: NoMark, student: &PersonId, sitting: Sitting<'_>) -> Obstacle {
    let time = |at: Instant| naming::moment(at, sitting.zone);
    match no_mark {
        NoMark::NextTick => Obstacle::new(Condition::NextTick, "the next synchronization writes it"),
        NoMark::NoVisit => Obstacle::new(
            Condition::NoVisit,
            "CourseKey has no visit of the student, and the course keeps an attendance log",
        ),
        NoMark::ClassRuns(ends) => {
            Obstacle::new(Condition::ClassRuns, format!("the class is not over before {}", time(ends))).until(ends)
        }
        NoMark::Issue(issue) => Obstacle::new(Condition::Issue(issue.code), issue.sentence),
        NoMark::Settles(at) => {
            Obstacle::new(Condition::Settling, format!("attendance may still be arriving; it is decided {}", time(at)))
                .until(at)
        }
        NoMark::Decided => Obstacle::new(
            Condition::Decided,
            "the class was decided without a mark of the student, and is not decided again after its follow-up days",
        ),
        NoMark::NotRead(needed, until) => {
            let read =
                until.map_or_else(|| "was not read yet".to_owned(), |until| format!("was read up to {}", time(until)));
            let sentence = format!("CourseKey's attendance must be read up to {} and {read}", time(needed));
            Obstacle::new(Condition::NotRead, sentence).until(sitting.reading.again_at)
        }
        NoMark::NotListed => Obstacle::new(
            Condition::StudentNotListed,
            format!("{} does not list {student}", naming::course(sitting.course)),
        ),
        NoMark::NotThatDay => {
            Obstacle::new(Condition::NotThatDay, "the student did not belong to the course on the class's day")
        }
        NoMark::NotSaid => Obstacle::new(
            Condition::NotSaid,
            "GEGI does not say whether the student belonged to the course on the class's day",
        ),
        NoMark::ClassNotKnown => Obstacle::new(
            Condition::ClassNotKnown,
            "CourseKey did not know of the class at this time before it began, and has no record of the student",
        ),
        NoMark::NotEnrolledThen => Obstacle::new(
            Condition::NotEnrolledThen,
            "CourseKey did not know of the student's enrollment before the class began, and has no record of the student",
        ),
        NoMark::MayHaveRecord => Obstacle::new(
            Condition::MayHaveRecord,
            "a record that has no place, or cannot be read, may be the student's",
        ),
        NoMark::Nothing => {
            Obstacle::new(Condition::NothingSaid, "CourseKey's records of the student say nothing that makes a mark")
        }
    }
}
