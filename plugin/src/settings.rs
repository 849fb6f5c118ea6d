//! School Settings, checked: the seed's labels with their units, defaults and ranges. A number out of its range is an
//! issue, and the nearest number inside is used instead. A setting that cannot be used is an issue, and is left out. A
//! setting that is allowed but probably not meant is an issue too. Not here: where the settings come from (the host),
//! and what each setting does (the other rule rooms).

mod in_force;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::in_force::InForce;
use crate::model::ids::{Address, CampusId, SchoolNumber};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::person;
use crate::model::settings::{Campus, NeverCheckedOut, Password, SchoolSettings};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::model::zone::Zone;
use crate::naming::cut;

/// One numeric setting as the settings page shows it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// GEGI's label, word for word.
    pub label: &'static str,
    /// The unit of the value.
    pub unit: &'static str,
    /// The value while nobody has set one.
    pub default: u32,
    /// The least value that is allowed.
    pub least: u32,
    /// The greatest value that is allowed.
    pub most: u32,
    read: fn(&SchoolSettings) -> u32,
    write: fn(&mut SchoolSettings, u32),
}

macro_rules! setting {
    ($label:literal, $field:ident, $default:literal, $least:literal ..= $most:literal $unit:literal) => {
        Setting {
            label: $label,
            unit: $unit,
            default: $default,
            least: $least,
            most: $most,
            read: |of| of.$field,
            write: |of, value| of.$field = value,
        }
    };
}

/// Seed, "Integration Settings", in its order: "After the initial configuration (URLs, keys, etc.) is complete, the
/// School Settings will have the following settings available". Below the dashed line stand the settings that DOMAIN §4
/// adds, and "The update frequency can be configured (every minute minimum)". The ranges only stop slips of the
/// keyboard: every value that a school could mean is inside.
pub const SETTINGS: [Setting; 14] = [
    setting!("Number of Weeks Before Course Start to Enable Synchronization", weeks_before_start, 3, 0..=52 "weeks"),
    setting!("Number of Weeks After Course End to Disable Synchronization", weeks_after_end, 2, 0..=52 "weeks"),
    setting!(
        "Time After a Class Start to Consider Students Absent, minutes",
        absent_after_start_minutes, 15, 0..=1_440 "minutes"
    ),
    setting!(
        "Time Before a Class End to Consider Students Absent, minutes",
        absent_before_end_minutes, 15, 0..=1_440 "minutes"
    ),
    setting!("Number of Days to Follow Attendance Adjustments", follow_adjustments_days, 7, 0..=365 "days"),
    // ----
    setting!("Update Frequency, minutes", update_every_minutes, 5, 1..=1_440 "minutes"),
    setting!("Time for Attendance to Arrive After a Class, minutes", settle_minutes, 60, 0..=2_880 "minutes"),
    setting!("Longest Gap Within a Class, minutes", longest_gap_minutes, 90, 0..=1_440 "minutes"),
    setting!("Minimum Share of a Class Attended, percent", minimum_attended_percent, 0, 0..=100 "percent"),
    setting!("Least Time Between Two Error Notifications, minutes", digest_every_minutes, 60, 0..=10_080 "minutes"),
    setting!(
        "Share of Students or Classes That May Disappear at Once, percent",
        guard_vanished_percent, 10, 0..=100 "percent"
    ),
    setting!("Number of Students or Classes That May Disappear at Once", guard_vanished_number, 5, 0..=10_000 "rows"),
    setting!("Share of Students Who May Stop at Once, percent", guard_stopped_percent, 50, 0..=100 "percent"),
    setting!("Number of Students Who May Stop at Once", guard_stopped_number, 10, 0..=10_000 "students"),
];

const ERROR_EMAIL: &str = "Email to Send Errors About Incompatible Data Received from CourseKey";
const INITIAL_PASSWORD: &str = "Initial User Password";

/// Limits for coming late and leaving early that add up to more than these minutes overlap in a class of one hour. The
/// marking table decides every class, overlapping limits or not, so the sum is only worth a warning.
const DOUBTFUL_LIMITS: u32 = 60;

/// Checked School Settings, as the rules use them.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The school's name.
    pub name: String,
    /// Whether the integration is switched on.
    pub enabled: bool,
    /// CourseKey's base URL.
    pub coursekey_url: String,
    /// The campuses, without any campus that GEGI lists twice.
    pub campuses: SortedMap<CampusId, CampusSettings>,
    /// Weeks from the opening of the sync window to a course's start.
    pub weeks_before: u32,
    /// Weeks from a course's end to the close of the sync window.
    pub weeks_after: u32,
    /// What makes a mark late or absent.
    pub thresholds: Thresholds,
    /// The follow-up days: how long adjustments are followed, from the end of the class.
    pub follow: Seconds,
    /// The settle time: how long attendance may still be arriving, from the end of the class.
    pub settle: Seconds,
    /// The update frequency.
    pub update_every: Seconds,
    /// The least time between two mails.
    pub digest_every: Seconds,
    /// When the settings were last saved; none: GEGI does not say.
    pub saved_at: Option<Instant>,
    /// The address to which issues are mailed; none: nothing is mailed.
    pub error_email: Option<String>,
    /// Allow Sending New Program Courses to CourseKey.
    pub send_new_program_courses: bool,
    /// Initial User Password; none: CourseKey would refuse it, so no new account can be sent.
    pub initial_password: Option<Password>,
    /// How many rows may leave at once before the guard holds them.
    pub guard: GuardLimits,
}

/// How many rows of a course, or of the school, may leave CourseKey at once. What is above both, share and number, is
/// held (`guard`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    /// The share of students or classes that may vanish without a word, in percent.
    pub vanished_percent: u32,
    /// The number of them.
    pub vanished_number: u32,
    /// The share of a course's students who may stop, in percent.
    pub stopped_percent: u32,
    /// The number of them.
    pub stopped_number: u32,
}

/// Prints neither the addresses nor the password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("enabled", &self.enabled).finish_non_exhaustive()
    }
}

/// A campus as the rules use it.
#[derive(Clone, PartialEq, Eq)]
pub struct CampusSettings {
    /// GEGI's id.
    pub id: CampusId,
    /// The campus's time zone; none: the name is no IANA zone, and nothing of the campus is sent.
    pub zone: Option<Zone>,
    /// The time zone's name; where there is no such zone, the name as it was typed.
    pub zone_name: String,
    /// CourseKey's number of the campus.
    pub school: SchoolNumber,
    /// E-mail of the account that owns the campus's courses; none: a course's first instructor owns the course.
    pub course_owner: Option<String>,
    /// Grows whenever the campus's credentials are replaced.
    pub credentials_generation: u64,
}

/// Does not print the owner's address.
impl fmt::Debug for CampusSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CampusSettings").field("id", &self.id).field("school", &self.school).finish_non_exhaustive()
    }
}

impl CampusSettings {
    /// Where the campus is reached.
    pub fn address(&self) -> Address {
        Address { campus: self.id.clone(), school: self.school }
    }
}

/// The limits that make a mark late or absent. The thresholds in force when a class begins are kept in the class's
/// book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// How long after the class's start a check-in is only late; after that it is absence.
    pub late: Seconds,
    /// How long before the class's end a check-out is only early; before that it is absence.
    pub early: Seconds,
    /// More time away between visits, all gaps together, makes a P an L; none: gaps are ignored.
    pub longest_gap: Option<Seconds>,
    /// What to do about a student who never checked out.
    pub never_checked_out: NeverCheckedOut,
    /// The least share of the class, in percent, that a P or an L needs; 0: the share does not matter.
    pub least_percent: u32,
}

/// Checks School Settings. Answers the settings that the rules use, and the issues about what was set. No wrong setting
/// stops the whole school.
pub fn check(settings: &SchoolSettings) -> (Settings, Vec<Issue>) {
    let mut sound = settings.clone();
    let mut issues: Vec<Issue> = SETTINGS.iter().filter_map(|setting| setting.bring_inside(&mut sound)).collect();
    let limits = sound.absent_after_start_minutes + sound.absent_before_end_minutes;
    if limits > DOUBTFUL_LIMITS {
        let sentence = format!(
            "the limits for coming late and leaving early add up to {limits} minutes; in a shorter class they overlap"
        );
        issues.push(about(Code::SettingDoubtful, "limits", sentence));
    }
    // An empty address is allowed: the school reads its issues on the page.
    sound.error_email = address(sound.error_email.as_deref(), ERROR_EMAIL, "nothing is mailed", &mut issues);
    let initial_password = Some(&sound.initial_user_password).filter(|password| password_is_strong(password)).cloned();
    if initial_password.is_none() {
        // The sentence does not say which of the four is missing, because that would tell part of the password.
        let sentence = format!(
            "“{INITIAL_PASSWORD}” needs at least 6 characters, with a lower case letter, an upper case letter and a digit; no \
             new account is sent"
        );
        issues.push(about(Code::SettingOutOfRange, INITIAL_PASSWORD, sentence));
    }
    let campuses = campuses(&sound.campuses, &mut issues);
    (checked(sound, campuses, initial_password), issues)
}

impl Setting {
    fn bring_inside(&self, settings: &mut SchoolSettings) -> Option<Issue> {
        let Self { label, unit, default, least, most, .. } = self;
        let value = (self.read)(settings);
        let nearest = value.clamp(*least, *most);
        if value == nearest {
            return None;
        }
        (self.write)(settings, nearest);
        let sentence = format!(
            "“{label}” is {value}; it may be {least} to {most} {unit} (usual: {default}), so {nearest} is used"
        );
        Some(about(Code::SettingOutOfRange, label, sentence))
    }
}

fn checked(
    sound: SchoolSettings,
    campuses: SortedMap<CampusId, CampusSettings>,
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
            never_checked_out: sound.never_checked_out,
            least_percent: sound.minimum_attended_percent,
        },
        follow: Seconds::days(sound.follow_adjustments_days),
        settle: Seconds::minutes(sound.settle_minutes),
        update_every: Seconds::minutes(sound.update_every_minutes),
        digest_every: Seconds::minutes(sound.digest_every_minutes),
        saved_at: sound.saved_at,
        error_email: sound.error_email,
        send_new_program_courses: sound.send_new_program_courses,
        initial_password,
        guard: GuardLimits {
            vanished_percent: sound.guard_vanished_percent,
            vanished_number: sound.guard_vanished_number,
            stopped_percent: sound.guard_stopped_percent,
            stopped_number: sound.guard_stopped_number,
        },
    }
}

/// DOMAIN §2: "Password rule: at least 6 characters, a lower case, an upper case, a digit". Whether CourseKey counts
/// letters beyond A to Z as lower or upper case is unknown, so such letters do not count here.
fn password_is_strong(password: &Password) -> bool {
    let text = password.reveal();
    let has = |class: fn(&char) -> bool| text.chars().any(|c| class(&c));
    text.chars().count() >= 6
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
}

/// Checks an address that may be empty. A wrong address is left out and is an issue, in which `without` says what
/// happens without an address.
fn address(typed: Option<&str>, label: &str, without: &str, issues: &mut Vec<Issue>) -> Option<String> {
    let typed = typed.filter(|typed| !typed.trim().is_empty())?;
    let address = person::address(typed);
    if address.is_none() {
        issues.push(about(Code::SettingOutOfRange, label, format!("“{label}” is not one e-mail address; {without}")));
    }
    address.map(str::to_owned)
}

fn campuses(listed: &[Campus], issues: &mut Vec<Issue>) -> SortedMap<CampusId, CampusSettings> {
    let mut by_id: SortedMap<&CampusId, Vec<&Campus>> = SortedMap::new();
    let mut by_school: SortedMap<SchoolNumber, SortedSet<&str>> = SortedMap::new();
    for campus in listed {
        by_id.entry(&campus.id).or_default().push(campus);
        by_school.entry(campus.school).or_default().insert(campus.id.as_str());
    }
    let mut campuses = SortedMap::new();
    for (id, listings) in by_id {
        if let [campus] = listings.as_slice() {
            campuses.insert(id.clone(), checked_campus(campus, issues));
        } else {
            // Taking one of the listings could send a campus's students to another campus's school.
            let sentence = format!("campus {id} is listed {} times; nothing of it is sent", listings.len());
            issues.push(about(Code::SettingOutOfRange, &format!("campus {id}"), sentence));
        }
    }
    for (school, ids) in by_school.into_iter().filter(|(_, ids)| ids.len() > 1) {
        let ids: Vec<&str> = ids.into_iter().collect();
        let sentence = format!("campuses {} have one CourseKey school, {school}", ids.join(" and "));
        issues.push(about(Code::SettingDoubtful, &format!("CourseKey school {school}"), sentence));
    }
    campuses
}

fn checked_campus(campus: &Campus, issues: &mut Vec<Issue>) -> CampusSettings {
    let id = &campus.id;
    let zone = Zone::parse(campus.zone.trim());
    if zone.is_none() {
        let sentence =
            format!("campus {id}: “{}” is not an IANA time zone; nothing of the campus is sent", campus.zone);
        issues.push(about(Code::ZoneUnknown, id.as_str(), sentence));
    }
    let owner = format!("course owner of campus {id}");
    let without = "the first instructor of a course owns it";
    CampusSettings {
        id: id.clone(),
        zone,
        zone_name: zone.map_or_else(|| campus.zone.clone(), |zone| zone.name().to_owned()),
        school: campus.school,
        course_owner: address(campus.course_owner.as_deref(), &owner, without, issues),
        credentials_generation: campus.credentials_generation,
    }
}

fn about(code: Code, detail: &str, sentence: String) -> Issue {
    Issue { code, subject: Subject { detail: Some(detail.to_owned()), ..Subject::default() }, sentence }
}

impl CampusSettings {
    /// Whether a time zone that CourseKey names is the campus's; the error is the end of a sentence that says why not.
    ///
    /// DOMAIN §4 "Names and zones compared": "time zones by meaning (`US/Eastern` = `America/New_York`), never by spelling".
    pub fn is_zone(&self, given: &str) -> Result<(), String> {
        let expected = &self.zone_name;
        match (Zone::parse(given.trim()), self.zone) {
            (Some(given), Some(own)) if given.same_clocks(own) => Ok(()),
            // Two names that nobody knows can only be compared as they stand.
            (None, None) if given == expected => Ok(()),
            (None, _) => Err(format!("is “{}”, which is not an IANA time zone, and not {expected}", cut(given))),
            _ => Err(format!("is {given}, not {expected}")),
        }
    }

    /// The name of the campus's time zone, or the name that was used before if both mean the same.
    pub fn zone_named_as(&self, before: Option<&str>) -> String {
        let before = before.filter(|name| self.is_zone(name).is_ok());
        before.unwrap_or(&self.zone_name).to_owned()
    }
}

impl Settings {
    /// The campus through which the attendance of a School ID is read: the first campus that has this number.
    pub fn campus_of(&self, school: SchoolNumber) -> Option<&CampusSettings> {
        self.campuses.values().find(|campus| campus.school == school)
    }

    /// The time zone of a campus; none: the school has no such campus, or its time zone is unknown.
    pub fn zone_of(&self, campus: &CampusId) -> Option<Zone> {
        self.campuses.get(campus)?.zone
    }

    /// The time zone in which the school's nightly work is timed: that of the first campus that has one.
    pub fn zone(&self) -> Zone {
        self.campuses.values().find_map(|campus| campus.zone).unwrap_or_else(Zone::utc)
    }

    /// A text that changes whenever the settings change in a way that dates courses differently or reaches CourseKey
    /// differently.
    pub fn fingerprint(&self) -> String {
        let campuses = self.campuses.values().map(|campus| {
            let owner = campus.course_owner.as_deref().unwrap_or_default();
            format!("{}/{}/{}/{owner}/{}", campus.id, campus.school, campus.zone_name, campus.credentials_generation)
        });
        let password = if self.initial_password.is_some() { "strong" } else { "weak" };
        let dates =
            format!("{}/{}/{}/{}/{password}", self.weeks_before, self.weeks_after, self.follow.0, self.settle.0);
        [dates, self.coursekey_url.clone()].into_iter().chain(campuses).collect::<Vec<_>>().join("|")
    }
}

#[cfg(test)]
mod tests;
