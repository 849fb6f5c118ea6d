//! The lists CourseKey keeps, and how often each was asked for.

use std::collections::BTreeMap;

/// Which of CourseKey's lists a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The school itself: the check of key, school id and zone.
    Connection,
    /// Accounts.
    Users,
    /// Courses.
    Courses,
    /// Sessions (GEGI: classes).
    Sessions,
    /// Who takes which course.
    Enrollments,
    /// Attendance records.
    Attendance,
}

impl Kind {
    /// The kind whose list lies at `segment` below a school; `connection` lies at the school itself and is not among them.
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

/// What arrived of one kind, refused requests and faults included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Requests that read.
    pub reads: u64,
    /// Requests that write.
    pub writes: u64,
    /// Items written to, or records and items given out.
    pub items: u64,
}

/// Counts by kind; a kind that was never asked for is absent.
pub type Counts = BTreeMap<Kind, Count>;
