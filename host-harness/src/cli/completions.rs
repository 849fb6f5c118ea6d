//! `completions`: what a shell completes after `host-harness`.

use std::io;

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::Cli;

/// Prints the completions for a shell, to be saved where the shell looks for them.
#[derive(Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let mut text = Vec::new();
        generate(self.shell, &mut Cli::command(), NAME, &mut text);
        Ok(io::Write::write_all(&mut io::stdout(), &text)?)
    }
}

/// The name by which people call the program.
const NAME: &str = "host-harness";
