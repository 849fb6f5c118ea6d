//! Attendance records as they come from CourseKey: the polled listing, page by page, and pushes of the same records.

use serde::Deserialize;
use serde_json::Value;

use super::answer::Answer;
use super::reads::{escape, one};
use super::{Gate, request};
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Visit};
use crate::model::ids::{Address, ClassId, PersonId, RecordId};
use crate::model::time::{Instant, Seconds};
use crate::world::Network;
use crate::world::network::{Kind, Method};

/// The longest id in bytes: CourseKey's contract has 100 characters, and several have to fit into a key of the storage.
const ID_BYTES: usize = 100;

/// What is kept of a name.
const NAME_CHARACTERS: usize = 100;

/// The most visits of a record: a punch every few minutes of a day. A class's records lie in one value of the storage.
const VISITS: usize = 100;

/// The most records on a page.
const PAGE: usize = 500;

/// One page of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Records that could be read, in CourseKey's order.
    pub records: Vec<AttendanceRecord>,
    /// Records that could not, with what is wrong with each.
    pub unreadable: Vec<Unreadable>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<String>,
    /// Up to when the listing is complete.
    pub as_of: Option<Instant>,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// CourseKey's id of it, if that much could be read.
    pub id: Option<RecordId>,
    /// Its version, likewise.
    pub version: Option<u64>,
    /// The class it is of, likewise.
    pub class: Option<ClassId>,
    /// The student, likewise.
    pub student: Option<PersonId>,
    /// When CourseKey wrote it, likewise.
    pub updated_at: Option<Instant>,
    /// What is wrong.
    pub problem: String,
}

impl Unreadable {
    /// Nothing of what came can be read.
    pub fn whole(problem: String) -> Self {
        Self { id: None, version: None, class: None, student: None, updated_at: None, problem }
    }

    /// The version after this one, of which no more is known; none where not even that much could be read.
    pub fn next_version(&self) -> Option<AttendanceRecord> {
        Some(AttendanceRecord {
            id: self.id.clone()?,
            version: self.version?.saturating_add(1),
            class: self.class.clone()?,
            student: self.student.clone()?,
            updated_at: self.updated_at.unwrap_or(Instant(0)),
            visits: Vec::new(),
            adjustment: None,
        })
    }
}

/// Reads one page of what changed since an instant (inclusive); none when the gate let no request out.
pub fn page(
    world: &mut impl Network,
    gate: &mut dyn Gate,
    base: &str,
    address: &Address,
    since: Instant,
    after: Option<&str>,
) -> Option<Answer<Page>> {
    let after = after.map(|cursor| format!("&after={}", escape(cursor))).unwrap_or_default();
    let tail = format!("/attendance?updatedSince={}{after}&limit={PAGE}", escape(&since.to_string()));
    let request = request(base, address, Kind::Attendance, Method::Get, &tail);
    let now = world.now();
    one(world, gate, request, now, read_page)
}

/// Reads the records of a push; the error says why nothing of it can be read.
pub fn read_push(body: &[u8]) -> Result<Page, String> {
    read_page(body)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePage {
    records: Vec<Value>,
    #[serde(default)]
    next: Option<String>,
    #[serde(default)]
    as_of: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRecord {
    id: String,
    version: u64,
    session_id: String,
    user_id: String,
    updated_at: String,
    visits: Vec<WireVisit>,
    #[serde(default)]
    adjustment: Option<WireAdjustment>,
}

#[derive(Deserialize)]
struct WireVisit {
    #[serde(rename = "in")]
    checked_in: String,
    #[serde(rename = "out", default)]
    checked_out: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAdjustment {
    kind: AdjustmentKind,
    by: String,
    #[serde(default)]
    awarded_seconds: Option<i64>,
}

fn read_page(body: &[u8]) -> Result<Page, String> {
    // What stands there is not repeated: it may name people.
    let wire: WirePage = serde_json::from_slice(body).map_err(|problem| {
        format!("it is no page of attendance records (line {}, column {})", problem.line(), problem.column())
    })?;
    let mut page = Page { records: Vec::new(), unreadable: Vec::new(), next: wire.next, as_of: None };
    page.as_of = wire.as_of.map(|text| instant("asOf", &text)).transpose()?;
    for value in wire.records {
        let unreadable = unreadable(&value);
        match record(value) {
            Ok(record) => page.records.push(record),
            Err(problem) => page.unreadable.push(Unreadable { problem, ..unreadable }),
        }
    }
    Ok(page)
}

/// As much of a record as can be read, whatever the rest.
fn unreadable(value: &Value) -> Unreadable {
    let text = |key| value.get(key).and_then(Value::as_str);
    let id = |key| text(key).filter(|id| id.len() <= ID_BYTES);
    Unreadable {
        id: id("id").map(RecordId::from),
        version: value.get("version").and_then(Value::as_u64),
        class: id("sessionId").map(ClassId::from),
        student: id("userId").map(PersonId::from),
        updated_at: text("updatedAt").and_then(Instant::parse),
        problem: String::new(),
    }
}

fn record(value: Value) -> Result<AttendanceRecord, String> {
    check_form(&value)?;
    let wire: WireRecord =
        serde_json::from_value(value).map_err(|_| "visits or adjustment are not of their form".to_owned())?;
    Ok(AttendanceRecord {
        id: RecordId(wire.id),
        version: wire.version,
        class: ClassId(wire.session_id),
        student: PersonId(wire.user_id),
        updated_at: instant("updatedAt", &wire.updated_at)?,
        visits: wire.visits.iter().map(visit).collect::<Result<_, _>>()?,
        adjustment: wire.adjustment.map(|wire| Adjustment {
            kind: wire.kind,
            by: wire.by.chars().take(NAME_CHARACTERS).collect(),
            awarded: wire.awarded_seconds.map(Seconds),
        }),
    })
}

/// A key and whether a value is of its form.
type Field<'a> = (&'a str, &'a dyn Fn(&Value) -> bool);

/// Names what is missing or of another form, and does not repeat what stands there: it may name people.
fn check_form(value: &Value) -> Result<(), String> {
    let is_id = |value: &Value| value.as_str().is_some_and(|id| !id.is_empty() && id.len() <= ID_BYTES);
    let fields: [Field<'_>; 6] = [
        ("id", &is_id),
        ("version", &Value::is_u64),
        ("sessionId", &is_id),
        ("userId", &is_id),
        ("updatedAt", &Value::is_string),
        ("visits", &|visits| visits.as_array().is_some_and(|visits| visits.len() <= VISITS)),
    ];
    match fields.iter().find(|(key, is_of_form)| !value.get(*key).is_some_and(is_of_form)) {
        Some((key, _)) => Err(format!("{key} is missing or not of its form")),
        None => Ok(()),
    }
}

fn visit(wire: &WireVisit) -> Result<Visit, String> {
    let checked_out = wire.checked_out.as_deref().map(|text| instant("out", text)).transpose()?;
    Ok(Visit { checked_in: instant("in", &wire.checked_in)?, checked_out })
}

fn instant(field: &str, text: &str) -> Result<Instant, String> {
    Instant::parse(text).ok_or_else(|| format!("{field} is not an RFC 3339 instant"))
}
