//! GEGI and its people at a demo school: they create the school and its courses over the API, and what happens to the
//! school afterwards is played from its files.

// A JSON value that lacks a key gives null.
#![allow(clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use host::gegi::Campus;
use http::Method;
use lab::directory::Fault;
use lab::run::{CourseKey, SIMULATED_URL, ToPush};
use serde::Deserialize;
use serde_json::{Value, json};
use service::client::{ApiClient, ApiError};
use service::service::Service;

/// The GEGI of one school.
pub(super) struct Gegi {
    pub(super) school: &'static str,
    pub(super) coursekey: Arc<CourseKey>,
    campuses: Vec<Campus>,
    /// What still happens, in its order.
    coming: VecDeque<Change>,
    /// How much of it has happened.
    pub(super) played: usize,
}

/// Something that happens.
#[derive(Deserialize)]
struct Change {
    at: DateTime<Utc>,
    #[serde(flatten)]
    event: Event,
}

/// What happens; the events of `changes.jsonl` that the demo's schools have.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Event {
    Course(Value),
    HandMark { class: String, student: String, mark: String },
    Push(Vec<String>),
    Fault(Fault),
}

/// The lines of a file, each a JSON value; none: there is no such file.
fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(path)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

impl Gegi {
    /// The GEGI of the school whose files lie in `folder`, after it played so many changes.
    pub(super) fn new(
        school: &'static str,
        folder: &Path,
        coursekey: Arc<CourseKey>,
        campuses: Vec<Campus>,
        played: usize,
    ) -> anyhow::Result<Self> {
        let mut coming: Vec<Change> = lines(&folder.join("changes.jsonl"))?;
        coming.sort_by_key(|change| change.at);
        let coming = coming.into_iter().skip(played).collect();
        Ok(Self { school, coursekey, campuses, coming, played })
    }

    /// Creates the school and its courses, unless the service has the school.
    pub(super) async fn create(&self, folder: &Path, client: &ApiClient) -> anyhow::Result<()> {
        let school = format!("/v1/schools/{}", self.school);
        let courses = format!("{school}/courses");
        // The school is created first and its courses after it: a demo that was ended in between goes on.
        if client.ask(Method::GET, &school, None).await.is_err() {
            let file: Value = toml_as_json(&folder.join("school.toml"))?;
            let body = json!({"name": file["name"], "coursekey-url": SIMULATED_URL, "campuses": file["campus"],
                "settings": file["settings"]});
            put(client, &school, &body).await?;
        }
        for course in lines::<Value>(&folder.join("courses.jsonl"))? {
            put(client, &format!("{courses}/{}", course["id"].as_str().unwrap_or_default()), &course).await?;
        }
        Ok(())
    }

    /// When the next change happens.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.coming.front().map(|change| change.at)
    }

    /// Has everything happen that happens up to `now`; says whether anything did.
    pub(super) async fn play(
        &mut self,
        now: DateTime<Utc>,
        service: &Service,
        client: &ApiClient,
    ) -> anyhow::Result<bool> {
        let played = self.played;
        while let Some(change) = self.coming.front().filter(|change| change.at <= now) {
            self.happen(&change.event, now, service, client).await?;
            self.coming.pop_front();
            self.played += 1;
        }
        Ok(self.played > played)
    }

    async fn happen(
        &self,
        event: &Event,
        now: DateTime<Utc>,
        service: &Service,
        client: &ApiClient,
    ) -> anyhow::Result<()> {
        let school = format!("/v1/schools/{}", self.school);
        match event {
            Event::Course(course) => {
                let id = course["id"].as_str().unwrap_or_default();
                let path = format!("{school}/courses/{id}");
                // People change courses in the pages as well, and each change is the next revision.
                let held =
                    client.ask(Method::GET, &path, None).await.map_or(0, |held| held["revision"].as_u64().unwrap_or(0));
                let mut course = course.clone();
                course["revision"] = course["revision"].as_u64().unwrap_or(0).max(held + 1).into();
                put(client, &path, &course).await?;
            }
            Event::HandMark { class, student, mark } => {
                put(client, &format!("{school}/marks/{class}/{student}"), &json!({ "mark": mark })).await?;
            }
            Event::Push(ids) => self.push(ids, now, service).await?,
            Event::Fault(fault) => self.coursekey.order_fault(fault)?,
        }
        Ok(())
    }

    /// CourseKey pushes records.
    async fn push(&self, ids: &[String], now: DateTime<Utc>, service: &Service) -> anyhow::Result<()> {
        let Some(school) = service.school_if_any(self.school).await? else { return Ok(()) };
        for (campus, push) in self.coursekey.push(now, &self.campuses, ToPush::Records(ids))? {
            school.school.attendance_received(&campus, push).await?;
        }
        service.wake(&school, host::schedule::Wake::Changed).await;
        Ok(())
    }
}

async fn put(client: &ApiClient, path: &str, body: &Value) -> Result<Value, ApiError> {
    client.ask(Method::PUT, path, Some(body.to_string().into_bytes())).await
}

fn toml_as_json(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path)?;
    let document = mirror::form::Document::parse(&text).map_err(|error| anyhow::Error::msg(error.why))?;
    Ok(document.to_json())
}
