//! `man`: the manual pages, one for the program and one for each subcommand.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};

use super::Cli;

/// Writes the manual pages into a folder, for example `/usr/local/share/man/man1`.
#[derive(Args)]
pub(super) struct Man {
    /// The folder; it is created if it is missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let shown = self.folder.display();
        std::fs::create_dir_all(&self.folder).with_context(|| format!("create the folder {shown}"))?;
        // A page for `help` would say nothing that `--help` does not.
        let program = Cli::command().disable_help_subcommand(true);
        clap_mangen::generate_to(program, &self.folder).with_context(|| format!("write manual pages into {shown}"))
    }
}
