//! The entries of the plugin's memory: what is stored about courses, people, addresses, classes and unplaced records.
//! Not here: the head (`head`), the ledgers (`ledger`) and the books of classes (`attendance`).

use serde::{Deserialize, Serialize};

use crate::guard;
use crate::ledger::{CourseLedger, Outcome};
use crate::lines::{self, Odd};
use crate::model::attendance::AttendanceRecord;
use crate::model::course::{Course, HoursType};
use crate::model::ids::{CampusId, ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::issue::Issue;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::option::Resolved;
use crate::people::{Listing, Said};
use crate::status::Trouble;
use crate::window::Window;
use crate::world::network::Kind;

/// One sighting of a course: the course as GEGI had it, with its resolved Send to CourseKey option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The whole course.
    pub course: Course,
    /// Send to CourseKey, resolved.
    pub option: Resolved,
    /// When GEGI first told of the course.
    pub first_seen: Instant,
    /// Whether GEGI removed the course.
    pub removed: bool,
    /// What was odd about the course as GEGI sent it.
    pub odd: Vec<Odd>,
    /// Grows with every sighting of the course that was taken, whatever its revision: of two sightings the later counts.
    pub sighting: u64,
}

impl Held {
    /// The sighting that follows `before`: the course as it can be held, with the option after the change.
    pub fn following(before: Option<Before>, mut course: Course, option: Resolved, now: Instant) -> Self {
        let odd = lines::tidy(&mut course);
        let (first_seen, sighting) = before.map_or((now, 0), |before| (before.first_seen, before.sighting));
        Self { course, option, first_seen, removed: false, odd, sighting: sighting.saturating_add(1) }
    }
}

/// What a new sighting of a course has to know of the sighting before it, whether the course is held or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The revision that GEGI had; none: GEGI removed the course, and any revision is taken.
    pub revision: Option<u64>,
    /// Send to CourseKey, resolved.
    pub option: Resolved,
    /// When GEGI first told of the course.
    pub first_seen: Instant,
    /// The number of the sighting.
    pub sighting: u64,
}

impl Before {
    /// The sighting before of a course that is held, or over; none: GEGI never told of the course.
    pub fn of(held: Option<&Held>, over: Option<&Over>) -> Option<Self> {
        let of_held = |held: &Held| Self {
            revision: (!held.removed).then_some(held.course.revision),
            option: held.option,
            first_seen: held.first_seen,
            sighting: held.sighting,
        };
        let of_over = |over: &Over| Self {
            revision: Some(over.revision),
            option: over.option,
            first_seen: over.first_seen,
            sighting: over.sighting,
        };
        held.map(of_held).or_else(|| over.map(of_over))
    }
}

/// The page of a course: what the tick keeps of the course beside its ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoursePage {
    /// The moment of the course in the due index; none: the course is not due before something changes.
    pub due: Option<Instant>,
    /// When a tick looks at the course next; none: no tick does before something changes.
    pub look: Option<Instant>,
    /// When the settle time of the course's next class is over; none: the course is not followed, or has no such class.
    pub settles: Option<Instant>,
    /// The troubles that the last look at the course found.
    pub troubles: Vec<Trouble>,
    /// The lists of CourseKey that the course needs: those to which something of the course is still to be sent, and
    /// the list of attendance as long as the course is followed.
    pub needs: SortedSet<Kind>,
    /// Why no tick works on the course any more before the course changes; none: ticks work on the course.
    pub set_aside: Option<String>,
    /// The status that the last tick gave the course, and since when the course has this status.
    pub since: Option<Since>,
    /// The open issues about the course's roster, by key. Issues about attendance stand in the books of classes.
    pub issues: SortedMap<String, Issue>,
    /// Every class that ended up to this moment was judged after its settle time; none: the course was never followed.
    pub judged_until: Option<Instant>,
    /// Classes that are to be judged again at a moment even if no record arrives.
    pub judge: SortedMap<ClassId, Instant>,
    /// Hours Type before its last change, of which older classes keep their marks or rows; none: it never changed.
    pub older_form: Option<HoursType>,
    /// Classes whose attendance aborted the call again and again. It is left alone until GEGI changes the course.
    pub classes_set_aside: SortedSet<ClassId>,
    /// What CourseKey tells of classes that ended up to this moment counts no more, because what was kept of them is
    /// freed; none: nothing of the course was ever freed.
    pub settled_until: Option<Instant>,
    /// What is left of the course beside its page; none: the course is not long over.
    pub over: Option<Over>,
    /// How many of the course's rows CourseKey holds, and how many of them would leave, as the school's sum has them.
    pub counts: guard::Counts,
    /// What the guard holds of the course.
    pub holds: SortedMap<guard::Kind, guard::Hold>,
    /// Whether the list of holds has the course.
    pub hold_listed: bool,
    /// What was decided of what it held.
    pub decided: SortedMap<guard::Kind, guard::Decided>,
}

/// What is left of a course that has been over for half a year (`tick::free`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// The revision that GEGI had.
    pub revision: u64,
    /// The number of the sighting that had it.
    pub sighting: u64,
    /// When GEGI first told of the course.
    pub first_seen: Instant,
    /// The course's campus.
    pub campus: CampusId,
    /// Send to CourseKey, resolved.
    pub option: Resolved,
    /// The School ID at which CourseKey holds the course, or may; none: the option is not locked.
    pub locked_at: Option<SchoolNumber>,
    /// The sync window.
    pub window: Window,
    /// Since when the course is Disabled.
    pub since: Instant,
    /// Up to when its attendance was read whole; none: it was never read.
    pub complete_until: Option<Instant>,
}

impl Over {
    /// The page of the ledger of a course that comes back: CourseKey may hold the course, and what it holds is sent again.
    /// None: CourseKey holds nothing of the course.
    pub fn ledger(&self, now: Instant) -> Option<CourseLedger> {
        Some(CourseLedger { outcome: Outcome::Taken, ..CourseLedger::begin(self.locked_at?, now) })
    }
}

/// The people and the classes that a course listed when the course was last absorbed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Everybody whom the course named.
    pub people: SortedSet<PersonId>,
    /// The classes that the course listed.
    pub classes: SortedSet<ClassId>,
    /// Hours Type of the course; none: the course was never absorbed.
    pub hours_type: Option<HoursType>,
}

/// A status and the moment at which it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The status.
    pub status: crate::status::Status,
    /// The status's reason at the last tick.
    pub reason: Option<String>,
    /// The first moment of the status.
    pub at: Instant,
}

/// What the courses that name a person say of the person now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonEntry {
    /// The person's data, each with the courses that name the person with them.
    pub said: Vec<Said>,
    /// How each course that names the person lists the person.
    pub listed: SortedMap<CourseId, Listing>,
}

/// Of whom a course says that this is the person's e-mail address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The people. There should be one.
    pub people: SortedSet<PersonId>,
}

/// The records of one class that have no place yet: GEGI does not have the class, or its course does not list the
/// student.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// The versions of each record that were read, by the record's id, oldest first. All are kept, because which
    /// version counts depends on the class's times, which are not known yet.
    pub records: SortedMap<String, Vec<AttendanceRecord>>,
    /// The School ID whose key signed the push that brought a record, by the record's id; none: CourseKey listed it.
    pub pushed: SortedMap<String, SchoolNumber>,
    /// The open issues about these records, by key.
    pub issues: SortedMap<String, Issue>,
}

/// Where a record of CourseKey was read last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPlace {
    /// The class of the newest version that was read.
    pub class: ClassId,
    /// The student of that version.
    pub student: PersonId,
    /// The number of that version.
    pub version: u64,
}

/// The course to which a class belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassEntry {
    /// The class's course; if no course lists the class now, the last course that did.
    pub course: CourseId,
    /// The courses that list the class now, in the order in which they began to list it. There is more than one only
    /// while the class moves from course to course.
    pub listed_by: Vec<CourseId>,
}

impl CoursePage {
    /// When the course is due: when a tick looks at the course, or when one of its classes is to be judged.
    pub fn next(&self) -> Option<Instant> {
        [self.look, self.settles, self.judge.values().min().copied()].into_iter().flatten().min()
    }
}

impl ClassEntry {
    /// The entry of a class that no course lists yet.
    pub fn new(course: CourseId) -> Self {
        Self { course, listed_by: Vec::new() }
    }

    /// Notes that a course begins to list the class.
    pub fn list(&mut self, course: &CourseId) {
        self.let_go(course);
        self.listed_by.push(course.clone());
        self.course.clone_from(course);
    }

    /// Notes that a course does not list the class any more.
    pub fn let_go(&mut self, course: &CourseId) {
        self.listed_by.retain(|listing| listing != course);
        if let Some(last) = self.listed_by.last() {
            self.course.clone_from(last);
        }
    }
}
