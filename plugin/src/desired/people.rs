//! The people of a course as CourseKey should hold them: accounts and enrolments, and issues about those who cannot be
//! sent.

use super::{View, Wishes, person_issue};
use crate::enrollment::{self, Wanted};
use crate::ledger::{Account, CourseLedger, Enrollment, Item};
use crate::lines::{Odd, Row};
use crate::model::ids::PersonId;
use crate::model::issue::{Code, Issue, Subject};
use crate::model::person::Person;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::naming;
use crate::people::Problem;
use crate::status::Trouble;

/// Of this many people with the same problem an issue each would say the same over and over; they have one together.
///
/// DOMAIN §4 "Issues": "equal ones grouped".
const CROWD: usize = 6;

pub(super) fn account(person: &Person, teacher: bool) -> Account {
    Account {
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        email: person.email.trim().to_owned(),
        teacher,
    }
}

/// As what the course lists a person.
#[derive(Debug, Clone, Copy)]
enum Role {
    Instructor,
    Student,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Instructor => "instructor",
            Self::Student => "student",
        }
    }

    fn item(self, person: &PersonId) -> Item {
        match self {
            Self::Instructor => Item::Instructor(person.clone()),
            Self::Student => Item::Student(person.clone()),
        }
    }
}

/// The instructors who can be sent.
pub(super) fn instructors<'a>(view: View<'a>, wishes: &mut Wishes) -> SortedMap<PersonId, &'a Person> {
    sendable(view, view.course.instructors.iter().map(|person| &person.id), Role::Instructor, wishes)
}

/// The listed people who can be sent. The others become issues, unfit items and a trouble in `wishes`.
fn sendable<'a>(
    view: View<'a>,
    listed: impl Iterator<Item = &'a PersonId>,
    role: Role,
    wishes: &mut Wishes,
) -> SortedMap<PersonId, &'a Person> {
    let mut good = SortedMap::new();
    let mut bad: SortedMap<Code, usize> = SortedMap::new();
    let mut told: SortedMap<&Problem, Vec<&PersonId>> = SortedMap::new();
    let mut all = 0;
    for id in listed {
        all += 1;
        let Some(judged) = view.people.get(id) else { continue };
        match judged.problems.first() {
            None => _ = good.insert(id.clone(), judged.person),
            Some(problem) => {
                *bad.entry(problem.code).or_default() += 1;
                wishes.unfit.push((role.item(id), problem.code));
            }
        }
        for problem in &judged.problems {
            told.entry(problem).or_default().push(id);
        }
    }
    wishes.issues.extend(told.into_iter().flat_map(|(problem, people)| issues(view, problem, &people)));
    let trouble = |(code, stuck): (Code, usize)| Trouble::new(role.name(), stuck, all, crate::issue::row(code).title);
    wishes.troubles.extend(bad.into_iter().map(trouble));
    good
}

/// The issues about people with the same problem: one each or, about a crowd that shares one address, one together.
fn issues(view: View<'_>, problem: &Problem, people: &[&PersonId]) -> Vec<Issue> {
    if problem.code != Code::EmailShared || people.len() < CROWD {
        let issue = |id: &&PersonId| person_issue(view.course, problem.code, id, &problem.said);
        return people.iter().map(issue).collect();
    }
    let first = people.first().map(ToString::to_string);
    let subject = Subject { course: Some(view.course.id.clone()), detail: first, ..Subject::default() };
    let named = naming::list(people.iter().map(|id| id.as_str()));
    let (number, course) = (people.len(), naming::course(view.course));
    let sentence = format!("{number} people in {course}, {named}: each of them {}", problem.said);
    vec![Issue { code: problem.code, subject, sentence }]
}

/// Seed, "Enrollment and Drop": who is on the Enrollment Agreement is enrolled; who stopped is dropped; nobody is removed.
pub(super) fn enrollments<'a>(
    view: View<'a>,
    wishes: &mut Wishes,
) -> (SortedMap<PersonId, &'a Person>, SortedMap<PersonId, Enrollment>) {
    let today = view.now.date_in(view.zone);
    let end = view.course.end();
    let mut enrollments = SortedMap::new();
    let mut wanted = Vec::new();
    let roll = view.course.roll();
    for student in &view.course.students {
        let id = &student.person.id;
        let (standing, problem) = enrollment::wanted(student, end, today, acknowledged(view.ledger, id));
        if let Some(code) = problem {
            let said = format!("has the stage “{}”, which this integration does not know", naming::cut(&student.stage));
            wishes.issues.push(person_issue(view.course, code, id, &said));
            wishes.unfit.push((Item::Enrollment(id.clone()), code));
        }
        match standing {
            Wanted::Enrolled => {
                wanted.push(id);
                enrollments.insert(id.clone(), Enrollment { dropped: false });
            }
            Wanted::Dropped => _ = enrollments.insert(id.clone(), Enrollment { dropped: true }),
            Wanted::AsItIs | Wanted::Absent => {}
        }
    }
    for (id, _) in view.ledger.iter().flat_map(|ledger| &ledger.enrollments) {
        let off_the_list = !roll.contains_key(id) && acknowledged(view.ledger, id).is_some();
        if off_the_list {
            enrollments.insert(id.clone(), Enrollment { dropped: true });
        }
    }
    let students = sendable(view, wanted.into_iter(), Role::Student, wishes);
    enrollments.retain(|id, enrollment| enrollment.dropped || students.contains_key(id) || view.knows(id));
    (students, enrollments)
}

/// Whether CourseKey acknowledged the enrolment as dropped; none: CourseKey never acknowledged the enrolment. One that it
/// may hold, because an answer is missing, counts as not dropped.
fn acknowledged(ledger: Option<&CourseLedger>, student: &PersonId) -> Option<bool> {
    let slot = ledger?.enrollments.get(student)?;
    slot.acknowledged.map(|enrollment| enrollment.dropped).or(slot.unheard.then_some(false))
}

/// Adds the issues and the troubles about what was odd in the course as GEGI sent it.
///
/// DOMAIN §4 "A person listed twice in a course": "lines that contradict each other are an issue". DOMAIN §4 "Sizes":
/// "the plugin turns what is beyond its limit into an issue of that course".
pub(super) fn note_odd(view: View<'_>, wishes: &mut Wishes) {
    let mut unfit: SortedMap<Row, Vec<String>> = SortedMap::new();
    for odd in view.odd {
        match odd {
            Odd::PersonTwice(person) => {
                let said = "is listed twice, and the lines contradict each other; the enrolled line counts";
                wishes.issues.push(person_issue(view.course, Code::ListedTwice, person, said));
            }
            Odd::ClassTwice(class) => {
                let starts = view.course.class(class).map_or(view.now, |class| class.starts);
                let named = naming::course(view.course).class(starts, view.zone);
                let subject =
                    Subject { course: Some(view.course.id.clone()), class: Some(class.clone()), ..Subject::default() };
                let sentence = format!("{named} is listed twice, at different times; the earlier time counts");
                wishes.issues.push(Issue { code: Code::ListedTwice, subject, sentence });
            }
            Odd::Id { of, shown, bytes } => {
                unfit.entry(*of).or_default().push(format!("“{shown}…” ({bytes} bytes)"));
            }
        }
    }
    for (of, ids) in unfit {
        let subject =
            Subject { course: Some(view.course.id.clone()), detail: Some(of.name().to_owned()), ..Subject::default() };
        let sentence = format!(
            "{} lists a {} under an id that cannot be taken (1 to {} bytes, no control characters): {}",
            naming::course(view.course),
            of.name(),
            crate::lines::ID_CAP,
            naming::list(ids.iter().map(String::as_str)),
        );
        wishes.issues.push(Issue { code: Code::IdUnfit, subject, sentence });
        let rows = match of {
            Row::Instructor => view.course.instructors.len(),
            Row::Student => view.course.students.len(),
            Row::Class => view.course.classes.len(),
        };
        let stuck: SortedSet<&String> = ids.iter().collect();
        let title = crate::issue::row(Code::IdUnfit).title;
        wishes.troubles.push(Trouble::new(of.name(), stuck.len(), rows + stuck.len(), title));
    }
}
