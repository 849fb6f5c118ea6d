//! `save-component`: the component of this program as a file, for the service of the next one to go back to.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use component::COMPONENT;

/// Writes the component that this program holds into a file, for `component-before` of the configuration.
#[derive(Args)]
pub(super) struct SaveComponent {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl SaveComponent {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        std::fs::write(&self.file, COMPONENT).with_context(|| format!("write {}", self.file.display()))
    }
}
