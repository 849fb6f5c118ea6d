//! What the API answers, as far as the pages show it.

// Fields have the names of the API.
#![allow(clippy::struct_field_names)]

use serde::Deserialize;
use serde_json::{Map, Value};

mod attendance;

pub(crate) use attendance::{Explanation, Finding, LogRow, Mark, Obstacle, Seen, Version, Visit, Watched};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct School {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) coursekey_url: String,
    pub(crate) campuses: Vec<Campus>,
    pub(crate) settings: Map<String, Value>,
    /// `mirror` or `feed`.
    pub(crate) records: String,
    /// `running`, `paused` or `failing`.
    pub(crate) state: String,
    pub(crate) last_tick: Option<String>,
    pub(crate) next_tick: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) courses: Counts,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Campus {
    pub(crate) id: String,
    pub(crate) zone: String,
    pub(crate) coursekey_school_id: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Counts {
    pub(crate) disabled: u64,
    pub(crate) scheduled: u64,
    pub(crate) failed: u64,
    pub(crate) synchronized: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Overview {
    pub(crate) counts: Counts,
    pub(crate) found: usize,
    pub(crate) items: Vec<Row>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) head: Option<Head>,
    #[serde(flatten)]
    pub(crate) standing: Standing,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Head {
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) campus: String,
    pub(crate) group: String,
    pub(crate) groups: Vec<String>,
    pub(crate) program: String,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
    pub(crate) hours_type: String,
    pub(crate) students: usize,
    pub(crate) classes: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Standing {
    pub(crate) course: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) since: String,
    pub(crate) opens: Option<String>,
    pub(crate) closes: Option<String>,
    pub(crate) send_to_coursekey: bool,
    pub(crate) locked: bool,
    pub(crate) complete_until: Option<String>,
    pub(crate) issues: Vec<Issue>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Issue {
    pub(crate) code: String,
    pub(crate) course: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) student: Option<String>,
    pub(crate) sentence: String,
    pub(crate) owner: String,
    pub(crate) remedy: String,
    pub(crate) first_seen: String,
    pub(crate) resolved_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Course {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) campus: String,
    pub(crate) program: Named,
    pub(crate) group: Named,
    #[serde(default)]
    pub(crate) groups: Vec<Named>,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
    pub(crate) completed_date: Option<String>,
    pub(crate) hours_type: String,
    pub(crate) send_to_coursekey: String,
    pub(crate) instructors: Vec<Person>,
    pub(crate) students: Vec<Student>,
    pub(crate) classes: Vec<Class>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Student {
    #[serde(flatten)]
    pub(crate) person: Person,
    pub(crate) stage: String,
    pub(crate) agreement: String,
    pub(crate) stopped_on: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Class {
    pub(crate) id: String,
    pub(crate) starts: String,
    pub(crate) ends: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: String,
    pub(crate) what: String,
    pub(crate) course: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) student: Option<String>,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    pub(crate) by: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Hold {
    pub(crate) course: String,
    pub(crate) kind: String,
    pub(crate) hash: String,
    pub(crate) since: String,
    pub(crate) sentence: String,
    pub(crate) held: u32,
    pub(crate) rows: Vec<HeldRow>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HeldRow {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Preview {
    pub(crate) counts: Vec<PlannedCount>,
    pub(crate) waiting: u32,
    pub(crate) held: u32,
    pub(crate) items: Vec<CoursePreview>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PlannedCount {
    pub(crate) kind: String,
    pub(crate) act: String,
    pub(crate) number: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct CoursePreview {
    pub(crate) course: String,
    pub(crate) name: String,
    pub(crate) rest: Option<String>,
    pub(crate) first_send: bool,
    pub(crate) blocked: Option<String>,
    pub(crate) planned: Vec<Planned>,
    pub(crate) waiting: Vec<Waiting>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Planned {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) act: String,
    pub(crate) reason: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) reason: String,
    pub(crate) remedy: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Lately {
    pub(crate) requests: Vec<RequestLine>,
    pub(crate) calls: Vec<CallLine>,
    pub(crate) hours: Vec<HourLine>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RequestLine {
    pub(crate) at: String,
    pub(crate) campus: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) items: u32,
    pub(crate) status: Option<u16>,
    pub(crate) took_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct CallLine {
    pub(crate) at: String,
    pub(crate) export: String,
    pub(crate) ending: String,
    pub(crate) took_ms: u64,
    pub(crate) processor_ms: Option<u64>,
    pub(crate) memory_bytes: u64,
    pub(crate) requests: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct HourLine {
    pub(crate) hour: String,
    pub(crate) requests: u32,
    pub(crate) failed: u32,
    pub(crate) took_ms: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Checked {
    pub(crate) well: bool,
    pub(crate) sentence: String,
    pub(crate) remedy: Option<String>,
    pub(crate) owner: Option<String>,
}

/// The texts of an e-mail template.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Texts {
    pub(crate) subject: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct About {
    pub(crate) ships: Texts,
    pub(crate) variables: Vec<Variable>,
    pub(crate) columns: Vec<Variable>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) meaning: String,
    pub(crate) kind: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl School {
    /// The zone of a campus; of the first one, if there is no such campus.
    pub(crate) fn zone(&self, campus: &str) -> &str {
        let found = self.campuses.iter().find(|known| known.id == campus).or_else(|| self.campuses.first());
        found.map_or("UTC", |campus| campus.zone.as_str())
    }

    /// The zone of the school as a whole: that of its first campus.
    pub(crate) fn own_zone(&self) -> &str {
        self.zone("")
    }
}

impl CoursePreview {
    /// Whether there is anything to show.
    pub(crate) fn says_something(&self) -> bool {
        let is_at_rest = self.rest.is_none() && self.blocked.is_none();
        !(is_at_rest && self.planned.is_empty() && self.waiting.is_empty())
    }
}

impl Person {
    /// First and last name.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}
