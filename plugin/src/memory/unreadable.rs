//! Attendance records that cannot be read: of whom each may be, which schools may hold it, and when it is forgotten.
//!
//! Whoever an unreadable record may be of is spared an Absent by silence. So it is forgotten only when the record was read,
//! this version or a later one, or when a listing that would have brought it did not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::ids::{ClassId, PersonId, RecordId, SchoolNumber};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::Instant;

/// The head stays small, for every tick reads it: beyond so many records the next are not told apart.
const TOLD_APART: usize = 100;

/// Every attendance record that cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnreadableRecords(Vec<UnreadableRecord>);

/// A record that cannot be read, as far as it can; without an id it stands for all that cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableRecord {
    /// CourseKey's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RecordId>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// CourseKey's schools that may hold it: the one that listed it, or every one, if it was pushed.
    pub schools: BTreeSet<SchoolNumber>,
    /// The class; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassId>,
    /// The student; none: anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<PersonId>,
    /// What is wrong.
    pub problem: String,
    /// A listing from here on brings it, as long as it is there.
    pub listed_from: Instant,
    /// When it came last.
    pub came: Instant,
    /// Schools whose daily pass looks for it and has not brought it yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sought_at: BTreeSet<SchoolNumber>,
}

impl UnreadableRecords {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is told of them, one after the other.
    pub fn issues(&self) -> impl Iterator<Item = Issue> {
        self.0.iter().map(UnreadableRecord::issue)
    }

    /// A record came that cannot be read.
    pub fn note(&mut self, mut record: UnreadableRecord) {
        let told_apart = self.0.iter().filter(|held| held.id.is_some()).count();
        if told_apart >= TOLD_APART && !self.0.iter().any(|held| held.is_told_as(&record)) {
            record.id = None;
        }
        // Versions of different records say nothing of each other.
        record.version = record.version.filter(|_| record.id.is_some());
        match self.0.iter_mut().find(|held| held.is_told_as(&record)) {
            Some(held) => held.hear(record),
            None => self.0.push(record),
        }
    }

    /// A version of a record was read. A listing has every record in its newest version, a push may bring an older one.
    pub fn read(&mut self, id: &RecordId, version: u64, schools: &BTreeSet<SchoolNumber>, listed: bool) {
        self.0.retain(|held| {
            let of_record = held.id.as_ref() == Some(id) && !held.schools.is_disjoint(schools);
            !(of_record && held.version.map_or(listed, |held| held <= version))
        });
    }

    /// Whether a school may hold one.
    pub fn may_be_at(&self, school: SchoolNumber) -> bool {
        self.0.iter().any(|record| record.schools.contains(&school))
    }

    /// The students a class's unreadable records may be of; with `None` among them they may be anybody's.
    pub fn students_of(&self, class: &ClassId, school: SchoolNumber) -> BTreeSet<Option<PersonId>> {
        let at_school = self.0.iter().filter(|record| record.schools.contains(&school));
        let of_class = at_school.filter(|record| record.class.as_ref().is_none_or(|of| of == class));
        of_class.map(|record| record.student.clone()).collect()
    }

    /// A pass over a school's listing begins, and looks for all it may hold; from where on it would bring each of them.
    pub fn seek(&mut self, school: SchoolNumber) -> Option<Instant> {
        let at_school = self.0.iter_mut().filter(|record| record.schools.contains(&school));
        at_school
            .map(|record| {
                record.sought_at.insert(school);
                record.listed_from
            })
            .min()
    }

    /// The pass has come to its end, complete up to a moment: what it looked for and did not bring is not at the school.
    pub fn sought(&mut self, school: SchoolNumber, as_of: Instant) {
        for record in &mut self.0 {
            if record.sought_at.remove(&school) && record.came <= as_of {
                record.schools.remove(&school);
            }
        }
        self.0.retain(|record| !record.schools.is_empty());
    }

    /// A school that no campus has any more holds none.
    pub fn keep_only(&mut self, schools: &BTreeSet<SchoolNumber>) {
        for record in &mut self.0 {
            record.schools.retain(|school| schools.contains(school));
        }
        self.0.retain(|record| !record.schools.is_empty());
    }
}

impl UnreadableRecord {
    /// What is told of it. Those of a school that cannot be told apart are one issue.
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

    /// Whether the two may be one record, or cannot be told apart. Two schools may use one id.
    fn is_told_as(&self, other: &Self) -> bool {
        self.id == other.id && !self.schools.is_disjoint(&other.schools)
    }

    /// The record came again, or another that cannot be told from it.
    fn hear(&mut self, came: Self) {
        match (self.version, came.version) {
            (Some(held), Some(version)) if version < held => {}
            (Some(_), Some(_)) => *self = came,
            _ => self.widen(&came),
        }
    }

    /// Both count from now on: where they differ, it may be anybody's.
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
            sought_at: BTreeSet::new(),
        };
    }
}
