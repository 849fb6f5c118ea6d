//! The memory of attendance records that cannot be read: whose record each may be, which School IDs may hold the
//! record, and when the record is forgotten.
//!
//! No Absent is derived for a student whose record an unreadable record may be. An unreadable record is therefore
//! forgotten only when this version of the record or a later one was read, or when a listing that would have brought
//! the record did not bring it.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ClassId, PersonId, RecordId, SchoolNumber};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::SortedSet;
use crate::model::time::Instant;

/// How many unreadable records are kept one by one. Beyond this number unreadable records share one entry, because
/// every tick reads the head and the head must stay small.
const TOLD_APART: usize = 100;

/// All attendance records that cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnreadableRecords(Vec<UnreadableRecord>);

/// A record that cannot be read, with those of its fields that can be. An entry without an id stands for all records of
/// its schools that cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableRecord {
    /// CourseKey's id of the record; none: records that cannot be told apart.
    pub id: Option<RecordId>,
    /// The record's version; none: the version cannot be read.
    pub version: Option<u64>,
    /// The School IDs that may hold the record: the one that listed the record or, if the record was pushed, every one
    /// that may have pushed it.
    pub schools: SortedSet<SchoolNumber>,
    /// The record's class; none: the record may be of any class.
    pub class: Option<ClassId>,
    /// The record's student; none: the record may be anybody's.
    pub student: Option<PersonId>,
    /// Why the record cannot be read.
    pub problem: String,
    /// A listing that begins at this moment or earlier brings the record, as long as CourseKey has it.
    pub listed_from: Instant,
    /// When the record last came.
    pub came: Instant,
    /// The School IDs whose daily pass looks for the record and has not brought it yet.
    pub sought_at: SortedSet<SchoolNumber>,
}

impl UnreadableRecords {
    /// Whether there is no unreadable record.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The issues about the unreadable records.
    pub fn issues(&self) -> impl Iterator<Item = Issue> {
        self.0.iter().map(UnreadableRecord::issue)
    }

    /// Notes that a record came that cannot be read.
    pub fn note(&mut self, mut record: UnreadableRecord) {
        let told_apart = self.0.iter().filter(|held| held.id.is_some()).count();
        if told_apart >= TOLD_APART && !self.0.iter().any(|held| held.is_told_as(&record)) {
            record.id = None;
        }
        // Without an id the entry stands for several records, whose versions cannot be compared.
        record.version = record.version.filter(|_| record.id.is_some());
        match self.0.iter_mut().find(|held| held.is_told_as(&record)) {
            Some(held) => held.hear(record),
            None => self.0.push(record),
        }
    }

    /// Notes that a version of a record was read, which ends an unreadable version up to it. `listed` says that the
    /// version came in a listing, which has every record in its newest version; a push may bring an older one.
    pub fn read(&mut self, id: &RecordId, version: u64, schools: &SortedSet<SchoolNumber>, listed: bool) {
        self.0.retain(|held| {
            let of_record = held.id.as_ref() == Some(id) && !held.schools.is_disjoint(schools);
            !(of_record && held.version.map_or(listed, |held| held <= version))
        });
    }

    /// Whether a School ID may hold an unreadable record.
    pub fn may_be_at(&self, school: SchoolNumber) -> bool {
        self.0.iter().any(|record| record.schools.contains(&school))
    }

    /// The students whose records the unreadable records of a class may be. `None` among them: a record may be
    /// anybody's.
    pub fn students_of(&self, class: &ClassId, school: SchoolNumber) -> SortedSet<Option<PersonId>> {
        let at_school = self.0.iter().filter(|record| record.schools.contains(&school));
        let of_class = at_school.filter(|record| record.class.as_ref().is_none_or(|of| of == class));
        of_class.map(|record| record.student.clone()).collect()
    }

    /// Notes that a pass over a school's listing begins and looks for all unreadable records that the school may hold.
    /// Answers the moment from which the pass must read to bring each of them; none: there are none.
    pub fn seek(&mut self, school: SchoolNumber) -> Option<Instant> {
        let at_school = self.0.iter_mut().filter(|record| record.schools.contains(&school));
        at_school
            .map(|record| {
                record.sought_at.insert(school);
                record.listed_from
            })
            .min()
    }

    /// Notes that the pass has come to its end and was complete up to a moment: a record that the pass looked for and
    /// did not bring is not at the school.
    pub fn sought(&mut self, school: SchoolNumber, as_of: Instant) {
        for record in &mut self.0 {
            if record.sought_at.remove(&school) && record.came <= as_of {
                record.schools.remove(&school);
            }
        }
        self.0.retain(|record| !record.schools.is_empty());
    }

    /// Forgets unreadable records of School IDs that no campus has any more.
    pub fn keep_only(&mut self, schools: &SortedSet<SchoolNumber>) {
        for record in &mut self.0 {
            record.schools.retain(|school| schools.contains(school));
        }
        self.0.retain(|record| !record.schools.is_empty());
    }
}

impl UnreadableRecord {
    /// The issue about the record. All records of a school that cannot be told apart are one issue.
    fn issue(&self) -> Issue {
        let Self { id, schools, class, student, problem, .. } = self;
        let (detail, sentence) = if let Some(id) = id {
            (id.to_string(), format!("attendance record {id} of CourseKey cannot be read: {problem}"))
        } else {
            let schools: Vec<String> = schools.iter().map(ToString::to_string).collect();
            let school = format!("school {}", schools.join(" or "));
            let sentence =
                format!("{school} of CourseKey sends attendance that can neither be read nor told apart: {problem}");
            (school, sentence)
        };
        let subject = Subject { course: None, class: class.clone(), person: student.clone(), detail: Some(detail) };
        Issue { code: Code::RecordUnreadable, subject, sentence }
    }

    /// Whether two entries may be the same record, or cannot be told apart. Two schools may use one id for two records.
    fn is_told_as(&self, other: &Self) -> bool {
        self.id == other.id && !self.schools.is_disjoint(&other.schools)
    }

    /// Notes that the record came again, or another record that cannot be told apart from it.
    fn hear(&mut self, came: Self) {
        match (self.version, came.version) {
            (Some(held), Some(version)) if version < held => {}
            (Some(_), Some(_)) => *self = came,
            _ => self.widen(&came),
        }
    }

    /// Lets this entry stand for both records: it keeps the class and the student only if both records agree.
    fn widen(&mut self, other: &Self) {
        fn common<T: PartialEq>(one: Option<T>, other: Option<&T>) -> Option<T> {
            one.filter(|one| other == Some(one))
        }
        *self = Self {
            id: self.id.take(),
            version: common(self.version, other.version.as_ref()),
            schools: self.schools.union(&other.schools).copied().collect(),
            class: common(self.class.take(), other.class.as_ref()),
            student: common(self.student.take(), other.student.as_ref()),
            problem: self.problem.clone(),
            listed_from: self.listed_from.min(other.listed_from),
            came: self.came.max(other.came),
            sought_at: SortedSet::new(),
        };
    }
}
