//! `mail preview`: a mail written from its template's sample values.

use clap::{Args, Subcommand, ValueEnum};
use host_harness::email::{MailIdentity, Rendered, Templates, to_eml};

use super::show;

/// Shows mails as they would leave.
#[derive(Args)]
pub(super) struct Mail {
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Subcommand)]
enum MailCommand {
    Preview(Preview),
}

/// Writes a mail from its template's sample values.
#[derive(Args)]
struct Preview {
    /// The template's name in Admin → Email Templates.
    #[arg(default_value = "synchronization-issues")]
    template: String,
    /// Which part of it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Subject and text.
    Text,
    /// The HTML part.
    Html,
    /// All of it, as a mail program opens it.
    Eml,
}

impl Mail {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let MailCommand::Preview(preview) = self.command;
        let mail = Templates::built_in()?.preview(&preview.template)?;
        match preview.format {
            Format::Text => show::line(&format!("Subject: {}\n\n{}", mail.subject, mail.text)),
            Format::Html => show::line(&mail.html),
            Format::Eml => show::line(&eml(&preview.template, &mail)?),
        }
    }
}

/// To nobody, at no time in particular.
fn eml(template: &str, mail: &Rendered) -> anyhow::Result<String> {
    let identity = MailIdentity { id: template, at: 0, recipient: "somebody@example.edu" };
    Ok(String::from_utf8_lossy(&to_eml(identity, mail)?).into_owned())
}
