//! The kinds of requests: the lists that CourseKey keeps, and the number of requests to each.

use std::collections::BTreeMap;

/// The list of CourseKey's that a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The school itself: the check of key, school number and zone.
    Connection,
    /// Accounts.
    Users,
    /// Courses.
    Courses,
    /// Sessions (GEGI: classes).
    Sessions,
    /// Enrollments: which user takes which course.
    Enrollments,
    /// Attendance records.
    Attendance,
}

impl Kind {
    /// The kind whose list lies at `segment` below a school. `connection` lies at the school itself and has no
    /// segment.
    pub fn of_segment(segment: &str) -> Option<Self> {
        [Self::Users, Self::Courses, Self::Sessions, Self::Enrollments, Self::Attendance]
            .into_iter()
            .find(|kind| kind.as_str() == segment)
    }

    /// The kind's name, which is also its path segment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Users => "users",
            Self::Courses => "courses",
            Self::Sessions => "sessions",
            Self::Enrollments => "enrollments",
            Self::Attendance => "attendance",
        }
    }
}

/// The number of requests and items of one kind, with refused requests and faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The requests that read.
    pub reads: u64,
    /// The requests that write.
    pub writes: u64,
    /// The items written, or the records and items listed.
    pub items: u64,
}

/// Counts by kind; a kind without requests is absent.
pub type Counts = BTreeMap<Kind, Count>;
