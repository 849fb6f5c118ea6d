//! A school's campuses and School Settings as a file or a request states them, with their defaults.

use serde::{Deserialize, Serialize};

use host::gegi::{Campus, NeverCheckedOut, SchoolSettings};

/// A school as a file or a request states it.
pub struct SchoolForm {
    /// The school's name.
    pub name: String,
    /// Whether customer care has switched the integration on.
    pub enabled: bool,
    /// Origin and path prefix of CourseKey's API; none: whoever runs the school says it.
    pub coursekey_url: Option<String>,
    /// The campuses.
    pub campuses: Vec<CampusForm>,
    /// The settings that differ from their defaults.
    pub settings: SettingsChange,
}

/// A campus.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CampusForm {
    id: String,
    zone: String,
    coursekey_school_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    course_owner: Option<String>,
}

/// A change of settings; a field that is none stays as it is. `Debug` prints neither the password nor the address, and the
/// password is never written as JSON.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SettingsChange {
    weeks_before_start: Option<u32>,
    weeks_after_end: Option<u32>,
    absent_after_start_minutes: Option<u32>,
    absent_before_end_minutes: Option<u32>,
    follow_adjustments_days: Option<u32>,
    error_email: Option<String>,
    send_new_program_courses: Option<bool>,
    #[serde(skip_serializing)]
    initial_user_password: Option<String>,
    update_every_minutes: Option<u32>,
    settle_minutes: Option<u32>,
    longest_gap_minutes: Option<u32>,
    never_checked_out: Option<NeverCheckedOutForm>,
    minimum_attended_percent: Option<u32>,
    digest_every_minutes: Option<u32>,
    guard_vanished_percent: Option<u32>,
    guard_vanished_number: Option<u32>,
    guard_stopped_percent: Option<u32>,
    guard_stopped_number: Option<u32>,
}

/// Stands in `Debug` for a value that is not printed.
struct Hidden;

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl std::fmt::Debug for SettingsChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hidden = |text: &Option<String>| text.as_ref().map(|_| Hidden);
        let mut shown = f.debug_struct("SettingsChange");
        shown.field("weeks_before_start", &self.weeks_before_start);
        shown.field("weeks_after_end", &self.weeks_after_end);
        shown.field("absent_after_start_minutes", &self.absent_after_start_minutes);
        shown.field("absent_before_end_minutes", &self.absent_before_end_minutes);
        shown.field("follow_adjustments_days", &self.follow_adjustments_days);
        shown.field("error_email", &hidden(&self.error_email));
        shown.field("send_new_program_courses", &self.send_new_program_courses);
        shown.field("initial_user_password", &hidden(&self.initial_user_password));
        shown.field("update_every_minutes", &self.update_every_minutes);
        shown.field("settle_minutes", &self.settle_minutes);
        shown.field("longest_gap_minutes", &self.longest_gap_minutes);
        shown.field("never_checked_out", &self.never_checked_out);
        shown.field("minimum_attended_percent", &self.minimum_attended_percent);
        shown.field("digest_every_minutes", &self.digest_every_minutes);
        shown.field("guard_vanished_percent", &self.guard_vanished_percent);
        shown.field("guard_vanished_number", &self.guard_vanished_number);
        shown.field("guard_stopped_percent", &self.guard_stopped_percent);
        shown.field("guard_stopped_number", &self.guard_stopped_number);
        shown.finish()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum NeverCheckedOutForm {
    Report,
    Absent,
    LeftAtEnd,
}

impl SchoolForm {
    /// The settings: the defaults, changed by what the form states.
    pub fn into_settings(self) -> SchoolSettings {
        let campuses = self.campuses.into_iter().map(CampusForm::into_campus).collect();
        let coursekey_url = self.coursekey_url.unwrap_or_default().trim_end_matches('/').to_owned();
        let mut settings = SchoolSettings {
            enabled: self.enabled,
            initial_user_password: DEFAULT_PASSWORD.to_owned(),
            ..SchoolSettings::with_defaults(self.name, coursekey_url, campuses)
        };
        self.settings.apply(&mut settings);
        settings
    }
}

impl From<&Campus> for CampusForm {
    fn from(campus: &Campus) -> Self {
        let Campus { id, zone, coursekey_school_id, course_owner, credentials_generation: _ } = campus.clone();
        Self { id, zone, coursekey_school_id, course_owner }
    }
}

impl CampusForm {
    fn into_campus(self) -> Campus {
        Campus { course_owner: self.course_owner, ..Campus::new(self.id, self.zone, self.coursekey_school_id) }
    }
}

/// The password in the description of the format; a real school sets its own.
const DEFAULT_PASSWORD: &str = "Welcome1";

impl SettingsChange {
    /// The change that makes the defaults these settings.
    pub fn of(settings: &SchoolSettings) -> Self {
        Self {
            weeks_before_start: Some(settings.weeks_before_start),
            weeks_after_end: Some(settings.weeks_after_end),
            absent_after_start_minutes: Some(settings.absent_after_start_minutes),
            absent_before_end_minutes: Some(settings.absent_before_end_minutes),
            follow_adjustments_days: Some(settings.follow_adjustments_days),
            error_email: Some(settings.error_email.clone().unwrap_or_default()),
            send_new_program_courses: Some(settings.send_new_program_courses),
            initial_user_password: Some(settings.initial_user_password.clone()),
            update_every_minutes: Some(settings.update_every_minutes),
            settle_minutes: Some(settings.settle_minutes),
            longest_gap_minutes: Some(settings.longest_gap_minutes),
            never_checked_out: Some(NeverCheckedOutForm::of(settings.never_checked_out)),
            minimum_attended_percent: Some(settings.minimum_attended_percent),
            digest_every_minutes: Some(settings.digest_every_minutes),
            guard_vanished_percent: Some(settings.guard_vanished_percent),
            guard_vanished_number: Some(settings.guard_vanished_number),
            guard_stopped_percent: Some(settings.guard_stopped_percent),
            guard_stopped_number: Some(settings.guard_stopped_number),
        }
    }

    /// The keys of the settings that this change names.
    pub fn keys(&self) -> Vec<&'static str> {
        let named = [
            ("weeks-before-start", self.weeks_before_start.is_some()),
            ("weeks-after-end", self.weeks_after_end.is_some()),
            ("absent-after-start-minutes", self.absent_after_start_minutes.is_some()),
            ("absent-before-end-minutes", self.absent_before_end_minutes.is_some()),
            ("follow-adjustments-days", self.follow_adjustments_days.is_some()),
            ("error-email", self.error_email.is_some()),
            ("send-new-program-courses", self.send_new_program_courses.is_some()),
            ("initial-user-password", self.initial_user_password.is_some()),
            ("update-every-minutes", self.update_every_minutes.is_some()),
            ("settle-minutes", self.settle_minutes.is_some()),
            ("longest-gap-minutes", self.longest_gap_minutes.is_some()),
            ("never-checked-out", self.never_checked_out.is_some()),
            ("minimum-attended-percent", self.minimum_attended_percent.is_some()),
            ("digest-every-minutes", self.digest_every_minutes.is_some()),
            ("guard-vanished-percent", self.guard_vanished_percent.is_some()),
            ("guard-vanished-number", self.guard_vanished_number.is_some()),
            ("guard-stopped-percent", self.guard_stopped_percent.is_some()),
            ("guard-stopped-number", self.guard_stopped_number.is_some()),
        ];
        named.into_iter().filter(|(_, is_named)| *is_named).map(|(key, _)| key).collect()
    }

    /// Changes the settings that this change names, and no others.
    pub fn apply(&self, settings: &mut SchoolSettings) {
        set(&mut settings.weeks_before_start, self.weeks_before_start);
        set(&mut settings.weeks_after_end, self.weeks_after_end);
        set(&mut settings.absent_after_start_minutes, self.absent_after_start_minutes);
        set(&mut settings.absent_before_end_minutes, self.absent_before_end_minutes);
        set(&mut settings.follow_adjustments_days, self.follow_adjustments_days);
        let email = self.error_email.clone().map(|email| (!email.is_empty()).then_some(email));
        set(&mut settings.error_email, email);
        set(&mut settings.send_new_program_courses, self.send_new_program_courses);
        set(&mut settings.initial_user_password, self.initial_user_password.clone());
        set(&mut settings.update_every_minutes, self.update_every_minutes);
        set(&mut settings.settle_minutes, self.settle_minutes);
        set(&mut settings.longest_gap_minutes, self.longest_gap_minutes);
        set(&mut settings.never_checked_out, self.never_checked_out.map(NeverCheckedOutForm::into_wit));
        set(&mut settings.minimum_attended_percent, self.minimum_attended_percent);
        set(&mut settings.digest_every_minutes, self.digest_every_minutes);
        set(&mut settings.guard_vanished_percent, self.guard_vanished_percent);
        set(&mut settings.guard_vanished_number, self.guard_vanished_number);
        set(&mut settings.guard_stopped_percent, self.guard_stopped_percent);
        set(&mut settings.guard_stopped_number, self.guard_stopped_number);
    }
}

fn set<T>(field: &mut T, new: Option<T>) {
    if let Some(value) = new {
        *field = value;
    }
}

impl NeverCheckedOutForm {
    fn of(wit: NeverCheckedOut) -> Self {
        match wit {
            NeverCheckedOut::Report => Self::Report,
            NeverCheckedOut::Absent => Self::Absent,
            NeverCheckedOut::LeftAtEnd => Self::LeftAtEnd,
        }
    }

    fn into_wit(self) -> NeverCheckedOut {
        match self {
            Self::Report => NeverCheckedOut::Report,
            Self::Absent => NeverCheckedOut::Absent,
            Self::LeftAtEnd => NeverCheckedOut::LeftAtEnd,
        }
    }
}
