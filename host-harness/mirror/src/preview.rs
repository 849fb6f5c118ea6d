//! What the ticks that begin now would do, as the API and the command line have it.

use host::school::{CoursePreview, ItemCount, PlannedItem, PreviewPage, WaitingItem};
use serde::Serialize;

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PreviewForm {
    /// How much would be sent of all courses that were asked about, also of those on other pages.
    pub counts: Vec<CountLine>,
    /// How many items of these courses would not be sent.
    pub waiting: u32,
    /// How many of those are held as a possible accident.
    pub held: u32,
    /// The courses with something to show.
    pub items: Vec<CoursePreviewForm>,
    /// The course behind which the next page begins; none: there are no more.
    pub next: Option<String>,
}

/// How many items of a kind something would be done with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountLine {
    /// `instructor`, `student`, `course`, `class` or `enrollment`.
    pub kind: &'static str,
    /// `add`, `change` or `remove`.
    pub act: &'static str,
    /// How many.
    pub number: u32,
}

/// What would be done to a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CoursePreviewForm {
    /// The course.
    pub course: String,
    /// Its number and title.
    pub name: String,
    /// Why nothing of it is sent; none: something may be sent.
    pub rest: Option<String>,
    /// Whether it is sent for the first time, which locks Send to CourseKey.
    pub first_send: bool,
    /// What keeps everything of its campus from CourseKey; none: nothing does.
    pub blocked: Option<String>,
    /// What would be sent, in CourseKey's order of work.
    pub planned: Vec<PlannedLine>,
    /// What would not be sent.
    pub waiting: Vec<WaitingLine>,
}

/// An item that would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedLine {
    /// As in [`CountLine`].
    pub kind: &'static str,
    /// GEGI's id of the person, the course or the class.
    pub id: String,
    /// A person's name, the course's number and title, or a class's local date and time; empty: unknown.
    pub name: String,
    /// As in [`CountLine`].
    pub act: &'static str,
    /// Why.
    pub reason: String,
}

/// An item that would not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingLine {
    /// As in [`CountLine`].
    pub kind: &'static str,
    /// GEGI's id of the person, the course or the class.
    pub id: String,
    /// As in [`PlannedLine`].
    pub name: String,
    /// Why not.
    pub reason: String,
    /// What changes that; empty: it follows by itself.
    pub remedy: String,
}

impl From<PreviewPage> for PreviewForm {
    fn from(page: PreviewPage) -> Self {
        let PreviewPage { counts, waiting, held, courses, next } = page;
        let count = |ItemCount { kind, act, number }| CountLine { kind: kind.word(), act: act.word(), number };
        Self {
            counts: counts.into_iter().map(count).collect(),
            waiting,
            held,
            items: courses.into_iter().map(CoursePreviewForm::from).collect(),
            next,
        }
    }
}

impl From<CoursePreview> for CoursePreviewForm {
    fn from(from: CoursePreview) -> Self {
        let CoursePreview { course, name, rest, first_send, blocked, planned, waiting } = from;
        let planned_line = |PlannedItem { kind, id, name, act, reason }| {
            let (kind, act) = (kind.word(), act.word());
            PlannedLine { kind, id, name, act, reason }
        };
        let waiting_line = |WaitingItem { kind, id, name, reason, remedy }| {
            let kind = kind.word();
            WaitingLine { kind, id, name, reason, remedy }
        };
        Self {
            course,
            name,
            rest,
            first_send,
            blocked,
            planned: planned.into_iter().map(planned_line).collect(),
            waiting: waiting.into_iter().map(waiting_line).collect(),
        }
    }
}
