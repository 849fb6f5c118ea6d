//! School Settings, checked: the seed's labels with their units, defaults and ranges. What is out of range is an issue
//! and replaced by the nearest value inside; what is allowed but probably not meant is an issue too.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::model::ids::{CampusId, SchoolNumber};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::settings::{Campus, NeverCheckedOut, Password, SchoolSettings};
use crate::model::time::Seconds;

/// One numeric setting as the settings page shows it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// GEGI's label, word for word.
    pub label: &'static str,
    /// What it has when nobody set it.
    pub default: u32,
    /// The least it may be.
    pub least: u32,
    /// The most it may be.
    pub most: u32,
    read: fn(&SchoolSettings) -> u32,
    write: fn(&mut SchoolSettings, u32),
}

macro_rules! setting {
    ($label:literal, $field:ident, $default:literal, $least:literal ..= $most:literal) => {
        Setting {
            label: $label,
            default: $default,
            least: $least,
            most: $most,
            read: |of| of.$field,
            write: |of, value| of.$field = value,
        }
    };
}

/// Seed, "Integration Settings", in its order; below the line what DOMAIN §4 adds.
pub const SETTINGS: [Setting; 9] = [
    setting!("Number of Weeks Before Course Start to Enable Synchronization", weeks_before_start, 3, 0..=52),
    setting!("Number of Weeks After Course End to Disable Synchronization", weeks_after_end, 2, 0..=52),
    setting!("Time After a Class Start to Consider Students Absent, minutes", absent_after_start_minutes, 15, 0..=1440),
    setting!("Time Before a Class End to Consider Students Absent, minutes", absent_before_end_minutes, 15, 0..=1440),
    setting!("Number of Days to Follow Attendance Adjustments", follow_adjustments_days, 7, 0..=365),
    // ----
    setting!("Update Frequency, minutes", update_every_minutes, 5, 1..=1440),
    setting!("Time for Attendance to Arrive After a Class, minutes", settle_minutes, 60, 0..=2880),
    setting!("Longest Gap Within a Class, minutes", longest_gap_minutes, 90, 0..=1440),
    setting!("Least Time Between Two Error Notifications, minutes", digest_every_minutes, 60, 0..=10080),
];

/// Late and early limits that together reach this far overlap in many a class.
const DOUBTFUL_LIMITS: u32 = 60;

/// Settings as the rules use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The school's name.
    pub name: String,
    /// The integration is switched on.
    pub enabled: bool,
    /// CourseKey's base URL.
    pub coursekey_url: String,
    /// The campuses.
    pub campuses: BTreeMap<CampusId, CampusSettings>,
    /// Weeks before a course's start.
    pub weeks_before: u32,
    /// Weeks after a course's end.
    pub weeks_after: u32,
    /// What makes a mark late or absent.
    pub thresholds: Thresholds,
    /// How long adjustments are followed, from the end of the class.
    pub follow: Seconds,
    /// How long attendance may still be arriving, from the end of the class.
    pub settle: Seconds,
    /// What to do about a student who never checked out.
    pub never_checked_out: NeverCheckedOut,
    /// The update frequency.
    pub update_every: Seconds,
    /// At most one mail in this time.
    pub digest_every: Seconds,
    /// Where errors are mailed; none: nowhere.
    pub error_email: Option<String>,
    /// Allow Sending New Program Courses to CourseKey.
    pub send_new_program_courses: bool,
    /// Initial User Password; none: CourseKey would refuse it, so no new account can be sent.
    pub initial_password: Option<Password>,
}

/// A campus as the rules use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampusSettings {
    /// GEGI's id.
    pub id: CampusId,
    /// Its zone; none: it is not an IANA zone, and nothing of the campus is sent.
    pub zone: Option<Tz>,
    /// Its zone as typed.
    pub zone_name: String,
    /// CourseKey's number.
    pub school: SchoolNumber,
    /// E-mail of the account that owns its courses, if one is named.
    pub course_owner: Option<String>,
    /// Grows whenever its credentials are replaced.
    pub credentials_generation: u64,
}

/// What makes a mark late or absent. Kept with a class's marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// So long after the start a check-in is late and not yet absence.
    pub late: Seconds,
    /// So long before the end a check-out is early and not yet absence.
    pub early: Seconds,
    /// A longer gap between two visits makes a P an L; none: gaps are ignored.
    pub longest_gap: Option<Seconds>,
}

/// Checks settings: what the rules use, and what is wrong with what was set.
pub fn check(settings: &SchoolSettings) -> (Settings, Vec<Issue>) {
    let mut issues = Vec::new();
    let mut sound = settings.clone();
    for setting in &SETTINGS {
        let value = (setting.read)(settings);
        let nearest = value.clamp(setting.least, setting.most);
        if value != nearest {
            let sentence = format!(
                "“{}” is {value}; it may be {} to {}, so {nearest} is used",
                setting.label, setting.least, setting.most
            );
            issues.push(about(Code::SettingOutOfRange, setting.label, sentence));
            (setting.write)(&mut sound, nearest);
        }
    }
    let limits = sound.absent_after_start_minutes + sound.absent_before_end_minutes;
    if limits > DOUBTFUL_LIMITS {
        let sentence = format!(
            "the limits for coming late and leaving early add up to {limits} minutes; in a shorter class they overlap"
        );
        issues.push(about(Code::SettingDoubtful, "limits", sentence));
    }
    let initial_password = Some(&sound.initial_user_password).filter(|password| password_is_strong(password)).cloned();
    if initial_password.is_none() {
        let sentence = "“Initial User Password” needs at least 6 characters, with a lower case letter, an upper case letter and a digit; no new account is sent";
        issues.push(about(Code::SettingOutOfRange, "Initial User Password", sentence.to_owned()));
    }
    let campuses = campuses(&sound.campuses, &mut issues);
    (checked(sound, campuses, initial_password), issues)
}

fn checked(
    sound: SchoolSettings,
    campuses: BTreeMap<CampusId, CampusSettings>,
    initial_password: Option<Password>,
) -> Settings {
    let gap = Seconds::minutes(sound.longest_gap_minutes);
    Settings {
        name: sound.name,
        enabled: sound.enabled,
        coursekey_url: sound.coursekey_url.trim_end_matches('/').to_owned(),
        campuses,
        weeks_before: sound.weeks_before_start,
        weeks_after: sound.weeks_after_end,
        thresholds: Thresholds {
            late: Seconds::minutes(sound.absent_after_start_minutes),
            early: Seconds::minutes(sound.absent_before_end_minutes),
            longest_gap: (gap > Seconds::ZERO).then_some(gap),
        },
        follow: Seconds::days(sound.follow_adjustments_days),
        settle: Seconds::minutes(sound.settle_minutes),
        never_checked_out: sound.never_checked_out,
        update_every: Seconds::minutes(sound.update_every_minutes),
        digest_every: Seconds::minutes(sound.digest_every_minutes),
        error_email: sound.error_email.filter(|email| !email.trim().is_empty()),
        send_new_program_courses: sound.send_new_program_courses,
        initial_password,
    }
}

/// DOMAIN §2: "Password rule: at least 6 characters, a lower case, an upper case, a digit".
fn password_is_strong(password: &Password) -> bool {
    let text = password.reveal();
    let has = |class: fn(char) -> bool| text.chars().any(class);
    text.chars().count() >= 6 && has(char::is_lowercase) && has(char::is_uppercase) && has(|c| c.is_ascii_digit())
}

fn campuses(listed: &[Campus], issues: &mut Vec<Issue>) -> BTreeMap<CampusId, CampusSettings> {
    let mut campuses: BTreeMap<CampusId, CampusSettings> = BTreeMap::new();
    for campus in listed {
        let zone = campus.zone.parse::<Tz>().ok();
        if zone.is_none() {
            let sentence = format!(
                "campus {}: “{}” is not an IANA time zone; nothing of the campus is sent",
                campus.id, campus.zone
            );
            issues.push(about(Code::ZoneUnknown, campus.id.as_str(), sentence));
        }
        if let Some(twin) = campuses.values().find(|other| other.school == campus.school) {
            let sentence =
                format!("campuses {} and {} have one CourseKey school, {}", twin.id, campus.id, campus.school);
            issues.push(about(Code::SettingDoubtful, campus.id.as_str(), sentence));
        }
        let checked = CampusSettings {
            id: campus.id.clone(),
            zone,
            zone_name: campus.zone.clone(),
            school: campus.school,
            course_owner: campus.course_owner.clone(),
            credentials_generation: campus.credentials_generation,
        };
        campuses.entry(campus.id.clone()).or_insert(checked);
    }
    campuses
}

fn about(code: Code, detail: &str, sentence: String) -> Issue {
    Issue { code, subject: Subject { detail: Some(detail.to_owned()), ..Subject::default() }, sentence }
}

impl Settings {
    /// Tells apart settings that date courses differently or reach CourseKey otherwise.
    pub fn fingerprint(&self) -> String {
        let campuses = self.campuses.values().map(|campus| {
            let owner = campus.course_owner.as_deref().unwrap_or_default();
            format!("{}/{}/{}/{owner}/{}", campus.id, campus.school, campus.zone_name, campus.credentials_generation)
        });
        let password = if self.initial_password.is_some() { "strong" } else { "weak" };
        let dates =
            [format!("{}/{}/{}/{}/{password}", self.weeks_before, self.weeks_after, self.follow.0, self.settle.0)];
        dates.into_iter().chain(campuses).collect::<Vec<_>>().join("|")
    }
}
