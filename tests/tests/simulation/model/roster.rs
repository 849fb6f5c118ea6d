//! The roster in the model: the data that CourseKey must hold, and the people who cannot be sent.
//!
//! Seed: "The courses with Send to CourseKey enabled are sent to CourseKey according to these two settings". The
//! roster keeps the moment of each acknowledgement, because absence is only derived for students whom CourseKey knew
//! before the class.

use std::collections::BTreeMap;

use chrono::Days;

use super::Model;
use crate::school::{Class, Course, Person, Send, local_date};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    NotYet,
    Enrolled,
    Stopped,
    Finished,
    Unknown,
}

/// DOMAIN §1, the table of stages.
pub(super) fn standing(stage: &str) -> Standing {
    match stage {
        "PENDING" | "NOT INTERESTED" | "NOT QUALIFIED" | "REGISTERING" | "REGISTERED" | "ENROLLING" => Standing::NotYet,
        "ENROLLED" | "ENROLLED Late start" | "ACTIVE Pending" | "ACTIVE" | "LOA Pending" | "DROPPED Pending" => {
            Standing::Enrolled
        }
        "NOT STARTED" | "DROPPED" | "DROPPED Transferred" | "LOA" | "LOA Transferred" => Standing::Stopped,
        "COMPLETED" | "GRADUATED" => Standing::Finished,
        _ => Standing::Unknown,
    }
}

/// Everything CourseKey holds.
#[derive(Default)]
pub(crate) struct Roster {
    /// By school and GEGI's id: the e-mail address, and whether the person teaches.
    pub(crate) users: BTreeMap<(u64, String), (String, bool)>,
    pub(crate) courses: BTreeMap<String, Course>,
    pub(crate) sessions: BTreeMap<String, Session>,
    /// Enrollments by course and user.
    pub(crate) enrollments: BTreeMap<(String, String), Enrollment>,
}

pub(crate) struct Session {
    pub(crate) course: String,
    pub(crate) starts: i64,
    pub(crate) ends: i64,
    /// When CourseKey acknowledged the class with this start.
    since: i64,
}

/// The moments at which CourseKey acknowledged a state, and whether the student was dropped in that state; the last
/// state is the present one.
pub(crate) struct Enrollment(Vec<(i64, bool)>);

impl Enrollment {
    pub(crate) fn dropped(&self) -> bool {
        self.0.last().is_some_and(|state| state.1)
    }
}

impl Roster {
    /// Whether CourseKey acknowledged the class with its present start before that start.
    pub(super) fn acknowledged_before(&self, class: &Class) -> bool {
        self.sessions.get(&class.id).is_some_and(|held| held.starts == class.starts && held.since < class.starts)
    }

    /// Whether the last state that CourseKey acknowledged before this moment is enrolled.
    pub(super) fn enrolled_before(&self, course: &str, user: &str, at: i64) -> bool {
        let held = self.enrollments.get(&(course.to_owned(), user.to_owned()));
        held.and_then(|held| held.0.iter().rfind(|state| state.0 < at)).is_some_and(|state| !state.1)
    }

    /// When CourseKey acknowledged the present drop; none: the student is not dropped.
    pub(super) fn dropped_since(&self, course: &str, user: &str) -> Option<i64> {
        let held = self.enrollments.get(&(course.to_owned(), user.to_owned()))?;
        held.0.last().filter(|state| state.1).map(|state| state.0)
    }

    /// Whether CourseKey was told of a drop after a moment.
    pub(super) fn told_of_drop_after(&self, course: &str, user: &str, after: i64) -> bool {
        let held = self.enrollments.get(&(course.to_owned(), user.to_owned()));
        held.is_some_and(|held| held.0.iter().any(|state| state.1 && state.0 > after))
    }

    fn enroll(&mut self, course: &str, user: &str, at: i64, dropped: bool) {
        let states =
            &mut self.enrollments.entry((course.to_owned(), user.to_owned())).or_insert(Enrollment(Vec::new())).0;
        if states.last().is_none_or(|last| last.1 != dropped) {
            states.push((at, dropped));
        }
    }
}

impl Model<'_> {
    /// Sends every course whose window is open.
    pub(super) fn send(&mut self) {
        let courses: Vec<Course> = self.courses.values().filter(|course| self.is_sent(course)).cloned().collect();
        for course in &courses {
            self.send_course(course);
        }
        // "Course removed from GEGI after synchronization | future classes without attendance are removed, the rest stays".
        let (courses, now) = (&self.courses, self.now);
        self.roster.sessions.retain(|_, session| courses.contains_key(&session.course) || session.starts <= now);
    }

    /// "`inherit` → the program course's value → the School Setting", which is off here.
    fn is_sent(&self, course: &Course) -> bool {
        let option = if course.send == Send::Inherit { course.program_send } else { course.send };
        let teachers = course.instructors.iter().any(|person| is_address(&self.newest(person).email));
        option == Send::On && self.is_open(course) && teachers && !course.classes.is_empty()
    }

    /// "opens at campus-local midnight of (start − weeks); closes at the end of the local day (…) + weeks; inclusive".
    fn is_open(&self, course: &Course) -> bool {
        let today = local_date(self.school.campuses[course.campus].zone, self.now);
        let weeks = |weeks: i64| Days::new(weeks.unsigned_abs() * 7);
        let last_class = course.classes.iter().map(|class| self.school.date(course, class.ends)).max();
        let end = last_class.map_or(course.end, |last| last.max(course.end));
        course.start - weeks(self.settings.weeks_before) <= today && today <= end + weeks(self.settings.weeks_after)
    }

    /// "the newest person revision over all courses wins".
    fn newest<'p>(&'p self, person: &'p Person) -> &'p Person {
        let everybody = self
            .courses
            .values()
            .flat_map(|course| course.instructors.iter().chain(course.students.iter().map(|student| &student.person)));
        everybody.filter(|other| other.id == person.id).max_by_key(|other| other.revision).unwrap_or(person)
    }

    fn send_person(&mut self, school: u64, person: &Person, teacher: bool) -> bool {
        let key = (school, person.id.clone());
        let email = self.newest(person).email.clone();
        if is_address(&email) && !self.rejects.contains(&person.id) {
            let held = self.roster.users.entry(key.clone()).or_insert((String::new(), teacher));
            *held = (email, held.1 || teacher);
        }
        self.roster.users.contains_key(&key)
    }

    fn send_course(&mut self, course: &Course) {
        let school = self.school.campuses[course.campus].number;
        for person in &course.instructors {
            self.send_person(school, person, true);
        }
        self.roster.courses.insert(course.id.clone(), course.clone());
        self.roster.sessions.retain(|id, session| {
            // "cancelled: removed if CourseKey says it has no attendance, otherwise kept and reported".
            let has_attendance =
                self.school.records.iter().any(|record| record.class == *id && record.updated <= self.now);
            session.course != course.id || has_attendance || course.classes.iter().any(|class| class.id == *id)
        });
        for class in &course.classes {
            let same_start = self.roster.sessions.get(&class.id).filter(|held| held.starts == class.starts);
            let since = same_start.map_or(self.now, |held| held.since);
            let session = Session { course: course.id.clone(), starts: class.starts, ends: class.ends, since };
            self.roster.sessions.insert(class.id.clone(), session);
        }
        for student in &course.students {
            let id = &student.person.id;
            let is_held = self.roster.enrollments.contains_key(&(course.id.clone(), id.clone()));
            match standing(student.stage) {
                Standing::Unknown => {}
                Standing::Enrolled if student.assigned => {
                    let is_there = self.send_person(school, &student.person, false);
                    if is_there {
                        self.roster.enroll(&course.id, id, self.now, false);
                    }
                }
                _ if is_held => self.roster.enroll(&course.id, id, self.now, true),
                _ => {}
            }
        }
    }

    /// "no e-mail, bad e-mail = issue for that person, before sending".
    pub(super) fn report_roster(&mut self) {
        let is_kept = |id: &str, session: &Session| {
            let course = self.courses.get(&session.course).filter(|course| self.is_sent(course));
            course.is_some_and(|course| !course.classes.iter().any(|class| class.id == id))
        };
        let kept = self.roster.sessions.iter().filter(|(id, session)| is_kept(id, session));
        let kept: Vec<String> = kept.map(|(id, _)| id.clone()).collect();
        for class in kept {
            self.report("class-kept", Some(&class), None);
        }
        let courses: Vec<Course> = self.courses.values().filter(|course| self.is_sent(course)).cloned().collect();
        for student in courses.iter().flat_map(|course| &course.students) {
            let email = self.newest(&student.person).email.clone();
            let id = Some(student.person.id.as_str());
            if standing(student.stage) == Standing::Unknown {
                self.report("stage-unknown", None, id);
            }
            if standing(student.stage) == Standing::Enrolled && student.assigned {
                match email.as_str() {
                    "" => self.report("email-missing", None, id),
                    email if !is_address(email) => self.report("email-invalid", None, id),
                    _ if self.rejects.contains(&student.person.id) => self.report("rejected", None, id),
                    _ => {}
                }
            }
        }
    }
}

fn is_address(email: &str) -> bool {
    email.contains('@')
}
