//! Wrong settings: the issues about them, and the values that are used instead.

use std::fmt::Write as _;

use expect_test::expect;

use super::{SETTINGS, check};
use crate::model::ids::{CampusId, SchoolNumber};
use crate::model::settings::{Campus, Password, SchoolSettings};
use crate::model::zone::Zone;
use crate::testing::settings;

/// The issues about the usual settings after a test changed one of them, one a line.
fn issues(change: impl FnOnce(&mut SchoolSettings)) -> String {
    let mut seen = settings();
    change(&mut seen);
    let lines: Vec<String> =
        check(&seen).1.iter().map(|issue| format!("{:?}: {}", issue.code, issue.sentence)).collect();
    lines.join("\n")
}

fn campus(id: &str, school: u64) -> Campus {
    Campus { id: CampusId::from(id), school: SchoolNumber(school), ..settings().campuses[0].clone() }
}

#[test]
fn the_table_has_the_seeds_labels_with_units_defaults_and_ranges() {
    let mut table = String::new();
    for setting in &SETTINGS {
        let super::Setting { label, unit, default, least, most, .. } = setting;
        writeln!(table, "{label}: {default} ({least} to {most} {unit})").unwrap();
    }
    expect![[r#"
        Number of Weeks Before Course Start to Enable Synchronization: 3 (0 to 52 weeks)
        Number of Weeks After Course End to Disable Synchronization: 2 (0 to 52 weeks)
        Time After a Class Start to Consider Students Absent, minutes: 15 (0 to 1440 minutes)
        Time Before a Class End to Consider Students Absent, minutes: 15 (0 to 1440 minutes)
        Number of Days to Follow Attendance Adjustments: 7 (0 to 365 days)
        Update Frequency, minutes: 5 (1 to 1440 minutes)
        Time for Attendance to Arrive After a Class, minutes: 60 (0 to 2880 minutes)
        Longest Gap Within a Class, minutes: 90 (0 to 1440 minutes)
        Minimum Share of a Class Attended, percent: 0 (0 to 100 percent)
        Least Time Between Two Error Notifications, minutes: 60 (0 to 10080 minutes)
        Share of Students or Classes That May Disappear at Once, percent: 10 (0 to 100 percent)
        Number of Students or Classes That May Disappear at Once: 5 (0 to 10000 rows)
        Share of Students Who May Stop at Once, percent: 50 (0 to 100 percent)
        Number of Students Who May Stop at Once: 10 (0 to 10000 students)
    "#]]
    .assert_eq(&table);
}

#[test]
fn the_defaults_are_nothing_to_complain_about_and_nor_is_a_missing_error_address() {
    let defaults = |seen: &mut SchoolSettings| {
        for setting in &SETTINGS {
            (setting.write)(seen, setting.default);
        }
    };
    assert_eq!(issues(defaults), "");
    assert_eq!(issues(|seen| seen.error_email = None), "");
    assert_eq!(issues(|seen| seen.error_email = Some("  ".to_owned())), "");
}

#[test]
fn every_setting_is_brought_inside_its_range_and_says_so() {
    for setting in &SETTINGS {
        for (typed, used) in [(setting.least, setting.least), (setting.most, setting.most), (u32::MAX, setting.most)] {
            let mut seen = settings();
            (setting.write)(&mut seen, typed);
            let told = setting.bring_inside(&mut seen).is_some();
            assert_eq!(((setting.read)(&seen), told), (used, typed != used), "{}", setting.label);
        }
    }
    expect![[r"
        SettingOutOfRange: “Number of Weeks Before Course Start to Enable Synchronization” is 53; it may be 0 to 52 weeks (usual: 3), so 52 is used
        SettingOutOfRange: “Update Frequency, minutes” is 0; it may be 1 to 1440 minutes (usual: 5), so 1 is used"]].assert_eq(&issues(|seen| {
        seen.weeks_before_start = 53;
        seen.update_every_minutes = 0;
    }));
    let (checked, _) = check(&SchoolSettings { update_every_minutes: 0, ..settings() });
    assert_eq!(checked.update_every.0, 60, "every minute minimum");
}

#[test]
fn a_gap_of_zero_minutes_means_that_gaps_are_ignored() {
    let (checked, _) = check(&SchoolSettings { longest_gap_minutes: 0, ..settings() });
    assert_eq!(checked.thresholds.longest_gap, None);
}

#[test]
fn limits_that_overlap_in_a_class_of_an_hour_are_doubtful() {
    let limits = |late, early| {
        issues(|seen| {
            seen.absent_after_start_minutes = late;
            seen.absent_before_end_minutes = early;
        })
    };
    assert_eq!(limits(30, 30), "");
    expect!["SettingDoubtful: the limits for coming late and leaving early add up to 61 minutes; in a shorter class they overlap"].assert_eq(&limits(31, 30));
    assert_ne!(limits(u32::MAX, u32::MAX), "", "sums of anything at all are no trouble");
}

#[test]
fn a_password_that_coursekey_would_refuse_is_not_used_and_not_told() {
    let check =
        |text: &str| check(&SchoolSettings { initial_user_password: Password::new(text.to_owned()), ..settings() });
    let strong = ["Abcde1", "1aZ...", "Welcome1"];
    let weak = ["", "Abcd1", "abcdef1", "ABCDEF1", "Abcdefg", "Äbcdéf1"];
    for text in strong {
        assert!(check(text).0.initial_password.is_some(), "{text}");
    }
    for text in weak {
        let (settings, issues) = check(text);
        assert!(settings.initial_password.is_none(), "{text}");
        assert!(issues.len() == 1 && (text.is_empty() || !issues[0].sentence.contains(text)), "{text}");
    }
    expect!["SettingOutOfRange: “Initial User Password” needs at least 6 characters, with a lower case letter, an upper case letter and a digit; no new account is sent"].assert_eq(&issues(|seen| seen.initial_user_password = Password::new("secret".to_owned())));
}

#[test]
fn a_wrong_address_is_left_out_and_blanks_around_one_are_cut() {
    expect![[r"
        SettingOutOfRange: “Email to Send Errors About Incompatible Data Received from CourseKey” is not one e-mail address; nothing is mailed
        SettingOutOfRange: “course owner of campus main” is not one e-mail address; the first instructor of a course owns it"]].assert_eq(&issues(|seen| {
        seen.error_email = Some("the office".to_owned());
        seen.campuses[0].course_owner = Some("Office <office@example.edu>".to_owned());
    }));
    let (checked, _) = check(&SchoolSettings { error_email: Some(" a@example.edu ".to_owned()), ..settings() });
    assert_eq!(checked.error_email.as_deref(), Some("a@example.edu"));
}

#[test]
fn a_campus_without_a_known_zone_stays_and_is_stopped() {
    let mut seen = settings();
    seen.campuses = vec![campus("main", 1), campus("mars", 2)];
    seen.campuses[0].zone = " America/New_York".to_owned();
    seen.campuses[1].zone = "Mars/Phobos".to_owned();
    let (checked, issues) = check(&seen);
    let zones: Vec<_> = checked.campuses.values().map(|campus| (campus.zone, campus.zone_name.as_str())).collect();
    assert_eq!(zones, [(Zone::parse("America/New_York"), "America/New_York"), (None, "Mars/Phobos")]);
    expect!["campus mars: “Mars/Phobos” is not an IANA time zone; nothing of the campus is sent"]
        .assert_eq(&issues[0].sentence);
}

#[test]
fn time_zones_are_compared_by_meaning() {
    let judge = |line: &str| {
        let (own, given) = line.split_once(" / ").unwrap();
        let mut seen = settings();
        seen.campuses[0].zone = own.to_owned();
        let campus = check(&seen).0.campuses.into_values().next().unwrap();
        format!("{line} → {}\n", campus.is_zone(given).map_or_else(|why| why, |()| "the same".to_owned()))
    };
    let lines = [
        "America/New_York / US/Eastern",
        "US/Eastern / america/new_york",
        "Africa/Accra / UTC",
        "America/New_York / America/Detroit",
        "america/new_york / America/Chicago",
        "America/New_York / Eastern Standard Time",
        "America/New_York / ",
        "Mars/Phobos / Mars/Phobos",
        "Mars/Phobos / America/New_York",
    ];
    expect![[r#"
        America/New_York / US/Eastern → the same
        US/Eastern / america/new_york → the same
        Africa/Accra / UTC → the same
        America/New_York / America/Detroit → is America/Detroit, not America/New_York
        america/new_york / America/Chicago → is America/Chicago, not America/New_York
        America/New_York / Eastern Standard Time → is “Eastern Standard Time”, which is not an IANA time zone, and not America/New_York
        America/New_York /  → is “”, which is not an IANA time zone, and not America/New_York
        Mars/Phobos / Mars/Phobos → the same
        Mars/Phobos / America/New_York → is America/New_York, not Mars/Phobos
    "#]].assert_eq(&lines.map(judge).concat());
}

#[test]
fn a_campus_that_is_listed_twice_is_sent_nowhere() {
    let seen =
        SchoolSettings { campuses: vec![campus("main", 1), campus("north", 2), campus("main", 3)], ..settings() };
    let (checked, issues) = check(&seen);
    assert_eq!(checked.campuses.keys().map(CampusId::as_str).collect::<Vec<_>>(), ["north"]);
    expect!["campus main is listed 2 times; nothing of it is sent"].assert_eq(&issues[0].sentence);
}

#[test]
fn two_campuses_with_one_coursekey_school_are_doubtful_and_go_on() {
    let seen = SchoolSettings { campuses: vec![campus("main", 1), campus("north", 1)], ..settings() };
    let (checked, issues) = check(&seen);
    assert_eq!(checked.campuses.len(), 2);
    expect!["campuses main and north have one CourseKey school, 1"].assert_eq(&issues[0].sentence);
}

#[test]
fn settings_print_neither_addresses_nor_the_password() {
    let mut seen = settings();
    seen.campuses[0].course_owner = Some("owner@example.edu".to_owned());
    let printed = format!("{:?}", check(&seen).0) + &format!("{:?}", check(&seen).0.campuses);
    for secret in ["errors@example.edu", "owner@example.edu", "Welcome1"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn the_fingerprint_changes_with_what_dates_courses_or_reaches_coursekey() {
    let of = |change: fn(&mut SchoolSettings)| {
        let mut seen = settings();
        change(&mut seen);
        check(&seen).0.fingerprint()
    };
    let usual = of(|_| {});
    let changes: [fn(&mut SchoolSettings); 7] = [
        |seen| seen.coursekey_url = "https://other.example".to_owned(),
        |seen| seen.weeks_before_start = 4,
        |seen| seen.weeks_after_end = 4,
        |seen| seen.follow_adjustments_days = 8,
        |seen| seen.campuses[0].credentials_generation = 2,
        |seen| seen.campuses[0].zone = "America/Chicago".to_owned(),
        |seen| seen.initial_user_password = Password::new("weak".to_owned()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_ne!(of(change), usual, "change {number}");
    }
    assert_eq!(of(|seen| seen.error_email = None), usual);
}
