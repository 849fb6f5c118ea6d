//! Discretion: no log, error or `Debug` shows a name, an address, a key or a password.
//!
//! In every test that runs the component or the host, these lines are checked: each line that one of this workspace's
//! crates logs, at any level, and each line of any crate at the level that is on by default (`warn`). Lines below
//! `warn` of other crates are not checked. Whoever switches those lines on sees what hyper and wasmtime see, for
//! example requests with an address in their query; the program's help therefore names the filter `warn,host=debug`.
//! A test cannot tell a name from any other word either, so the names, keys and passwords of the test data are
//! recognisable stand-ins, which are listed here; addresses are recognised by their form.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, Once, PoisonError};

use data_encoding::{BASE64_NOPAD, HEXLOWER};
use lab::run::simulated_push_key;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// The names, keys and passwords of the test data, or their beginnings.
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

/// The name of a person.
pub const NAME: &str = "Canaria";
/// The password of the demo's settings.
pub const PASSWORD: &str = "Welcome1";
/// The address of a person.
pub const ADDRESS: &str = "canaria@example.edu";
/// The key of a campus.
pub const KEY: &str = "key-000001";
/// The key with which CourseKey signs pushes; 24 bytes.
pub const PUSH_KEY: &[u8] = b"push-key-000001-of-main-";

/// The kind of secret that a text shows, with the place; none: the text shows no secret.
pub fn leak(text: &str) -> Option<String> {
    let found = |(what, sign): &(&str, &str)| text.find(sign).map(|at| format!("{what} ({})", around(text, at)));
    STAND_INS
        .iter()
        .find_map(found)
        .or_else(|| in_another_form(text).map(|_| "a stand-in in another form".to_owned()))
        .or_else(|| signing_key(text).map(|at| format!("a push key ({})", around(text, at))))
        .or_else(|| address(text).map(|at| format!("an e-mail address ({})", around(text, at))))
}

/// Fails if a text shows a secret.
///
/// # Panics
/// The text shows a secret.
#[allow(clippy::panic)]
#[track_caller]
pub fn assert_discreet(text: &str) {
    if let Some(what) = leak(text) {
        panic!("this shows {what}:\n{text}");
    }
}

/// A stand-in that a text shows as a list of its bytes, in hexadecimal or in base64.
fn in_another_form(text: &str) -> Option<&'static str> {
    static FORMS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let campuses = ["main", "one", "two"].map(simulated_push_key);
        let secrets = [NAME.as_bytes(), ADDRESS.as_bytes(), PASSWORD.as_bytes(), KEY.as_bytes(), PUSH_KEY];
        secrets.into_iter().chain(campuses.iter().map(Vec::as_slice)).flat_map(forms).collect()
    });
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    FORMS.iter().map(String::as_str).find(|form| text.contains(form))
}

/// The other forms of a secret. In base64 it looks in three ways, after the bytes that stand before it.
fn forms(secret: &[u8]) -> Vec<String> {
    let list: Vec<String> = secret.iter().map(u8::to_string).collect();
    let in_base64 = (0..3).map(|before| {
        let text = BASE64_NOPAD.encode(&[&vec![0; before][..], secret].concat());
        // The first and the last character belong to neighbours as well.
        let from = [0, 2, 3].get(before).copied().unwrap_or_default();
        text.get(from..text.len() - 1).unwrap_or_default().to_owned()
    });
    [list.join(","), HEXLOWER.encode(secret)].into_iter().chain(in_base64).collect()
}

/// The place of a `whsec_` that a key follows.
fn signing_key(text: &str) -> Option<usize> {
    text.match_indices("whsec_").map(|(at, sign)| (at, at + sign.len())).find_map(|(at, end)| {
        let key = text.get(end..)?.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
        (key.count() >= 8).then_some(at)
    })
}

/// The place of an at-sign, plain or as a URL writes it, with a name before it and a dotted domain after it.
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

/// The crates whose lines are checked at every level.
const OURS: [&str; 9] =
    ["host", "lab", "simulator", "component", "host_harness", "mirror", "plugin", "service", "tests"];

/// Checks the log of this process from now on. Harnesses that run the component or the host call this function first.
/// A line that shows a secret ends the process, because a panic on a thread of the host's could be caught there, and
/// the test would pass.
///
/// # Panics
/// A test has installed a log of its own.
pub fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let subscriber = Registry::default().with(Watch { leaked: end_the_process }).with(Kept);
        // Only a test that has installed a log of its own makes this fail, and then this message says so.
        assert!(tracing::subscriber::set_global_default(subscriber).is_ok(), "another log is installed");
        watch_panics();
    });
}

/// The last lines at the level that is on by default.
static WARNED: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// More lines than any test program reads.
const KEPT_LINES: usize = 10_000;

/// The lines that any test of this process has logged so far, at the level that is on by default.
pub fn warned() -> String {
    WARNED.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
}

/// Keeps the lines at the level that is on by default.
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

/// Checks what panics say, but those of the tests, which show what differs.
fn watch_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_test = panic.location().is_some_and(|place| place.file().contains("tests"));
        let leaked = panic.payload_as_str().filter(|_| !is_test).and_then(|text| Some((leak(text)?, text)));
        if let Some((what, text)) = leaked {
            end_the_process(&what, text);
        }
        usual(panic);
    }));
}

fn end_the_process(what: &str, line: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a thread without a name").to_owned();
    // Not `eprintln!`: the test runner keeps that text for a report, and the process ends before the report is
    // written.
    let _ = writeln!(std::io::stderr(), "{test}: the log or a panic shows {what}:\n  {line}");
    std::process::abort();
}

/// Checks every line that is logged.
pub struct Watch<F> {
    /// Called with the secret that a line shows, and with the line.
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

/// The text of a line, as a log would write the line.
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
