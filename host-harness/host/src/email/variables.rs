//! What a template may use: every variable with its meaning and its value in the preview. Read from the `variables.json`
//! beside the template's texts, so that page, preview and check have one source.

use minijinja::Value;
use minijinja::value::ValueKind;
use serde::Deserialize;

/// What one template may use.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documentation {
    /// The variables.
    #[serde(rename = "variable")]
    pub variables: Vec<Variable>,
    /// The cells of every row.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// A variable of a template.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// As templates write it. Messages write a hyphen for the underscore.
    pub name: String,
    /// What it is, in a sentence.
    pub meaning: String,
    sample: Value,
}

/// A cell that every row has.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As templates write it.
    pub name: String,
    /// What it is, in a sentence.
    pub meaning: String,
}

impl Variable {
    /// What kind of value it has, in a word for people.
    pub fn kind(&self) -> &'static str {
        match self.sample.kind() {
            ValueKind::Number => "number",
            ValueKind::Seq => "rows",
            _ => "text",
        }
    }

    /// The same variable where there is nothing to tell: no rows, none counted.
    fn emptied(&self) -> Value {
        match self.sample.kind() {
            ValueKind::Number => Value::from(0),
            ValueKind::Seq => Value::from(Vec::<Value>::new()),
            _ => self.sample.clone(),
        }
    }
}

impl Documentation {
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The values of the preview.
    pub(super) fn sample(&self) -> Value {
        self.values(|variable| variable.sample.clone())
    }

    /// The values of a mail that has nothing to tell, for a text must bear that its rows are empty.
    pub(super) fn empty_sample(&self) -> Value {
        self.values(Variable::emptied)
    }

    fn values(&self, of: impl Fn(&Variable) -> Value) -> Value {
        Value::from_pairs(self.variables.iter().map(|variable| (variable.name.as_str(), of(variable))))
    }
}
