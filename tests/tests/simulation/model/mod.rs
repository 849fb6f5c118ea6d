//! The model: an independent reading of the seed and of DOMAIN, which says what a school must end with and shares
//! nothing with the plugin.
//!
//! The model goes tick by tick: `roster` says what CourseKey holds, `marks` what a record is worth, `rows` which rows
//! of the attendance log it makes, `classes` which marks, rows and issues a class has. The model is slow and plain on
//! purpose: every tick judges everything again.

mod classes;
mod marks;
mod roster;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use crate::changes::OUTAGE;
use crate::school::{Change, Class, Content, Course, DAY, Event, Kind, MINUTE, School, Settings, Version};

pub(crate) use roster::Roster;
pub(crate) use rows::Row;

/// A mark as GEGI holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) letter: &'static str,
    /// The rule that decided; `hand` for a mark that a person wrote.
    pub(crate) rule: &'static str,
    /// Whether the mark was derived because there is no record.
    pub(crate) derived: bool,
}

/// The code, the class and the student of an issue; none: the issue names no class or student.
pub(crate) type Issue = (&'static str, Option<String>, Option<String>);
/// Class and student.
pub(crate) type Place = (String, String);

/// The state of the model at one moment.
pub(crate) struct Model<'a> {
    school: &'a School,
    now: i64,
    /// The courses that GEGI holds.
    courses: BTreeMap<String, Course>,
    settings: Settings,
    /// The settings, each with the moment from which they are in force.
    history: Vec<(i64, Settings)>,
    revoked: bool,
    rejects: BTreeSet<String>,
    pub(crate) roster: Roster,
    /// Versions that were ever seen, in the order in which they were made.
    pub(crate) known: BTreeMap<Place, Vec<Version>>,
    /// Versions that CourseKey does not list yet, the next one last.
    coming: Vec<&'a Version>,
    /// By record, the newest version, if that version was not seen.
    newest: BTreeMap<&'a str, &'a Version>,
    /// The number of versions that were known when GEGI first listed both the class and the student.
    placed: BTreeMap<Place, usize>,
    pub(crate) marks: BTreeMap<Place, Mark>,
    /// The contents of the records when a person wrote the mark.
    by_hand: BTreeMap<Place, Vec<Content>>,
    /// The newest version that was known when a person wrote the mark.
    answered: BTreeMap<Place, Version>,
    pub(crate) rows: BTreeMap<Place, Vec<Row>>,
    /// The course that listed a class last.
    homes: BTreeMap<String, String>,
    pub(crate) issues: BTreeSet<Issue>,
    /// Issues that were open at any tick.
    pub(crate) ever: BTreeSet<Issue>,
    /// The classes with records that were written before attendance was read.
    pub(crate) early: BTreeSet<String>,
    /// Whether attendance could not be read for so long, while a course needed it, that it had to be told.
    pub(crate) outage: bool,
}

/// Plays the school to its end.
pub(crate) fn play(school: &School) -> Model<'_> {
    let mut model = Model {
        school,
        now: school.from,
        courses: school.courses.iter().map(|course| (course.id.clone(), course.clone())).collect(),
        settings: school.settings.clone(),
        history: vec![(i64::MIN, school.settings.clone())],
        revoked: false,
        rejects: BTreeSet::new(),
        roster: Roster::default(),
        known: BTreeMap::new(),
        coming: school.records.iter().collect(),
        newest: BTreeMap::new(),
        placed: BTreeMap::new(),
        marks: BTreeMap::new(),
        by_hand: BTreeMap::new(),
        answered: BTreeMap::new(),
        rows: BTreeMap::new(),
        homes: BTreeMap::new(),
        issues: BTreeSet::new(),
        ever: BTreeSet::new(),
        early: BTreeSet::new(),
        outage: false,
    };
    model.coming.sort_by_key(|version| std::cmp::Reverse((version.updated, version.number)));
    let mut changes = school.changes.iter().peekable();
    for tick in school.ticks() {
        while let Some(change) = changes.next_if(|change| change.at <= tick) {
            model.change(change);
        }
        model.tick(tick);
    }
    model
}

/// How much a record says about a student.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Nothing,
    Removed,
    Time,
}

fn says(content: &Content) -> Says {
    match content.adjustment.map(|adjustment| adjustment.kind) {
        Some(Kind::RemoveAll) => Says::Removed,
        None if content.visits.is_empty() => Says::Nothing,
        _ => Says::Time,
    }
}

/// "A check-out that completes an open visit is no adjustment …. An edit by staff that only adds the check-out is one".
fn completes(before: &Content, after: &Content) -> bool {
    let is_plain =
        |content: &Content| content.adjustment.is_none_or(|by| by.kind == Kind::Edit && by.awarded.is_none());
    let mut pairs = before.visits.iter().zip(&after.visits);
    let only_adds = pairs.all(|(one, other)| one.0 == other.0 && (one.1.is_none() || one.1 == other.1));
    let same = before.visits == after.visits;
    is_plain(before) && is_plain(after) && before.visits.len() == after.visits.len() && only_adds && !same
}

impl Model<'_> {
    fn change(&mut self, change: &Change) {
        match &change.event {
            Event::Course { course, .. } => {
                self.courses.insert(course.id.clone(), course.as_ref().clone());
            }
            Event::Removed(id) => {
                self.courses.remove(id);
            }
            Event::Settings(settings) => {
                self.settings = settings.clone();
                self.history.push((change.at, settings.clone()));
            }
            Event::Hand { class, student, letter } => {
                let place = (class.clone(), student.clone());
                let content = self.courses.values().find_map(|course| {
                    let class = course.classes.iter().find(|held| held.id == *class)?;
                    Some(self.told(course, class, &place).into_iter().map(|version| version.content.clone()).collect())
                });
                self.by_hand.insert(place.clone(), content.unwrap_or_default());
                let newest = self.known.get(&place).and_then(|known| known.last()).cloned();
                self.answered.extend(newest.map(|newest| (place.clone(), newest)));
                self.marks.insert(place, Mark { letter, rule: "hand", derived: false });
            }
            Event::Push(ids) => self.see(change.at, |id| ids.iter().any(|pushed| pushed == id)),
            Event::Rejects { user, .. } => {
                self.rejects.insert(user.clone());
            }
            Event::Revoked => self.revoked = true,
            Event::Restored => self.revoked = false,
            Event::Fault { on: "attendance", times, .. } if *times >= OUTAGE => self.outage |= self.is_read(change.at),
            // Faults only delay and restarts change nothing, so neither changes the end.
            Event::Fault { .. } | Event::Restart => {}
        }
    }

    /// "CourseKey cannot be reached, or attendance cannot be read | … only courses that need such a list are Failed":
    /// whether a course surely needs attendance now and for the next day.
    fn is_read(&self, now: i64) -> bool {
        let is_quiet = !self.school.changes.iter().any(|change| {
            let far = (change.at - now).abs() > 2 * DAY;
            !far && matches!(change.event, Event::Revoked | Event::Course { .. } | Event::Removed(_))
        });
        let needs = |course: &Course| {
            let held = self.roster.courses.contains_key(&course.id);
            let during =
                |class: &Class| class.starts - DAY < now && now + DAY < class.ends + self.settings.follow_days * DAY;
            held && course.classes.iter().any(during)
        };
        is_quiet && !self.revoked && self.courses.values().any(needs)
    }

    fn tick(&mut self, now: i64) {
        self.now = now;
        self.issues.clear();
        if !self.revoked {
            self.send();
            self.note_early();
            self.see(now, |_| true);
        }
        self.report_roster();
        self.judge();
        self.ever.extend(self.issues.iter().cloned());
    }

    /// Notes the classes with records from before attendance is read: from the day before the first class of the courses
    /// that CourseKey holds. Whether and when such a record is read depends on classes that GEGI adds later.
    fn note_early(&mut self) {
        let held = self.courses.values().filter(|course| self.roster.courses.contains_key(&course.id));
        let from = held.flat_map(|course| &course.classes).map(|class| class.starts - DAY).min().unwrap_or(i64::MAX);
        let early = self.coming.iter().filter(|version| version.updated <= self.now && version.updated < from);
        self.early.extend(early.map(|version| version.class.clone()));
    }

    /// Sees the records that CourseKey's listing serves: of each record the newest version at the moment.
    fn see(&mut self, now: i64, is_asked: impl Fn(&str) -> bool) {
        while let Some(version) = self.coming.pop_if(|version| version.updated <= now) {
            if self.newest.get(version.id.as_str()).is_none_or(|held| held.number < version.number) {
                self.newest.insert(&version.id, version);
            }
        }
        // The listing serves seen versions again, which changes nothing.
        for (_, version) in self.newest.extract_if(.., |id, _| is_asked(id)) {
            // "One place at a time: the old place is judged anew as if the record had never been there".
            for known in self.known.values_mut() {
                let is_elsewhere = |held: &Version| (&held.class, &held.student) != (&version.class, &version.student);
                known.retain(|held| held.id != version.id || !is_elsewhere(held));
            }
            let known = self.known.entry((version.class.clone(), version.student.clone())).or_default();
            known.push(version.clone());
            known.sort_by(|a, b| (a.updated, &a.id, a.number).cmp(&(b.updated, &b.id, b.number)));
        }
    }

    /// "An adjustment counts when CourseKey's `updated-at` ≤ class end + N × 24 h, whenever we read it". What devices report
    /// is no adjustment and has at least the settle time.
    fn is_timely(&self, class: &Class, version: &Version) -> bool {
        let follow = self.settings.follow_days * DAY;
        let follow = if version.content.adjustment.is_some() { follow } else { follow.max(self.settle()) };
        version.updated <= class.ends + follow
    }

    /// The version that counts, of every record of a place: the newest timely version, else "a first record is always
    /// taken while the course is followed"; and after it every version that only adds missing check-outs, for 28 days
    /// after the follow-up.
    fn each_effective(&self, course: &Course, class: &Class, place: &Place) -> Vec<&Version> {
        let known = self.known.get(place).map_or(&[][..], Vec::as_slice);
        let last = course.classes.iter().map(|class| class.ends).max().unwrap_or(class.ends);
        let follow = self.settings.follow_days * DAY;
        let mut ids: Vec<&str> = known.iter().map(|version| version.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let of_record = |id: &str| {
            let mut own: Vec<&Version> = known.iter().filter(|version| version.id == id).collect();
            own.sort_by_key(|version| version.number);
            let newest = own.iter().rposition(|version| self.is_timely(class, version));
            let first = own.iter().position(|first| first.updated <= last + follow.max(self.settle()));
            let base = newest.or(first)?;
            let mut counts = own[base];
            for later in &own[base + 1..] {
                if later.updated <= class.ends + follow + 28 * DAY && completes(&counts.content, &later.content) {
                    counts = later;
                }
            }
            Some(counts)
        };
        ids.into_iter().filter_map(of_record).collect()
    }

    /// The versions that count together: "`remove all` beside a record that gives time counts for nothing", and neither
    /// does a record that says nothing.
    fn told(&self, course: &Course, class: &Class, place: &Place) -> Vec<&Version> {
        let each = self.each_effective(course, class, place);
        let most = each.iter().map(|version| says(&version.content)).max().unwrap_or(Says::Nothing);
        let counts = |version: &&Version| most != Says::Nothing && says(&version.content) == most;
        each.into_iter().filter(counts).collect()
    }

    /// "Two records of one student in one class": "issue `second record` stays".
    fn has_second_record(&self, course: &Course, class: &Class, place: &Place) -> bool {
        let told = self.told(course, class, place);
        told.iter().filter(|version| says(&version.content) == Says::Time).count() > 1
    }

    /// Whether a record of CourseKey's says anything about a place.
    fn is_told(&self, course: &Course, class: &Class, place: &Place) -> bool {
        !self.told(course, class, place).is_empty()
    }

    /// Whether a record of CourseKey's gives time at a place.
    fn has_time(&self, course: &Course, class: &Class, place: &Place) -> bool {
        self.told(course, class, place).iter().any(|version| says(&version.content) == Says::Time)
    }

    /// "Thresholds: those in force when the class began are kept with its marks".
    fn thresholds(&self, class: &Class) -> &Settings {
        let mut before = self.history.iter().rev();
        before.find(|(since, _)| *since <= class.starts).map_or(&self.settings, |(_, settings)| settings)
    }

    /// Whether the versions known of a place must have led to a mark, a row or an issue. An open visit of a class
    /// that runs, time removed from a log, and a record that says nothing lead to none of these.
    pub(crate) fn leaves_something(&self, place: &Place) -> bool {
        let mut listed =
            self.courses.values().flat_map(|course| course.classes.iter().map(move |class| (course, class)));
        let listed = listed.find(|(_, class)| class.id == place.0);
        listed.is_none_or(|(course, class)| {
            let student = course.students.iter().find(|student| student.person.id == place.1);
            // "An issue ends when its own remedy was followed": all time of the record was removed.
            let is_settled = student
                .is_some_and(|student| self.is_after_the_drop(course, class, student) && !self.gives_time(place));
            !course.log && self.is_told(course, class, place) && !is_settled
        })
    }

    fn settle(&self) -> i64 {
        self.settings.settle_minutes * MINUTE
    }

    fn report(&mut self, code: &'static str, class: Option<&str>, student: Option<&str>) {
        self.issues.insert((code, class.map(str::to_owned), student.map(str::to_owned)));
    }
}
