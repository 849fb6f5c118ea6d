//! Reads files with one JSON object a line. An error names the number and the field of a bad line, never its content.

use std::io::BufRead;

use serde::de::DeserializeOwned;

/// Why a line cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("read line {line}{}: {problem}", field.as_ref().map(|name| format!(", field {name}")).unwrap_or_default())]
pub struct LineError {
    /// The line's number, from 1.
    pub line: usize,
    /// The field at fault, as a path such as `visits[0].in`; none: the line as a whole.
    pub field: Option<String>,
    /// The problem, in words.
    pub problem: String,
}

impl LineError {
    /// The error of a line that is well formed and still cannot be used.
    pub(super) fn new(line: usize, field: &str, problem: &str) -> Self {
        Self { line, field: Some(field.to_owned()), problem: problem.to_owned() }
    }
}

/// The lines that are not blank, each with its number.
pub(super) fn numbered(reader: impl BufRead) -> impl Iterator<Item = Result<(usize, String), LineError>> {
    reader.lines().enumerate().filter_map(|(index, line)| match line {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => Some(Ok((index + 1, text))),
        Err(error) => Some(Err(LineError { line: index + 1, field: None, problem: error.to_string() })),
    })
}

/// The line as a `T`.
pub(super) fn parse<T: DeserializeOwned>(line: usize, text: &str) -> Result<T, LineError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| explain(line, &error))?;
    json.end().map_err(|_| LineError { line, field: None, problem: "more than one JSON object".to_owned() })?;
    Ok(value)
}

fn explain(line: usize, error: &serde_path_to_error::Error<serde_json::Error>) -> LineError {
    let path = error.path().to_string();
    let field = (path != ".").then_some(path);
    let message = error.inner().to_string();
    // In these two messages serde names keys, in its other messages values, and a value may be a person's.
    let names_a_key = message.starts_with("missing field") || message.starts_with("unknown field");
    let problem = match (names_a_key, error.inner().is_data()) {
        (true, _) => message.split(" at line").next().unwrap_or_default().to_owned(),
        (false, true) => "not of the type or form this field has".to_owned(),
        (false, false) => format!("not a JSON object (column {})", error.inner().column()),
    };
    LineError { line, field, problem }
}
