//! School Settings as the host and an embedding program hold them: the nouns of `wit/school.wit`, with a `Debug` that
//! shows no password and no address. Not here: the meaning of the settings (the plugin).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CampusId, Instant};
use crate::bindings::gegi::coursekey::school;
pub use crate::bindings::gegi::coursekey::school::NeverCheckedOut;

/// A campus and its CourseKey school. The campus's key never reaches the plugin.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Campus {
    /// GEGI's id of the campus.
    pub id: CampusId,
    /// The IANA time zone, for example `America/New_York`.
    pub zone: String,
    /// CourseKey's number for this campus.
    pub coursekey_school_id: u64,
    /// E-mail address of the CourseKey account that owns this campus's courses; none: the course's first instructor.
    pub course_owner: Option<String>,
    /// A number that grows whenever the campus's credentials are replaced.
    pub credentials_generation: u64,
}

/// School Settings. A value outside its range is reported as an issue, and the nearest value inside the range is
/// used.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SchoolSettings {
    /// The school's name.
    pub name: String,
    /// Whether customer care has switched the integration on.
    pub enabled: bool,
    /// Origin and path prefix of CourseKey's API, for example `https://api.example.com/v1`; no slash at the end.
    pub coursekey_url: String,
    /// The school's campuses.
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
    /// Email to Send Errors About Incompatible Data Received from CourseKey; none: nothing is mailed.
    pub error_email: Option<String>,
    /// Allow Sending New Program Courses to CourseKey.
    pub send_new_program_courses: bool,
    /// Initial User Password.
    pub initial_user_password: String,
    /// Update frequency, minutes; at least 1.
    pub update_every_minutes: u32,
    /// How long after a class CourseKey may still be receiving the attendance of the class, minutes.
    pub settle_minutes: u32,
    /// Longest Gap Within a Class, minutes; 0: gaps are ignored.
    pub longest_gap_minutes: u32,
    /// The mark or issue for a student who never checked out.
    pub never_checked_out: NeverCheckedOut,
    /// Minimum Share of a Class Attended, percent; 0: the share does not matter.
    pub minimum_attended_percent: u32,
    /// The least time between two mails about issues, minutes.
    pub digest_every_minutes: u32,
    /// Share of Students or Classes That May Disappear at Once, percent, of a course or of the school.
    pub guard_vanished_percent: u32,
    /// Number of Students or Classes That May Disappear at Once.
    pub guard_vanished_number: u32,
    /// Share of Students Who May Stop at Once, percent, of a course.
    pub guard_stopped_percent: u32,
    /// Number of Students Who May Stop at Once.
    pub guard_stopped_number: u32,
    /// When the settings were last saved, because a class is judged by the settings that were in force when the class
    /// began; none: GEGI does not say, and a change counts from the first tick that sees the change.
    pub saved_at: Option<Instant>,
}

impl Campus {
    /// A campus whose courses their first instructors own.
    pub fn new(id: impl Into<CampusId>, zone: impl Into<String>, coursekey_school_id: u64) -> Self {
        let (id, zone) = (id.into(), zone.into());
        Self { id, zone, coursekey_school_id, course_owner: None, credentials_generation: 1 }
    }
}

impl SchoolSettings {
    /// The settings of a school that entered these three and saved no others: the defaults of the requirement's School
    /// Settings, no password and no address for mails.
    pub fn with_defaults(name: impl Into<String>, coursekey_url: impl Into<String>, campuses: Vec<Campus>) -> Self {
        Self {
            name: name.into(),
            enabled: true,
            coursekey_url: coursekey_url.into(),
            campuses,
            weeks_before_start: 3,
            weeks_after_end: 2,
            absent_after_start_minutes: 15,
            absent_before_end_minutes: 15,
            follow_adjustments_days: 7,
            error_email: None,
            send_new_program_courses: false,
            initial_user_password: String::new(),
            update_every_minutes: 5,
            settle_minutes: 60,
            longest_gap_minutes: 90,
            never_checked_out: NeverCheckedOut::Report,
            minimum_attended_percent: 0,
            digest_every_minutes: 60,
            guard_vanished_percent: 10,
            guard_vanished_number: 5,
            guard_stopped_percent: 50,
            guard_stopped_number: 10,
            saved_at: None,
        }
    }
}

impl From<Campus> for school::Campus {
    fn from(own: Campus) -> Self {
        let Campus { id, zone, coursekey_school_id, course_owner, credentials_generation } = own;
        Self { id, zone, coursekey_school_id, course_owner, credentials_generation }
    }
}

impl From<SchoolSettings> for school::SchoolSettings {
    fn from(own: SchoolSettings) -> Self {
        let SchoolSettings {
            name,
            enabled,
            coursekey_url,
            campuses,
            weeks_before_start,
            weeks_after_end,
            absent_after_start_minutes,
            absent_before_end_minutes,
            follow_adjustments_days,
            error_email,
            send_new_program_courses,
            initial_user_password,
            update_every_minutes,
            settle_minutes,
            longest_gap_minutes,
            never_checked_out,
            minimum_attended_percent,
            digest_every_minutes,
            guard_vanished_percent,
            guard_vanished_number,
            guard_stopped_percent,
            guard_stopped_number,
            saved_at,
        } = own;
        Self {
            name,
            enabled,
            coursekey_url,
            campuses: campuses.into_iter().map(school::Campus::from).collect(),
            weeks_before_start,
            weeks_after_end,
            absent_after_start_minutes,
            absent_before_end_minutes,
            follow_adjustments_days,
            error_email,
            send_new_program_courses,
            initial_user_password,
            update_every_minutes,
            settle_minutes,
            longest_gap_minutes,
            never_checked_out,
            minimum_attended_percent,
            digest_every_minutes,
            guard_vanished_percent,
            guard_vanished_number,
            guard_stopped_percent,
            guard_stopped_number,
            saved_at,
        }
    }
}

/// Prints everything but the owner of the campus's courses, who is an e-mail address.
impl fmt::Debug for Campus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, zone, coursekey_school_id, course_owner: _, credentials_generation } = self;
        let mut shown = f.debug_struct("Campus");
        shown.field("id", id).field("zone", zone).field("coursekey_school_id", coursekey_school_id);
        shown.field("credentials_generation", credentials_generation).finish_non_exhaustive()
    }
}

/// Prints everything but the addresses, the initial password and CourseKey's URL, into which a user may have been
/// typed.
impl fmt::Debug for SchoolSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SchoolSettings");
        shown.field("name", &self.name).field("enabled", &self.enabled).field("campuses", &self.campuses);
        shown.field("saved_at", &self.saved_at).finish_non_exhaustive()
    }
}
