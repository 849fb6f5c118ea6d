//! `serve --demo`: the service with two schools, a simulated CourseKey and virtual time, in one folder. Everything but the
//! clock and the network is as in production: the demo's GEGI speaks to the API like any other.
//!
//! Reading order: `calendar` and `college` (the files of the schools), `gegi` (what happens at them), `playback` and
//! `conductor` (how time goes), `trouble` (what people do to CourseKey).

mod calendar;
mod college;
mod conductor;
mod gegi;
mod playback;
mod trouble;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use host::clock::Clock as _;
use host::door::{Answer, Outgoing, Transport, TransportError};
use host::private;
use lab::directory::SchoolDirectory;
use lab::run::{CourseKey, simulated_key, simulated_push_key, simulator};
use secrecy::SecretString;
use service::client::ApiClient;
use service::config::Config;
use service::serve::{Ready, Surroundings};
use service::tenure::id_of;

use conductor::{Conductor, Position, Time};
use gegi::Gegi;

/// The school of the subcommand `demo`, which is played here in the days of the college's term.
const DEMO: &str = "demo";
/// From the first day of the demo school's fall term to that of the college's summer term.
const DAYS_EARLIER: i64 = 161;
/// What the clock shows at the beginning, the Friday before both terms.
const START: &str = "2023-05-19T12:00:00Z";
/// What the simulator's dice are thrown with.
const SEED: u64 = 1;

const SCHOOLS: [&str; 2] = [DEMO, college::ID];

/// A demo whose folder is ready.
pub(crate) struct Demo {
    folder: PathBuf,
    time: Time,
    schools: Vec<Gegi>,
}

impl Demo {
    /// Prepares the folder, or takes the demo in it that was ended.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub(crate) fn prepare(folder: &Path, listen: SocketAddr) -> anyhow::Result<Self> {
        private::create_folder(&folder.join("secrets"))?;
        private::create_folder(&folder.join("coursekey"))?;
        private::write(&folder.join("serve.toml"), configuration(listen).as_bytes())?;
        if !folder.join("secrets/operator-token").exists() {
            private::write(&folder.join("secrets/operator-token"), service::secrets::new_token()?.as_bytes())?;
        }
        let position = position(folder)?;
        let time = Time::new(position.clock);
        let played = SCHOOLS.iter().zip(position.played);
        let schools = played.map(|(school, played)| prepare_school(folder, school, &time, played));
        Ok(Self { folder: folder.to_owned(), schools: schools.collect::<anyhow::Result<_>>()?, time })
    }

    /// The configuration of the service.
    ///
    /// # Errors
    /// The folder was changed meanwhile.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::read(&self.folder.join("serve.toml"))?)
    }

    /// What the service stands in: the virtual clock, and the simulated CourseKey of each school.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let of_school = |gegi: &Gegi| (gegi.school.to_owned(), Arc::clone(&gegi.coursekey));
        let simulated: trouble::Simulated = Arc::new(self.schools.iter().map(of_school).collect());
        let routes = self.time.routes().merge(trouble::routes(Arc::clone(&simulated)));
        let clock = Arc::clone(&self.time.clock) as _;
        Surroundings { clock, network: Arc::new(BySchool(simulated)), routes, front: console::in_front_of }
    }

    /// Creates what is not there yet and lets time go, for as long as the service lives.
    ///
    /// # Errors
    /// The service cannot be asked.
    pub(crate) fn conduct(self, ready: &Ready) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
        let Self { folder, time, schools } = self;
        let token = std::fs::read_to_string(folder.join("secrets/operator-token"))?;
        let client = ApiClient::new(&format!("http://{}", ready.address()?), SecretString::from(token))?;
        let service = ready.service().clone();
        Ok(async move {
            let position = folder.join("demo.json");
            if !position.exists() {
                for school in &schools {
                    school.create(&folder.join("schools").join(school.school), &client).await?;
                }
            }
            Conductor { time, service, schools, client, position }.conduct().await
        })
    }
}

/// Where a demo that was ended stopped; one that begins is at its start.
fn position(folder: &Path) -> anyhow::Result<Position> {
    let file = folder.join("demo.json");
    if file.exists() {
        return Ok(serde_json::from_slice(&std::fs::read(file)?)?);
    }
    Ok(Position { clock: START.parse::<DateTime<Utc>>()?, played: vec![0; SCHOOLS.len()] })
}

fn configuration(listen: SocketAddr) -> String {
    format!(
        "# Written by `host-harness serve --demo`.\nlisten = \"{listen}\"\nstore = \"sqlite:gegi.sqlite\"\n\
         secrets = \"secrets\"\n\n[mail]\ntransport = \"folder\"\nfolder = \"mails\"\n\
         from = \"GEGI <gegi@example.edu>\"\n\n[coursekey]\nallowed-hosts = [\"coursekey.example:443\"]\n\
         requests-per-second = 100000\n\n\
         [console]\nopen-on-loopback = true\nedits-courses = true\n"
    )
}

/// Writes the files of a school unless they are there, and joins the school with its CourseKey.
fn prepare_school(folder: &Path, school: &'static str, time: &Time, played: usize) -> anyhow::Result<Gegi> {
    let files = folder.join("schools").join(school);
    if !files.join("school.toml").exists() {
        private::create_folder(&files)?;
        for (name, text) in files_of(school) {
            private::write(&files.join(name), text.as_bytes())?;
        }
    }
    let directory = SchoolDirectory::read(&files)?;
    let campuses = directory.settings.campuses.clone();
    for campus in &campuses {
        let secret = |kind: &str| folder.join("secrets").join(format!("{school}.{}.{kind}", campus.id));
        private::write(&secret("key"), simulated_key(&campus.id).expose().as_bytes())?;
        let push_key = format!("whsec_{}", STANDARD.encode(simulated_push_key(&campus.id)));
        private::write(&secret("push-keys"), push_key.as_bytes())?;
    }
    let log = folder.join("coursekey").join(format!("{school}.jsonl"));
    let simulator = simulator(&campuses, Some(&directory), Some(&log), SEED, time.clock.now())?;
    let coursekey = Arc::new(CourseKey::simulated(&campuses, simulator, Arc::clone(&time.clock) as _));
    Gegi::new(school, &files, coursekey, campuses, played)
}

/// The files of a school, each with its name.
fn files_of(school: &str) -> Vec<(&'static str, String)> {
    if school == DEMO {
        let earlier = |(name, text): (&'static str, &str)| (name, calendar::days_earlier(text, DAYS_EARLIER));
        return crate::cli::DEMO_SCHOOL.into_iter().map(earlier).collect();
    }
    let lines = |values: Vec<serde_json::Value>| {
        values.iter().fold(String::new(), |text, value| text + &value.to_string() + "\n")
    };
    vec![
        ("school.toml", college::SCHOOL.to_owned()),
        ("courses.jsonl", lines(college::courses())),
        ("changes.jsonl", lines(college::changes())),
    ]
}

/// The way to the simulated CourseKey of each school.
struct BySchool(trouble::Simulated);

#[async_trait]
impl Transport for BySchool {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        match self.0.get(id_of(&outgoing.school)) {
            Some(coursekey) => coursekey.transport.send(outgoing).await,
            None => Err(TransportError::Cut),
        }
    }
}
