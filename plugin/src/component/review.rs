//! The interface `review`: translates its calls, as `component` does those of `integration`.

use super::bindings::exports::gegi::coursekey::review as wire;
use super::bindings::gegi::coursekey::types::CallError;
use super::host::Host;
use super::{Component, errors, explain, preview};
use crate::connection;
use crate::guard;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::review::decide::{self, Decision, Outcome, Verdict};
use crate::review::holds::{self, Held};
use crate::review::resend;
use crate::review::watch::{self, Seen, Watched};

impl wire::Guest for Component {
    fn holds(after: Option<String>, limit: u32) -> Result<Vec<wire::Hold>, CallError> {
        let holds = holds::holds(&mut Host::of_short_call(), after.map(CourseId).as_ref(), limit);
        Ok(holds.map_err(errors::storage_error)?.into_iter().map(hold).collect())
    }

    fn decide(decision: wire::Decision) -> Result<wire::DecisionOutcome, CallError> {
        let outcome = decide::decide(&mut Host::of_short_call(), self::decision(decision));
        outcome.map(decision_outcome).map_err(errors::storage_error)
    }

    fn preview(query: wire::PreviewQuery) -> Result<wire::PreviewPage, CallError> {
        let page = crate::preview::preview(&mut Host::of_short_call(), &preview::asked(query));
        page.map(preview::page).map_err(errors::storage_error)
    }

    fn resend(course: Option<String>, by: String) -> Result<u32, CallError> {
        resend::resend(&mut Host::of_short_call(), course.map(CourseId), &by).map_err(errors::storage_error)
    }

    fn watch(after: Option<String>, limit: u32, days: u32) -> Result<wire::WatchPage, CallError> {
        let page = watch::watch(&mut Host::of_short_call(), after.map(CourseId).as_ref(), limit, days);
        let (courses, next) = page.map_err(errors::storage_error)?;
        Ok(wire::WatchPage { courses: courses.into_iter().map(watched).collect(), next: next.map(|course| course.0) })
    }

    fn check() -> Result<Vec<wire::Checked>, CallError> {
        let findings = connection::check(&mut Host::of_look()).map_err(errors::storage_error)?;
        Ok(findings.into_iter().map(checked).collect())
    }

    fn why_not(sought: wire::Sought) -> Result<wire::Finding, CallError> {
        let finding = crate::explain::why_not(&mut Host::of_short_call(), &explain::sought(sought));
        finding.map(explain::finding).map_err(errors::storage_error)
    }

    fn explain(of: wire::ClassStudent) -> Result<Option<wire::Explanation>, CallError> {
        let (class, student) = (ClassId(of.class), PersonId(of.student));
        let explanation = crate::explain::explain(&mut Host::of_short_call(), &class, &student);
        Ok(explanation.map_err(errors::storage_error)?.map(explain::explanation))
    }
}

fn hold(from: Held) -> wire::Hold {
    let row = |(id, name)| wire::HeldRow { id, name };
    wire::Hold {
        course: from.course.0,
        kind: match from.kind {
            guard::Kind::Students => wire::GuardedKind::Students,
            guard::Kind::Classes => wire::GuardedKind::Classes,
        },
        hash: from.hash,
        since: from.since.0,
        sentence: from.sentence,
        held: from.of,
        rows: from.rows.into_iter().map(row).collect(),
    }
}

fn checked(from: connection::Finding) -> wire::Checked {
    let (owner, remedy) = from.cure.map(|(owner, remedy)| (owner.name().to_owned(), remedy.to_owned())).unzip();
    wire::Checked { campus: from.campus.map(|campus| campus.0), sentence: from.sentence, remedy, owner }
}

fn watched(from: Watched) -> wire::WatchedCourse {
    let seen = |Seen { student, name, last, unseen }: Seen| wire::SeenStudent {
        student: student.0,
        name,
        last_attended: last.map(|at| at.0),
        unseen,
    };
    wire::WatchedCourse {
        course: from.course.0,
        name: from.name,
        students: from.students.into_iter().map(seen).collect(),
    }
}

fn decision(from: wire::Decision) -> Decision {
    Decision {
        course: CourseId(from.course),
        kind: match from.kind {
            wire::GuardedKind::Students => guard::Kind::Students,
            wire::GuardedKind::Classes => guard::Kind::Classes,
        },
        hash: from.hash,
        verdict: match from.verdict {
            wire::Verdict::Approve => Verdict::Approve,
            wire::Verdict::Discard => Verdict::Discard,
        },
        rows: from.rows,
        by: from.by,
    }
}

fn decision_outcome(from: Outcome) -> wire::DecisionOutcome {
    match from {
        Outcome::Taken(rows) => wire::DecisionOutcome::Taken(rows),
        Outcome::Changed => wire::DecisionOutcome::Changed,
        Outcome::NothingHeld => wire::DecisionOutcome::NothingHeld,
    }
}
