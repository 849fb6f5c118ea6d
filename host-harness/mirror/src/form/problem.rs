//! The problems of an input: the place, the problem, and what to do about it. A problem never repeats a person's data.

use std::fmt;

/// How many problems are collected before reading stops.
pub const MOST_PROBLEMS: usize = 20;

/// One problem of a file or a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The file's name; of a request, what it says.
    pub file: String,
    /// The line, from 1; none: the file as a whole.
    pub line: Option<usize>,
    /// Path of the field inside the line, such as `classes/3/ends`; empty: the line as a whole.
    pub field: String,
    /// The problem, and after a semicolon what to do about it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Why an input cannot be used: one line for each problem, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("read the input:{}", listed(.problems))]
pub struct BadInput {
    /// The problems; if there are [`MOST_PROBLEMS`], reading stopped at the last of them.
    pub problems: Vec<Problem>,
}

fn listed(problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| format!("\n  {problem}"));
    let stopped =
        (problems.len() >= MOST_PROBLEMS).then(|| format!("\n  reading stopped after {MOST_PROBLEMS} problems"));
    lines.chain(stopped).collect()
}

/// Collects problems up to [`MOST_PROBLEMS`].
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem, unless [`MOST_PROBLEMS`] are noted already.
    pub fn add(&mut self, at: &Place, field: impl Into<String>, what: impl Into<String>) {
        if !self.is_full() {
            self.0.push(Problem { file: at.file.clone(), line: at.line, field: field.into(), what: what.into() });
        }
    }

    /// Whether any further problem would be dropped.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST_PROBLEMS
    }

    /// The value, if it was read and no problem was found.
    pub fn unless_any<T>(self, value: Option<T>) -> Result<T, BadInput> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(BadInput { problems: self.0 }),
        }
    }
}

/// The place in an input at which reading stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name; of a request, what it says.
    pub file: String,
    /// The line, from 1; none: the file as a whole.
    pub line: Option<usize>,
}

impl Place {
    /// A file as a whole, or a request.
    pub fn file(name: &str) -> Self {
        Self { file: name.to_owned(), line: None }
    }

    /// A line of a file.
    pub fn line(name: &str, line: usize) -> Self {
        Self { file: name.to_owned(), line: Some(line) }
    }
}
