//! A service with its folder and a simulated CourseKey beside it, all of them real processes, and a small HTTP client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::JoinHandle;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use host::clock::{Clock as _, SystemClock};
use host::limits::Stopwatch;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const OPERATOR: &str = "operator-token-000001";
/// CourseKey's number of the one campus.
const SCHOOL_NUMBER: u64 = 548_156;
pub(crate) const PUSH_KEY: &str = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw";

/// The longest time for which a test waits for something that happens within a second on a quiet machine.
const PATIENCE_SECONDS: u64 = 60;

/// When the tests began.
static BEGUN: LazyLock<DateTime<Utc>> = LazyLock::new(|| SystemClock.now());

/// A moment so many minutes after the tests began, in the form of the files.
pub(crate) fn in_minutes(minutes: i64) -> String {
    (*BEGUN + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn in_days(days: i64) -> String {
    (*BEGUN + TimeDelta::days(days)).format("%Y-%m-%d").to_string()
}

/// A course with a class that is over and one that comes, and two students.
pub(crate) fn course(revision: u64) -> Value {
    let named = |id: &str| json!({"id": id, "name": format!("Name {id}")});
    let student = |number: u32| {
        json!({
            "id": format!("S{number:06}"), "first-name": "Student", "last-name": format!("{number:06}"),
            "email": format!("student{number:06}@example.edu"), "revision": 1, "stage": "ACTIVE",
            "agreement": "assigned", "enrolled-from": in_days(-10), "stopped-on": null
        })
    };
    json!({
        "id": "C1", "revision": revision, "kind": "group-course", "campus": "main", "program": named("P1"),
        "group": named("G1"), "number": "N-1", "title": "Title", "start-date": in_days(-10), "end-date": in_days(20),
        "completed-date": null, "hours-type": "class-schedule", "send-to-coursekey": "on",
        "program-send-to-coursekey": "inherit",
        "instructors": [{"id": "I00001", "first-name": "Instructor", "last-name": "00001",
            "email": "instructor00001@example.edu", "revision": 1}],
        "students": [student(1), student(2)],
        "classes": [
            {"id": "C1-1", "starts": in_minutes(-300), "ends": in_minutes(-180)},
            {"id": "C1-2", "starts": in_minutes(2_880), "ends": in_minutes(3_000)}
        ]
    })
}

/// The kinds of the operations of a page of the feed.
pub(crate) fn operation_kinds(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(|item| item["operation"].as_object()?.keys().next().cloned()).collect()
}

/// A folder with everything that a service needs, and a simulated CourseKey.
pub(crate) struct Bench {
    folder: TempDir,
    coursekey: Child,
    base_url: String,
    pub(crate) key: String,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.coursekey.kill();
        let _ = self.coursekey.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"));
    command
}

/// Runs the program; returns its exit code and the texts that it printed.
pub(crate) fn call(arguments: &[&str]) -> (i32, String, String) {
    let output = program().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_school(&folder.path().join("coursekey"));
        let mut coursekey = program()
            .args(["simulate-coursekey", "--json"])
            .arg(folder.path().join("coursekey"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(coursekey.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let served: Value = serde_json::from_str(&line).unwrap();
        let base_url = served["base-url"].as_str().unwrap().to_owned();
        let key = served["schools"][0]["key"].as_str().unwrap().to_owned();
        let secrets = folder.path().join("secrets");
        host::private::create_folder(&secrets).unwrap();
        let bench = Self { folder, coursekey, base_url, key };
        bench.secret("operator-token", OPERATOR);
        bench.configure("sqlite:data/gegi.sqlite", "");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn secret(&self, name: &str, text: &str) {
        host::private::write(&self.path("secrets").join(name), text.as_bytes()).unwrap();
    }

    /// Writes the configuration; `more` stands before its first table.
    pub(crate) fn configure(&self, store: &str, more: &str) {
        let mail = "transport = \"folder\"\nfolder = \"mails\"\nfrom = \"GEGI <gegi@example.edu>\"";
        self.configure_tables(store, more, mail);
    }

    /// The same with the usual storage and another table of mails.
    pub(crate) fn configure_mail(&self, more: &str, mail: &str) {
        self.configure_tables("sqlite:data/gegi.sqlite", more, mail);
    }

    /// The same with the usual tables and a collector of spans.
    pub(crate) fn configure_telemetry(&self, endpoint: &str) {
        let text = std::fs::read_to_string(self.path("serve.toml")).unwrap();
        let text = format!("{text}[telemetry]\notlp-endpoint = \"{endpoint}\"\n");
        std::fs::write(self.path("serve.toml"), text).unwrap();
    }

    /// The same with the usual tables and a line for the pages.
    pub(crate) fn configure_console(&self, line: &str) {
        let text = std::fs::read_to_string(self.path("serve.toml")).unwrap();
        std::fs::write(self.path("serve.toml"), format!("{text}[console]\n{line}\n")).unwrap();
    }

    fn configure_tables(&self, store: &str, more: &str, mail: &str) {
        let text = format!(
            "listen = \"127.0.0.1:0\"\nstore = {store:?}\nsecrets = \"secrets\"\nloopback-allowed = true\n{more}\n\
             [mail]\n{mail}\n\n[coursekey]\nallowed-hosts = [\"api.example.com:443\"]\n"
        );
        std::fs::write(self.path("serve.toml"), text).unwrap();
    }

    /// The school as GEGI states it, with these keys in place of the usual ones.
    pub(crate) fn school(&self, keys: Value) -> Value {
        let mut school = json!({
            "name": "North", "coursekey-url": self.base_url,
            "campuses": [{"id": "main", "zone": "America/New_York", "coursekey-school-id": SCHOOL_NUMBER}],
            "settings": {"update-every-minutes": 1, "settle-minutes": 0, "error-email": "errors@example.edu"}
        });
        let Value::Object(keys) = keys else { panic!("keys are an object") };
        school.as_object_mut().unwrap().extend(keys);
        school
    }

    /// Gives the school its credentials.
    pub(crate) fn arm(&self, service: &Service, school: &str) {
        let credentials = json!({"key": self.key, "push-keys": [PUSH_KEY]});
        let (status, _) = service.put(&format!("/v1/schools/{school}/campuses/main/credentials"), &credentials);
        assert_eq!(status, 204);
    }

    /// Starts the service, and waits until it serves.
    pub(crate) fn serve(&self) -> Service {
        self.serve_telling("warn")
    }

    /// The same with another filter of the log.
    pub(crate) fn serve_telling(&self, filter: &str) -> Service {
        Service::start(program().args(["--log", filter, "serve", "--config"]).arg(self.path("serve.toml")))
    }

    /// Starts the service when it should not start; returns its exit code and what it said.
    pub(crate) fn serve_in_vain(&self) -> (Option<i32>, String) {
        let output = program().args(["serve", "--config"]).arg(self.path("serve.toml")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// What CourseKey knows of the class that is over: the first student was there, the second came half an hour late.
fn write_school(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let (from, until) = (in_minutes(-60 * 24 * 30), in_minutes(60 * 24 * 30));
    let school = format!(
        "name = \"North\"\nrun = {{ from = \"{from}\", until = \"{until}\" }}\n[[campus]]\nid = \"main\"\n\
         zone = \"America/New_York\"\ncoursekey-school-id = {SCHOOL_NUMBER}\n"
    );
    let record = |id: &str, student: &str, came: i64| {
        json!({
            "id": id, "version": 1, "class": "C1-1", "student": student, "updated-at": in_minutes(-179),
            "visits": [{"in": in_minutes(came), "out": in_minutes(-180)}], "adjustment": null
        })
    };
    let records = format!("{}\n{}\n", record("a1", "S000001", -300), record("a2", "S000002", -270));
    std::fs::write(folder.join("school.toml"), school).unwrap();
    std::fs::write(folder.join("courses.jsonl"), "").unwrap();
    std::fs::write(folder.join("attendance.jsonl"), records).unwrap();
}

/// A service that runs.
pub(crate) struct Service {
    child: Child,
    address: String,
    /// Reads what the service says until it ends.
    log: Option<JoinHandle<String>>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: its status, its headers as they came, and its body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) headers: String,
    /// The cookie that the answer sets, if it sets one.
    pub(crate) cookie: Option<String>,
    pub(crate) body: String,
}

impl Service {
    /// Starts a service, and waits until it serves.
    fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let mut told = String::new();
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the service does not start: {told}");
            told += &line;
            if let Some((_, address)) = line.trim().split_once("Serving at http://") {
                break address.to_owned();
            }
        };
        // A log that nobody reads would stop the service when the pipe is full.
        let log = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = log.read_to_end(&mut said);
            told + &String::from_utf8_lossy(&said)
        });
        Self { child, address, log: Some(log) }
    }

    /// Starts the demo in a folder.
    pub(crate) fn demo(folder: &Path) -> Self {
        Self::start(program().args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]).arg(folder))
    }

    /// Where the service is reached.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.ask_of(&self.address, method, path, headers, body)
    }

    /// The same with another name of the machine.
    pub(crate) fn ask_as(&self, host: &str, method: &str, path: &str) -> Answer {
        self.ask_of(host, method, path, &[], b"")
    }

    fn ask_of(&self, host: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let line = |text: String, (name, value): &(&str, &str)| text + &format!("{name}: {value}\r\n");
        let headers = headers.iter().fold(String::new(), line);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A server may refuse a body before it has read all of it.
        let _ = stream.write_all(body);
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        let text = String::from_utf8(text).unwrap();
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {method} {path}: {text}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let cookie =
            head.lines().find_map(|line| line.split_once("set-cookie: ")?.1.split(';').next().map(str::to_owned));
        Answer { status, headers: head.to_ascii_lowercase(), cookie, body: body.to_owned() }
    }

    pub(crate) fn with_token(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let token = format!("Bearer {token}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(method, path, &[("Authorization", &token), ("Content-Type", "application/json")], body.as_bytes())
    }

    fn as_operator(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let Answer { status, body, .. } = self.with_token(OPERATOR, method, path, body);
        (status, if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() })
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        self.as_operator("PUT", path, body)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.as_operator("POST", path, body)
    }

    pub(crate) fn delete(&self, path: &str) -> u16 {
        self.as_operator("DELETE", path, &Value::Null).0
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, answer) = self.as_operator("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Reads the feed until it has what the test waits for.
    pub(crate) fn changes_until(&self, school: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let watch = Stopwatch::start();
        let (mut items, mut after) = (Vec::new(), 0);
        while watch.elapsed().as_secs() < PATIENCE_SECONDS {
            let page = self.get(&format!("/v1/schools/{school}/changes?after={after}&limit=1000&wait=5"));
            after = page["next"].as_u64().unwrap();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            if enough(&items) {
                return items;
            }
        }
        panic!("the feed has only {items:?}; {}", self.get(&format!("/v1/schools/{school}")));
    }

    /// Asks again and again until the answer is as the test wants it.
    pub(crate) fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let watch = Stopwatch::start();
        loop {
            let answer = self.get(path);
            if wanted(&answer) {
                return answer;
            }
            assert!(watch.elapsed().as_secs() < PATIENCE_SECONDS, "{path} stays {answer}");
            std::thread::yield_now();
        }
    }

    /// Waits until there is something at an address.
    pub(crate) fn until_created(&self, path: &str, token: &str) {
        let watch = Stopwatch::start();
        while self.with_token(token, "GET", path, &Value::Null).status != 200 {
            assert!(watch.elapsed().as_secs() < PATIENCE_SECONDS, "{path} is not created");
            std::thread::yield_now();
        }
    }

    /// Tells the service to end, and returns its exit code.
    pub(crate) fn end(self) -> Option<i32> {
        self.end_and_tell().0
    }

    /// The same, with everything that the service said.
    pub(crate) fn end_and_tell(mut self) -> (Option<i32>, String) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let code = self.child.wait().unwrap().code();
        (code, self.log.take().unwrap().join().unwrap())
    }

    /// Ends the service as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
