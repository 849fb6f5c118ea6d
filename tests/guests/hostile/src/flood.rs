//! What is harmless once and is done far too often, or far too large.

use crate::gegi::coursekey::state::{self, Change};
use crate::{mail, number};

/// Keys that would lead out of a school's storage if a store took them for paths, patterns or parts of a statement.
const ODD_KEYS: [&str; 10] = [
    "../school-2/secret",
    "school-2/secret",
    "/school-2/secret",
    "school-2\0secret",
    "\0secret",
    "%",
    "secret' OR '1'='1",
    "\u{10ffff}",
    "..",
    "secret",
];

pub(crate) fn flood(verb: &str, rest: &str) -> String {
    let (first, second) = rest.split_once(' ').unwrap_or((rest, "0"));
    match verb {
        // Every step of these loops is inside of the host.
        "host-loop" => loop {
            std::hint::black_box(state::last_aborted());
        },
        "poll-loop" => loop {
            wasi::clocks::monotonic_clock::subscribe_duration(0).block();
        },
        "pollables" => {
            let hold = |_| std::mem::forget(wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX));
            (0..number(rest)).for_each(hold);
            String::new()
        }
        "escape" => {
            println!("\x1b[2J\x1b]0;owned\x07{rest}\rhost: all is well");
            String::new()
        }
        "say" => "x".repeat(number(rest)),
        "say-escape" => "\x1b[2Jall is well".to_owned(),
        "crumbs" => {
            (0..number(rest)).for_each(|count| state::breadcrumb(Some(&count.to_string())));
            String::new()
        }
        "crumb-of" => {
            state::breadcrumb(Some(&"x".repeat(number(rest))));
            String::new()
        }
        "puts" => puts(number(first), number(second)),
        "fill" => until_refused(|count| {
            let changes: Vec<_> = (0..number(first)).map(|of| put(&format!("{count}-{of}"), number(second))).collect();
            state::apply(&changes).map_err(|error| format!("{error:?}"))
        }),
        "mails" => until_refused(|_| match mail(rest).as_str() {
            "Ok(())" => Ok(()),
            refused => Err(refused.to_owned()),
        }),
        "scan" => format!("{:?}", state::scan("", None, u32::try_from(number(rest)).unwrap_or(u32::MAX))),
        "get" => format!("{:?}", state::get_many(&vec!["a".to_owned(); number(rest)])),
        "put-odd" => {
            let changes: Vec<_> = ODD_KEYS.iter().map(|key| put(key, 1)).collect();
            format!("{:?}", state::apply(&changes))
        }
        "read-odd" => {
            let keys: Vec<_> = ODD_KEYS.iter().map(|key| (*key).to_owned()).collect();
            let held = state::get_many(&keys).map(|held| held.into_iter().flatten().count());
            let scanned = state::scan("", None, 100).map(|entries| entries.len());
            format!("{held:?} {scanned:?}")
        }
        other => format!("cannot {other}"),
    }
}

fn put(key: &str, bytes: usize) -> Change {
    Change::Put((key.to_owned(), vec![7; bytes]))
}

/// Many values in one change.
fn puts(count: usize, bytes: usize) -> String {
    let changes: Vec<_> = (0..count).map(|count| put(&format!("k{count}"), bytes)).collect();
    format!("{:?}", state::apply(&changes))
}

/// Does the same until it is refused; says how often it was done, and the refusal.
fn until_refused(mut act: impl FnMut(usize) -> Result<(), String>) -> String {
    let mut done = 0;
    loop {
        match act(done) {
            Ok(()) => done += 1,
            Err(refused) => return format!("{done} and then {refused}"),
        }
    }
}
