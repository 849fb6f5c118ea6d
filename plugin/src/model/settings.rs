//! School Settings as GEGI supplies them. Not here: the checked settings that the rules use (rule room `settings`).

use serde::{Deserialize, Serialize};

use super::ids::{CampusId, SchoolNumber};
use super::time::Instant;

/// School Settings with the campuses.
#[derive(Clone, PartialEq, Eq)]
pub struct SchoolSettings {
    /// The school's name.
    pub name: String,
    /// Whether customer care has switched the integration on.
    pub enabled: bool,
    /// Origin and path prefix of CourseKey's API, without a slash at the end.
    pub coursekey_url: String,
    /// The campuses.
    pub campuses: Vec<Campus>,
    /// Number of Weeks Before Course Start to Enable Synchronization.
    pub weeks_before_start: u32,
    /// Number of Weeks After Course End to Disable Synchronization.
    pub weeks_after_end: u32,
    /// Time After a Class Start to Consider Students Absent, minutes.
    pub absent_after_start_minutes: u32,
    /// Time Before a Class End to Consider Students Absent, minutes.
    pub absent_before_end_minutes: u32,
    /// Number of Days to Follow Attendance Adjustments.
    pub follow_adjustments_days: u32,
    /// Email to Send Errors About Incompatible Data Received from CourseKey.
    pub error_email: Option<String>,
    /// Allow Sending New Program Courses to CourseKey.
    pub send_new_program_courses: bool,
    /// Initial User Password.
    pub initial_user_password: Password,
    /// Update frequency, minutes.
    pub update_every_minutes: u32,
    /// Settle time: the minutes after a class in which its attendance may still be arriving.
    pub settle_minutes: u32,
    /// Longest Gap Within a Class, minutes, all gaps together; 0: gaps are ignored.
    pub longest_gap_minutes: u32,
    /// What to do about a student who checked in and never out.
    pub never_checked_out: NeverCheckedOut,
    /// Minimum Share of a Class Attended, percent; 0: the share does not matter.
    pub minimum_attended_percent: u32,
    /// Least time between two error notifications, minutes.
    pub digest_every_minutes: u32,
    /// Share of Students or Classes That May Disappear at Once, percent.
    pub guard_vanished_percent: u32,
    /// Number of Students or Classes That May Disappear at Once.
    pub guard_vanished_number: u32,
    /// Share of Students Who May Stop at Once, percent.
    pub guard_stopped_percent: u32,
    /// Number of Students Who May Stop at Once.
    pub guard_stopped_number: u32,
    /// When the settings were last saved; none: GEGI does not say.
    pub saved_at: Option<Instant>,
}

/// A campus and its CourseKey school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campus {
    /// GEGI's id.
    pub id: CampusId,
    /// IANA time zone, as typed.
    pub zone: String,
    /// CourseKey's number of the campus.
    pub school: SchoolNumber,
    /// E-mail of the CourseKey account that owns this campus's courses; none: a course's first instructor owns the
    /// course.
    pub course_owner: Option<String>,
    /// Grows whenever the campus's credentials are replaced.
    pub credentials_generation: u64,
}

/// What to do about a student who checked in and never out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeverCheckedOut {
    /// Open an issue and write no mark.
    Report,
    /// Mark the student absent.
    Absent,
    /// Judge the student as if checked out at the end of the class.
    LeftAtEnd,
}

/// A secret that cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes the secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the one request that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}
