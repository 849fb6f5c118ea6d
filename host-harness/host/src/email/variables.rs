//! The documentation of a template's variables: each variable with its meaning and its value in the preview. The
//! documentation is read from the `variables.json` beside the template's texts, so that page, preview and check have
//! one source.

use minijinja::Value;
use minijinja::value::ValueKind;
use serde::Deserialize;

/// The variables and columns that one template may use.
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
    /// The name as templates write it. Messages write a hyphen where this name has an underscore.
    pub name: String,
    /// The meaning of the variable, in a sentence.
    pub meaning: String,
    sample: Value,
}

/// A cell that every row has.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name as templates write it.
    pub name: String,
    /// The meaning of the cell, in a sentence.
    pub meaning: String,
}

impl Variable {
    /// The kind of the variable's value, in a word for people.
    pub fn kind(&self) -> &'static str {
        match self.sample.kind() {
            ValueKind::Number => "number",
            ValueKind::Seq => "rows",
            _ => "text",
        }
    }

    /// The value of this variable in a mail with nothing to report: no rows, a count of zero.
    fn emptied(&self) -> Value {
        match self.sample.kind() {
            ValueKind::Number => Value::from(0),
            ValueKind::Seq => Value::from(Vec::<Value>::new()),
            _ => self.sample.clone(),
        }
    }
}

impl Variable {
    /// The value of this variable in a mail with one issue: one row, a count of one.
    fn single(&self) -> Value {
        match self.sample.kind() {
            ValueKind::Number => Value::from(1),
            ValueKind::Seq => self.sample.try_iter().into_iter().flatten().take(1).collect(),
            _ => self.sample.clone(),
        }
    }
}

impl Documentation {
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Values on which a text is tried before it is saved: those of the preview, nothing to report, each variable
    /// emptied by itself, and one row only; so that a text is tried in as many of its branches as the values can reach.
    pub(super) fn samples(&self) -> Vec<Value> {
        let mut samples = vec![self.sample(), self.empty_sample(), self.values(Variable::single)];
        samples.extend(self.variables.iter().map(|emptied| {
            self.values(
                |variable| {
                    if variable.name == emptied.name { variable.emptied() } else { variable.sample.clone() }
                },
            )
        }));
        samples
    }

    /// The values of the preview.
    pub(super) fn sample(&self) -> Value {
        self.values(|variable| variable.sample.clone())
    }

    /// The values of a mail with nothing to report, because a text must also work when its rows are empty.
    pub(super) fn empty_sample(&self) -> Value {
        self.values(Variable::emptied)
    }

    fn values(&self, of: impl Fn(&Variable) -> Value) -> Value {
        Value::from_pairs(self.variables.iter().map(|variable| (variable.name.as_str(), of(variable))))
    }
}
