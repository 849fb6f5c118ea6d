//! Classes in the model: the marks, rows and issues of each student's record, of students without a record, and of
//! records without a place.

use super::marks::{Worth, worth};
use super::roster::{Standing, standing};
use super::rows::rows;
use super::{Mark, Model, Place};
use crate::school::{Class, Course, DAY, Student, Version};

impl Model<'_> {
    /// Judges every class of every course that is still followed, and every record.
    pub(super) fn judge(&mut self) {
        let courses = std::mem::take(&mut self.courses);
        for course in courses.values() {
            for class in &course.classes {
                self.judge_class(course, class);
            }
        }
        let places: Vec<Place> = self.known.keys().cloned().collect();
        for place in places {
            let (class, student) = &place;
            let course = courses.values().find(|course| course.classes.iter().any(|held| held.id == *class));
            // "Record for an unknown class or student | kept raw and tried again when GEGI's data changes; issue meanwhile".
            match course {
                None if self.was_judged(&place) => {}
                None => self.report("record-of-unknown-class", Some(class), None),
                Some(course) if !course.students.iter().any(|listed| listed.person.id == *student) => {
                    self.report("record-of-unknown-student", Some(class), None);
                }
                Some(_) => {}
            }
        }
        self.courses = courses;
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
        let version: Option<Version> = self.effective(course, class, place).cloned();
        if self.is_after_the_drop(course, class, student) {
            self.report("record-after-drop", class_id, student_id);
            return self.put(place, Worth::Nothing, None);
        }
        let (found, settle) = (self.thresholds(class).clone(), self.settle());
        let worth = match &version {
            Some(version) if course.log => {
                let (rows, worth) = rows(class, settle, version, self.now);
                self.rows.insert(place.clone(), rows);
                worth
            }
            Some(version) => worth(class, &found, settle, &version.content, self.now),
            None => Worth::Nothing,
        };
        self.put(place, worth, version.as_ref());
        let by_hand = self.marks.get(place).is_some_and(|mark| mark.rule == "hand");
        if let Worth::Issue(code) = worth
            // "A hand mark that stands closes/keeps closed never-checked-out … issues of that student".
            && !(by_hand && code == "never-checked-out")
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
        let applied = self.effective(course, class, place);
        let each = self.each_effective(course, class, place);
        let is_applied = |version: &&Version| each.iter().any(|applied| applied == version);
        let late = |version: &&Version| !self.is_timely(class, version) && !is_applied(version);
        let newest = self.known.get(place).and_then(|known| known.iter().rfind(late));
        newest.is_some_and(|newest| applied.is_none_or(|applied| applied.content != newest.content))
    }

    /// Writes, replaces or withdraws the mark of a record.
    fn put(&mut self, place: &Place, worth: Worth, version: Option<&Version>) {
        let by_hand = self.marks.get(place).is_some_and(|mark| mark.rule == "hand");
        // "Mark edited by hand in GEGI | kept while the *content* of CourseKey's record … is unchanged".
        if by_hand
            && self.by_hand.get(place) == Some(&version.map(|version| version.content.clone()).unwrap_or_default())
        {
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
    fn is_after_the_drop(&self, course: &Course, class: &Class, student: &Student) -> bool {
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
    fn was_enrolled(&self, course: &Course, class: &Class, student: &Student) -> Option<bool> {
        let day = self.school.date(course, class.starts);
        if !student.assigned || student.from > day || student.stopped.is_some_and(|stopped| stopped < day) {
            return Some(false);
        }
        match self.standing(course, student) {
            Standing::Enrolled | Standing::Finished => Some(true),
            Standing::Stopped => student.stopped.map(|_| true),
            Standing::NotYet => Some(false),
            Standing::Unknown => None,
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
        // "If **nobody** in a class of more than 5 has a record: no marks, one issue".
        let nobody = !self
            .known
            .keys()
            .any(|place| place.0 == class.id && (is_stranger(course, &place.1) || self.is_told(course, class, place)));
        if missing.is_empty() {
            return;
        }
        if nobody && enrolled.len() > 5 {
            return self.report("class-not-held", Some(&class.id), None);
        }
        for place in missing {
            self.marks.insert(place, Mark { letter: "A", rule: "skipped", derived: true });
        }
    }
}

/// Whether the course does not list the student; GEGI may list the student of such a record later.
fn is_stranger(course: &Course, student: &str) -> bool {
    !course.students.iter().any(|listed| listed.person.id == student)
}
