//! Accounts, course, classes and enrolments as CourseKey should hold them for one course, and issues for what cannot be
//! sent. Of what CourseKey holds this file looks only at the acknowledged accounts, enrolments and owner. Not here: the
//! difference between what CourseKey should hold and what CourseKey acknowledged (`plan`).

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use crate::enrollment::{self, Wanted};
use crate::ledger::{Account, CourseContent, CourseLedger, Enrollment, Item, Owner, PersonLedger, Session};
use crate::model::course::{Course, Student};
use crate::model::ids::{ClassId, PersonId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::person::Person;
use crate::model::time::Instant;
use crate::settings::CampusSettings;
use crate::status::Trouble;

/// The problems that keep a person from being sent: the code and the sentence of each.
pub type Problems = Vec<(Code, String)>;

/// A person at the newest revision, with the problems that keep the person from being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The person at the newest revision over all courses.
    pub person: &'a Person,
    /// The person's problems; empty: the person can be sent.
    pub problems: Problems,
}

/// Everything from which the wishes of a course follow.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The course as GEGI sees it.
    pub course: &'a Course,
    /// Everybody whom the course names.
    pub people: &'a BTreeMap<&'a PersonId, Judged<'a>>,
    /// What CourseKey acknowledged of the course; none: the first send was not started.
    pub ledger: Option<&'a CourseLedger>,
    /// The accounts, at the course's CourseKey school, of everybody whom the course names.
    pub accounts: &'a BTreeMap<&'a PersonId, &'a PersonLedger>,
    /// The course's campus.
    pub campus: &'a CampusSettings,
    /// The campus's zone.
    pub zone: Tz,
    /// The present moment.
    pub now: Instant,
}

impl View<'_> {
    /// Whether CourseKey acknowledged the person's account.
    fn knows(self, person: &PersonId) -> bool {
        self.accounts.get(person).is_some_and(|ledger| ledger.account.acknowledged.is_some())
    }
}

/// A course as CourseKey should hold it. It is made only for a course with a class and with an instructor who can be
/// sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The course's revision, which every item carries but the accounts.
    pub revision: u64,
    /// The course itself.
    pub course: CourseContent,
    /// The instructors' accounts, each with the person's revision.
    pub instructors: BTreeMap<PersonId, (u64, Account)>,
    /// The students' accounts, each with the person's revision.
    pub students: BTreeMap<PersonId, (u64, Account)>,
    /// The course's classes.
    pub sessions: BTreeMap<ClassId, Session>,
    /// The course's enrolments.
    pub enrollments: BTreeMap<PersonId, Enrollment>,
}

/// What a course wants CourseKey to hold, and what of that cannot be sent, with the reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The course as CourseKey should hold it; none: nothing of the course is sent.
    pub desired: Option<Desired>,
    /// The issues about what cannot be sent.
    pub issues: Vec<Issue>,
    /// The same problems, counted for the reason of the course's status.
    pub troubles: Vec<Trouble>,
    /// The items that cannot be sent, each with the code of the issue that says why.
    pub unfit: Vec<(Item, Code)>,
}

/// The wishes of a course inside its sync window.
///
/// Seed, "Courses": "The course integration requires adding at least one instructor to the course and at least one
/// class scheduled."
pub fn desire(view: View<'_>) -> Wishes {
    let mut wishes = Wishes::default();
    let instructors =
        sendable(view, view.course.instructors.iter().map(|person| &person.id), Role::Instructor, &mut wishes);
    let sessions = sessions(view, &mut wishes);
    let (students, enrollments) = enrollments(view, &mut wishes);
    for (missing, code, sentence) in [
        (view.course.instructors.is_empty(), Code::InstructorMissing, "the course has no instructor"),
        (view.course.classes.is_empty(), Code::ClassMissing, "the course has no class"),
    ] {
        if missing {
            wishes.issues.push(issue(view, code, None, sentence));
            wishes.unfit.push((Item::Course, code));
        }
    }
    // An instructor whose account CourseKey holds goes on teaching even if the instructor's new address cannot be sent.
    let teaching = |person: &PersonId| instructors.contains_key(person) || view.knows(person);
    let teaching: BTreeSet<PersonId> =
        view.course.instructors.iter().map(|person| person.id.clone()).filter(teaching).collect();
    let Some(owner) = owner(view, &teaching) else { return wishes };
    if sessions.is_empty() {
        return wishes;
    }
    wishes.desired = Some(Desired {
        revision: view.course.revision,
        course: content(view, owner, teaching),
        instructors: instructors.into_iter().map(|(id, person)| (id, account(person, true))).collect(),
        students: students.into_iter().map(|(id, person)| (id, account(person, false))).collect(),
        sessions,
        enrollments,
    });
    wishes
}

/// The classes to remove of a course that GEGI removed: its future classes. Everything else of the course stays.
///
/// DOMAIN §4: "future classes without attendance are removed, the rest stays".
pub fn future_classes(ledger: &CourseLedger, now: Instant) -> BTreeMap<ClassId, Session> {
    let future = |slot: &crate::ledger::Slot<Session>| matches!(slot.acknowledged, Some(Session::At { starts, .. }) if starts > now);
    ledger.sessions.iter().filter(|(_, slot)| future(slot)).map(|(id, _)| (id.clone(), Session::Removed)).collect()
}

fn content(view: View<'_>, owner: Owner, instructors: BTreeSet<PersonId>) -> CourseContent {
    let course = view.course;
    CourseContent {
        name: format!("{} {}", course.group_name, course.number).trim().to_owned(),
        title: course.title.clone(),
        start_date: course.start_date,
        end_date: course.end_date,
        zone: view.campus.zone_name.clone(),
        owner,
        instructors,
        hours_type: course.hours_type,
    }
}

/// The owner of the course in CourseKey: the account that the campus names, else the owner that CourseKey holds already
/// (CourseKey takes no owner away), else the first instructor. None: no instructor can be sent.
fn owner(view: View<'_>, teaching: &BTreeSet<PersonId>) -> Option<Owner> {
    let first = view.course.instructors.iter().map(|listed| &listed.id).find(|id| teaching.contains(id))?;
    let held = view.ledger.and_then(|ledger| ledger.course.acknowledged.as_ref()).map(|course| course.owner.clone());
    let named = view.campus.course_owner.clone().map(Owner::Named);
    let held = held.filter(|owner| matches!(owner, Owner::Instructor(_)));
    Some(named.or(held).unwrap_or_else(|| Owner::Instructor(first.clone())))
}

fn account(person: &Person, teacher: bool) -> (u64, Account) {
    let account = Account {
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        email: person.email.trim().to_owned(),
        teacher,
    };
    (person.revision, account)
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

/// The listed people who can be sent. The others become issues, unfit items and a trouble in `wishes`.
fn sendable<'a>(
    view: View<'a>,
    listed: impl Iterator<Item = &'a PersonId>,
    role: Role,
    wishes: &mut Wishes,
) -> BTreeMap<PersonId, &'a Person> {
    let mut good = BTreeMap::new();
    let mut bad: BTreeMap<Code, BTreeSet<&PersonId>> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for id in listed.filter(|id| all.insert(*id)) {
        let Some(judged) = view.people.get(id) else { continue };
        match judged.problems.first() {
            None => _ = good.insert(id.clone(), judged.person),
            Some((code, _)) => {
                bad.entry(*code).or_default().insert(id);
                wishes.unfit.push((role.item(id), *code));
            }
        }
        wishes.issues.extend(judged.problems.iter().map(|(code, sentence)| issue(view, *code, Some(id), sentence)));
    }
    let trouble = |(code, stuck): (Code, BTreeSet<_>)| {
        Trouble::new(role.name(), stuck.len(), all.len(), crate::issue::row(code).title)
    };
    wishes.troubles.extend(bad.into_iter().map(trouble));
    good
}

fn sessions(view: View<'_>, wishes: &mut Wishes) -> BTreeMap<ClassId, Session> {
    let (good, bad): (Vec<_>, Vec<_>) = view.course.classes.iter().partition(|class| class.starts < class.ends);
    for class in &bad {
        let subject =
            Subject { course: Some(view.course.id.clone()), class: Some(class.id.clone()), ..Subject::default() };
        wishes.issues.push(Issue {
            code: Code::ClassTimesWrong,
            subject,
            sentence: format!("class {} ends before it starts", class.id),
        });
        wishes.unfit.push((Item::Class(class.id.clone()), Code::ClassTimesWrong));
    }
    if !bad.is_empty() {
        wishes.troubles.push(Trouble::new(
            "class",
            bad.len(),
            view.course.classes.len(),
            crate::issue::row(Code::ClassTimesWrong).title,
        ));
    }
    good.into_iter().map(|class| (class.id.clone(), Session::At { starts: class.starts, ends: class.ends })).collect()
}

/// Seed, "Enrollment and Drop": who is on the Enrollment Agreement is enrolled; who stopped is dropped; nobody is removed.
fn enrollments<'a>(
    view: View<'a>,
    wishes: &mut Wishes,
) -> (BTreeMap<PersonId, &'a Person>, BTreeMap<PersonId, Enrollment>) {
    let today = view.now.date_in(view.zone);
    let end = view.course.end();
    let mut enrollments = BTreeMap::new();
    let mut wanted = Vec::new();
    for student in &view.course.students {
        let id = &student.person.id;
        let (standing, problem) = enrollment::wanted(student, end, today, acknowledged(view.ledger, id));
        wishes.issues.extend(problem.map(|code| stage_issue(view, student, code)));
        wishes.unfit.extend(problem.map(|code| (Item::Enrollment(id.clone()), code)));
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
        let off_the_list = view.course.student(id).is_none() && acknowledged(view.ledger, id).is_some();
        if off_the_list {
            enrollments.insert(id.clone(), Enrollment { dropped: true });
        }
    }
    let students = sendable(view, wanted.into_iter(), Role::Student, wishes);
    enrollments.retain(|id, enrollment| enrollment.dropped || students.contains_key(id) || view.knows(id));
    (students, enrollments)
}

/// Whether CourseKey acknowledged the enrolment as dropped; none: CourseKey never acknowledged the enrolment.
fn acknowledged(ledger: Option<&CourseLedger>, student: &PersonId) -> Option<bool> {
    let enrollment = ledger?.enrollments.get(student)?.acknowledged?;
    Some(enrollment.dropped)
}

fn stage_issue(view: View<'_>, student: &Student, code: Code) -> Issue {
    issue(view, code, Some(&student.person.id), &format!("stage “{}” is not one this integration knows", student.stage))
}

/// An issue about a person of a course.
pub fn person_issue(course: &Course, code: Code, person: &PersonId, sentence: String) -> Issue {
    let subject = Subject { course: Some(course.id.clone()), person: Some(person.clone()), ..Subject::default() };
    Issue { code, subject, sentence }
}

fn issue(view: View<'_>, code: Code, person: Option<&PersonId>, sentence: &str) -> Issue {
    let subject = Subject { course: Some(view.course.id.clone()), person: person.cloned(), ..Subject::default() };
    Issue { code, subject, sentence: sentence.to_owned() }
}
