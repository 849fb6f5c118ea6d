//! The guard: a second opinion on a finished plan, before anything of it is locked or sent. It sees how many rows of a
//! course, and of the school, would leave CourseKey and what GEGI says of them, and not how the plan was made. What looks
//! like an accident is held until somebody decides; everything else goes out.
//!
//! Not here: which rows leave and why (`desired::leaving`), and taking a decision (`review::decide`).

use serde::{Deserialize, Serialize};

use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::settings::GuardLimits;

/// The kinds of rows that are guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Students of a course: removing one drops the enrollment.
    Students,
    /// Classes of a course.
    Classes,
}

impl Kind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Students, Self::Classes];

    /// The word for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Students => "students",
            Self::Classes => "classes",
        }
    }
}

/// How many rows of one kind a course has in CourseKey, and how many of them would leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Rows that CourseKey holds.
    pub held: u32,
    /// Rows that GEGI does not list any more, without a word.
    pub vanished: u32,
    /// Rows that GEGI says stopped.
    pub stopped: u32,
    /// Whether GEGI removed the whole course, which is a word: then only the school's share counts.
    pub course_removed: bool,
}

/// The rows of both kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Students.
    pub students: Rows,
    /// Classes.
    pub classes: Rows,
}

/// The rows of one kind in the whole school.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Rows that CourseKey holds.
    pub held: u64,
    /// Rows that GEGI does not list any more, without a word, and of which nothing was decided.
    pub vanished: u64,
    /// Rows that were decided since the first of the holds that are open began. They count as if they were open, so that
    /// the courses that are not decided yet do not slip out.
    pub decided: u64,
    /// In how many courses rows of this kind are held.
    pub holds: u32,
}

/// The rows of both kinds in the whole school: the sum over the courses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    /// Students.
    pub students: Total,
    /// Classes.
    pub classes: Total,
}

/// What looks like an accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accident {
    /// The course's whole list is gone.
    Emptied,
    /// Many rows of the course are gone.
    Vanished,
    /// Many rows are gone all over the school, some of them of this course.
    VanishedInSchool,
    /// Most students of a course that runs stopped at once.
    Stopped,
}

/// The guard's opinion on one kind of rows of a course.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Opinion {
    /// Why rows that vanished are held; none: they may leave.
    pub vanished: Option<Accident>,
    /// Why rows that stopped are held; none: they may leave.
    pub stopped: Option<Accident>,
}

/// The opinion on the rows of one kind.
///
/// DOMAIN §4 "Accidents": "rows that *vanished* (students, classes) above 10 % **and** 5 of a course or the school, or an
/// emptied list, are held; explicit stops above 50 % **and** 10 of a running course too".
///
/// | what leaves | held when |
/// |---|---|
/// | every row, without a word | there were two at least: one row that goes is a cancellation |
/// | the classes of a course that GEGI removed | they and others are more than the share and the number, of the school |
/// | rows, without a word | they are more than the share and more than the number, of the course or of the school |
/// | rows that GEGI says stopped | they are more than the share and more than the number, of the course |
/// | rows of a course or a group that ended | never |
pub fn opinion(rows: Rows, school: Total, limits: &GuardLimits) -> Opinion {
    let Rows { held, vanished, stopped, course_removed } = rows;
    let is_above = |some: u64, all: u64, percent: u32, number: u32| {
        some > u64::from(number) && some * 100 > all * u64::from(percent)
    };
    let of_course = is_above(vanished.into(), held.into(), limits.vanished_percent, limits.vanished_number);
    let of_school =
        is_above(school.vanished + school.decided, school.held, limits.vanished_percent, limits.vanished_number);
    let vanished = match vanished {
        0 => None,
        2.. if vanished == held && !course_removed => Some(Accident::Emptied),
        _ if of_course && !course_removed => Some(Accident::Vanished),
        _ if of_school => Some(Accident::VanishedInSchool),
        _ => None,
    };
    let many_stopped = is_above(stopped.into(), held.into(), limits.stopped_percent, limits.stopped_number);
    Opinion { vanished, stopped: many_stopped.then_some(Accident::Stopped) }
}

/// Rows of one kind of a course that wait for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Since when.
    pub since: Instant,
    /// Why.
    pub accident: Accident,
    /// The rows, by their ids.
    pub rows: SortedSet<String>,
    /// How many rows of this kind CourseKey held when the hold began.
    pub held: u32,
    /// How many rows were decided since.
    pub decided: u32,
}

/// An approval counts for three days: what CourseKey could not take until then is asked about again.
pub const APPROVED_FOR: Seconds = Seconds(3 * 86_400);

/// What was decided of one kind of rows of a course.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Rows that may leave, each with the moment up to which that counts.
    pub approved: SortedMap<String, Instant>,
    /// Rows that stay in CourseKey as long as GEGI goes on to leave them out.
    pub kept: SortedSet<String>,
}

impl Decided {
    /// Whether nothing was decided of a row.
    pub fn leaves_open(&self, row: &str, now: Instant) -> bool {
        !self.kept.contains(row) && self.approved.get(row).is_none_or(|until| *until <= now)
    }

    /// Forgets what was decided of rows that do not leave any more, and approvals that count no more.
    pub fn keep_to(&mut self, leaves: impl Fn(&str) -> bool, now: Instant) {
        self.kept.retain(|row| leaves(row));
        self.approved.retain(|row, until| *until > now && leaves(row));
    }
}

impl Counts {
    /// The rows of a kind.
    pub fn of(&self, kind: Kind) -> Rows {
        match kind {
            Kind::Students => self.students,
            Kind::Classes => self.classes,
        }
    }
}

impl School {
    /// The rows of a kind.
    pub fn of(&self, kind: Kind) -> Total {
        match kind {
            Kind::Students => self.students,
            Kind::Classes => self.classes,
        }
    }

    /// Notes that rows were decided.
    pub fn decide(&mut self, kind: Kind, rows: u64) {
        self.of_mut(kind).decided += rows;
    }

    /// Notes in how many courses more, or fewer, rows of a kind are held. With the last hold its decisions are history.
    pub fn hold(&mut self, kind: Kind, before: bool, now: bool) {
        let total = self.of_mut(kind);
        total.holds = (total.holds + u32::from(now)).saturating_sub(u32::from(before));
        if total.holds == 0 {
            total.decided = 0;
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Total {
        match kind {
            Kind::Students => &mut self.students,
            Kind::Classes => &mut self.classes,
        }
    }

    /// Counts a course anew.
    pub fn recount(&mut self, before: Counts, now: Counts) {
        for (total, before, now) in
            [(&mut self.students, before.students, now.students), (&mut self.classes, before.classes, now.classes)]
        {
            total.held = (total.held + u64::from(now.held)).saturating_sub(before.held.into());
            total.vanished = (total.vanished + u64::from(now.vanished)).saturating_sub(before.vanished.into());
        }
    }
}

#[cfg(test)]
mod tests;
