//! Why CourseKey does not have a class or an enrolment: the first condition that fails, from the integration as a whole
//! down to the item.

use super::obstacle::{Condition, Finding, Obstacle};
use crate::enrollment::{self, Standing};
use crate::issue;
use crate::ledger::{Item, RefusalCode, Session};
use crate::look::{Look, Rest, refused};
use crate::memory::view;
use crate::model::course::Agreement;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::Code;
use crate::naming;
use crate::plan::{Need, Why};
use crate::settings;
use crate::tick::foresee::{self, Foreseen, Scope};
use crate::world::{Reads, StorageError};

/// Why CourseKey does not have a student's enrolment in a course.
pub(super) fn enrollment(
    world: &mut impl Reads,
    course: &CourseId,
    student: &PersonId,
) -> Result<Finding, StorageError> {
    of_course(world, course, &|foreseen| of_enrollment(foreseen, student))
}

/// Why CourseKey does not have a class of a course.
pub(super) fn class(world: &mut impl Reads, course: &CourseId, class: &ClassId) -> Result<Finding, StorageError> {
    of_course(world, course, &|foreseen| of_class(foreseen, class))
}

fn of_course(
    world: &mut impl Reads,
    course: &CourseId,
    find: &dyn Fn(&Foreseen<'_>) -> Finding,
) -> Result<Finding, StorageError> {
    let mut found = None;
    foresee::foresee(world, Scope::Course(course), &mut |foreseen| found = Some(find(foreseen)))?;
    let Some(found) = found else { return unknown(world, course) };
    let stored = view::read(world, std::slice::from_ref(course))?;
    let set_aside = stored.courses().find_map(|course| course.page.as_ref()?.set_aside.clone());
    Ok(match (found, set_aside) {
        (Finding::Missing(_), Some(sentence)) => {
            Finding::Missing(Obstacle::new(Condition::Issue(Code::AbortedRepeatedly), sentence))
        }
        (found, _) => found,
    })
}

fn unknown(world: &mut impl Reads, course: &CourseId) -> Result<Finding, StorageError> {
    let (settings, _) = settings::check(&world.settings()?);
    let obstacle = if settings.enabled {
        Obstacle::new(Condition::CourseUnknown, format!("GEGI never told of course {course}"))
    } else {
        Obstacle::new(Condition::IntegrationOff, "the integration with CourseKey is off")
    };
    Ok(Finding::Missing(obstacle))
}

fn of_enrollment(foreseen: &Foreseen<'_>, student: &PersonId) -> Finding {
    let Foreseen { facts, look, .. } = foreseen;
    let held = facts.ledger.and_then(|ledger| ledger.enrollments.get(student)?.acknowledged);
    if held.is_some_and(|held| !held.dropped) {
        return Finding::There(format!("CourseKey has the enrollment of {student}"));
    }
    let whole = whole_course(foreseen);
    if let Some(obstacle) = whole {
        return Finding::Missing(obstacle);
    }
    let Some(listed) = facts.course.student(student) else {
        let sentence = format!("{} does not list {student}", naming::course(facts.course));
        return Finding::Missing(Obstacle::new(Condition::StudentNotListed, sentence));
    };
    let items = [Item::Enrollment(student.clone()), Item::Student(student.clone())];
    if let Some(obstacle) = items.iter().find_map(|item| of_waiting(foreseen, item)) {
        return Finding::Missing(obstacle);
    }
    if look.plan.actions.iter().any(|action| items.contains(&action.item())) {
        return Finding::Missing(next_tick());
    }
    let stage = naming::cut(&listed.stage);
    Finding::Missing(match (enrollment::standing(&listed.stage), listed.agreement) {
        (None, _) => {
            Obstacle::new(Condition::Issue(Code::StageUnknown), format!("nobody knows what stage “{stage}” means"))
        }
        (_, Agreement::CreditGranted) => Obstacle::new(
            Condition::CreditGranted,
            "the student's Enrollment Agreement has the course as credit granted",
        ),
        (Some(Standing::NotYet | Standing::Stopped | Standing::Finished), _) => {
            Obstacle::new(Condition::StageNotEnrolled, format!("the student's stage is {stage}"))
        }
        (Some(Standing::Enrolled), _) => next_tick(),
    })
}

fn of_class(foreseen: &Foreseen<'_>, class: &ClassId) -> Finding {
    let Foreseen { facts, look, .. } = foreseen;
    let held = facts.ledger.and_then(|ledger| ledger.sessions.get(class)?.acknowledged);
    if matches!(held, Some(Session::At { .. })) {
        return Finding::There("CourseKey has the class".to_owned());
    }
    if let Some(obstacle) = whole_course(foreseen) {
        return Finding::Missing(obstacle);
    }
    let item = Item::Class(class.clone());
    if let Some(obstacle) = of_waiting(foreseen, &item) {
        return Finding::Missing(obstacle);
    }
    if facts.course.class(class).is_none() {
        let sentence = format!("{} does not have the class", naming::course(facts.course));
        return Finding::Missing(Obstacle::new(Condition::ClassNotListed, sentence));
    }
    let issue = look.issues.iter().find(|issue| issue.subject.class.as_ref() == Some(class));
    Finding::Missing(
        issue.map_or_else(next_tick, |issue| Obstacle::new(Condition::Issue(issue.code), issue.sentence.clone())),
    )
}

fn next_tick() -> Obstacle {
    Obstacle::new(Condition::NextTick, "the next synchronization sends it")
}

/// Why nothing of the course is sent; none: something may be sent.
fn whole_course(foreseen: &Foreseen<'_>) -> Option<Obstacle> {
    let Foreseen { facts, look, blocked, .. } = foreseen;
    let named = naming::course(facts.course);
    let of_code = |code: Code| Obstacle::new(Condition::Issue(code), format!("{named}: {}", issue::row(code).title));
    if facts.removed {
        return Some(Obstacle::new(Condition::CourseRemoved, format!("GEGI removed {named}")));
    }
    let zone = facts.settings.campuses.get(&facts.course.campus).and_then(|campus| campus.zone);
    let obstacle = match look.rest {
        None => blocked.map(|blocked| Obstacle::new(Condition::CampusBlocked, blocked))?,
        Some(Rest::CampusUnknown) => of_code(Code::CampusUnknown),
        Some(Rest::ZoneUnknown) => of_code(Code::ZoneUnknown),
        Some(Rest::CampusChanged) => of_code(Code::CampusChanged),
        Some(Rest::OptionOff) => Obstacle::new(Condition::OptionOff, format!("Send to CourseKey of {named} is off")),
        Some(Rest::Before(window)) => {
            let sentence = format!("the sync window of {named} opens {}", naming::moment(window.opens, zone));
            Obstacle::new(Condition::WindowNotOpen, sentence).until(window.opens)
        }
        Some(Rest::Over(window)) => {
            let sentence = format!("the sync window of {named} closed {}", naming::moment(window.closes, zone));
            Obstacle::new(Condition::WindowOver, sentence)
        }
        Some(Rest::Removed) => Obstacle::new(Condition::CourseRemoved, format!("GEGI removed {named}")),
        Some(Rest::Incomplete) => incomplete(foreseen, &of_code),
    };
    Some(obstacle)
}

fn incomplete(foreseen: &Foreseen<'_>, of_code: &dyn Fn(Code) -> Obstacle) -> Obstacle {
    let course = foreseen.facts.course;
    if course.classes.is_empty() {
        return of_code(Code::ClassMissing);
    }
    let instructors = course.instructors.iter().map(|person| Item::Instructor(person.id.clone()));
    let waits = instructors.into_iter().find_map(|item| of_waiting(foreseen, &item));
    let issue = || {
        foreseen.look.issues.first().map(|issue| Obstacle::new(Condition::Issue(issue.code), issue.sentence.clone()))
    };
    waits.or_else(issue).unwrap_or_else(|| of_code(Code::InstructorMissing))
}

/// Why an item waits, followed down to what it waits for; none: it does not wait.
fn of_waiting(foreseen: &Foreseen<'_>, item: &Item) -> Option<Obstacle> {
    let why = why_of(foreseen.look, item)?;
    let need = match why {
        Why::Needs(Need::Course) => vec![Item::Course],
        Why::Needs(Need::Account(person)) => vec![Item::Student(person.clone()), Item::Instructor(person.clone())],
        Why::Needs(Need::OneAccountOf(people)) => people.iter().cloned().map(Item::Instructor).collect(),
        _ => return Some(of_why(foreseen, why)),
    };
    // What an item waits for never waits for the item.
    Some(need.iter().find_map(|item| of_waiting(foreseen, item)).unwrap_or_else(next_tick))
}

fn why_of<'l>(look: &'l Look, item: &Item) -> Option<&'l Why> {
    look.plan.waiting.iter().find(|waiting| waiting.item == *item).map(|waiting| &waiting.why)
}

fn of_why(foreseen: &Foreseen<'_>, why: &Why) -> Obstacle {
    let of_code = |code: Code| Obstacle::new(Condition::Issue(code), issue::row(code).title);
    match why {
        Why::Unfit(code) => of_code(*code),
        Why::NoPassword => Obstacle::new(Condition::PasswordWeak, why.to_string()),
        Why::Refused(refusal, again) => {
            let zone =
                foreseen.facts.settings.campuses.get(&foreseen.facts.course.campus).and_then(|campus| campus.zone);
            let condition = match refusal.code {
                RefusalCode::PasswordWeak => Condition::PasswordWeak,
                _ => Condition::Issue(refused::code_of(&refusal.code)),
            };
            let again = naming::moment(*again, zone);
            let sentence =
                format!("CourseKey refused it: {} ({}); it is sent again {again}", refusal.message, refusal.code);
            Obstacle::new(condition, sentence)
        }
        Why::Held => of_code(Code::RemovalsHeld),
        Why::Kept => Obstacle::new(Condition::Kept, why.to_string()),
        Why::Needs(_) => next_tick(),
    }
}
