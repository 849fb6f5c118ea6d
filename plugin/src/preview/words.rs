//! What is planned and what is left, in words that an administrator understands. Decides nothing.

use super::Act;
use crate::issue;
use crate::ledger::{Account, CourseContent, Enrollment, Item, RefusalCode, Session};
use crate::look::{Facts, Rest, refused};
use crate::model::course::{Agreement, Student};
use crate::model::ids::PersonId;
use crate::model::issue::Code;
use crate::model::time::Instant;
use crate::model::zone::Zone;
use crate::naming;
use crate::plan::{Action, Need, Reason, Why, Write};

/// What an action does.
pub(super) fn act(action: &Action) -> Act {
    match (&action.write, action.reason) {
        (Write::Session(_, Session::Removed), _) => Act::Remove,
        (Write::Enrollment(_, enrollment), _) if enrollment.dropped => Act::Remove,
        (_, Reason::New) => Act::Add,
        (_, _) => Act::Change,
    }
}

/// How people know an item: by a person's name, the course's number and title, a class's local date and time.
pub(super) fn name(facts: &Facts<'_>, item: &Item) -> String {
    match item {
        Item::Instructor(person) | Item::Student(person) | Item::Enrollment(person) => person_name(facts, person),
        Item::Course => naming::course(facts.course).to_string(),
        Item::Class(class) => {
            let held = facts.ledger.and_then(|ledger| ledger.sessions.get(class)?.acknowledged);
            let held = held.and_then(|session| match session {
                Session::At { starts, .. } => Some(starts),
                Session::Removed => None,
            });
            let starts = facts.course.class(class).map(|class| class.starts).or(held);
            starts.map(|starts| naming::moment(starts, zone(facts))).unwrap_or_default()
        }
    }
}

fn person_name(facts: &Facts<'_>, person: &PersonId) -> String {
    let listed = facts.people.get(person).map(|person| person.name());
    listed.or_else(|| account(facts, person).map(Account::name)).unwrap_or_default()
}

fn account<'a>(facts: &Facts<'a>, person: &PersonId) -> Option<&'a Account> {
    facts.accounts.get(person)?.account.acknowledged.as_ref()
}

fn zone(facts: &Facts<'_>) -> Option<Zone> {
    facts.settings.campuses.get(&facts.course.campus).and_then(|campus| campus.zone)
}

fn enrollment(facts: &Facts<'_>, person: &PersonId) -> Option<Enrollment> {
    facts.ledger.and_then(|ledger| ledger.enrollments.get(person)?.acknowledged)
}

/// Why something is sent that CourseKey acknowledged as it is wanted.
const AGAIN: &str = "CourseKey may hold it otherwise, so it is sent again";

/// Why an action is sent.
pub(super) fn reason(facts: &Facts<'_>, action: &Action) -> String {
    match &action.write {
        Write::User { adopt: Some(_), .. } => "the account that CourseKey has already becomes this person's".to_owned(),
        Write::User { person, account: wanted, .. } => match account(facts, person) {
            Some(held) => differences(&account_fields(held, wanted)),
            None => "CourseKey does not have the account".to_owned(),
        },
        Write::Course { content, .. } => match facts.ledger.and_then(|ledger| ledger.course.acknowledged.as_ref()) {
            Some(held) => differences(&course_fields(held, content)),
            None => "CourseKey does not have the course".to_owned(),
        },
        Write::Session(class, session) => {
            let held = facts.ledger.and_then(|ledger| ledger.sessions.get(class)?.acknowledged);
            session_reason(facts, session, held)
        }
        Write::Enrollment(person, wanted) if enrollment(facts, person) == Some(*wanted) => AGAIN.to_owned(),
        Write::Enrollment(person, enrollment) if enrollment.dropped => dropped(facts.course.student(person)),
        Write::Enrollment(..) if action.reason == Reason::Back => "the student is back".to_owned(),
        Write::Enrollment(..) => "CourseKey does not have the enrollment".to_owned(),
    }
}

fn session_reason(facts: &Facts<'_>, wanted: &Session, held: Option<Session>) -> String {
    match (wanted, held) {
        _ if held == Some(*wanted) => AGAIN.to_owned(),
        (Session::Removed, _) if facts.removed => "GEGI removed the course".to_owned(),
        (Session::Removed, _) => "GEGI does not have the class any more".to_owned(),
        (_, Some(Session::At { starts, ends })) => {
            let time = |at: Instant| naming::moment(at, zone(facts));
            format!("CourseKey has it from {} to {}", time(starts), time(ends))
        }
        (_, Some(Session::Removed)) => "GEGI has the class again".to_owned(),
        (_, None) => "CourseKey does not have the class".to_owned(),
    }
}

fn dropped(student: Option<&Student>) -> String {
    match student {
        None => "GEGI's list does not have the student any more".to_owned(),
        Some(student) if student.agreement != Agreement::Assigned => {
            "the student's Enrollment Agreement does not have the course any more".to_owned()
        }
        Some(Student { stage, stopped_on: Some(day), .. }) => {
            format!("the student's stage is {} since {day}", naming::cut(stage))
        }
        Some(Student { stage, .. }) => format!("the student's stage is {}", naming::cut(stage)),
    }
}

fn differences(fields: &[&'static str]) -> String {
    match fields {
        [] => AGAIN.to_owned(),
        fields => format!("GEGI has another {}", naming::list(fields.iter().copied())),
    }
}

fn account_fields(held: &Account, wanted: &Account) -> Vec<&'static str> {
    let fields = [
        ("first name", held.first_name != wanted.first_name),
        ("last name", held.last_name != wanted.last_name),
        ("e-mail", held.email != wanted.email),
        ("role", held.teacher != wanted.teacher),
    ];
    changed(&fields)
}

fn course_fields(held: &CourseContent, wanted: &CourseContent) -> Vec<&'static str> {
    let fields = [
        ("number", held.name != wanted.name),
        ("title", held.title != wanted.title),
        ("start date", held.start_date != wanted.start_date),
        ("end date", held.end_date != wanted.end_date),
        ("time zone", held.zone != wanted.zone),
        ("owner", held.owner != wanted.owner),
        ("list of instructors", held.instructors != wanted.instructors),
        ("Hours Type", held.hours_type != wanted.hours_type),
    ];
    changed(&fields)
}

fn changed(fields: &[(&'static str, bool)]) -> Vec<&'static str> {
    fields.iter().filter(|(_, differs)| *differs).map(|(field, _)| *field).collect()
}

/// Why something is not sent, and what changes that.
pub(super) fn why(facts: &Facts<'_>, why: &Why) -> (String, String) {
    let of_code = |code: Code| issue::row(code).remedy.to_owned();
    match why {
        Why::Unfit(code) => (issue::row(*code).title.to_owned(), of_code(*code)),
        Why::NoPassword => (why.to_string(), PASSWORD.to_owned()),
        Why::Refused(refusal, _) if refusal.code == RefusalCode::PasswordWeak => (why.to_string(), PASSWORD.to_owned()),
        Why::Refused(refusal, again) => {
            let again = naming::moment(*again, zone(facts));
            let reason =
                format!("CourseKey refused it: {} ({}); it is sent again {again}", refusal.message, refusal.code);
            (reason, of_code(refused::code_of(&refusal.code)))
        }
        Why::Needs(Need::Course) => ("waits for the course".to_owned(), String::new()),
        Why::Needs(Need::Account(person)) => (format!("waits for the account of {person}"), String::new()),
        Why::Needs(Need::OneAccountOf(_)) => ("waits for an instructor's account".to_owned(), String::new()),
        Why::Held => (why.to_string(), of_code(Code::RemovalsHeld)),
        Why::Kept => (why.to_string(), String::new()),
    }
}

const PASSWORD: &str = "Choose a stronger Initial User Password in School Settings.";

/// Why nothing of a course is sent.
pub(super) fn rest(facts: &Facts<'_>, rest: Rest) -> String {
    let time = |at: Instant| naming::moment(at, zone(facts));
    match rest {
        Rest::CampusUnknown => "the school has no such campus".to_owned(),
        Rest::ZoneUnknown => "the campus's time zone is unknown".to_owned(),
        Rest::CampusChanged => "the course changed its campus after it was synchronized".to_owned(),
        Rest::OptionOff => "Send to CourseKey is off".to_owned(),
        Rest::Before(window) => format!("the sync window opens {}", time(window.opens)),
        Rest::Over(window) => format!("the sync window closed {}", time(window.closes)),
        Rest::Removed => "GEGI removed the course, and CourseKey never had it".to_owned(),
        Rest::Incomplete => "the course has no instructor who can be sent, or no class".to_owned(),
    }
}
