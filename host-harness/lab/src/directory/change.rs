//! A line of `changes.jsonl`: something that happens to the school at an instant. Not here: applying a change
//! (`run`).

use serde::Deserialize;

use host::gegi::{Course, Mark};
use mirror::form::{CourseLine, SettingsChange, instant};
use mirror::holds::DecisionForm;

/// Something that happens at an instant, before a tick of the same instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The instant, whole seconds since 1970.
    pub at: i64,
    /// The event.
    pub event: Event,
}

/// An event of the school.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// GEGI holds this course from now on.
    Course {
        /// The whole course.
        course: Box<Course>,
        /// Whether the event is lost, so that nobody tells the plugin.
        lost: bool,
    },
    /// GEGI no longer holds this course.
    Removed(String),
    /// School Settings change.
    Settings(SettingsChange),
    /// A person writes a mark into GEGI.
    HandMark {
        /// The class.
        class: String,
        /// The student.
        student: String,
        /// The mark.
        mark: Mark,
    },
    /// CourseKey pushes these attendance records.
    Push(Vec<String>),
    /// Requests to CourseKey go wrong from now on.
    Fault(Fault),
    /// CourseKey refuses one person from now on.
    RejectUser {
        /// GEGI's id of the person.
        user: String,
        /// CourseKey's code, for example `email_taken`.
        code: String,
    },
    /// The keys of every campus stop or start to work.
    Credentials(Credentials),
    /// The host is killed and started again.
    Restart,
    /// A person decides about what is held by then.
    Decide(DecisionForm),
}

/// What happens to the keys of every campus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// CourseKey no longer accepts the keys.
    Revoked,
    /// CourseKey accepts the keys again, and GEGI raises their generation.
    Restored,
}

/// A fault of the simulated CourseKey.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fault {
    /// The list whose requests meet the fault: `users`, `courses`, `sessions`, `enrollments` or `attendance`.
    pub on: String,
    /// What happens to these requests.
    pub kind: FaultKind,
    /// The status of the answer, for [`FaultKind::Status`].
    pub status: Option<u16>,
    /// The seconds of the answer's Retry-After.
    pub retry_after: Option<u32>,
    /// The number of requests that meet the fault.
    #[serde(default = "once")]
    pub times: u32,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// CourseKey answers with a status and does nothing.
    Status,
    /// No answer ever comes.
    Timeout,
    /// The answer's body ends in the middle.
    Cut,
    /// The request takes effect and its answer never comes.
    LostAnswer,
}

fn once() -> u32 {
    1
}

/// A line as it stands in the file; the schema has made sure that exactly one of the keys beside `at` and `lost` is
/// there.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ChangeLine {
    #[serde(deserialize_with = "instant")]
    at: i64,
    course: Option<CourseLine>,
    #[serde(default)]
    lost: bool,
    removed: Option<String>,
    settings: Option<SettingsChange>,
    hand_mark: Option<HandMarkLine>,
    push: Option<Vec<String>>,
    fault: Option<Fault>,
    coursekey: Option<RejectLine>,
    credentials: Option<Credentials>,
    restart: Option<bool>,
    decide: Option<DecisionForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandMarkLine {
    class: String,
    student: String,
    mark: Letter,
}

#[derive(Deserialize)]
enum Letter {
    P,
    L,
    A,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RejectLine {
    rejects_user: String,
    code: String,
}

impl ChangeLine {
    /// The change; none: the line holds none, which the schema does not allow.
    pub(super) fn into_change(self) -> Option<Change> {
        let lost = self.lost;
        let candidates = [
            self.course.map(|line| Event::Course { course: Box::new(line.0), lost }),
            self.removed.map(Event::Removed),
            self.settings.map(Event::Settings),
            self.hand_mark.map(HandMarkLine::into_event),
            self.push.map(Event::Push),
            self.fault.map(Event::Fault),
            self.coursekey.map(|line| Event::RejectUser { user: line.rejects_user, code: line.code }),
            self.credentials.map(Event::Credentials),
            self.restart.map(|_| Event::Restart),
            self.decide.map(Event::Decide),
        ];
        let event = candidates.into_iter().flatten().next()?;
        Some(Change { at: self.at, event })
    }
}

impl HandMarkLine {
    fn into_event(self) -> Event {
        let mark = match self.mark {
            Letter::P => Mark::Present,
            Letter::L => Mark::Late,
            Letter::A => Mark::Absent,
        };
        Event::HandMark { class: self.class, student: self.student, mark }
    }
}
