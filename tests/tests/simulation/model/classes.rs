//! Classes in the model: the marks, rows and issues of each student's record, of students without a record, and of
//! records without a place.

use super::marks::{Worth, impossible, worth};
use super::roster::{Standing, standing};
use super::rows::rows;
use super::{Mark, Model, Place};
use crate::school::{Class, Content, Course, DAY, Student, Version};

impl Model<'_> {
    /// Judges every class of every course that is still followed, and every record.
    pub(super) fn judge(&mut self) {
        self.take_back_cancelled();
        let courses = std::mem::take(&mut self.courses);
        for course in courses.values() {
            // "The seed speaks of synchronized courses".
            if !self.roster.courses.contains_key(&course.id) {
                continue;
            }
            for class in &course.classes {
                self.judge_class(course, class);
            }
        }
        let places: Vec<Place> =
            self.known.iter().filter(|(_, known)| !known.is_empty()).map(|(of, _)| of.clone()).collect();
        for place in places {
            let (class, student) = &place;
            let course = courses.values().find(|course| course.classes.iter().any(|held| held.id == *class));
            // "Record for an unknown class or student | kept raw and tried again when GEGI's data changes; issue meanwhile".
            match course {
                None if self.was_judged(&place) => {}
                // "ended when the last of them … has its time removed".
                _ if !self.gives_time(&place) => {}
                // "A record of a course that is not synchronized (off, never acknowledged) | no mark, no row".
                Some(course) if !self.roster.courses.contains_key(&course.id) => {}
                None => self.report("record-of-unknown-class", Some(class), None),
                Some(course) if !course.students.iter().any(|listed| listed.person.id == *student) => {
                    self.report("record-of-unknown-student", Some(class), None);
                }
                Some(_) => {}
            }
        }
        self.courses = courses;
    }

    /// "Derived A taken back": "when the class is cancelled". Of a course that GEGI removed everything stays.
    fn take_back_cancelled(&mut self) {
        for course in self.courses.values() {
            self.homes.extend(course.classes.iter().map(|class| (class.id.clone(), course.id.clone())));
        }
        let (courses, homes) = (&self.courses, &self.homes);
        let is_cancelled = |class: &str| {
            let home = homes.get(class).and_then(|home| courses.get(home));
            home.is_some_and(|course| course.classes.iter().all(|held| held.id != class))
        };
        self.marks.retain(|place, mark| !mark.derived || !is_cancelled(&place.0));
    }

    /// Whether the newest version of a record of a place gives time.
    pub(super) fn gives_time(&self, place: &Place) -> bool {
        let known = &self.known[place];
        let is_newest =
            |version: &&Version| known.iter().all(|other| other.id != version.id || other.number <= version.number);
        known.iter().filter(is_newest).any(|version| super::says(&version.content) == super::Says::Time)
    }

    /// Whether every known version of this place came before its class was cancelled: then marks and rows stay.
    fn was_judged(&self, place: &Place) -> bool {
        self.placed.get(place) == Some(&self.known[place].len())
    }

    fn judge_class(&mut self, course: &Course, class: &Class) {
        let followed = self.now <= class.ends + self.settings.follow_days * DAY;
        for student in &course.students {
            let place = (class.id.clone(), student.person.id.clone());
            if let Some(known) = self.known.get(&place).map(Vec::len) {
                self.placed.insert(place.clone(), known);
            }
            self.judge_oddities(course, class, &place);
            if self.is_told(course, class, &place) {
                self.judge_records(course, class, student, &place);
                continue;
            }
            // A record that says nothing leads to the same as no record.
            self.rows.remove(&place);
            let standing = self.marks.get(&place).cloned();
            if standing.as_ref().is_some_and(|mark| mark.derived) && followed {
                // "inside the follow-up days, GEGI's data say that the student was not enrolled that day … or the class
                // has moved so that it is not over + settled → withdrawn".
                if self.was_enrolled(course, class, student) == Some(false) || self.now < class.ends + self.settle() {
                    self.marks.remove(&place);
                }
            } else if standing.is_some_and(|mark| !mark.derived && mark.rule != "hand") {
                self.marks.remove(&place);
            }
        }
        if !course.log && !self.revoked && self.now >= class.ends + self.settle() {
            self.derive(course, class);
        }
    }

    fn judge_records(&mut self, course: &Course, class: &Class, student: &Student, place: &Place) {
        let (class_id, student_id) = (Some(place.0.as_str()), Some(place.1.as_str()));
        self.rows.remove(place);
        let told: Vec<Version> = self.told(course, class, place).into_iter().cloned().collect();
        if self.is_after_the_drop(course, class, student) {
            // "An issue ends when its own remedy was followed": the record's time is removed, however late.
            if self.gives_time(place) {
                self.report("record-after-drop", class_id, student_id);
            }
            return self.put(place, Worth::Nothing, &told);
        }
        let (found, settle) = (self.thresholds(class).clone(), self.settle());
        // "check-out before check-in, times in the future …: issue, nothing written for that record, the others go on".
        let now = self.now;
        let problem = |version: &Version| impossible(class, &version.content, now);
        for version in &told {
            if let Some(code) = problem(version) {
                self.report(code, class_id, student_id);
            }
        }
        let possible: Vec<&Version> = told.iter().filter(|version| problem(version).is_none()).collect();
        let value = |each: &[&Version]| worth(class, &found, settle, each, now);
        let mut worth = match possible.is_empty() {
            true => Worth::Nothing,
            false if course.log => {
                let (rows, worth) = rows(class, &found, settle, &possible, now);
                self.rows.insert(place.clone(), rows);
                worth
            }
            false => value(&possible),
        };
        // "A contradiction never makes an Absent".
        let alone = |version: &Version| problem(version).is_none() && matches!(value(&[version]), Worth::Mark("A", _));
        if told.len() > 1 && matches!(worth, Worth::Mark("A", _)) && !told.iter().all(alone) {
            worth = Worth::Nothing;
        }
        self.put(place, worth, &told);
        let by_hand = self.marks.get(place).is_some_and(|mark| mark.rule == "hand");
        if let Worth::Issue(code) = worth
            // "A hand mark that stands closes/keeps closed never-checked-out … issues of that student".
            && !(by_hand && ["never-checked-out", "visits-doubtful"].contains(&code))
        {
            self.report(code, class_id, student_id);
        }
    }

    /// Issues of a place that do not depend on its mark.
    fn judge_oddities(&mut self, course: &Course, class: &Class, place: &Place) {
        let (class_id, student_id) = (Some(place.0.as_str()), Some(place.1.as_str()));
        let by_hand = self.marks.get(place).is_some_and(|mark| mark.rule == "hand");
        if self.has_second_record(course, class, place) && !by_hand {
            self.report("second-record", class_id, student_id);
        }
        // A mark by hand answers the late version if the version was known when the mark was written.
        let newest = self.known.get(place).and_then(|known| known.last());
        let answered = by_hand && self.answered.get(place) == newest;
        if self.is_adjusted_late(course, class, place) && !answered {
            self.report("late-adjustment", class_id, student_id);
        }
    }

    /// "later adjustments are not applied and become an issue"; a later version with the same content is no
    /// adjustment.
    fn is_adjusted_late(&self, course: &Course, class: &Class, place: &Place) -> bool {
        let each = self.each_effective(course, class, place);
        let known = self.known.get(place).map_or(&[][..], Vec::as_slice);
        let is_newest =
            |version: &&Version| known.iter().all(|other| other.id != version.id || other.number <= version.number);
        known.iter().filter(is_newest).any(|newest| {
            let applied = each.iter().find(|version| version.id == newest.id);
            applied.is_none_or(|applied| applied.number != newest.number && applied.content != newest.content)
        })
    }

    /// Writes, replaces or withdraws the mark of records.
    fn put(&mut self, place: &Place, worth: Worth, told: &[Version]) {
        let by_hand = self.marks.get(place).is_some_and(|mark| mark.rule == "hand");
        // "Mark edited by hand in GEGI | kept while the *content* of CourseKey's record … is unchanged".
        let contents: Vec<Content> = told.iter().map(|version| version.content.clone()).collect();
        if by_hand && self.by_hand.get(place) == Some(&contents) {
            return;
        }
        match worth {
            Worth::Mark(letter, rule) => {
                self.marks.insert(place.clone(), Mark { letter, rule, derived: false });
            }
            _ if by_hand => {}
            _ => {
                self.marks.remove(place);
            }
        }
    }

    /// "Dropped student after the drop".
    pub(super) fn is_after_the_drop(&self, course: &Course, class: &Class, student: &Student) -> bool {
        let standing = self.standing(course, student);
        match student.stopped {
            _ if standing == Standing::Enrolled && student.assigned => false,
            Some(stopped) => self.school.date(course, class.starts) > stopped,
            None if standing == Standing::Stopped || !student.assigned => {
                self.roster.dropped_since(&course.id, &student.person.id).is_some_and(|at| at < class.starts)
            }
            None => false,
        }
    }

    /// "before the course's end: as stopped; on or after it the enrolment stays as it is".
    fn standing(&self, course: &Course, student: &Student) -> Standing {
        match standing(student.stage) {
            Standing::Finished if self.school.date(course, self.now) < course.end => Standing::Stopped,
            standing => standing,
        }
    }

    /// "the student was enrolled at its start (`enrolled-from` ≤ its date, not stopped before)"; none: GEGI does not tell.
    ///
    /// "An enrolled stage with an old `stopped-on` is enrolled." "Who is off the list, credit-granted or back at a stage
    /// before enrolment without a date keeps the marks of the days before …. So does who is enrolled anew with a later
    /// `enrolled-from` after a drop that CourseKey was told of."
    fn was_enrolled(&self, course: &Course, class: &Class, student: &Student) -> Option<bool> {
        let day = self.school.date(course, class.starts);
        let standing = self.standing(course, student);
        let studies = student.assigned && standing == Standing::Enrolled;
        if !studies && student.stopped.is_some_and(|stopped| stopped < day) {
            return Some(false);
        }
        if student.from > day {
            let told = self.roster.told_of_drop_after(&course.id, &student.person.id, class.starts);
            return (!told).then_some(false);
        }
        match standing {
            _ if !student.assigned => None,
            Standing::Enrolled | Standing::Finished => Some(true),
            Standing::Stopped => student.stopped.map(|_| true),
            Standing::NotYet | Standing::Unknown => None,
        }
    }

    /// "No record for a student | derived A, only when …".
    fn derive(&mut self, course: &Course, class: &Class) {
        let is_seen = self.roster.acknowledged_before(class);
        let enrolled: Vec<&Student> =
            course.students.iter().filter(|student| self.was_enrolled(course, class, student) == Some(true)).collect();
        let missing: Vec<Place> = enrolled
            .iter()
            .filter(|student| self.roster.enrolled_before(&course.id, &student.person.id, class.starts))
            .map(|student| (class.id.clone(), student.person.id.clone()))
            .filter(|place| is_seen && !self.is_told(course, class, place) && !self.marks.contains_key(place))
            .collect();
        if missing.is_empty() {
            return;
        }
        // "If in a class of more than 5 students *who were sent* fewer than two, or fewer than a tenth, have a record that
        // gives time (a visit or an award): no derived marks, one issue".
        let sent =
            enrolled.iter().filter(|student| self.roster.enrolled_before(&course.id, &student.person.id, class.starts));
        let sent: Vec<Place> = sent.map(|student| (class.id.clone(), student.person.id.clone())).collect();
        let came = sent.iter().filter(|place| self.has_time(course, class, place)).count();
        if sent.len() > 5 && (came < 2 || came * 10 < sent.len()) {
            return self.report("class-not-held", Some(&class.id), None);
        }
        for place in missing {
            self.marks.insert(place, Mark { letter: "A", rule: "skipped", derived: true });
        }
    }
}
