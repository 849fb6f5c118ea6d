//! The doctor: examines what the service needs, from the files to each campus's key, and says of each finding what is wrong
//! and how to cure it. Nothing is changed: CourseKey is asked only for the school itself.

use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use host::clock::{Clock, SystemClock};
use host::door::{CredentialHeader, ExtraRoots, Outgoing, Sender, Transport, TransportError};
use host::gegi::{Campus, SchoolSettings};
use host::school::HostConfig;
use host::store::sqlite::OpenError;
use host::store::{MemoryStore, PostgresStore, SchoolId, SqliteStore, Store};
use http::{HeaderMap, Request, StatusCode, header};
use mirror::book::{Book, Keeps};
use serde::Serialize;

use crate::config::{Config, StoreAt};
use crate::mail::Way;
use crate::registry::Registry;
use crate::secrets::{Environment, Secrets};
use crate::trial::Components;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is well.
    Well,
    /// It works, and somebody should look at it.
    Doubtful,
    /// It does not work.
    Broken,
}

/// One thing that was examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was examined.
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub diagnosis: String,
    /// What to do; empty: nothing.
    pub cure: String,
}

/// How far two clocks may be apart before somebody should look: CourseKey's pushes are refused at five minutes.
const SKEW_DOUBTFUL: TimeDelta = TimeDelta::seconds(60);
const SKEW_BROKEN: TimeDelta = TimeDelta::minutes(5);
/// Open files that a thousand schools need.
const OPEN_FILES: u64 = 4_096;
/// How long a mail server may take to be reached.
const PATIENCE: Duration = Duration::from_secs(5);
/// Schools read from the registry at a time.
const PAGE: usize = 1_000;

/// Collects what is found.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn add(&mut self, what: &str, verdict: Verdict, diagnosis: impl Into<String>, cure: impl Into<String>) {
        let (what, diagnosis, cure) = (what.to_owned(), diagnosis.into(), cure.into());
        self.0.push(Finding { what, verdict, diagnosis, cure });
    }

    fn well(&mut self, what: &str, diagnosis: impl Into<String>) {
        self.add(what, Verdict::Well, diagnosis, "");
    }

    fn broken(&mut self, what: &str, diagnosis: impl Into<String>, cure: impl Into<String>) {
        self.add(what, Verdict::Broken, diagnosis, cure);
    }
}

/// Examines everything that a configuration names.
pub async fn examine(config: &Config, components: &Components, environment: Environment) -> Vec<Finding> {
    let mut report = Report::default();
    match components.compile() {
        Ok(engine) => {
            report.well("component", format!("it is compiled and imports {} interfaces", engine.imports().len()));
        }
        Err(error) => report.broken("component", error.to_string(), "do what the diagnosis says"),
    }
    match components.compile_ahead() {
        Ok(None) => {}
        Ok(Some(_)) => report.well("component-ahead", format!("it runs for {} schools", config.schools_ahead.len())),
        Err(error) => report.broken("component-ahead", error.to_string(), "do what the diagnosis says"),
    }
    examine_limits(&mut report);
    examine_mail(config, &mut report);
    let secrets = match Secrets::open(&config.secrets, config.secrets_mounted, environment) {
        Ok(secrets) => {
            report.well("secrets", "nobody else can read them, and the operator has a token");
            Some(secrets)
        }
        Err(error) => {
            report.broken("secrets", error.to_string(), "do what the diagnosis says");
            None
        }
    };
    let store = examine_store(config, &mut report).await;
    if let (Some(secrets), Some(store)) = (secrets, store) {
        examine_schools(config, components, &secrets, &store, &mut report).await;
    }
    report.0
}

fn examine_limits(report: &mut Report) {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find(|line| line.starts_with("Max open files"));
    let files: Option<u64> = files.and_then(|line| line.split_whitespace().nth(3)).and_then(|text| text.parse().ok());
    match files {
        Some(files) if files < OPEN_FILES => {
            let cure = format!("raise the limit to {OPEN_FILES}, for example with LimitNOFILE in the systemd unit");
            report.add("open files", Verdict::Doubtful, format!("at most {files} may be open"), cure);
        }
        Some(files) => report.well("open files", format!("at most {files} may be open")),
        None => report.well("open files", "as many as the system allows"),
    }
}

fn examine_mail(config: &Config, report: &mut Report) {
    let mail = &config.mail;
    match mail.transport {
        Way::None => report.add("mail", Verdict::Doubtful, "mails go nowhere", "write a [mail] table with a transport"),
        Way::Folder => report.well("mail", "mails are written into a folder"),
        Way::Smtp => {
            let server = format!("{}:{}", mail.host.as_deref().unwrap_or_default(), mail.port());
            let reached = server.to_socket_addrs().and_then(|mut addresses| {
                let address = addresses.next().ok_or_else(|| std::io::Error::other("the name has no address"))?;
                std::net::TcpStream::connect_timeout(&address, PATIENCE)
            });
            match reached {
                Ok(_) => report.well("mail", format!("{server} can be reached; nothing was sent")),
                Err(error) => report.broken(
                    "mail",
                    format!("{server} cannot be reached: {error}"),
                    "correct host and port under [mail], or let the network reach it",
                ),
            }
        }
    }
}

async fn examine_store(config: &Config, report: &mut Report) -> Option<Arc<dyn Store>> {
    match config.store() {
        StoreAt::Sqlite(path) if !path.exists() => {
            let diagnosis = format!("{} does not exist yet; the service creates it", path.display());
            report.well("storage", diagnosis);
            None
        }
        StoreAt::Sqlite(path) => match SqliteStore::open(&path) {
            Ok(store) => {
                report.well("storage", format!("{} can be used, and its schema is the latest", path.display()));
                Some(Arc::new(store))
            }
            Err(OpenError::InUse(_)) => {
                let cure = "ask the running service with `host-harness school list`, or stop it to examine the schools";
                report.add("storage", Verdict::Well, "a service that runs uses it", cure);
                None
            }
            Err(error) => {
                report.broken("storage", error.to_string(), "do what the diagnosis says");
                None
            }
        },
        StoreAt::Postgres(url) => match PostgresStore::open(&url).await {
            Ok(store) => {
                report.well("storage", "PostgreSQL answers, and its schema is the latest");
                Some(Arc::new(store))
            }
            Err(error) => {
                report.broken("storage", error.to_string(), "do what the diagnosis says");
                None
            }
        },
    }
}

async fn examine_schools(
    config: &Config,
    components: &Components,
    secrets: &Secrets,
    store: &Arc<dyn Store>,
    report: &mut Report,
) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let registry = Registry::new(Arc::clone(store), Arc::clone(&clock));
    let mut sender = Sender::new(&components.limits().http, config.loopback_allowed);
    match components.left(&registry).await {
        Ok(None) => {}
        Ok(Some(sentence)) => {
            let cure = "name another component; the same file is not tried again";
            report.add("component", Verdict::Doubtful, sentence, cure);
        }
        Err(error) => report.broken("component", error.to_string(), "see that the storage can be read"),
    }
    if let Some(ca) = &config.coursekey.ca {
        match ExtraRoots::read(ca) {
            Ok(roots) => sender = sender.with_extra_roots(&roots),
            Err(error) => report.broken("coursekey.ca", error.to_string(), "name a file of PEM certificates"),
        }
    }
    for school in &config.schools_ahead {
        if let Ok(None) = registry.get(school).await {
            let cure = "correct its name at schools-ahead, or take it off the list";
            report.add(school, Verdict::Doubtful, "it is ahead of all others, and there is no such school", cure);
        }
    }
    let mut after: Option<String> = None;
    loop {
        let page = match registry.list(after.as_deref(), PAGE).await {
            Ok(page) => page,
            Err(error) => return report.broken("schools", error.to_string(), "see that the storage can be read"),
        };
        for (id, registered) in &page {
            let book = Book::new(Arc::clone(store), registered.book_stored_as(id), Arc::clone(&clock), Keeps::Records);
            match book.settings_if_any().await {
                Ok(Some(settings)) => {
                    let school = Examined { id, settings: &settings, secrets, config, sender: &sender };
                    school.examine(report).await;
                }
                Ok(None) => {}
                Err(error) => report.broken(id, error.to_string(), "run the version that wrote it, or a later one"),
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => after = Some(last.clone()),
            _ => return,
        }
    }
}

/// A school that is examined.
struct Examined<'a> {
    id: &'a str,
    settings: &'a SchoolSettings,
    secrets: &'a Secrets,
    config: &'a Config,
    sender: &'a Sender,
}

impl Examined<'_> {
    async fn examine(&self, report: &mut Report) {
        let nowhere: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let rules = HostConfig {
            loopback_allowed: self.config.loopback_allowed,
            allowed_hosts: self.config.allowed_hosts().ok(),
            ..HostConfig::new(Arc::new(SystemClock), nowhere, Arc::new(Nowhere))
        };
        if let Err(denial) = rules.check(self.settings) {
            return report.broken(self.id, denial.to_string(), "do what the diagnosis says");
        }
        for campus in &self.settings.campuses {
            self.examine_campus(campus, report).await;
        }
    }

    async fn examine_campus(&self, campus: &Campus, report: &mut Report) {
        let what = format!("{}, campus {}", self.id, campus.id);
        let key = match self.secrets.key(self.id, &campus.id) {
            Ok(Some(key)) => key,
            Ok(None) => {
                let cure = format!("PUT /v1/schools/{}/campuses/{}/credentials", self.id, campus.id);
                return report.broken(&what, "it has no key", cure);
            }
            Err(error) => return report.broken(&what, error.to_string(), "do what the diagnosis says"),
        };
        let Ok(value) = CredentialHeader::default().value(&key) else {
            return report.broken(&what, "its key cannot stand in a header", "enter the key that CourseKey gave out");
        };
        let url = format!("{}/schools/{}", self.settings.coursekey_url, campus.coursekey_school_id);
        let Ok(request) = Request::get(url).header(header::AUTHORIZATION, value).body(Bytes::new()) else {
            return report.broken(&what, "its URL cannot be asked", "correct coursekey-url");
        };
        let outgoing = Outgoing { request, campus: campus.id.clone(), school: SchoolId::from(self.id) };
        match self.sender.send(outgoing).await {
            Ok(answer) => judge(&what, answer.response.status(), answer.response.headers(), report),
            Err(error) => {
                let cure = "see that coursekey-url is right and the network reaches it";
                report.broken(&what, error.to_string(), cure);
            }
        }
    }
}

/// Judges CourseKey's answer about a campus, and its clock.
fn judge(what: &str, status: StatusCode, headers: &HeaderMap, report: &mut Report) {
    match status {
        StatusCode::OK => report.well(what, "CourseKey knows the school and takes its key"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            report.broken(what, "CourseKey refuses its key", "enter the key that CourseKey gave out for this campus");
        }
        StatusCode::NOT_FOUND => {
            report.broken(what, "CourseKey has no such school", "correct the campus's coursekey-school-id");
        }
        status => {
            let diagnosis = format!("CourseKey answers {}", status.as_u16());
            report.add(what, Verdict::Doubtful, diagnosis, "examine again later; if it stays, ask CourseKey");
        }
    }
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else { return };
    let skew = (SystemClock.now() - theirs.to_utc()).abs();
    if skew >= SKEW_DOUBTFUL {
        let verdict = if skew >= SKEW_BROKEN { Verdict::Broken } else { Verdict::Doubtful };
        let diagnosis = format!("this machine's clock and CourseKey's are {} s apart", skew.num_seconds());
        report.add(
            &format!("{what}, clock"),
            verdict,
            diagnosis,
            "set the clock that is wrong; pushes are refused at 300 s",
        );
    }
}

/// A transport for rules that send nothing.
struct Nowhere;

#[async_trait::async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: Outgoing) -> Result<host::door::Answer, TransportError> {
        Err(TransportError::Connect("nothing is sent".to_owned()))
    }
}

/// The worst of the findings.
pub fn worst(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Well)
}
