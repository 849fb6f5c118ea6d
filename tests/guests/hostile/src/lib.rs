//! The hostile guest: a component of the plugin's world that does what a plugin must not do. A script says what to
//! do: the school's name is the script of a tick, the body that of a push, the id of a removed course that of a change,
//! the id that is asked for that of a question for statuses. The guest returns everything it saw as the text of
//! `bad-input`, so that every attempt ends without a trace unless the script says `ok`, or `lie` and how.
#![cfg(target_family = "wasm")]
#![allow(unconditional_recursion, unsafe_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)] // `export!` expands to unsafe code.

mod flood;
mod http;
mod lie;

use exports::gegi::coursekey::integration::*;
use gegi::coursekey::email::{self, Message};
use gegi::coursekey::records::{self, JournalEntry, Operation};
use gegi::coursekey::state::{self, Change};

wit_bindgen::generate!({ path: "../../../wit", world: "plugin" });

struct Hostile;

impl Guest for Hostile {
    fn on_tick(budget: Budget) -> Result<TickReport, CallError> {
        let settings = gegi::coursekey::school::settings();
        let settings = settings.map_err(|error| CallError::BadInput(format!("{error:?}")))?;
        lie::report(&act(&settings.name, budget.items)?)
    }

    fn on_course_changed(change: CourseChange) -> Result<CourseOutcome, CallError> {
        let script = match change {
            CourseChange::Removed(id) => id,
            CourseChange::Saved(course) => course.id,
        };
        act(&script, 0)?;
        Ok(lie::course_outcome())
    }

    fn on_attendance_received(_: String, body: Vec<u8>) -> Result<AttendanceOutcome, CallError> {
        let lie = act(&String::from_utf8_lossy(&body), 0)?;
        let taken = if lie == "taken" { u32::MAX } else { 0 };
        Ok(AttendanceOutcome { taken, repeated: 0 })
    }

    fn get_status(query: StatusQuery) -> Result<Vec<CourseStatus>, CallError> {
        let script = match query {
            StatusQuery::Ids(ids) => ids.join("\n"),
            StatusQuery::Page(page) => page.after.unwrap_or_default(),
        };
        Ok(lie::statuses(&act(&script, 0)?, &script))
    }
}

export!(Hostile);

/// Carries out the lines of the script, one after the other. `ok` and `lie` end the script; the error has the outcomes of
/// all lines.
fn act(script: &str, items: u32) -> Result<String, CallError> {
    let mut seen = Vec::new();
    let mut held = Vec::new();
    for line in script.lines() {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "ok" => return Ok(String::new()),
            "lie" => return Ok(rest.to_owned()),
            "exit" => std::process::exit(0),
            "trap" => panic!("as told"),
            "loop" => loop {
                std::hint::spin_loop();
            },
            "recurse" => seen.push(recurse(rest.len() as u64).to_string()),
            "eat-memory" => eat_memory(),
            "print" => (0..number(rest)).for_each(|_| println!("{}", "x".repeat(1024))),
            "hoard" => (0..number(rest)).for_each(|_| std::mem::forget(wasi::http::types::Fields::new())),
            "wait" => wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX).block(),
            "items" => seen.push(items.to_string()),
            "aborted" => seen.push(format!("{:?}", state::last_aborted())),
            "crumb" => state::breadcrumb(Some(rest)),
            "read" => seen.push(format!("{:?}", state::get_many(&[rest.to_owned()]))),
            "put" => seen.push(put(rest)),
            "journal" => seen.push(journal(rest)),
            "mail" => seen.push(mail(rest)),
            "send" => seen.push(http::send(rest)),
            "hold" => seen.push(http::hold(rest, &mut held)),
            "burst" => seen.push(http::burst(rest)),
            other => seen.push(flood::flood(other, rest)),
        }
    }
    Err(CallError::BadInput(seen.join("\n")))
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or(0)
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    recurse(depth + 1) + frame[7]
}

fn eat_memory() {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(std::hint::black_box(vec![1; 1024 * 1024]));
    }
}

/// `put KEY BYTES`
fn put(rest: &str) -> String {
    let (key, size) = rest.split_once(' ').unwrap_or((rest, "0"));
    format!("{:?}", state::apply(&[Change::Put((key.to_owned(), vec![7; number(size)]))]))
}

/// `journal TIMES`
fn journal(rest: &str) -> String {
    let entry = JournalEntry {
        at: 0,
        what: "mark".to_owned(),
        course: None,
        class: None,
        person: None,
        old: None,
        new: None,
        by: "a test".to_owned(),
        attendance_record: None,
    };
    format!("{:?}", records::stage(&vec![Operation::Journal(entry); number(rest)]))
}

/// `mail RECIPIENT`; `\\r` and `\\n` stand for the ends of lines, which end a line of the script.
fn mail(recipient: &str) -> String {
    let recipient = recipient.replace("\\r", "\r").replace("\\n", "\n");
    let message = Message { template: "synchronization-issues".to_owned(), recipient, variables: vec![] };
    format!("{:?}", email::queue(&message))
}
