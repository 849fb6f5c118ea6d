//! A message, that is a mail before it is written: the noun of `wit/email.wit`, with a `Debug` that shows no
//! recipient and no value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bindings::gegi::coursekey::email;
pub use crate::bindings::gegi::coursekey::email::{Cell, Value};

/// A message to be written from a template.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The name of the template, for example `synchronization-issues`.
    pub template: String,
    /// The recipient: one e-mail address.
    pub recipient: String,
    /// The variables that the template may use, by name.
    pub variables: Vec<(String, Value)>,
}

impl From<email::Message> for Message {
    fn from(message: email::Message) -> Self {
        let email::Message { template, recipient, variables } = message;
        Self { template, recipient, variables }
    }
}

/// Prints the template and the names of the variables. `Debug` of a [`Value`] by itself prints the value.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.variables.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = f.debug_struct("Message");
        shown.field("template", &self.template).field("variables", &names).finish_non_exhaustive()
    }
}
