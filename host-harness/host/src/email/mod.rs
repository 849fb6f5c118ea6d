//! Mails: the plugin queues a message, and a template and the message give the mail that leaves.
//!
//! `variables` documents the variables of a template, `own` holds the texts that a school has changed, `template`
//! writes a mail, `eml` gives the mail its form. Not here: the outbox (`store`), and sending over SMTP (the embedding
//! program).

mod eml;
mod language;
mod own;
mod template;
mod variables;

pub use eml::{EmlError, MailIdentity, to_eml, write_folder};
pub use own::{OwnTexts, OwnTextsError, Part};
pub use template::{Rendered, TemplateError, Templates, built_in_text, is_template};
pub use variables::{Column, Documentation, Variable};
