//! Looks in words: change one thing of a school in step with CourseKey, and read what a look finds.

mod properties;

use std::fmt::Write;

use expect_test::expect;

use super::*;
use crate::ledger::{Enrollment, PersonLedger, Refusal, RefusalCode};
use crate::model::course::Agreement;
use crate::model::ids::SchoolNumber;
use crate::model::settings::Password;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::plan::Write as Sent;
use crate::plan::answer::{self, When};
use crate::plan::ready::{ByNow, Ready};
use crate::testing::{at, course};

/// Everything from which a look follows, to be changed by a test.
#[derive(Clone)]
struct School {
    course: Course,
    option: Resolved,
    removed: bool,
    ledger: Option<CourseLedger>,
    accounts: SortedMap<PersonId, PersonLedger>,
    claims: SortedMap<String, SortedSet<PersonId>>,
    settings: crate::model::settings::SchoolSettings,
    now: Instant,
}

impl School {
    /// The course of the tests, inside its sync window, before anything of the course was sent.
    fn new() -> Self {
        let course = course("C1");
        let claim = |person: &Person| (people::email_key(&person.email), SortedSet::from([person.id.clone()]));
        Self {
            claims: course.people().map(claim).collect(),
            course,
            option: Resolved::On,
            removed: false,
            ledger: None,
            accounts: SortedMap::new(),
            settings: crate::testing::settings(),
            now: at("2023-08-20T12:00:00Z"),
        }
    }

    /// The course of the tests, of which CourseKey holds everything.
    fn synchronized() -> Self {
        let mut school = Self::new();
        school.carry_out(&school.look());
        school
    }

    fn look(&self) -> Look {
        let (settings, _) = crate::settings::check(&self.settings);
        look(&Facts {
            course: &self.course,
            option: self.option,
            removed: self.removed,
            ledger: self.ledger.as_ref(),
            people: self.course.people().map(|person| (&person.id, person)).collect(),
            claims: self.claims.iter().map(|(key, people)| (key.clone(), self.claim(key, people))).collect(),
            odd: &[],
            contradictions: Vec::new(),
            accounts: self.accounts.iter().collect(),
            settings: &settings,
            now: self.now,
        })
    }

    /// Who competes for an address, and whether CourseKey holds the person's account with it.
    fn claim<'a>(&self, key: &str, people: &'a SortedSet<PersonId>) -> SortedMap<&'a PersonId, bool> {
        let holds = |id: &PersonId| {
            let account = self.accounts.get(id).and_then(|ledger| ledger.account.acknowledged.as_ref());
            account.is_some_and(|account| people::email_key(&account.email) == key)
        };
        people.iter().map(|id| (id, holds(id))).collect()
    }

    /// Lets CourseKey take the whole plan. Answers whether every action could be sent as planned.
    fn carry_out(&mut self, look: &Look) -> bool {
        let school = look.address.as_ref().map_or(SchoolNumber(100), |address| address.school);
        let ledger = self.ledger.get_or_insert_with(|| CourseLedger::begin(school, at("2023-08-20T12:00:00Z")));
        let mut whole = true;
        for action in &look.plan.actions {
            let accounts = &self.accounts;
            let account = |person: &PersonId| accounts.get(person);
            let Ready::Send(sendable) = action.by_now(ByNow { ledger: Some(ledger), account: &account }) else {
                whole = false;
                continue;
            };
            match &sendable.write {
                Sent::User { person, .. } => {
                    let account = self.accounts.entry(person.clone()).or_default();
                    answer::to_account(account, &sendable, Ok(()), self.now);
                }
                _ => {
                    whole &=
                        answer::to_course(ledger, &sendable, Ok(()), None, When { began: self.now, now: self.now })
                            .is_none();
                }
            }
        }
        whole
    }

    /// A look in words, with a line for each action, waiting item and issue.
    fn finds(&self) -> String {
        let found = self.look();
        let mut text = found.plan.to_string();
        if let Some(rest) = found.rest {
            writeln!(text, "rests: {rest:?}").unwrap();
        }
        for issue in &found.issues {
            writeln!(text, "! {:?}: {}", issue.code, issue.sentence).unwrap();
        }
        text
    }
}

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["    ", line, "\n"]).collect()
}

#[test]
fn a_first_look_plans_everything_in_coursekeys_order() {
    expect![[r#"
        teacher I1: new
        course C1 “NURS Fall NURS-C1”, 2023-08-28 – 2023-12-15: new
        class C1-1 2023-08-28T13:00:00Z – 2023-08-28T16:00:00Z: new
        class C1-2 2023-09-04T13:00:00Z – 2023-09-04T16:00:00Z: new
        user S1: new
        user S2: new
        user S3: new
        enroll S1 in C1: new
        enroll S2 in C1: new
        enroll S3 in C1: new
    "#]]
    .assert_eq(&School::new().finds());
}

#[test]
fn what_coursekey_holds_is_not_planned() {
    assert_eq!(School::synchronized().finds(), "");
}

#[test]
#[allow(clippy::too_many_lines)] // Most of them are what is expected.
fn everything_that_is_not_sent_says_why() {
    let mut text = String::new();
    let mut tell = |what: &str, change: &dyn Fn(&mut School)| {
        for (state, school) in [("new", School::new()), ("synchronized", School::synchronized())] {
            let mut school = school;
            change(&mut school);
            let found = indented(&school.finds());
            writeln!(text, "{what}, {state}:\n{found}").unwrap();
        }
    };
    tell("the option is off", &|school| school.option = Resolved::Off);
    tell("before the window", &|school| school.now = at("2023-08-01T12:00:00Z"));
    tell("after the window", &|school| school.now = at("2024-02-01T12:00:00Z"));
    tell("an unknown campus", &|school| school.course.campus = "branch".into());
    tell("another School ID", &|school| school.settings.campuses[0].school = SchoolNumber(200));
    tell("GEGI removed it", &|school| school.removed = true);
    tell("no class", &|school| school.course.classes.clear());
    tell("no instructor", &|school| school.course.instructors.clear());
    tell("an instructor without e-mail", &|school| school.course.instructors[0].email.clear());
    tell("a student without e-mail", &|school| school.course.students[0].person.email.clear());
    tell("a student of an unknown stage", &|school| school.course.students[0].stage = "SABBATICAL".to_owned());
    tell("a weak password", &|school| school.settings.initial_user_password = Password::new("a".to_owned()));
    expect![[r#"
        the option is off, new:
            rests: OptionOff

        the option is off, synchronized:
            rests: OptionOff

        before the window, new:
            rests: Before(Window { opens: Instant(1691380800), closes: Instant(1703912400) })

        before the window, synchronized:

        after the window, new:
            rests: Over(Window { opens: Instant(1691380800), closes: Instant(1703912400) })

        after the window, synchronized:
            rests: Over(Window { opens: Instant(1691380800), closes: Instant(1703912400) })

        an unknown campus, new:
            rests: CampusUnknown
            ! CampusUnknown: course NURS-C1 “CARE” is of campus branch, which the school does not have

        an unknown campus, synchronized:
            rests: CampusUnknown
            ! CampusUnknown: course NURS-C1 “CARE” is of campus branch, which the school does not have

        another School ID, new:
            teacher I1: new
            course C1 “NURS Fall NURS-C1”, 2023-08-28 – 2023-12-15: new
            class C1-1 2023-08-28T13:00:00Z – 2023-08-28T16:00:00Z: new
            class C1-2 2023-09-04T13:00:00Z – 2023-09-04T16:00:00Z: new
            user S1: new
            user S2: new
            user S3: new
            enroll S1 in C1: new
            enroll S2 in C1: new
            enroll S3 in C1: new

        another School ID, synchronized:
            rests: CampusChanged
            ! CampusChanged: course NURS-C1 “CARE” changed its campus after it was synchronized; nothing of it is sent

        GEGI removed it, new:
            rests: Removed

        GEGI removed it, synchronized:
            remove class C1-1: gone from GEGI
            remove class C1-2: gone from GEGI
            ! CourseRemoved: course NURS-C1 “CARE” was removed from GEGI; CourseKey keeps it, without its future classes

        no class, new:
            the course waits: no class
            rests: Incomplete
            ! ClassMissing: course NURS-C1 “CARE” has no class

        no class, synchronized:
            remove class C1-1: gone from GEGI
            remove class C1-2: gone from GEGI
            the course waits: no class
            ! ClassMissing: course NURS-C1 “CARE” has no class

        no instructor, new:
            the course waits: no instructor
            rests: Incomplete
            ! InstructorMissing: course NURS-C1 “CARE” has no instructor

        no instructor, synchronized:
            the course waits: no instructor
            ! InstructorMissing: course NURS-C1 “CARE” has no instructor

        an instructor without e-mail, new:
            instructor I1 waits: no e-mail
            rests: Incomplete
            ! EmailMissing: instructor I1 in course NURS-C1 “CARE” has no e-mail

        an instructor without e-mail, synchronized:
            instructor I1 waits: no e-mail
            ! EmailMissing: instructor I1 in course NURS-C1 “CARE” has no e-mail

        a student without e-mail, new:
            teacher I1: new
            course C1 “NURS Fall NURS-C1”, 2023-08-28 – 2023-12-15: new
            class C1-1 2023-08-28T13:00:00Z – 2023-08-28T16:00:00Z: new
            class C1-2 2023-09-04T13:00:00Z – 2023-09-04T16:00:00Z: new
            user S2: new
            user S3: new
            enroll S2 in C1: new
            enroll S3 in C1: new
            student S1 waits: no e-mail
            enrollment of S1 waits: needs the account of S1
            ! EmailMissing: student S1 in course NURS-C1 “CARE” has no e-mail

        a student without e-mail, synchronized:
            student S1 waits: no e-mail
            enrollment of S1 waits: needs the account of S1
            ! EmailMissing: student S1 in course NURS-C1 “CARE” has no e-mail

        a student of an unknown stage, new:
            teacher I1: new
            course C1 “NURS Fall NURS-C1”, 2023-08-28 – 2023-12-15: new
            class C1-1 2023-08-28T13:00:00Z – 2023-08-28T16:00:00Z: new
            class C1-2 2023-09-04T13:00:00Z – 2023-09-04T16:00:00Z: new
            user S2: new
            user S3: new
            enroll S2 in C1: new
            enroll S3 in C1: new
            enrollment of S1 waits: unknown stage
            ! StageUnknown: student S1 in course NURS-C1 “CARE” has the stage “SABBATICAL”, which this integration does not know

        a student of an unknown stage, synchronized:
            enrollment of S1 waits: unknown stage
            ! StageUnknown: student S1 in course NURS-C1 “CARE” has the stage “SABBATICAL”, which this integration does not know

        a weak password, new:
            instructor I1 waits: Initial User Password is too weak
            the course waits: needs an instructor's account
            class C1-1 waits: needs the course
            class C1-2 waits: needs the course
            student S1 waits: needs the course
            student S2 waits: needs the course
            student S3 waits: needs the course
            enrollment of S1 waits: needs the course
            enrollment of S2 waits: needs the course
            enrollment of S3 waits: needs the course

        a weak password, synchronized:

    "#]]
    .assert_eq(&text);
}

#[test]
#[allow(clippy::too_many_lines)] // Most of them are what is expected.
fn a_change_of_one_thing_plans_that_thing_with_its_reason() {
    let mut text = String::new();
    let mut tell = |what: &str, change: &dyn Fn(&mut School)| {
        let mut school = School::synchronized();
        change(&mut school);
        let found = indented(&school.finds());
        writeln!(text, "{what}:\n{found}").unwrap();
    };
    tell("another title", &|school| school.course.title = "CARE II".to_owned());
    tell("a class moved", &|school| school.course.classes[1].ends = at("2023-09-04T17:00:00Z"));
    tell("a class gone", &|school| _ = school.course.classes.remove(1));
    tell("a student stopped", &|school| school.course.students[0].stage = "DROPPED".to_owned());
    tell("a student off the list", &|school| _ = school.course.students.remove(0));
    tell("a student granted credit", &|school| school.course.students[0].agreement = Agreement::CreditGranted);
    tell("a student back", &|school| {
        let dropped = Enrollment { dropped: true };
        let ledger = school.ledger.as_mut().unwrap();
        ledger.enrollments.get_mut(&PersonId::from("S1")).unwrap().acknowledge(dropped);
    });
    tell("another e-mail", &|school| school.course.students[0].person.email = "one@example.edu".to_owned());
    tell("an e-mail of another person", &|school| {
        school.course.students[0].person.email = school.course.students[1].person.email.clone();
        let key = people::email_key(&school.course.students[1].person.email);
        school.claims.get_mut(&key).unwrap().insert(PersonId::from("S1"));
    });
    tell("a refused class", &|school| {
        let refusal = Refusal {
            code: RefusalCode::Other("time_invalid".to_owned()),
            field: None,
            message: "no such time".to_owned(),
        };
        let slot = school.ledger.as_mut().unwrap().sessions.get_mut(&"C1-2".into()).unwrap();
        let wanted = slot.acknowledged.take().unwrap();
        slot.park(wanted, refusal, Instant(i64::MAX));
    });
    expect![[r#"
        another title:
            course C1 “NURS Fall NURS-C1”, 2023-08-28 – 2023-12-15: changed

        a class moved:
            class C1-2 2023-09-04T13:00:00Z – 2023-09-04T17:00:00Z: changed

        a class gone:
            remove class C1-2: gone from GEGI

        a student stopped:
            drop S1 in C1: stopped

        a student off the list:
            drop S1 in C1: stopped

        a student granted credit:
            drop S1 in C1: stopped

        a student back:
            enroll S1 in C1: back

        another e-mail:
            user S1: changed

        an e-mail of another person:
            student S1 waits: shared e-mail
            enrollment of S1 waits: needs the account of S1
            ! EmailShared: student S1 in course NURS-C1 “CARE” has the same e-mail as S2

        a refused class:
            class C1-2 waits: refused by CourseKey (time_invalid)
            ! Rejected: CourseKey refused the class of 2023-09-04 09:00 EDT of course NURS-C1 “CARE”: no such time (time_invalid)

    "#]]
    .assert_eq(&text);
}
