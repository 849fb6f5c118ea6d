//! `serve`: the host as a service beside GEGI.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use host::limits::Limits;
use service::config::Config;
use service::serve::{Ready, ServeError, Surroundings, prepare};
use service::trial::Components;
use tokio::signal::unix::{SignalKind, signal};

use component::COMPONENT;

use super::{cache_folder, show};
use crate::demo::Demo;

/// Serves GEGI: its API, the ticks of its schools, the mails. Ends at SIGTERM or SIGINT, within ten seconds.
#[derive(Args)]
pub(super) struct Serve {
    /// The configuration.
    #[arg(long, value_name = "FILE", required_unless_present = "demo", conflicts_with = "demo")]
    config: Option<PathBuf>,
    /// Serve two schools that ship with the program, in virtual time and with a simulated CourseKey; no file is needed.
    #[arg(long)]
    demo: bool,
    /// The folder of the demo, which goes on where it ended [default: a new folder that is removed at the end].
    #[arg(long, value_name = "DIR", requires = "demo")]
    data: Option<PathBuf>,
    /// The address of the demo; port 0 takes any that is free.
    #[arg(long, value_name = "ADDRESS", requires = "demo", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Serve {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        match &self.config {
            Some(config) => {
                let config = Config::read(config)?;
                let components = components(&config)?;
                let real = Surroundings::real(&config, &components.limits().http)?;
                let surroundings = Surroundings { front: console::in_front_of, ..real };
                let ready = prepare(config, components, super::environment, surroundings).await?;
                show::progress(&format!("Serving at http://{}", ready.address()?));
                serve(ready).await
            }
            None => Box::pin(self.demo()).await,
        }
    }

    async fn demo(self) -> anyhow::Result<()> {
        let temporary = tempfile::Builder::new().prefix("gegi-coursekey-demo-").tempdir()?;
        let folder = self.data.as_deref().unwrap_or(temporary.path());
        let demo = Demo::prepare(folder, self.listen)?;
        let config = demo.config()?;
        let components = components(&config)?;
        // Nothing of the environment is a secret of the demo's.
        let ready = prepare(config, components, |_| None, demo.surroundings()).await?;
        let address = ready.address()?;
        show::progress(&format!("Serving at http://{address}"));
        show::progress(&format!("Its pages: http://{address}/console"));
        show::progress(&format!("The operator's token: {}", folder.join("secrets/operator-token").display()));
        let conducting = demo.conduct(&ready)?;
        tokio::select! {
            served = serve(ready) => served,
            conducted = conducting => conducted,
        }
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

async fn serve(ready: Ready) -> anyhow::Result<()> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! { _ = terminated.recv() => {}, _ = interrupted.recv() => {} }
    };
    Ok(ready.run(stop).await?)
}
