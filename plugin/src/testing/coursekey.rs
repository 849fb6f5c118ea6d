//! A CourseKey of a few lines. It takes every item that a test does not tell it to refuse, serves the attendance
//! records that a test gives it, and keeps a log of the items that were written.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::world::network::{Method, Reply, Request, Unheard};

/// Wrong answers that CourseKey gives instead of the right ones, in order.
pub(crate) type Faults = VecDeque<Result<(u16, &'static str), Unheard>>;

#[derive(Default)]
pub(crate) struct CourseKey {
    /// The items that were written, one a line.
    pub(crate) log: Vec<String>,
    /// The code with which an item is refused, by the item's key.
    pub(crate) refuses: SortedMap<String, String>,
    /// Wrong answers, by the last segment of the request's path.
    pub(crate) faults: SortedMap<String, Faults>,
    /// Attendance records, as JSON, ascending by `updatedAt`.
    pub(crate) records: Vec<Value>,
    /// Attendance records of School IDs that have their own, by School ID.
    pub(crate) elsewhere: SortedMap<u64, Vec<Value>>,
    /// School IDs whose requests for attendance are answered with 503.
    pub(crate) down: SortedSet<u64>,
    /// The School ID and the `updatedSince` of each request for attendance.
    pub(crate) asked: Vec<String>,
    /// The accounts that a search by e-mail finds.
    pub(crate) accounts: Vec<Value>,
    /// The time zone with which the connection check is answered; none: the campus's.
    pub(crate) zone: Option<String>,
    /// How many of the next requests to a list CourseKey carries out without that its answer arrives.
    pub(crate) loses_answers: SortedMap<String, u32>,
    /// The requests that are answered with 503: the list, and the number of the request to the list from the start on.
    pub(crate) breaks_at: SortedSet<(String, u32)>,
    /// The revision of the item that was written last.
    pub(crate) revision: u64,
    /// How many requests came, by the last segment of the path.
    pub(crate) requests: SortedMap<String, u32>,
}

impl CourseKey {
    pub(crate) fn answer(&mut self, request: &Request, now: Instant) -> Result<Reply, Unheard> {
        let path = request.url.split('?').next().unwrap_or_default().to_owned();
        let list = path.rsplit('/').next().unwrap_or_default().to_owned();
        let count = self.requests.entry(list.clone()).or_default();
        *count += 1;
        let mut breaks = self.breaks_at.contains(&(list.clone(), *count));
        if list == "attendance" {
            let (school, since) = Self::asks_for(request);
            breaks |= self.down.contains(&school);
            self.asked.push(format!("{school} since {since}"));
        }
        if breaks {
            return Ok(Reply { status: 503, retry_after: None, body: Vec::new() });
        }
        if let Some(fault) = self.faults.get_mut(&list).and_then(VecDeque::pop_front) {
            self.log.push(format!("{list}: {fault:?}"));
            return fault.map(|(status, body)| Reply { status, retry_after: None, body: body.as_bytes().to_vec() });
        }
        let is_lost = self.loses_answers.get_mut(&list).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
        let body = match (request.method, list.as_str()) {
            (Method::Put, _) => self.write(&serde_json::from_slice(&request.body).unwrap()),
            (Method::Get, "users") => json!({ "items": self.accounts, "next": null }),
            (Method::Get, "attendance") => self.attendance(request, now),
            (Method::Get, school) => {
                json!({ "schoolId": school.parse::<u64>().unwrap(), "timeZone": self.zone.as_deref().unwrap_or("America/New_York") })
            }
        };
        if is_lost {
            return Err(Unheard::TimedOut);
        }
        Ok(Reply { status: 200, retry_after: None, body: serde_json::to_vec(&body).unwrap() })
    }

    fn write(&mut self, batch: &Value) -> Value {
        let results: Vec<Value> = batch["items"].as_array().unwrap().iter().map(|item| self.write_item(item)).collect();
        json!({ "results": results })
    }

    fn write_item(&mut self, item: &Value) -> Value {
        self.revision = item["revision"].as_u64().unwrap();
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        let (key, line, id) = if item["issuedId"].is_string() {
            let role = if item["teacher"] == true { "teacher" } else { "user" };
            let adopted = item["accountId"].as_str().map(|id| format!(" adopting {id}")).unwrap_or_default();
            (
                json!({ "issuedId": item["issuedId"] }),
                format!("{role} {} {}{adopted}", text("issuedId"), text("email")),
                text("issuedId"),
            )
        } else if item["userId"].is_string() {
            let verb = if item["dropped"] == true { "drop" } else { "enroll" };
            let key = json!({ "courseId": item["courseId"], "userId": item["userId"] });
            (
                key,
                format!("{verb} {} in {}", text("userId"), text("courseId")),
                format!("{}/{}", text("courseId"), text("userId")),
            )
        } else if item["name"].is_string() {
            let line = format!("course {} by {} with {}", text("externalId"), text("owner"), item["instructors"]);
            (json!({ "externalId": item["externalId"] }), line, text("externalId"))
        } else {
            let verb = if item["removed"] == true { "remove class" } else { "class" };
            let line = format!("{verb} {} {}", text("externalId"), text("startsAt"));
            (json!({ "externalId": item["externalId"] }), line.trim().to_owned(), text("externalId"))
        };
        let refused = self.refuses.get(&id).filter(|code| *code != "email_taken" || item["accountId"].is_null());
        if let Some(code) = refused {
            self.log.push(format!("{line}: {code}"));
            return json!({ "key": key, "outcome": "rejected", "error": { "code": code, "field": null, "message": "no" } });
        }
        self.log.push(line);
        json!({ "key": key, "outcome": "created" })
    }

    /// The School ID and the `updatedSince` of a request for attendance.
    fn asks_for(request: &Request) -> (u64, String) {
        let school = request.url.split("/schools/").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
        (school, request.url.split("updatedSince=").nth(1).unwrap().split('&').next().unwrap().replace("%3A", ":"))
    }

    fn attendance(&mut self, request: &Request, now: Instant) -> Value {
        let (school, since) = Self::asks_for(request);
        let after: usize =
            request.url.split("&after=").nth(1).map_or(0, |tail| tail.split('&').next().unwrap().parse().unwrap());
        let updated = |record: &&Value| record["updatedAt"].as_str().unwrap().to_owned();
        let records = self.elsewhere.get(&school).unwrap_or(&self.records);
        let all: Vec<&Value> = records
            .iter()
            .filter(|record| updated(record) >= since && Instant::parse(&updated(record)).unwrap() <= now)
            .collect();
        let page: Vec<&Value> = all.iter().skip(after).take(2).copied().collect();
        let next = (after + page.len() < all.len()).then(|| (after + page.len()).to_string());
        json!({ "records": page, "next": next, "asOf": now.to_string() })
    }
}
