//! The shape of the code, checked by an ordinary test: which room may import which, how long a file may be, and which
//! words no file may hold.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "tidy/crates.rs"]
mod crates;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use plugin::issue::{CATALOGUE, Row};
use plugin::model::issue::Code;

/// The rooms of the core in reading order: each room may use the rooms before it and no others.
const ROOMS: [&str; 33] = [
    "model",
    "naming",
    "silence",
    "settings",
    "option",
    "window",
    "enrollment",
    "lines",
    "unfit",
    "people",
    "status",
    "marking",
    "issue",
    "ledger",
    "desired",
    "plan",
    "following",
    "look",
    "guard",
    "world",
    "attendance",
    "digest",
    "coursekey",
    "connection",
    "memory",
    "overview",
    "change",
    "inbox",
    "review",
    "tick",
    "preview",
    "explain",
    "component",
];

/// The steps of a tick in reading order: each step may use the steps before it. `mod.rs` alone may use all of them.
const STEPS: [&str; 24] = [
    "size",
    "moment",
    "agenda",
    "campus",
    "outgoing",
    "guarding",
    "resending",
    "aborted",
    "compare",
    "classes",
    "facts",
    "settle",
    "adopt",
    "places",
    "records",
    "moving",
    "unplaced",
    "judge",
    "absorb",
    "free",
    "send",
    "poll",
    "store",
    "foresee",
];

/// The only file of the core with CourseKey's words for refusals.
const CODES: &str = "plugin/src/coursekey/codes.rs";

/// The most lines of a file: a longer file holds more than one idea.
const LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() && path.file_name() != Some("target".as_ref()) {
                folders.push(path);
            } else if path.extension() == Some("rs".as_ref()) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// The lines of a file that are code, without comments and without the file's own tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
}

/// The rooms that a file names with `prefix`, such as `crate::`, alone or in braces, without those its tests name.
/// A name that begins with a capital letter is an item of the file that lists the rooms, and no room.
fn rooms_named(text: &str, prefix: &str) -> Vec<String> {
    let code: String = code(text).collect();
    let names = code.split(prefix).skip(1).flat_map(first_names);
    names.filter(|name| !name.is_empty() && !name.starts_with(char::is_uppercase)).collect()
}

/// The first name of each path that a text begins with: `a` of `a::b;`, and `a` and `c` of `{a::{b, d}, c}`.
fn first_names(text: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => paths.push(String::new()),
            c if depth < 2 => paths.last_mut().unwrap().push(c),
            _ => {}
        }
        if depth < 1 && !(c.is_alphanumeric() || c == '_') {
            break;
        }
    }
    let name = |path: String| path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    paths.into_iter().map(name).collect()
}

/// The room of a file: the first part of its path below the folder of the rooms.
fn room_of(path: &Path, folder: &Path) -> String {
    let first = path.strip_prefix(folder).unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The uses that break the reading order of a folder's rooms: a file that names, with `prefix`, a room that comes
/// after its own room or is in no list. The file that only lists the rooms (`lib.rs`, `mod.rs`) may name all of them.
fn out_of_order(folder: &str, prefix: &str, rooms: &[&str]) -> Vec<String> {
    let place = |room: &str| rooms.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    for (path, text) in rust_files(folder).into_iter().filter(|(path, _)| !is_test(path)) {
        let room = room_of(&path, &root().join(folder));
        let Some(own) = place(&room) else {
            assert!(matches!(room.as_str(), "lib" | "mod"), "{} is in no room of the list", path.display());
            continue;
        };
        // In a room of several files `super` is the room itself.
        let is_inside = path.parent() != Some(root().join(folder).as_path()) && !path.ends_with("mod.rs");
        let prefix = if prefix == "super::" && is_inside { "super::super::" } else { prefix };
        let later = |named: &String| place(named).is_none_or(|other| other > own);
        let named = rooms_named(&text, prefix).into_iter().filter(later);
        wrong.extend(named.map(|named| format!("{}: {room} uses {named}", path.display())));
    }
    wrong
}

/// Whether a file is one of a crate's own tests. The folder of the checkout, and the way to it, do not count.
fn is_test(path: &Path) -> bool {
    let path = path.strip_prefix(root()).unwrap();
    path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs" | "testing")))
}

#[test]
fn every_room_of_the_core_uses_only_rooms_before_it() {
    let wrong = out_of_order("plugin/src", "crate::", &ROOMS);
    assert!(wrong.is_empty(), "dependencies point one way:\n{}", wrong.join("\n"));
}

#[test]
fn rooms_are_read_one_by_one_and_in_braces() {
    let text = "use crate::a::{self, x};\nuse crate::{\n    b,\n    c::{y, z},\n};\nlet _ = crate::d(crate::Item);\n// crate::e";
    assert_eq!(rooms_named(text, "crate::"), ["a", "b", "c", "d"]);
}

#[test]
fn the_files_of_the_core_are_read_and_no_others() {
    let read = |folder: &str| {
        let files = rust_files(folder).into_iter().filter(|(path, _)| !is_test(path));
        files.map(|(path, _)| room_of(&path, &root().join(folder))).collect::<BTreeSet<_>>()
    };
    let expected = |rooms: &[&str], top: &str| rooms.iter().copied().chain([top]).map(str::to_owned).collect();
    assert_eq!(read("plugin/src"), expected(&ROOMS, "lib"));
    assert_eq!(read("plugin/src/tick"), expected(&STEPS, "mod"));
    assert!(read("plugin/src/look/tests").is_empty());
}

#[test]
fn every_step_of_a_tick_uses_only_steps_before_it() {
    let wrong = out_of_order("plugin/src/tick", "super::", &STEPS);
    assert!(wrong.is_empty(), "dependencies point one way:\n{}", wrong.join("\n"));
}

#[test]
fn what_may_be_done_is_written_in_the_types_of_the_calls() {
    let calls = [
        ("overview", "pub fn get_status(world: &mut impl Reads"),
        ("change", "pub fn on_course_changed(world: &mut impl Writes"),
        ("inbox", "pub fn on_attendance_received(\n    world: &mut impl Writes"),
        ("tick/mod", "pub fn on_tick(world: &mut impl World"),
        ("review/holds", "pub fn holds(world: &mut impl Reads"),
        ("review/decide", "pub fn decide(world: &mut impl Writes"),
        ("review/resend", "pub fn resend(world: &mut impl Writes"),
        ("review/watch", "pub fn watch(\n    world: &mut impl Reads"),
        ("preview/mod", "pub fn preview(world: &mut impl Reads"),
        ("explain/mod", "pub fn explain(\n    world: &mut impl Reads"),
        ("explain/mod", "pub fn why_not(world: &mut impl Reads"),
    ];
    for (file, signature) in calls {
        let text = fs::read_to_string(root().join(format!("plugin/src/{file}.rs"))).unwrap();
        assert!(text.contains(signature), "{file}: {signature}");
    }
    // Planning turns values into values: none of these rooms may ask the world.
    for folder in ["desired", "plan", "following.rs", "look", "guard"] {
        let path = root().join("plugin/src").join(folder);
        let files = if path.is_dir() {
            rust_files(&format!("plugin/src/{folder}"))
        } else {
            vec![(path.clone(), fs::read_to_string(&path).unwrap())]
        };
        for (path, text) in files {
            assert!(!rooms_named(&text, "crate::").iter().any(|room| room == "world"), "{}", path.display());
        }
    }
}

#[test]
fn coursekeys_words_for_refusals_stand_in_one_file() {
    let words = fs::read_to_string(root().join(CODES)).unwrap();
    let words: Vec<String> = words
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix("(\"")?.split_once("\", RefusalCode::").map(|(word, _)| format!("\"{word}\""))
        })
        .collect();
    assert!(words.len() > 5, "{words:?}");
    for (path, text) in
        rust_files("plugin/src").into_iter().filter(|(path, _)| !is_test(path) && !path.ends_with("codes.rs"))
    {
        for word in words.iter().filter(|word| word.contains('_')) {
            assert!(!code(&text).any(|line| line.contains(word.as_str())), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn never_is_no_moment() {
    for (path, text) in rust_files("plugin/src").into_iter().filter(|(path, _)| !is_test(path)) {
        let held = code(&text).any(|line| line.contains("Instant(i64::MAX)"));
        assert!(!held, "{}: say with a type that something never happens", path.display());
    }
}

#[test]
fn every_file_says_what_lives_in_it_and_is_short() {
    let folders = ["plugin/src", "host-harness", "tests/src", "tests/tests", "tests/guests"];
    let files = folders.into_iter().flat_map(rust_files);
    let wrong = files.filter(|(_, text)| !text.starts_with("//!") || text.lines().count() > LINES);
    let wrong: Vec<String> = wrong.map(|(path, _)| path.display().to_string()).collect();
    assert!(wrong.is_empty(), "no //! at the top, or more than {LINES} lines:\n{}", wrong.join("\n"));
}

#[test]
fn every_item_of_the_wit_is_documented() {
    let files = fs::read_dir(root().join("wit")).unwrap().map(Result::unwrap);
    for entry in files.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "wit")) {
        let text = fs::read_to_string(entry.path()).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (before, line) in lines.iter().zip(lines.iter().skip(1)) {
            let item = line.contains(": func(")
                || ["record ", "enum ", "variant ", "type ", "interface ", "world "]
                    .iter()
                    .any(|word| line.starts_with(word));
            let member = line.ends_with(',') && !line.starts_with("///");
            let documented = before.starts_with("///");
            assert!(documented || !(item || member), "{}: {line}", entry.path().display());
        }
    }
}

#[test]
fn every_issue_about_attendance_is_reached_by_a_test_of_the_core() {
    let expected: String =
        rust_files("plugin/src").into_iter().filter(|(path, _)| is_test(path)).map(|(_, text)| text).collect();
    let about_attendance = CATALOGUE.iter().filter(|(code, _)| *code >= Code::RecordOfUnknownClass);
    let is_reached = |code: &Code, row: &Row| {
        [format!("open {}/", row.code), format!("{code:?}: ")].iter().any(|told| expected.contains(told))
    };
    let unreached = about_attendance.filter(|(code, row)| !is_reached(code, row)).map(|(_, row)| row.code);
    assert_eq!(unreached.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn nothing_is_left_unfinished_and_no_file_knows_this_machine() {
    let here = root().canonicalize().unwrap().join("").display().to_string();
    // The words are put together here, so that this file does not hold them.
    let unfinished = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let ignored = ["#[", "ignore"].concat();
    let folders = ["plugin/src", "host-harness", "tests/src", "tests/tests", "tests/guests"];
    for (path, text) in folders.into_iter().flat_map(rust_files) {
        for word in unfinished.iter().chain([&ignored]).chain([&here]) {
            assert!(!text.contains(word), "{} holds {word}", path.display());
        }
    }
}
