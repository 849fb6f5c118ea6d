//! `mail`: the mails about issues, and a school's own words for them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use host::email::{MailIdentity, OwnTexts, Rendered, Templates, to_eml};

use super::show;
use super::stored::Stored;

/// The only template.
const DIGEST: &str = "synchronization-issues";

/// Shows mails as they would leave, and keeps a school's own words for them.
#[derive(Args)]
pub(super) struct Mail {
    #[command(subcommand)]
    command: MailCommand,
}

#[derive(Subcommand)]
enum MailCommand {
    Preview(Preview),
    Variables(Variables),
    Save(Save),
}

/// Writes a mail from its template's sample values.
#[derive(Args)]
struct Preview {
    /// The template's name in Admin → Email Templates.
    #[arg(default_value = DIGEST)]
    template: String,
    /// Which part of it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// In the words of this folder, which holds parts such as `synchronization-issues/subject.txt`.
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
    /// In the words of this stored school.
    #[arg(long, value_name = "PATH", conflicts_with = "templates")]
    store: Option<PathBuf>,
}

/// Shows what a template may use.
#[derive(Args)]
struct Variables {
    /// The template's name in Admin → Email Templates.
    #[arg(default_value = DIGEST)]
    template: String,
}

/// Saves a stored school's own words, once they have been tried; parts the folder does not have are as they ship.
#[derive(Args)]
struct Save {
    /// The folder, which holds parts such as `synchronization-issues/subject.txt`.
    #[arg(id = "words", value_name = "FOLDER")]
    folder: PathBuf,
    #[command(flatten)]
    stored: Stored,
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
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        match self.command {
            MailCommand::Preview(preview) => preview.execute().await,
            MailCommand::Variables(variables) => variables.execute(),
            MailCommand::Save(save) => save.execute().await,
        }
    }
}

impl Preview {
    async fn execute(self) -> anyhow::Result<()> {
        let own = match (&self.templates, self.store) {
            (Some(folder), _) => OwnTexts::read_folder(folder)?,
            (None, Some(store)) => Stored::of(store).book().await?.email_texts().await?,
            (None, None) => OwnTexts::default(),
        };
        let mail = Templates::of_school(own)?.preview(&self.template)?;
        match self.format {
            Format::Text => show::line(&format!("Subject: {}\n\n{}", mail.subject, mail.text)),
            Format::Html => show::line(&mail.html),
            Format::Eml => show::line(&eml(&self.template, &mail)?),
        }
    }
}

/// The mail with a made-up recipient and a fixed date.
fn eml(template: &str, mail: &Rendered) -> anyhow::Result<String> {
    let identity = MailIdentity { id: template, at: 0, recipient: "somebody@example.edu" };
    Ok(String::from_utf8_lossy(&to_eml(identity, mail)?).into_owned())
}

impl Variables {
    fn execute(self) -> anyhow::Result<()> {
        let templates = Templates::built_in()?;
        let documentation = templates.documentation(&self.template)?;
        let variables = documentation.variables.iter();
        let variables =
            variables.map(|variable| [variable.name.clone(), variable.kind().to_owned(), variable.meaning.clone()]);
        show::table(["Variable", "Kind", "What it is"], variables)?;
        show::title("Cells of every row")?;
        let columns = documentation.columns.iter();
        show::table(["Cell", "What it is"], columns.map(|column| [column.name.clone(), column.meaning.clone()]))
    }
}

impl Save {
    async fn execute(self) -> anyhow::Result<()> {
        let own = OwnTexts::read_folder(&self.folder)?;
        Templates::check(&own)?;
        self.stored.book().await?.put_email_texts(&own).await?;
        let parts = own.parts().map(|(template, part, _)| format!("{template}/{}", part.file_name()));
        let parts = parts.collect::<Vec<_>>().join(", ");
        let own = if parts.is_empty() { "nothing" } else { &parts };
        show::line(&format!("Saved. In the school's own words: {own}"))
    }
}
