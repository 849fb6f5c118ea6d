//! Plays the school that ships, with changes that a test chooses, and reads the output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use component::COMPONENT;
use host::email::OwnTexts;
use host::engine::Engine;
use host::limits::Limits;
use host::observer::NoObserver;
use jsonschema::{Registry, Validator};
use lab::directory::SchoolDirectory;
use lab::run::{Keys, RunOptions, run};
use serde_json::Value;
use tempfile::TempDir;

/// The files with the records that GEGI holds in the end.
pub(crate) const RECORDS: [&str; 5] =
    ["marks.jsonl", "attendance-log.jsonl", "journal.jsonl", "issues.jsonl", "status.jsonl"];
/// The file with the data that CourseKey holds in the end.
pub(crate) const ROSTERS: [&str; 1] = ["coursekey.jsonl"];

/// One engine for all tests; its compiled code is kept for the next time, where the program keeps its own when tested.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    tests::discretion::watch();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/gegi-coursekey");
    Engine::new(COMPONENT, Limits::default(), Some(&cache)).unwrap()
});

/// A school directory that a test changes and plays.
#[derive(Clone)]
pub(crate) struct Play {
    files: BTreeMap<String, String>,
    store: Option<PathBuf>,
    own_texts: Option<OwnTexts>,
    seed: u64,
}

impl Play {
    /// The school that ships, unchanged.
    pub(crate) fn demo() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-harness/demo-school");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
        });
        Self { files: files.collect(), store: None, own_texts: None, seed: 1 }
    }

    /// Four days of the school that ships, with a tick an hour and without its changes.
    pub(crate) fn weekend() -> Self {
        let demo = Self::demo().without("changes.jsonl");
        demo.school("2023-10-30T04:00:00Z", "2023-11-02T04:00:00Z")
            .until("2023-11-06T05:00:00Z")
            .school("update-every-minutes = 15", "update-every-minutes = 60")
    }

    fn school(mut self, old: &str, new: &str) -> Self {
        let text = self.files.get_mut("school.toml").unwrap();
        assert!(text.contains(old), "{old}");
        *text = text.replace(old, new);
        self
    }

    /// Plays up to this moment.
    pub(crate) fn until(self, until: &str) -> Self {
        let text = &self.files["school.toml"];
        let old = text.split("until = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        self.school(&old, until)
    }

    /// Plays from this moment on, with the courses as they are then; what happened before is not played.
    pub(crate) fn live_from(self, from: &str) -> Self {
        let parsed = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
        let mut courses: BTreeMap<String, Value> =
            self.file("courses.jsonl").lines().map(parsed).map(|course| (said(&course["id"]), course)).collect();
        let changes = self.file("changes.jsonl").lines().map(parsed);
        let (before, after): (Vec<Value>, Vec<Value>) = changes.partition(|change| said(&change["at"]).as_str() < from);
        let saved = before.into_iter().map(|mut change| change["course"].take()).filter(Value::is_object);
        courses.extend(saved.map(|course| (said(&course["id"]), course)));
        let text =
            |lines: &mut dyn Iterator<Item = Value>| lines.map(|line| line.to_string() + "\n").collect::<String>();
        let play = self.with_file("courses.jsonl", &text(&mut courses.into_values()));
        let play = play.with_file("changes.jsonl", &text(&mut after.into_iter()));
        play.school("2023-10-30T04:00:00Z", from)
    }

    /// The text of one of the files.
    pub(crate) fn file(&self, name: &str) -> &str {
        &self.files[name]
    }

    /// The same play without one of its files.
    pub(crate) fn without(mut self, file: &str) -> Self {
        self.files.remove(file).unwrap();
        self
    }

    /// The same play with one more file.
    pub(crate) fn with_file(mut self, file: &str, text: &str) -> Self {
        self.files.insert(file.to_owned(), text.to_owned());
        self
    }

    /// The same play with another seed.
    pub(crate) fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..self.clone() }
    }

    /// The same play with one more line of `changes.jsonl`.
    pub(crate) fn change(&self, line: &str) -> Self {
        let mut play = self.clone();
        let changes = play.files.entry("changes.jsonl".to_owned()).or_default();
        *changes = format!("{changes}{line}\n");
        play
    }

    /// The same play with the school stored in a folder.
    pub(crate) fn stored(mut self, store: &TempDir) -> Self {
        self.store = Some(store.path().to_owned());
        self
    }

    /// The same play with the school's own texts for its mails.
    pub(crate) fn with_own_texts(mut self, own: OwnTexts) -> Self {
        self.own_texts = Some(own);
        self
    }

    /// Plays the directory and returns the folder of the output.
    pub(crate) async fn run(&self) -> TempDir {
        let school = tempfile::tempdir().unwrap();
        for (name, text) in &self.files {
            std::fs::write(school.path().join(name), text).unwrap();
        }
        let directory = SchoolDirectory::read(school.path()).unwrap();
        let out = tempfile::tempdir().unwrap();
        let options = RunOptions {
            out: out.path().to_owned(),
            store: self.store.clone(),
            seed: self.seed,
            faults_per_million: 0,
            own_texts: self.own_texts.clone(),
            keys: Keys::default(),
            observer: Arc::new(NoObserver),
        };
        run(&directory, ENGINE.clone(), options, &mut |_| ()).await.unwrap();
        out
    }
}

/// The lines of a file of the output.
pub(crate) fn lines(output: &TempDir, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(output.path().join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A text without its quotes; `-` for null.
/// The report of a run.
pub(crate) fn report(output: &TempDir) -> Value {
    serde_json::from_str(&std::fs::read_to_string(output.path().join("report.json")).unwrap()).unwrap()
}

pub(crate) fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { "-".to_owned() } else { value.to_string() }, str::to_owned)
}

/// Every file of the output but the measured part of the report.
pub(crate) fn everything(output: &TempDir) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![output.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(output.path()).unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(path).unwrap();
            let text = if name == "report.json" { text.split("\"measured\"").next().unwrap().to_owned() } else { text };
            all.insert(name, text);
        }
    }
    all
}

/// Fails unless the files are the same; the failure names the first line that differs.
pub(crate) fn assert_same<'a>(one: &TempDir, other: &TempDir, files: impl IntoIterator<Item = &'a str>) {
    for file in files {
        let (one, other) = (lines(one, file), lines(other, file));
        for (number, pair) in (1..).zip(one.iter().zip(&other)) {
            assert_eq!(pair.0, pair.1, "{file} line {number}");
        }
        assert_eq!(one.len(), other.len(), "{file}");
    }
}

/// A schema that ships.
pub(crate) fn schema(name: &str) -> Validator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-harness/mirror/schemas");
    let read =
        |file: &str| -> Value { serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap() };
    let types = "types.schema.json";
    let registry = Registry::new().add(format!("json-schema:///{types}"), read(types)).unwrap().prepare().unwrap();
    jsonschema::options().with_registry(&registry).build(&read(&format!("{name}.schema.json"))).unwrap()
}

/// A later revision of a course with one more class; `lost` says whether the plugin is not told.
pub(crate) fn charting_with_a_class(lost: &str) -> String {
    let class =
        "\"classes\":[{\"id\":\"charting-2\",\"starts\":\"2023-11-14T17:00:00Z\",\"ends\":\"2023-11-14T18:30:00Z\"},";
    let course = changed_course("charting").replace("\"classes\":[", class);
    format!("{{\"at\":\"2023-11-03T20:10:00Z\",\"course\":{course},\"lost\":{lost}}}")
}

/// A course of the school that ships, with the next revision.
pub(crate) fn changed_course(id: &str) -> String {
    let demo = Play::demo();
    let begin = format!("{{\"id\":\"{id}\"");
    let course = demo.files["courses.jsonl"].lines().find(|line| line.starts_with(&begin)).unwrap();
    course.replacen("\"revision\":1", "\"revision\":2", 1)
}
