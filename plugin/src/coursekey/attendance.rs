//! Attendance records as they come from CourseKey: the listing, which the plugin polls page by page, and pushes of the
//! same records. Not here: how far the listing was read (`tick::poll`), and which mark a record means (`marking`).

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

/// The most bytes of an id: CourseKey's contract allows 100 characters, and several ids have to fit into one key of the
/// state.
const ID_BYTES: usize = 100;

/// The most characters that are kept of a name.
const NAME_CHARACTERS: usize = 100;

/// The most visits of a record: a punch every few minutes of a day. There is a limit because all records of a class lie
/// in one value of the state.
const VISITS: usize = 100;

/// The most records on a page.
const PAGE: usize = 500;

/// One page of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The records that could be read, in CourseKey's order.
    pub records: Vec<AttendanceRecord>,
    /// The records that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// The cursor with which the next page begins; none: this was the last page.
    pub next: Option<String>,
    /// The moment up to which the listing is complete; none: CourseKey does not say.
    pub as_of: Option<Instant>,
}

/// A record that cannot be read, with those of its fields that can be. A field is none if it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// CourseKey's id of the record.
    pub id: Option<RecordId>,
    /// The record's version.
    pub version: Option<u64>,
    /// The record's class.
    pub class: Option<ClassId>,
    /// The record's student.
    pub student: Option<PersonId>,
    /// When CourseKey wrote the record.
    pub updated_at: Option<Instant>,
    /// Why the record cannot be read.
    pub problem: String,
}

impl Unreadable {
    /// A push of which nothing at all can be read.
    pub fn whole(problem: String) -> Self {
        Self { id: None, version: None, class: None, student: None, updated_at: None, problem }
    }

    /// An empty record with the version after this one, to ask whether a later version was read. None: id, version,
    /// class or student cannot be read.
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

/// Asks CourseKey for one page of the records that changed at the instant `since` or later. None: the gate let no
/// request out.
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

/// Reads the records of a push. The error says why nothing of the push can be read.
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
    // The error gives the place and not the text, because the text may name people.
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

/// Reads as many fields of a record as can be read, whether or not the others can.
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

/// A key, and the test whether a value has the form that the key demands.
type Field<'a> = (&'a str, &'a dyn Fn(&Value) -> bool);

/// Checks that every key is there and has its form. The error names the key and does not repeat the value, which may
/// name people.
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
