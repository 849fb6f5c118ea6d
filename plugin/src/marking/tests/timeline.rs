//! The language of these tests: one class, one student, one line.
//!
//! | Words | Mean | Without them |
//! |---|---|---|
//! | `class 09:00-12:00` | the class; `22:00-06:00` ends on the next day | must be there |
//! | `late 15`, `early 15`, `gap 90`, `settle 60` | minutes; `gap 0` ignores gaps | as shown |
//! | `in 09:04`, `out 11:58` | a visit and its check-out, to the second if need be | no visit |
//! | `no record` | CourseKey has no record of the student | a record |
//! | `edit`, `award-full`, `remove-all`, `override`, `override 170` | what staff did, minutes awarded | nothing |
//! | `absent`, `left-at-end` | who never checked out is absent, or counts as there until the end | is reported |
//! | `least 80` | the minimum share of the class attended, percent | 0 |
//! | `now 12:30` | the present | a day after the class |
//! | `zone America/New_York`, `day 2023-11-05` | where and when | UTC, 2023-08-28 |
//!
//! Times earlier than six hours before the class are of the next day.

use chrono::{Days, NaiveTime, TimeDelta};

use crate::marking::{ClassTimes, Decision, LogRow, Terms, decide, impossible, log_rows, sentence};
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Visit};
use crate::model::ids::{ClassId, PersonId, RecordId};
use crate::model::settings::NeverCheckedOut;
use crate::model::time::{Instant, LocalDate, Seconds};
use crate::model::zone::Zone;
use crate::settings::Thresholds;

/// The class, the record and the settings that a line describes.
pub(super) struct Timeline {
    pub(super) times: ClassTimes,
    pub(super) thresholds: Thresholds,
    pub(super) settle: Seconds,
    pub(super) record: Option<AttendanceRecord>,
    pub(super) now: Instant,
}

impl Timeline {
    pub(super) fn decide(&self) -> Decision {
        let terms = Terms { thresholds: &self.thresholds, settle: self.settle };
        self.impossible().unwrap_or_else(|| decide(self.times, self.record.as_ref(), terms, self.now))
    }

    fn log(&self) -> (Vec<LogRow>, Decision) {
        let terms = Terms { thresholds: &self.thresholds, settle: self.settle };
        match self.impossible() {
            Some(report) => (Vec::new(), report),
            None => log_rows(&[self.record.as_ref().unwrap()], self.times, terms, self.now),
        }
    }

    /// The record with another id.
    fn named(&self, id: &str) -> AttendanceRecord {
        AttendanceRecord { id: RecordId::from(id), ..self.record.clone().unwrap() }
    }

    fn impossible(&self) -> Option<Decision> {
        let (code, sentence) = impossible(self.record.as_ref()?, self.times.starts, self.now)?;
        Some(Decision::Report { code, sentence })
    }
}

/// The day and the time zone in which the times of a line lie.
struct Wall {
    zone: Zone,
    day: LocalDate,
    starts: NaiveTime,
}

impl Wall {
    fn at(&self, text: &str) -> Instant {
        let time: NaiveTime = if text.len() == 5 { format!("{text}:00") } else { text.to_owned() }.parse().unwrap();
        let next_day = time.signed_duration_since(self.starts) < TimeDelta::hours(-6);
        let day = self.day.checked_add_days(Days::new(u64::from(next_day))).unwrap();
        self.zone.first_moment(day.and_time(time).and_utc().timestamp()).unwrap()
    }

    fn class(&self, text: &str) -> ClassTimes {
        let (starts, ends) = text.split_once('-').unwrap();
        let starts = self.at(starts);
        let ends = self.at(ends);
        let day_later = if ends <= starts { Seconds::days(1) } else { Seconds::ZERO };
        ClassTimes { starts, ends: ends + day_later }
    }
}

fn value<'a>(words: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    words.iter().find(|(word, _)| *word == name).map(|(_, value)| *value)
}

pub(super) fn read(line: &str) -> Timeline {
    let words: Vec<(&str, &str)> = line.split("; ").map(|word| word.split_once(' ').unwrap_or((word, ""))).collect();
    let class = value(&words, "class").unwrap();
    let starts = format!("{}:00", class.split_once('-').unwrap().0);
    let wall = Wall {
        zone: value(&words, "zone").map_or_else(Zone::utc, |zone| Zone::parse(zone).unwrap()),
        day: value(&words, "day").unwrap_or("2023-08-28").parse().unwrap(),
        starts: starts.parse().unwrap(),
    };
    let minutes = |name, usual: u32| value(&words, name).map_or(usual, |minutes| minutes.parse().unwrap());
    let times = wall.class(class);
    let gap = Seconds::minutes(minutes("gap", 90));
    Timeline {
        times,
        thresholds: Thresholds {
            late: Seconds::minutes(minutes("late", 15)),
            early: Seconds::minutes(minutes("early", 15)),
            longest_gap: (gap > Seconds::ZERO).then_some(gap),
            never_checked_out: match (value(&words, "absent"), value(&words, "left-at-end")) {
                (Some(_), _) => NeverCheckedOut::Absent,
                (None, Some(_)) => NeverCheckedOut::LeftAtEnd,
                (None, None) => NeverCheckedOut::Report,
            },
            least_percent: minutes("least", 0),
        },
        settle: Seconds::minutes(minutes("settle", 60)),
        record: value(&words, "no").is_none().then(|| record(&words, &wall)),
        now: value(&words, "now").map_or(times.ends + Seconds::days(1), |now| wall.at(now)),
    }
}

fn record(words: &[(&str, &str)], wall: &Wall) -> AttendanceRecord {
    let mut visits: Vec<Visit> = Vec::new();
    let mut adjustment = None;
    for (word, value) in words {
        let kind = match *word {
            "in" => {
                visits.push(Visit { checked_in: wall.at(value), checked_out: None });
                continue;
            }
            "out" => {
                visits.last_mut().unwrap().checked_out = Some(wall.at(value));
                continue;
            }
            "edit" => AdjustmentKind::Edit,
            "award-full" => AdjustmentKind::AwardFull,
            "remove-all" => AdjustmentKind::RemoveAll,
            "override" => AdjustmentKind::Override,
            _ => continue,
        };
        let awarded = value.parse().ok().map(Seconds::minutes);
        adjustment = Some(Adjustment { kind, by: "staff".to_owned(), awarded });
    }
    AttendanceRecord {
        id: RecordId::from("r1"),
        version: 1,
        class: ClassId::from("C1-1"),
        student: PersonId::from("S000001"),
        updated_at: Instant(0),
        visits,
        adjustment,
    }
}

/// A decision in words: `L came-late: Late: came 4 min after the start`.
pub(super) fn told(decision: &Decision) -> String {
    match decision {
        Decision::Mark { mark, basis } => format!("{} {}: {}", mark.letter(), basis.rule.name(), sentence(basis)),
        Decision::Wait { until } => format!("wait until {until}"),
        Decision::Report { code, sentence } => format!("{code:?}: {sentence}"),
        Decision::Nothing => "nothing".to_owned(),
    }
}

/// The decisions about several lines, one below the other.
pub(super) fn table(lines: &[&str]) -> String {
    lines.iter().map(|line| marked(line)).collect()
}

/// The line and the decision about it.
pub(super) fn marked(line: &str) -> String {
    format!("{line}\n    {}\n", told(&read(line).decide()))
}

/// The line and the rows of the attendance log that it makes.
pub(super) fn logged(line: &str) -> String {
    let (rows, rest) = read(line).log();
    let row = |row: &LogRow| format!("{}: {} to {}, {} min", row.visit, row.checked_in, row.checked_out, row.minutes);
    let rows = rows.iter().map(row).collect::<Vec<_>>().join(" | ");
    format!("{line}\n    rows {rows}; {}\n", told(&rest))
}

/// The rows that two records, `a` and `b`, of a class from 09:00 to 16:00 make together, in either order.
pub(super) fn logged_together(a: &str, b: &str) -> String {
    let [one, other] = [a, b].map(|line| read(&format!("class 09:00-16:00; {line}")));
    let (a_record, b_record) = (one.named("a"), other.named("b"));
    let terms = Terms { thresholds: &one.thresholds, settle: one.settle };
    let (rows, rest) = log_rows(&[&a_record, &b_record], one.times, terms, one.now);
    assert_eq!(log_rows(&[&b_record, &a_record], one.times, terms, one.now), (rows.clone(), rest));
    let row = |row: &LogRow| format!("{}/{} {} min", row.record, row.visit, row.minutes);
    let rows = rows.iter().map(row).collect::<Vec<_>>().join(" | ");
    format!("{a} & {b}\n    {rows}\n")
}
