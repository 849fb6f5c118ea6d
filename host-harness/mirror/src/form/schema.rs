//! Checks every value against the JSON Schemas of `schemas/`, and says in words what does not fit.
//!
//! The schemas say which form a single value may have. Not here: checks across several values (`checks`).

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::Value;

use super::problem::{Place, Problems};

/// The schemas by file name. The schemas refer to each other by these names.
const SCHEMAS: [(&str, &str); 7] = [
    ("types", include_str!("../../schemas/types.schema.json")),
    ("school", include_str!("../../schemas/school.schema.json")),
    ("school-request", include_str!("../../schemas/school-request.schema.json")),
    ("courses", include_str!("../../schemas/courses.schema.json")),
    ("changes", include_str!("../../schemas/changes.schema.json")),
    ("attendance", include_str!("../../schemas/attendance.schema.json")),
    ("coursekey-start", include_str!("../../schemas/coursekey-start.schema.json")),
];

/// The keys of a change that name its event.
const EVENTS: [&str; 9] =
    ["course", "removed", "settings", "hand-mark", "push", "fault", "coursekey", "credentials", "restart"];

/// The schema of the School Settings, from which forms take labels, help, defaults and ranges.
///
/// # Errors
/// The schema that ships is no JSON.
pub fn settings_schema() -> Result<Value, BrokenSchema> {
    let text = SCHEMAS.iter().find(|(name, _)| *name == "school").map_or("null", |(_, text)| text);
    let whole: Value = serde_json::from_str(text).map_err(|error| BrokenSchema("school", error.to_string()))?;
    Ok(whole.pointer("/$defs/settings").cloned().unwrap_or_default())
}

/// Checks the values of one file.
pub struct Schema {
    name: &'static str,
    validator: Validator,
}

/// The schemas that ship cannot be compiled. A test compiles each of them, so no user sees this error.
#[derive(Debug, thiserror::Error)]
#[error("use {0}.schema.json: {1}")]
pub struct BrokenSchema(&'static str, String);

impl Schema {
    /// The schema of `name` among those of `schemas/`, for example `courses`.
    ///
    /// # Errors
    /// The schema cannot be used.
    pub fn named(name: &'static str) -> Result<Self, BrokenSchema> {
        let text = SCHEMAS.iter().find(|(known, _)| *known == name).map_or("null", |(_, text)| text);
        Self::of(name, text)
    }

    /// A schema of this text, which may refer to those of `schemas/`. Problems call it by this name.
    ///
    /// # Errors
    /// The schema cannot be used.
    pub fn of(name: &'static str, text: &str) -> Result<Self, BrokenSchema> {
        let broken = |error: &dyn std::fmt::Display| BrokenSchema(name, error.to_string());
        let root: Value = serde_json::from_str(text).map_err(|error| broken(&error))?;
        let mut registry = Registry::new();
        for (file, text) in SCHEMAS {
            let schema: Value = serde_json::from_str(text).map_err(|error| broken(&error))?;
            registry =
                registry.add(format!("json-schema:///{file}.schema.json"), schema).map_err(|error| broken(&error))?;
        }
        let registry = registry.prepare().map_err(|error| broken(&error))?;
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&registry)
            .with_base_uri(format!("json-schema:///{name}.schema.json"))
            .should_validate_formats(true)
            .with_format("date-time", |text: &str| instant(text).is_some())
            .with_format("date", |text: &str| date(text).is_some())
            .with_format("email", is_email)
            .with_format("email-or-empty", |text: &str| text.is_empty() || is_email(text))
            .build(&root)
            .map_err(|error| broken(&error))?;
        Ok(Self { name, validator })
    }

    /// Adds a problem for each field that does not fit the schema; true: every field fits. `place` finds the line of
    /// a field.
    pub fn check(&self, value: &Value, place: &dyn Fn(&str) -> Place, problems: &mut Problems) -> bool {
        let mut last_field = None;
        for error in self.validator.iter_errors(value) {
            let field = error.instance_path().as_str().trim_start_matches('/').to_owned();
            for (field, what) in self.words(&error, &field) {
                // A value that is no instant also lacks the pattern's Z, so only the first problem of a field is
                // kept.
                if last_field.as_ref() != Some(&field) {
                    problems.add(&place(&field), field.clone(), what);
                    last_field = Some(field);
                }
            }
        }
        last_field.is_none()
    }

    /// The fields that a validation error is about, mostly one, each with the problem in words.
    fn words(&self, error: &ValidationError<'_>, field: &str) -> Vec<(String, String)> {
        let below = |key: &str| {
            if field.is_empty() { key.to_owned() } else { format!("{field}/{key}") }
        };
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                vec![(below(property.as_str().unwrap_or_default()), "is missing; add it".to_owned())]
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let what = format!("is no known key; remove or correct it ({}.schema.json lists the keys)", self.name);
                unexpected.iter().map(|key| (below(&shortened(key)), what.clone())).collect()
            }
            _ => vec![(field.to_owned(), self.words_of_value(error))],
        }
    }

    fn words_of_value(&self, error: &ValidationError<'_>) -> String {
        use ValidationErrorKind as Kind;
        let value = shown(error.instance());
        match error.kind() {
            Kind::Format { format } => not_of_the_form(format, &value),
            Kind::Pattern { .. } => not_of_the_form("date-time", &value),
            Kind::Enum { options } => format!("{value} is no word known here; write one of {}", words_of(options)),
            Kind::Constant { expected_value } => {
                format!("{value} means nothing here; write {expected_value} or remove the key")
            }
            Kind::Minimum { limit } => format!("{value} is out of range; write {limit} or more"),
            Kind::Maximum { limit } => format!("{value} is out of range; write {limit} or less"),
            Kind::MinLength { .. } | Kind::MinItems { .. } | Kind::MinProperties { .. } => {
                "is empty; write something".to_owned()
            }
            Kind::MaxLength { limit } => format!("is longer than {limit} characters; shorten it"),
            Kind::MaxItems { limit } => format!("has more than {limit} items; split it"),
            Kind::OneOfNotValid { .. } => format!("says nothing that happens; add one of {}", EVENTS.join(", ")),
            Kind::OneOfMultipleValid { .. } => {
                "says more than one thing that happens; write a line for each".to_owned()
            }
            Kind::Type { kind } => {
                format!("is {}; write {}", type_of(error.instance()), expected(kind))
            }
            _ => format!("does not fit {}.schema.json; compare it with the schema", self.name),
        }
    }
}

fn not_of_the_form(format: &str, value: &str) -> String {
    match format {
        "date-time" => {
            format!("{value} is not an instant; write RFC 3339 UTC, from 1970 to 9999, such as 2023-08-28T14:00:00Z")
        }
        "date" => {
            format!("{value} is not a date; write a day from 1970 to 9999 such as 2023-08-28")
        }
        "uri" => format!("{value} is not a URL; write one such as https://api.example.com/v1"),
        _ => format!("{value} is not an e-mail address; write one such as registrar@example.edu"),
    }
}

/// Whole seconds since 1970 of `2023-08-28T14:00:00Z`; none for any other form, offset, fraction, leap second or year
/// outside 1970 to 9999.
pub(super) fn instant(text: &str) -> Option<i64> {
    let parsed = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    let written_again = parsed.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    (written_again == text && (1970..=9999).contains(&parsed.year())).then(|| parsed.timestamp())
}

/// The day of `2023-08-28`; none for any other form or a year outside 1970 to 9999.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (text.len() == 10 && (1970..=9999).contains(&parsed.year())).then_some(parsed)
}

/// Tells an address from a note, roughly; whether the address can be used is checked by the receiving side.
fn is_email(text: &str) -> bool {
    let one_word = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    one_word
        && text
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.') && !domain.contains('@'))
}

/// The value as a problem may show it: numbers and flags, but no text, because whatever the field is for, a caller that is
/// wrong may send anything in it.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(_) | Value::Bool(_) | Value::Null => value.to_string(),
        _ => "this".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    let start: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}

fn words_of(options: &Value) -> String {
    let words = options.as_array().map(Vec::as_slice).unwrap_or_default();
    words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => in_words(&one.to_string()).to_owned(),
        TypeKind::Multiple(some) => {
            some.iter().map(|one| in_words(&one.to_string()).to_owned()).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn in_words(json_type: &str) -> &str {
    match json_type {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}
