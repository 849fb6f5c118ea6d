//! The configuration: a TOML file, checked as a whole. A mistake is told with file, line, key and remedy. Paths in the file
//! are relative to the file's own folder. Not here: secrets, which stand in no configuration (`secrets`).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use host::door::{AllowedHosts, BadAllowedHost};
use mirror::form::{BadInput, BrokenSchema, Document, Place, Problems, Schema};
use serde::Deserialize;

use crate::mail::{MailConfig, Way};

/// What the service is told when it starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Address and port of the API.
    #[serde(default = "loopback")]
    pub listen: String,
    /// `sqlite:FILE` or `postgres://…`.
    store: String,
    /// The folder of tokens, keys and passwords.
    pub secrets: PathBuf,
    /// Whether whoever mounts that folder answers for its modes.
    #[serde(default)]
    pub secrets_mounted: bool,
    /// Whether schools may be configured to reach this machine; for development.
    #[serde(default)]
    pub loopback_allowed: bool,
    /// Whether probes, metrics and the description of the API need no token from anywhere.
    #[serde(default)]
    pub public_probes: bool,
    /// The component; none: the program's own.
    pub component: Option<PathBuf>,
    /// The component to which the service goes back if that one is new and does not work; none: the program's own.
    pub component_before: Option<PathBuf>,
    /// The component that runs for the schools of `schools-ahead` alone; none: they run what all run.
    pub component_ahead: Option<PathBuf>,
    /// The schools for which another component runs, ahead of all others.
    #[serde(default)]
    pub schools_ahead: BTreeSet<String>,
    /// The folder in which the compiled component is kept; none: the user's cache folder.
    pub compiled_code: Option<PathBuf>,
    /// How many schools are ticked at once.
    #[serde(default = "thirty_two")]
    pub concurrent_ticks: u32,
    /// Where mails about the service itself go; none: they are only logged.
    pub operator_email: Option<String>,
    /// How mails leave.
    #[serde(default)]
    pub mail: MailConfig,
    /// The way to CourseKey.
    pub coursekey: CourseKeyConfig,
    /// Where traces go.
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// The pages.
    #[serde(default)]
    pub console: ConsoleConfig,
}

/// The pages that people look at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Whether whoever sits at this machine needs no token; for development.
    #[serde(default)]
    pub open_on_loopback: bool,
    /// Whether the pages may change what GEGI states of a course. Only where no ERP states it: its next revision would be
    /// taken for an old one.
    #[serde(default)]
    pub edits_courses: bool,
}

/// Where traces go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TelemetryConfig {
    /// The collector of OTLP over HTTP; none: no span leaves.
    pub otlp_endpoint: Option<String>,
}

/// The way to CourseKey.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CourseKeyConfig {
    /// The operator's ceiling, hosts with their ports: a school's own URL lies within.
    pub allowed_hosts: Vec<String>,
    /// Requests a second to one origin, which its schools share fairly.
    #[serde(default = "twenty")]
    pub requests_per_second: f64,
    /// A file with further certificates that are believed.
    pub ca: Option<PathBuf>,
}

/// Where the schools are stored.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreAt {
    /// In an SQLite file.
    Sqlite(PathBuf),
    /// In PostgreSQL, at this URL.
    Postgres(String),
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is wrong.
    #[error(transparent)]
    Bad(#[from] BadInput),
    /// The schema that ships is wrong.
    #[error(transparent)]
    Schema(#[from] BrokenSchema),
}

fn loopback() -> String {
    "127.0.0.1:8080".to_owned()
}

fn thirty_two() -> u32 {
    32
}

fn twenty() -> f64 {
    20.0
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let mut problems = Problems::default();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let what = format!("cannot be read: {error}; name a file that exists and is UTF-8");
                problems.add(&Place::file(&name), "", what);
                return Ok(problems.unless_any(None)?);
            }
        };
        let config = Self::parse(&text, &name, &mut problems)?;
        Ok(problems.unless_any(config)?)
    }

    fn parse(text: &str, name: &str, problems: &mut Problems) -> Result<Option<Self>, BrokenSchema> {
        let schema = Schema::of("config", include_str!("../schemas/config.schema.json"))?;
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let place = Place { file: name.to_owned(), line: error.line };
                problems.add(&place, "", format!("is not TOML: {}; correct it", error.why));
                return Ok(None);
            }
        };
        let place = |field: &str| Place { file: name.to_owned(), line: document.line_of(field) };
        let value = document.to_json();
        if !schema.check(&value, &place, problems) {
            return Ok(None);
        }
        let config: Option<Self> = serde_json::from_value(value).ok();
        let config = config.map(|config| config.beside(Path::new(name).parent().unwrap_or(Path::new(""))));
        match &config {
            Some(config) => config.check(&place, problems),
            None => problems.add(&place(""), "", "fits its schema but cannot be taken; report it"),
        }
        Ok(config)
    }

    /// Checks what the schema cannot say.
    fn check(&self, place: &dyn Fn(&str) -> Place, problems: &mut Problems) {
        let mut add = |field: &str, what: &str| problems.add(&place(field), field, what);
        if self.listen.parse::<SocketAddr>().is_err() {
            add("listen", "is not an address with a port; write one such as 127.0.0.1:8080");
        }
        if self.store_at().is_none() {
            add("store", "names no storage; write sqlite:FILE or postgres://USER@HOST/DATABASE");
        }
        match (&self.component_ahead, self.schools_ahead.is_empty()) {
            (Some(_), true) => add("component-ahead", "runs for no school; name the schools at schools-ahead"),
            (None, false) => add("schools-ahead", "run no component of their own; name it at component-ahead"),
            _ => {}
        }
        for problem in self.mail.check() {
            add(&format!("mail/{}", problem.key), &format!("{}; {}", problem.what, problem.remedy));
        }
        if !self.telemetry.otlp_endpoint.as_deref().is_none_or(is_plain_url) {
            let what = "is not the plain URL of a collector; write one such as http://127.0.0.1:4318";
            add("telemetry/otlp-endpoint", what);
        }
        for (index, host) in self.coursekey.allowed_hosts.iter().enumerate() {
            if AllowedHosts::parse([host]).is_err() {
                let field = format!("coursekey/allowed-hosts/{index}");
                add(&field, "is not a host with its port; write one such as api.example.com:443");
            }
        }
    }

    /// The operator's ceiling.
    ///
    /// # Errors
    /// An entry is not a host with its port.
    pub fn allowed_hosts(&self) -> Result<AllowedHosts, BadAllowedHost> {
        AllowedHosts::parse(&self.coursekey.allowed_hosts)
    }

    /// Whether mails leave this machine or reach a folder.
    pub fn sends_mails(&self) -> bool {
        self.mail.transport != Way::None
    }

    /// Where the schools are stored; none: the text says nothing known.
    fn store_at(&self) -> Option<StoreAt> {
        if let Some(path) = self.store.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Some(StoreAt::Sqlite(path.into()));
        }
        let is_postgres = ["postgres://", "postgresql://"].iter().any(|scheme| self.store.starts_with(scheme));
        is_postgres.then(|| StoreAt::Postgres(self.store.clone()))
    }

    /// Where the schools are stored.
    pub fn store(&self) -> StoreAt {
        // A configuration that was read has passed the check.
        self.store_at().unwrap_or_else(|| StoreAt::Sqlite("gegi.sqlite".into()))
    }

    /// The configuration with its relative paths beside the file that it was read from.
    fn beside(mut self, folder: &Path) -> Self {
        self.secrets = folder.join(&self.secrets);
        self.component = self.component.map(|path| folder.join(path));
        self.component_before = self.component_before.map(|path| folder.join(path));
        self.component_ahead = self.component_ahead.map(|path| folder.join(path));
        self.compiled_code = self.compiled_code.map(|path| folder.join(path));
        self.coursekey.ca = self.coursekey.ca.map(|path| folder.join(path));
        self.mail.ca = self.mail.ca.map(|path| folder.join(path));
        self.mail.folder = self.mail.folder.map(|path| folder.join(path));
        if let Some(StoreAt::Sqlite(path)) = self.store_at() {
            self.store = format!("sqlite:{}", folder.join(path).display());
        }
        self
    }
}

/// Whether this is a URL of HTTP in which no user, password or token stands.
fn is_plain_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    is_http && uri.query().is_none() && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
}

/// Prints no URL, because it may hold a password.
impl std::fmt::Debug for StoreAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres"),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn problems(text: &str, expected: &Expect) {
        let mut problems = Problems::default();
        let config = Config::parse(text, "serve.toml", &mut problems).unwrap();
        let problem = problems.unless_any(config).map(|config| format!("{:?}", config.store()));
        expected.assert_eq(&problem.unwrap_or_else(|bad| bad.to_string()));
    }

    const LEAST: &str = "store = \"sqlite:data/gegi.sqlite\"\nsecrets = \"secrets\"\n[coursekey]\nallowed-hosts = [\"a.example:443\"]\n";

    #[test]
    fn the_least_configuration_is_enough() {
        problems(LEAST, &expect!["sqlite:data/gegi.sqlite"]);
    }

    #[test]
    fn a_mistake_is_told_with_line_key_and_remedy() {
        problems(
            &LEAST.replace("store = \"sqlite:data/gegi.sqlite\"", "store = \"mysql:x\"\nlisten = \"here\""),
            &expect![[r"
                read the input:
                  serve.toml line 2: listen: is not an address with a port; write one such as 127.0.0.1:8080
                  serve.toml line 1: store: names no storage; write sqlite:FILE or postgres://USER@HOST/DATABASE"]],
        );
        problems(
            &format!("{LEAST}requests-per-second = 0\nlimit = 3\n[mail]\ntransport = \"pigeon\"\n"),
            &expect![[r#"
            read the input:
              serve.toml line 5: coursekey/requests-per-second: 0 is out of range; write 0.1 or more
              serve.toml line 6: coursekey/limit: is no known key; remove or correct it (config.schema.json lists the keys)
              serve.toml line 8: mail/transport: this is no word known here; write one of smtp, folder, none"#]],
        );
        problems(
            &LEAST.replace("a.example:443", "https://a.example"),
            &expect![[r#"
            read the input:
              serve.toml line 4: coursekey/allowed-hosts/0: is not a host with its port; write one such as api.example.com:443"#]],
        );
        let collectors = ["here:4318", "http://user@a.example", "https://a.example/?key=1", "ftp://a.example"];
        for collector in collectors {
            let told = "
                read the input:
                  serve.toml line 6: telemetry/otlp-endpoint: is not the plain URL of a collector; write one such as http://127.0.0.1:4318";
            let text = format!("{LEAST}[telemetry]\notlp-endpoint = \"{collector}\"\n");
            let mut problems = Problems::default();
            let config = Config::parse(&text, "serve.toml", &mut problems).unwrap();
            let told = told.trim_start().replace("                  ", "  ");
            assert_eq!(problems.unless_any(config).unwrap_err().to_string(), told, "{collector}");
        }
        problems(
            "store = ",
            &expect![[r#"
            read the input:
              serve.toml line 1: is not TOML: string values must be quoted, expected literal string; correct it"#]],
        );
    }
}
