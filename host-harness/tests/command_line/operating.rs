//! `docs/operating.md` against the program: the keys of the configuration are those of its schema, a backup that is made
//! while the service runs is one, and what is installed beside the program is made by the program.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::discretion::assert_discreet;

use super::{COURSE, PROGRAM, below, command, said};

/// A page of `docs/`.
pub(super) fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

#[test]
fn the_page_for_operators_has_every_key_of_the_configuration_with_its_default() {
    let schema: Value = serde_json::from_str(include_str!("../../service/schemas/config.schema.json")).unwrap();
    let mut expected = Vec::new();
    rows(&schema, "", &mut expected);
    let page = page("operating.md");
    let section = page.split_once("\n## Configuration\n").unwrap().1.split("\n## ").next().unwrap();
    let said = section.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.split(" | ").collect();
        assert!(cells.len() == 4 && cells[3].len() > 10, "no explanation: {line}");
        cells[..3].join(" | ")
    });
    let said: Vec<String> = said.collect();
    assert_eq!(said, expected, "docs/operating.md and service/schemas/config.schema.json differ");
}

/// The beginnings of the table's rows: key, values and default.
fn rows(object: &Value, prefix: &str, rows_: &mut Vec<String>) {
    let required = object["required"].as_array().cloned().unwrap_or_default();
    for (key, schema) in object["properties"].as_object().unwrap() {
        if schema["properties"].is_object() {
            rows(schema, &format!("{prefix}{key}."), rows_);
            continue;
        }
        let default = match &schema["default"] {
            Value::Null if required.contains(&json!(key)) => "required".to_owned(),
            Value::Null => "none".to_owned(),
            value => format!("`{value}`"),
        };
        rows_.push(format!("| `{prefix}{key}` | {} | {default}", values(schema)));
    }
}

/// The values that a key may have.
fn values(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    match schema["type"].as_str().unwrap() {
        "string" if schema["format"] == "email" => "address".to_owned(),
        "string" => "text".to_owned(),
        "boolean" => "`true`, `false`".to_owned(),
        "array" => "list of texts".to_owned(),
        _ => format!("{} to {}", schema["minimum"], schema["maximum"]),
    }
}

#[test]
fn the_page_for_operators_has_every_line_that_the_log_shows_by_default() {
    let page = page("operating.md");
    let section = page.split_once("\n## What the log asks\n").unwrap().1.split("\n## ").next().unwrap();
    let mut folders: Vec<_> =
        ["host", "mirror", "service"].map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name).join("src")).into();
    let (mut found, mut missing) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            for said in text.split("tracing::error!(").skip(1).chain(text.split("tracing::warn!(").skip(1)) {
                // The message is the last text of the call; what follows `;` or is put in differs.
                let call = said.split(");").next().unwrap();
                let message = call.rsplit('"').nth(1).unwrap_or(call);
                let begin = message.split([';', '{']).next().unwrap().trim();
                found += 1;
                if !section.contains(&format!("`{begin}")) {
                    missing.push(format!("{}: {begin}", path.display()));
                }
            }
        }
    }
    assert!(found > 20 && missing.is_empty(), "docs/operating.md says nothing of {missing:#?}");
}

/// The service in a process of its own, which is killed when this value is dropped.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(folder: &Path) -> Self {
        let mut serve = command(&PROGRAM, &["serve", "--config", folder.join("serve.toml").to_str().unwrap()]);
        let mut process = serve.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Serving at http://").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { process, address }
    }

    /// Calls the API as the operator; returns the status and the answer.
    fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!("host: {}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {}", self.address, body.len());
        write!(stream, "{method} /v1/schools/{path} HTTP/1.1\r\n{head}\r\nconnection: close\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    fn course(&self, id: &str) -> u16 {
        self.call("PUT", &format!("example/courses/{id}"), &COURSE.replacen("\"C1\"", &format!("\"{id}\""), 1)).0
    }

    /// Ends the service as systemd and Kubernetes do; returns its exit code.
    fn end(mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(told.unwrap().success());
        self.process.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A service that was ended is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The operator's token.
const TOKEN: &str = "operator-token-000001";

const SCHOOL: &str = r#"{"name":"Example School","coursekey-url":"http://127.0.0.1:1/v1","campuses":[{"id":"main","zone":"America/New_York","coursekey-school-id":548156}]}"#;

/// A folder with a configuration and secrets.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    host::private::create_folder(&secrets).unwrap();
    host::private::write(&secrets.join("operator-token"), TOKEN.as_bytes()).unwrap();
    let config = "listen = \"127.0.0.1:0\"\nstore = \"sqlite:data/gegi.sqlite\"\nsecrets = \"secrets\"\n\
        loopback-allowed = true\n[coursekey]\nallowed-hosts = [\"api.example.com:443\"]\n";
    fs::write(folder.path().join("serve.toml"), config).unwrap();
    folder
}

#[test]
fn a_backup_that_is_made_while_the_service_runs_is_restored_and_completed_by_the_whole_list() {
    let (folder, other) = (folder(), folder());
    let file = folder.path().join("data/gegi.sqlite");
    let service = Served::start(folder.path());
    assert_eq!(service.call("PUT", "example", SCHOOL).0, 201);
    assert_eq!(service.course("C1"), 200);
    // The statement of the page, which any program that knows SQLite may carry out.
    let page = page("operating.md");
    let statement = page.lines().find_map(|line| line.strip_prefix("sqlite3 data/gegi.sqlite \"")).unwrap();
    let statement = statement.trim_end_matches('"').replace("backup.sqlite", &below(&folder, "backup.sqlite"));
    assert!(statement.starts_with("VACUUM INTO '"), "{statement}");
    Connection::open(&file).unwrap().execute(&statement, []).unwrap();
    assert_eq!(service.course("C2"), 200);
    assert_eq!(service.end(), Some(0));

    host::private::create_folder(&other.path().join("data")).unwrap();
    fs::copy(below(&folder, "backup.sqlite"), other.path().join("data/gegi.sqlite")).unwrap();
    let service = Served::start(other.path());
    let (status, school) = service.call("GET", "example", "");
    assert_eq!((status, &school["name"]), (200, &json!("Example School")));
    let whole = r#"{"courses":[{"id":"C1","revision":1},{"id":"C2","revision":1}]}"#;
    let (status, differs) = service.call("PUT", "example/courses", whole);
    assert_eq!((status, differs), (200, json!({"missing": ["C2"], "unknown": []})));
    assert_eq!(service.course("C2"), 200);
    assert_eq!(service.call("PUT", "example/courses", whole).1, json!({"missing": [], "unknown": []}));
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_key_and_a_token_that_are_replaced_count_without_a_restart() {
    let folder = folder();
    let service = Served::start(folder.path());
    assert_eq!(service.call("PUT", "example", SCHOOL).0, 201);
    let credentials = "example/campuses/main/credentials";
    assert_eq!(service.call("PUT", credentials, r#"{"key":"key-000001"}"#).0, 204);
    let secrets = folder.path().join("secrets");
    assert_eq!(fs::read_to_string(secrets.join("example.main.key")).unwrap(), "key-000001");
    host::private::write(&secrets.join(".operator-token.new"), b"another-token").unwrap();
    fs::rename(secrets.join(".operator-token.new"), secrets.join("operator-token")).unwrap();
    let (status, problem) = service.call("GET", "example", "");
    assert_eq!((status, &problem["title"]), (401, &json!("Unauthorized")));
    assert_discreet(&problem["detail"].to_string().replace("Bearer TOKEN", ""));
    host::private::write(&secrets.join("operator-token"), TOKEN.as_bytes()).unwrap();
    assert_eq!(service.call("GET", "example", "").0, 200);
    // A removed school leaves no secret.
    assert_eq!(service.call("DELETE", "example", "").0, 204);
    let left: Vec<_> = fs::read_dir(&secrets).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["operator-token"]);
}

#[test]
fn paths_of_the_configuration_are_relative_to_its_file() {
    let folder = folder();
    let config = folder.path().join("serve.toml");
    let text = fs::read_to_string(&config).unwrap().replace("[coursekey]", "compiled-code = \"compiled\"\n[coursekey]");
    fs::write(&config, text).unwrap();
    let mut serve = command(&PROGRAM, &["serve", "--config", "serve.toml"]);
    let mut process = serve.current_dir(folder.path()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(line.starts_with("Serving at http://127.0.0.1:"), "{line}");
    assert!(folder.path().join("compiled").is_dir() && folder.path().join("data").is_dir());
}

#[test]
fn completions_and_manual_pages_know_every_subcommand() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = said(&["completions", shell]);
        assert!(text.contains("simulate-coursekey") && text.contains("config"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let man = below(&folder, "share/man1");
    said(&["man", &man]);
    let page = |name: &str| fs::read_to_string(Path::new(&man).join(name)).unwrap();
    assert!(page("host-harness.1").contains("Exit codes:"));
    assert!(page("host-harness-serve.1").contains("\\-\\-config"));
    for line in said(&["--help"]).lines().skip_while(|line| *line != "Commands:").skip(1) {
        let Some(name) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) else { break };
        let is_there = Path::new(&man).join(format!("host-harness-{name}.1")).exists();
        assert!(is_there || matches!(name, "" | "help"), "{name}");
    }
}
