//! `serve`: the host as a service beside GEGI.

use std::path::PathBuf;

use clap::Args;
use host::limits::Limits;
use service::config::Config;
use service::serve::{ServeError, prepare};
use service::trial::Components;
use tokio::signal::unix::{SignalKind, signal};

use component::COMPONENT;

use super::{cache_folder, show};

/// Serves GEGI: its API, the ticks of its schools, the mails. Ends at SIGTERM or SIGINT, within ten seconds.
#[derive(Args)]
pub(super) struct Serve {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Serve {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let config = Config::read(&self.config)?;
        let components = components(&config)?;
        let ready = prepare(config, components, super::environment).await?;
        show::progress(&format!("Serving at http://{}", ready.address()?));
        let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stop = async move {
            tokio::select! { _ = terminated.recv() => {}, _ = interrupted.recv() => {} }
        };
        Ok(ready.run(stop).await?)
    }
}

/// The components that the configuration names, in the sandbox that it describes.
pub(super) fn components(config: &Config) -> anyhow::Result<Components> {
    let mut limits = Limits::default();
    limits.sandbox.concurrent_calls = config.concurrent_ticks;
    let cache = config.compiled_code.clone().or_else(|| cache_folder().map(|folder| folder.join("gegi-coursekey")));
    // The cache takes an absolute path alone, and the configuration's paths are relative to its file.
    let cache = cache.map(std::path::absolute).transpose()?;
    Ok(Components::read(config, COMPONENT, limits, cache).map_err(ServeError::from)?)
}
