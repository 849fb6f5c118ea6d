//! A mail before it is written: that of `wit/email.wit`, without a `Debug` that shows to whom and what.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bindings::gegi::coursekey::email;
pub use crate::bindings::gegi::coursekey::email::{Cell, Value};

/// A message to be written from a template.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The template's name, for example `synchronization-issues`.
    pub template: String,
    /// One e-mail address.
    pub recipient: String,
    /// What the template may use, by name.
    pub variables: Vec<(String, Value)>,
}

impl From<email::Message> for Message {
    fn from(message: email::Message) -> Self {
        let email::Message { template, recipient, variables } = message;
        Self { template, recipient, variables }
    }
}

/// The template and the names of the variables. A [`Value`] by itself prints what it holds.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.variables.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = f.debug_struct("Message");
        shown.field("template", &self.template).field("variables", &names).finish_non_exhaustive()
    }
}
