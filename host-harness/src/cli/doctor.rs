//! `doctor`: examines what a service needs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use service::config::Config;
use service::doctor::{Verdict, examine, worst};

use super::serve::components;
use super::show;

/// Examines what a service needs: component, limits, mails, secrets, storage, and of each campus key, host and clock.
///
/// Changes nothing. Ends with 0 if all is well, 10 if something is doubtful, 11 if something is broken.
#[derive(Args)]
pub(super) struct Doctor {
    /// The service's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

/// The exit codes of an examination.
const DOUBTFUL: u8 = 10;
const BROKEN: u8 = 11;

impl Doctor {
    pub(super) async fn execute(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.config)?;
        let components = components(&config)?;
        let findings = examine(&config, &components, super::environment).await;
        if self.json {
            show::json(&findings)?;
        } else {
            let word = |verdict: Verdict| match verdict {
                Verdict::Well => "well",
                Verdict::Doubtful => "doubtful",
                Verdict::Broken => "BROKEN",
            };
            show::table(
                ["What", "How it is", "Diagnosis", "Cure"],
                findings.iter().map(|finding| {
                    [
                        finding.what.clone(),
                        word(finding.verdict).to_owned(),
                        finding.diagnosis.clone(),
                        finding.cure.clone(),
                    ]
                }),
            )?;
        }
        Ok(match worst(&findings) {
            Verdict::Well => ExitCode::SUCCESS,
            Verdict::Doubtful => ExitCode::from(DOUBTFUL),
            Verdict::Broken => ExitCode::from(BROKEN),
        })
    }
}
