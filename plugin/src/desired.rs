//! Users, course, classes and enrolments as CourseKey should hold them for one course, and issues for what cannot be
//! sent. Knows nothing of what CourseKey holds but whether an enrolment or an owner was ever acknowledged.

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

/// What is wrong with a person, by code, with a sentence each.
pub type Problems = Vec<(Code, String)>;

/// A person at the newest revision, or why the person cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The person at the newest revision over all courses.
    pub person: &'a Person,
    /// Empty if the person can be sent.
    pub problems: Problems,
}

/// What a course's wishes are made from.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The course as GEGI sees it.
    pub course: &'a Course,
    /// Everybody it names.
    pub people: &'a BTreeMap<&'a PersonId, Judged<'a>>,
    /// What CourseKey acknowledged of it.
    pub ledger: Option<&'a CourseLedger>,
    /// Accounts at its CourseKey school, of everybody it names.
    pub accounts: &'a BTreeMap<&'a PersonId, &'a PersonLedger>,
    /// Its campus.
    pub campus: &'a CampusSettings,
    /// The campus's zone.
    pub zone: Tz,
    /// The present moment.
    pub now: Instant,
}

impl View<'_> {
    /// Whether CourseKey has the person's account.
    fn knows(self, person: &PersonId) -> bool {
        self.accounts.get(person).is_some_and(|ledger| ledger.account.acknowledged.is_some())
    }
}

/// A course as CourseKey should hold it. There is none without an instructor who can be sent and a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The course's revision, carried by every item.
    pub revision: u64,
    /// The course itself.
    pub course: CourseContent,
    /// Accounts of its instructors, with each person's revision.
    pub instructors: BTreeMap<PersonId, (u64, Account)>,
    /// Accounts of its students, with each person's revision.
    pub students: BTreeMap<PersonId, (u64, Account)>,
    /// Its classes.
    pub sessions: BTreeMap<ClassId, Session>,
    /// Its enrolments.
    pub enrollments: BTreeMap<PersonId, Enrollment>,
}

/// What a course wants, what it cannot have, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// None: nothing of the course is sent.
    pub desired: Option<Desired>,
    /// Facts for people.
    pub issues: Vec<Issue>,
    /// The same for the status's reason, counted.
    pub troubles: Vec<Trouble>,
    /// What cannot be sent, with the issue that says why.
    pub unfit: Vec<(Item, Code)>,
}

/// What CourseKey should hold of a course inside its sync window.
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
    // Whoever CourseKey knows goes on teaching, also with a new address that cannot be sent.
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

/// What a course that GEGI removed wants: its future classes gone, everything else as it is.
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

/// The owner of the course in CourseKey, which cannot be taken away: the campus's, else the one CourseKey holds, else
/// the first instructor.
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

/// What people are listed as.
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

/// Those of the listed people who can be sent; issues and a trouble for the others.
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

/// Whether CourseKey ever acknowledged the enrolment, and if so whether as dropped.
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
