//! A PostgreSQL server for tests, started by the tests themselves and ended with them: a child of the test's process in
//! a temporary folder, on a socket in that folder. A test binary shares one server, and each test has a database of
//! its own. `DATABASE_URL` names another server to use, on which the user may create databases.
//!
//! Where there is no PostgreSQL the tests say so and pass; with `GEGI_REQUIRE_POSTGRES=1` they fail. Not here: the
//! store (`host::store::postgres`).

// A kit for tests: it panics where a test should fail, and says on standard output why a test did nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, clippy::print_stdout)]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

use tokio_postgres::NoTls;

/// A server that can be reached.
pub struct Server {
    /// None: the server of `DATABASE_URL`, which is not ours to end.
    own: Option<Own>,
    /// The settings of a connection, without the name of a database.
    settings: String,
    databases: AtomicU32,
}

struct Own {
    binaries: PathBuf,
    /// Settings beside the usual ones, each as `name=value`.
    more: Vec<String>,
    folder: tempfile::TempDir,
    postgres: Child,
    /// Ends the server once this process is gone, however it went.
    _guard: Child,
}

/// The line that says why a test did nothing, and the failure where PostgreSQL is required.
fn missing(why: &str) {
    assert!(variable("GEGI_REQUIRE_POSTGRES").as_deref() != Some("1"), "PostgreSQL is required, but {why}");
    println!("skipped: {why}; install PostgreSQL 15 or later, or set DATABASE_URL");
}

#[allow(clippy::disallowed_methods)] // What is installed on the machine is no argument of a test.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Server {
    /// The server that the tests of this process share; none: there is no PostgreSQL here.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Server>> = OnceLock::new();
        let server = SHARED.get_or_init(|| match variable("DATABASE_URL") {
            Some(url) => {
                let config: tokio_postgres::Config = url.parse().expect("DATABASE_URL is no URL of PostgreSQL");
                Some(Self { own: None, settings: settings(&config), databases: AtomicU32::new(0) })
            }
            None => Self::start_silently(&[]),
        });
        if server.is_none() {
            missing("no PostgreSQL is installed");
        }
        server.as_ref()
    }

    /// A server of this test's own, which the test may kill; none: there is no PostgreSQL here.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same, with settings beside the usual ones, each as `name=value`.
    pub fn start_with(more: &[String]) -> Option<Self> {
        let server = Self::start_silently(more);
        if server.is_none() {
            missing("no PostgreSQL is installed that a test could start and kill");
        }
        server
    }

    fn start_silently(more: &[String]) -> Option<Self> {
        let binaries = binaries()?;
        let folder = tempfile::Builder::new().prefix("gegi-pg-").tempdir().unwrap();
        if let Some((user, group)) = user() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let made = command(binaries.join("initdb"))
            .args(["-A", "trust", "-N", "--locale=C", "-E", "UTF8", "-U", "postgres", "-D"])
            .arg(folder.path().join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let more = more.to_vec();
        let postgres = run(&binaries, folder.path(), &more);
        let guard = guard(folder.path());
        let settings = format!("host={} user=postgres", folder.path().display());
        let own = Own { binaries, more, folder, postgres, _guard: guard };
        Some(Self { own: Some(own), settings, databases: AtomicU32::new(0) })
    }

    /// How a database of this server is reached; with no name: the server itself.
    pub fn url(&self, database: &str) -> String {
        let database = if database.is_empty() { "postgres" } else { database };
        format!("{} dbname={database}", self.settings)
    }

    /// Makes an empty database, and returns how it is reached.
    pub async fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::SeqCst);
        let name = format!("gegi_test_{}_{number}", std::process::id());
        self.sql("", &format!("DROP DATABASE IF EXISTS {name}")).await;
        self.sql("", &format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")).await;
        self.url(&name)
    }

    async fn sql(&self, database: &str, sql: &str) {
        execute(&self.url(database), sql).await;
    }

    /// Kills the server with everybody who works for it, and waits until they are gone.
    pub fn kill(&mut self) {
        let own = self.own.as_mut().expect("a server of the test's own");
        let id = own.postgres.id();
        let workers = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let workers: Vec<&str> = workers.split_whitespace().collect();
        // The server first, or it would begin to recover.
        own.postgres.kill().unwrap();
        let _ = Command::new("kill").arg("-9").args(&workers).stderr(Stdio::null()).status();
        own.postgres.wait().unwrap();
        while workers.iter().any(|worker| is_alive(worker)) {
            std::thread::yield_now();
        }
    }

    /// Starts the server again after it was killed.
    pub fn restart(&mut self) {
        let own = self.own.as_mut().expect("a server of the test's own");
        own.postgres = run(&own.binaries, own.folder.path(), &own.more);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.postgres.kill();
        let _ = self.postgres.wait();
    }
}

/// Whether a process still holds what a server has to have for itself; a zombie holds nothing.
fn is_alive(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Makes statements on a connection of their own.
pub async fn execute(url: &str, sql: &str) {
    let (client, connection) = url.parse::<tokio_postgres::Config>().unwrap().connect(NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    let _ = connection.await;
}

/// The one number that a statement answers.
pub async fn number(url: &str, sql: &str) -> i64 {
    let (client, connection) = url.parse::<tokio_postgres::Config>().unwrap().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// The settings of a URL in the form that takes a name of a database at its end.
fn settings(config: &tokio_postgres::Config) -> String {
    use tokio_postgres::config::Host;
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => format!("host={name}"),
        Host::Unix(path) => format!("host={}", path.display()),
    });
    let ports = config.get_ports().iter().map(|port| format!("port={port}"));
    let user = config.get_user().map(|user| format!("user={user}"));
    let password = config.get_password().map(|password| format!("password='{}'", String::from_utf8_lossy(password)));
    hosts.chain(ports).chain(user).chain(password).collect::<Vec<_>>().join(" ")
}

/// The folder with PostgreSQL's programs: that of `pg_config`, or the latest of Debian's.
pub fn binaries() -> Option<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let found = told.into_iter().chain(versions.into_iter().rev().map(|(_, path)| path));
    found.into_iter().find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
}

/// The user and group `postgres`, if this process runs as root, as whom PostgreSQL does not run.
fn user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields = users.lines().find_map(|line| line.strip_prefix("postgres:"))?;
    let mut numbers = fields.split(':').skip(1).map(|field| field.parse().unwrap());
    Some((numbers.next()?, numbers.next()?))
}

/// Gives a file to the user of the server, who alone may read it.
pub fn give(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    if let Some((user, group)) = user() {
        std::os::unix::fs::chown(file, Some(user), Some(group)).unwrap();
    }
}

fn command(program: impl AsRef<OsStr>) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    // The folder that the tests run in may be closed to the user of the server.
    command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
    if let Some((user, group)) = user() {
        command.gid(group).uid(user);
    }
    command
}

/// Starts the server on the data in the folder, and waits until it takes connections.
fn run(binaries: &Path, folder: &Path, more: &[String]) -> Child {
    let mut server = command(binaries.join("postgres"));
    server.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    // Nothing here has to survive a power cut, and without `fsync` a killed server still keeps everything.
    for setting in [
        "listen_addresses=",
        "fsync=off",
        "full_page_writes=off",
        "max_connections=200",
        "recovery_init_sync_method=syncfs",
    ] {
        server.args(["-c", setting]);
    }
    // Of a setting that is named twice the last one counts.
    for setting in more {
        server.args(["-c", setting]);
    }
    let mut child = server.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let (sender, is_ready) = mpsc::channel();
    // The log is read to its end, or the server would stop at a full pipe.
    std::thread::spawn(move || {
        let mut last = String::new();
        for line in log.lines().map_while(Result::ok) {
            if line.contains("ready to accept connections") {
                let _ = sender.send(());
            }
            last = line;
        }
        drop((sender, last));
    });
    is_ready.recv().expect("the server ended before it was ready");
    child
}

/// A process that waits until this one is gone, then ends the server, if it still works in the folder, and removes the
/// folder.
fn guard(folder: &Path) -> Child {
    let script = r#"cat
        server=$(head -n 1 "$0/data/postmaster.pid") && [ "/proc/$server/cwd" -ef "$0/data" ] && kill -9 "$server"
        rm -rf "$0" || rm -rf "$0""#;
    let mut guard = Command::new("sh");
    guard.args(["-c", script]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    guard.spawn().unwrap()
}
