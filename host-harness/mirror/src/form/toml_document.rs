//! Reads TOML into the JSON that the schemas check, and finds the line of a field.

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// A TOML document that has been parsed.
pub struct Document<'a> {
    text: &'a str,
    table: DeTable<'a>,
}

/// The place at which a text is no TOML, and the reason.
pub struct NotToml {
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// The reason.
    pub why: String,
}

impl<'a> Document<'a> {
    /// Parses a text.
    ///
    /// # Errors
    /// The text is no TOML.
    pub fn parse(text: &'a str) -> Result<Self, NotToml> {
        match DeTable::parse(text) {
            Ok(table) => Ok(Self { text, table: table.into_inner() }),
            Err(error) => Err(NotToml {
                line: error.span().map(|span| line_at(text, span.start)),
                why: error.message().to_owned(),
            }),
        }
    }

    /// The document as JSON; TOML's own instants and dates become text.
    pub fn to_json(&self) -> Value {
        table_to_json(&self.table)
    }

    /// The line of a field such as `settings/settle-minutes`, or of the deepest part of it that is there.
    pub fn line_of(&self, field: &str) -> Option<usize> {
        let mut parts = field.split('/');
        let mut value = self.table.get(parts.next()?)?;
        for part in parts {
            let inner = match value.get_ref() {
                DeValue::Table(table) => table.get(part),
                DeValue::Array(items) => part.parse().ok().and_then(|index: usize| items.get(index)),
                _ => None,
            };
            value = inner.unwrap_or(value);
        }
        Some(line_at(self.text, value.span().start))
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn table_to_json(table: &DeTable<'_>) -> Value {
    let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), to_json(value.get_ref())));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn to_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::from(number),
            // A number beyond every limit of the schema, so that the schema reports the field.
            Err(_) => Value::from(f64::MAX),
        },
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(moment) => Value::from(moment.to_string()),
        DeValue::Array(items) => items.iter().map(|item| to_json(item.get_ref())).collect(),
        DeValue::Table(table) => table_to_json(table),
    }
}
