//! Mails: what the plugin queues, written from a template and put into the form in which it leaves.
//!
//! `variables` documents what a template may use, `own` holds what a school has made of the texts, `template` writes a
//! mail, `eml` gives it its form. The outbox and its promises are the store's; sending over SMTP is not here.

mod eml;
mod own;
mod template;
mod variables;

pub use eml::{EmlError, MailIdentity, to_eml, write_folder};
pub use own::{OwnTexts, OwnTextsError, Part};
pub use template::{Rendered, TemplateError, Templates, is_template};
pub use variables::{Column, Documentation, Variable};
