//! The connection of a campus: what CourseKey's answer about key, School ID and time zone says, and the check of every
//! campus whenever somebody asks for it. A tick stops a campus by the same verdict (`tick::campus`), so that the check never
//! says another thing than what happens.
//!
//! DOMAIN §4 "Connection": "Before the first send the campus's key, school id and time zone are checked; what is wrong stops
//! that campus only".

use crate::coursekey::answer::Answer;
use crate::coursekey::reads::{self, SchoolFacts};
use crate::coursekey::{Gate, Heard};
use crate::issue::{Owner, row};
use crate::model::ids::{Address, CampusId};
use crate::model::issue::{Code, Issue};
use crate::model::time::Instant;
use crate::settings::{self, CampusSettings};
use crate::world::network::{Kind, Request};
use crate::world::{Network, StorageError};

/// What CourseKey's answer says of a campus's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Key, School ID and time zone are right.
    Well,
    /// Something is wrong, and stays so until somebody changes it: the code of the issue, and what.
    Wrong(Code, String),
    /// CourseKey gave no answer of use, which says nothing of the connection; why.
    Silent(String),
}

/// The verdict about a campus.
pub fn verdict(answer: Answer<SchoolFacts>, campus: &CampusSettings) -> Verdict {
    match answer {
        Answer::Understood(facts) if facts.school_id != campus.school => Verdict::Wrong(
            Code::ConnectionMismatch,
            format!("CourseKey's school is {}, not {}", facts.school_id, campus.school),
        ),
        Answer::Understood(facts) => match campus.is_zone(&facts.time_zone) {
            Ok(()) => Verdict::Well,
            Err(why) => Verdict::Wrong(Code::ConnectionMismatch, format!("CourseKey's time zone {why}")),
        },
        Answer::Stop(failure) => Verdict::Wrong(Code::CredentialsRefused, failure.reason),
        Answer::Unknown(failure) | Answer::Refused(failure) => Verdict::Wrong(Code::ConnectionMismatch, failure.reason),
        Answer::Later(failure) => Verdict::Silent(failure.reason),
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The campus; none: it is about the whole school.
    pub campus: Option<CampusId>,
    /// How it is, in a sentence for people.
    pub sentence: String,
    /// Who can mend it, and how; none: it is well.
    pub cure: Option<(Owner, &'static str)>,
}

/// What is wrong with the settings, and how the connection of each campus is: key, School ID and time zone. Reads alone.
pub fn check(world: &mut impl Network) -> Result<Vec<Finding>, StorageError> {
    let (settings, issues) = settings::check(&world.settings()?);
    let of_settings = |Issue { code, sentence, .. }: Issue| Finding { campus: None, sentence, cure: Some(cure(code)) };
    let mut findings: Vec<Finding> = issues.into_iter().map(of_settings).collect();
    for campus in settings.campuses.values() {
        let now = world.now();
        let answer = reads::connection(world, &mut Open, &settings.coursekey_url, &campus.address(), now);
        let verdict =
            answer.map_or_else(|| Verdict::Silent("no request was made".to_owned()), |answer| verdict(answer, campus));
        findings.push(finding(campus, verdict));
    }
    Ok(findings)
}

fn finding(campus: &CampusSettings, verdict: Verdict) -> Finding {
    let id = &campus.id;
    let (said, cure) = match verdict {
        Verdict::Well => (
            format!("is CourseKey's school {}; its key, its School ID and its time zone are right", campus.school),
            None,
        ),
        Verdict::Wrong(code, why) => (why, Some(cure(code))),
        Verdict::Silent(why) => {
            (format!("gets no usable answer of CourseKey: {why}"), Some(cure(Code::CoursekeySilent)))
        }
    };
    let joins = if cure.is_some() && !said.starts_with("gets") { ": " } else { " " };
    Finding { campus: Some(id.clone()), sentence: format!("campus {id}{joins}{said}"), cure }
}

fn cure(code: Code) -> (Owner, &'static str) {
    let row = row(code);
    (row.owner, row.remedy)
}

/// Lets every request out: somebody asked for it, and it only reads.
struct Open;

impl Gate for Open {
    fn may_start(&mut self, request: &Request, _: Instant) -> bool {
        request.kind == Kind::Connection
    }

    fn heard(&mut self, _: &Address, _: Kind, _: Heard<'_>) {}
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::model::ids::SchoolNumber;
    use crate::model::settings::Password;
    use crate::testing::Fake;

    fn shown(world: &mut Fake) -> String {
        let findings = check(world).unwrap();
        let line = |finding: &Finding| {
            let cure = finding.cure.map_or(String::new(), |(owner, remedy)| format!(" [{}: {remedy}]", owner.name()));
            format!("{}{cure}\n", finding.sentence)
        };
        findings.iter().map(line).collect()
    }

    #[test]
    fn every_campus_is_checked_and_nothing_is_changed() {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        expect![[r#"
            campus main is CourseKey's school 100; its key, its School ID and its time zone are right
        "#]]
        .assert_eq(&shown(&mut world));
        world.settings.campuses.first_mut().unwrap().school = SchoolNumber(7);
        world.settings.initial_user_password = Password::new("weak".to_owned());
        expect![[r#"
            “Initial User Password” needs at least 6 characters, with a lower case letter, an upper case letter and a digit; no new account is sent [school: Correct the value in School Settings.]
            campus main is CourseKey's school 7; its key, its School ID and its time zone are right
        "#]]
        .assert_eq(&shown(&mut world));
        assert!(world.operations.is_empty() && world.state.is_empty());
    }
}
