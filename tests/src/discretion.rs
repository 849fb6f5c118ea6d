//! No log, error or `Debug` shows who somebody is or what opens a door: names, addresses, keys, passwords.
//!
//! What is held, in every test that runs the component or the host: each line that one of our crates logs, at any level,
//! and each line of anybody's at the level that is on by default (`warn`). What is not: lines below `warn` of other
//! people's crates. Whoever switches those on sees what hyper and wasmtime see, requests with an address in their query
//! among it; the program's help names the filter `warn,host=debug` for that reason. A test cannot tell any name from any
//! other word either: the test data's names, keys and passwords are recognisable stand-ins, listed here; addresses are
//! told by their form.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Mutex, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// What the test data call a person, a key or a password by, or what begins such a thing.
const STAND_INS: [(&str, &str); 15] = [
    ("a name", "Student 0"),
    ("a name", "Instructor 0"),
    ("a name", NAME),
    ("a name's field", "first_name"),
    ("a name's field", "first-name"),
    ("a name's field", "firstName"),
    ("a name's field", "last_name"),
    ("a name's field", "last-name"),
    ("a name's field", "lastName"),
    ("a password", PASSWORD),
    ("a key", "key-0"),
    ("a key", "key-of-"),
    ("a key", "push key of the name"),
    ("a key", "push-key-"),
    ("a key", "Bearer "),
];

/// A person's name.
pub const NAME: &str = "Canaria";
/// A password, as the demo has it.
pub const PASSWORD: &str = "Welcome1";
/// A person's address.
pub const ADDRESS: &str = "canaria@example.edu";
/// A campus's key.
pub const KEY: &str = "key-000001";
/// What CourseKey signs with; 24 bytes.
pub const PUSH_KEY: &[u8] = b"push-key-000001-of-main-";

/// What a text gives away, with the place; none: nothing.
pub fn leak(text: &str) -> Option<String> {
    let found = |(what, sign): &(&str, &str)| text.find(sign).map(|at| format!("{what} ({})", around(text, at)));
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    // A body or a key that is printed as its bytes.
    let as_bytes = [NAME.as_bytes(), ADDRESS.as_bytes(), PASSWORD.as_bytes(), KEY.as_bytes(), PUSH_KEY];
    let as_bytes = as_bytes.into_iter().find(|bytes| {
        let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
        digits.contains(&list.join(","))
    });
    STAND_INS
        .iter()
        .find_map(found)
        .or_else(|| as_bytes.map(|_| "the bytes of a stand-in".to_owned()))
        .or_else(|| signing_key(text).map(|at| format!("a push key ({})", around(text, at))))
        .or_else(|| address(text).map(|at| format!("an e-mail address ({})", around(text, at))))
}

/// Fails if a text gives anybody away.
///
/// # Panics
/// It does.
#[allow(clippy::panic)]
#[track_caller]
pub fn assert_discreet(text: &str) {
    if let Some(what) = leak(text) {
        panic!("this shows {what}:\n{text}");
    }
}

/// `whsec_` with a key behind it.
fn signing_key(text: &str) -> Option<usize> {
    text.match_indices("whsec_").map(|(at, sign)| (at, at + sign.len())).find_map(|(at, end)| {
        let key = text.get(end..)?.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
        (key.count() >= 8).then_some(at)
    })
}

/// An at-sign, plain or as a URL has it, with something before it and a dotted domain behind it.
fn address(text: &str) -> Option<usize> {
    let plain = text.match_indices('@').chain(text.match_indices("%40"));
    plain.map(|(at, sign)| (at, at + sign.len())).find_map(|(at, end)| {
        let before = text.get(..at)?.chars().next_back()?;
        let domain: String =
            text.get(end..)?.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
        let dotted = domain.trim_end_matches('.').split('.').filter(|label| !label.is_empty()).count() > 1;
        (before.is_ascii_alphanumeric() && dotted).then_some(at)
    })
}

fn around(text: &str, at: usize) -> String {
    let before: Vec<char> = text.get(..at).unwrap_or_default().chars().rev().take(20).collect();
    before.into_iter().rev().chain(text.get(at..).unwrap_or_default().chars().take(30)).collect()
}

/// The crates whose every line is watched.
const OURS: [&str; 7] = ["host", "lab", "simulator", "component", "host_harness", "plugin", "tests"];

/// Watches the log of this process from now on. Harnesses that run the component or the host call it first. A line that
/// gives somebody away ends the process: a panic on a thread of the host's could be caught there, and the test pass.
///
/// # Panics
/// A test has installed a log of its own.
pub fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let subscriber = Registry::default().with(Watch { leaked: end_the_process }).with(Kept);
        // Only a test that installed a log of its own could be in the way; it would be seen to fail here.
        assert!(tracing::subscriber::set_global_default(subscriber).is_ok(), "another log is installed");
    });
}

/// The lines at the level that is on by default, as far as they are kept.
static WARNED: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// More than any test program looks at.
const KEPT_LINES: usize = 10_000;

/// What was logged so far, by any test of this process, at the level that is on by default.
pub fn warned() -> String {
    WARNED.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
}

/// Keeps what is logged at the level that is on by default.
struct Kept;

impl<S: Subscriber> Layer<S> for Kept {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::WARN {
            let mut line = Line(format!("{} {}:", event.metadata().level(), event.metadata().target()));
            event.record(&mut line);
            let mut kept = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < KEPT_LINES {
                kept.push(line.0);
            }
        }
    }
}

fn end_the_process(what: &str, line: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a thread without a name").to_owned();
    // Not through `eprintln!`, which the test runner keeps for a report it will not come to write.
    let _ = writeln!(std::io::stderr(), "{test}: the log shows {what}:\n  {line}");
    std::process::abort();
}

/// Reads every line that is logged.
pub struct Watch<F> {
    /// Called with what a line gives away and the line.
    pub leaked: F,
}

impl<F: Fn(&str, &str)> Watch<F> {
    fn check(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {}:", metadata.level(), metadata.target()));
        record(&mut line);
        if let Some(what) = leak(&line.0) {
            (self.leaked)(&what, &line.0);
        }
    }
}

fn is_watched(metadata: &Metadata<'_>) -> bool {
    let of = metadata.target().split("::").next().unwrap_or_default();
    OURS.contains(&of) || *metadata.level() <= Level::WARN
}

impl<S, F> Layer<S> for Watch<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Fn(&str, &str) + Send + Sync + 'static,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_watched(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_watched(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.check(attributes.metadata(), |line| attributes.record(line));
    }

    fn on_record(&self, span: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(metadata) = context.metadata(span) {
            self.check(metadata, |line| values.record(line));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.check(event.metadata(), |line| event.record(line));
    }
}

/// A line as it would be written.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing into a text does not fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }
}
