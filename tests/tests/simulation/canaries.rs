//! Canaries: every field of a simulated person, every key and every password is a word that can be found again, and
//! nothing that a run puts out shows one to whom it is not for. `tests::discretion` watches the log and the panics.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use host::observer::{EndedCall, Observer, Step};
use tests::discretion::{ADDRESS, NAME, PASSWORD, leak};

/// What an operator reads of a run. All other files are the school's or CourseKey's.
const OPERATORS: [&str; 2] = ["requests.jsonl", "report.json"];
/// How the ids of the simulated people begin. The log and the report may name them; metrics, traces and requests may not.
const IDS: [&str; 4] = ["S0000", "S8000", "S9000", "I0000"];
/// What nobody reads but whom it opens something for: the school's files may name people.
const SECRETS: [&str; 2] = [PASSWORD, "simulated-key-of-"];

/// Keeps everything that an observer is told, from which metrics and traces are made.
#[derive(Default)]
pub(crate) struct Heard(Mutex<String>);

impl Observer for Heard {
    fn step(&self, step: Step) {
        self.note(&step);
    }

    fn call_ended(&self, call: &EndedCall<'_>) {
        self.note(call);
    }
}

impl Heard {
    fn note(&self, what: &dyn std::fmt::Debug) {
        // Writing into a text does not fail.
        let _ = writeln!(self.0.lock().unwrap_or_else(PoisonError::into_inner), "{what:?}");
    }
}

/// Every canary that a run's output shows to whom it is not for.
pub(crate) fn escaped(out: &Path, heard: &Heard) -> Vec<String> {
    let mut found = Vec::new();
    let mut texts = vec![("what the observer hears".to_owned(), heard.0.lock().unwrap().clone())];
    for (name, text) in files(out) {
        // The secrets alone: GEGI's files and the school's mails name people.
        let shown = SECRETS.iter().find(|secret| text.contains(**secret)).map(|secret| (*secret).to_owned());
        found.extend(shown.map(|secret| format!("+ {name} shows {secret}")));
        if name.starts_with("mails/") {
            found.extend(misdirected(&name, &text));
        }
        if OPERATORS.contains(&name.as_str()) {
            texts.push((name, text));
        }
    }
    assert!(texts.len() > OPERATORS.len() && texts.iter().all(|(_, text)| text.len() > 20), "nothing is searched");
    for (name, text) in texts {
        found.extend(leak(&text).map(|what| format!("+ {name} shows {what}")));
        // The report lists the records that are unaccounted for, by their ids.
        let ids = IDS.iter().filter(|id| name != "report.json" && text.contains(**id));
        found.extend(ids.map(|id| format!("+ {name} names a person ({id})")));
    }
    found
}

/// A mail goes to the school's address for errors and to nobody else.
fn misdirected(name: &str, mail: &str) -> Vec<String> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
    let recipients: Vec<&str> = head.lines().filter(|line| is_recipient(line)).collect();
    let is_right = recipients == [format!("To: {ADDRESS}").as_str()] && !head.contains(NAME);
    if is_right { Vec::new() } else { vec![format!("+ {name} goes to {recipients:?}")] }
}

fn is_recipient(line: &str) -> bool {
    ["to:", "cc:", "bcc:"].iter().any(|field| line.to_ascii_lowercase().starts_with(field))
}

/// The files below a folder with their texts.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                let text = if name.starts_with("mails/") { text.clone() + &bodies(text.as_bytes()) } else { text };
                found.push((name, text));
            }
        }
    }
    found
}

/// The texts of a mail, as its reader sees them.
fn bodies(mail: &[u8]) -> String {
    let mail = mailparse::parse_mail(mail).unwrap();
    mail.parts().filter_map(|part| part.get_body().ok()).collect()
}
