//! `docs/gegi.md`, played in a shell against the program: what each block of commands prints is what stands below it.
//! Times, ids and ports differ from run to run; an object on the page may leave out keys with the key `…`.

use std::fs;
use std::io::{self, BufRead, BufReader, Lines, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use chrono::DateTime;
use serde_json::Value;
use tests::discretion::assert_discreet;

use super::{PROGRAM, command};

/// The ports on the page: CourseKey's and the service's.
const PORTS: [&str; 2] = ["8090", "8080"];
/// What the shell prints after each block.
const END: &str = "-- end of the block";
/// The key that stands for keys which the page leaves out.
const REST: &str = "…";

#[test]
fn the_page_for_gegi_prints_what_it_says() {
    if !has_curl() {
        // Past the harness, which keeps what a test that passes prints.
        writeln!(io::stderr(), "there is no curl, so docs/gegi.md is not played").unwrap();
        assert!(!requires_curl(), "GEGI_REQUIRE_CURL is 1 and there is no curl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let free = PORTS.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = free.each_ref().map(|port| port.local_addr().unwrap().port().to_string());
    drop(free);
    let mut shell = Shell::start(folder.path());
    for block in blocks() {
        let here = PORTS.iter().zip(&ports).fold(block.commands.clone(), |text, (page, port)| text.replace(page, port));
        let printed = shell.run(&here);
        let fits = match &block.printed {
            Printed::Json(page) => serde_json::from_str(&printed).is_ok_and(|said| fits(page, &said)),
            Printed::Text(page) => printed == *page,
        };
        let log = || fs::read_to_string(folder.path().join("serve.log")).unwrap_or_default();
        assert!(fits, "docs/gegi.md line {}:\n{}\nprinted:\n{printed}\nlog:\n{}", block.line, block.commands, log());
    }
    assert!(fs::read_dir(folder.path().join("data")).unwrap().count() > 0, "nothing was stored");
    assert_discreet(&fs::read_to_string(folder.path().join("serve.log")).unwrap());
}

fn has_curl() -> bool {
    let found = Command::new("curl").arg("--version").stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

#[allow(clippy::disallowed_methods)] // Whoever runs the tests says so in the environment.
fn requires_curl() -> bool {
    std::env::var("GEGI_REQUIRE_CURL").is_ok_and(|value| value == "1")
}

/// A block of commands, and what the page says that they print.
struct Block {
    line: usize,
    commands: String,
    printed: Printed,
}

enum Printed {
    Text(String),
    Json(Value),
}

/// The blocks of the page. A block of another kind below commands is what they print; nothing below them: they print nothing.
fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let page = super::operating::page("gegi.md");
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let text: String =
            lines.by_ref().map(|(_, line)| format!("{line}\n")).take_while(|line| !line.starts_with("```")).collect();
        match kind {
            "sh" => blocks.push(Block { line: at + 1, commands: text, printed: Printed::Text(String::new()) }),
            "text" => blocks.last_mut().unwrap().printed = Printed::Text(text),
            "json" => blocks.last_mut().unwrap().printed = Printed::Json(serde_json::from_str(&text).unwrap()),
            other => panic!("line {}: {other:?} is no kind of block", at + 1),
        }
    }
    assert!(blocks.len() > 10, "{}", blocks.len());
    blocks
}

/// Whether what was printed is what the page says.
fn fits(page: &Value, said: &Value) -> bool {
    match (page, said) {
        (Value::Object(page), Value::Object(said)) => {
            let named = page.iter().filter(|(key, _)| *key != REST);
            let is_whole = page.contains_key(REST) || page.len() == said.len();
            is_whole && named.into_iter().all(|(key, page)| said.get(key).is_some_and(|said| fits(page, said)))
        }
        (Value::Array(page), Value::Array(said)) => {
            page.len() == said.len() && page.iter().zip(said).all(|(page, said)| fits(page, said))
        }
        (Value::String(page), Value::String(said)) => page == said || is_like(page, said),
        (page, said) => page == said,
    }
}

/// Whether both are moments, or both are ids of operations.
fn is_like(page: &str, said: &str) -> bool {
    let is_moment = |text: &str| text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok();
    let is_id = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    [&is_moment as &dyn Fn(&str) -> bool, &is_id].iter().any(|is| is(page) && is(said))
}

/// A shell in which the program is called by its name. What it began ends when this value is dropped.
struct Shell {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Shell {
    #[allow(clippy::disallowed_methods)] // The program is put before what else is on the path.
    fn start(folder: &Path) -> Self {
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", PROGRAM.parent().unwrap().display());
        let mut shell = command(Path::new("sh"), &["-eu"]);
        shell.current_dir(folder).env("PATH", path).env_remove("GEGI_LOG").env_remove("RUST_LOG");
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut process = shell.spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, input, output: BufReader::new(output).lines() }
    }

    /// What the commands print. They must not fail.
    fn run(&mut self, commands: &str) -> String {
        write!(self.input, "{commands}\necho; echo '{END}'\n").unwrap();
        let mut printed = String::new();
        for line in self.output.by_ref().map(Result::unwrap) {
            if line == END {
                // The line that ends what was printed without one; empty after a whole line.
                let whole = printed.strip_suffix("\n\n").map(|text| format!("{text}\n"));
                return whole.unwrap_or_else(|| printed.trim_start_matches('\n').to_owned());
            }
            printed += &line;
            printed += "\n";
        }
        panic!("a command failed; printed before it:\n{printed}\n{commands}");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The service and the simulated CourseKey are in the shell's group.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

#[test]
fn what_the_page_leaves_out_is_marked() {
    let said = serde_json::json!({"a": "2026-09-01T16:00:00Z", "b": [1, "x"]});
    let with = |text: &str| fits(&serde_json::from_str(text).unwrap(), &said);
    assert!(with(r#"{"a": "2023-01-01T00:00:00Z", "b": [1, "x"]}"#) && with(r#"{"b": [1, "x"], "…": "more"}"#));
    assert!(!with(r#"{"b": [1, "x"]}"#) && !with(r#"{"a": "now", "…": ""}"#) && !with(r#"{"b": [1], "…": ""}"#));
}
