//! Mails: what the plugin queues, written from a template and put into the form in which it leaves.
//!
//! The outbox and its promises are the store's; sending over SMTP is not here.

mod eml;
mod template;

pub use eml::{EmlError, MailIdentity, to_eml, write_folder};
pub use template::{Rendered, TemplateError, Templates, is_template};
