//! `simulate-coursekey`: serves a simulated CourseKey on a port of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use clap::Args;
use host::clock::{Clock as _, SystemClock};
use host::gegi::Campus;
use lab::directory::SchoolDirectory;
use lab::run::{simulated_key, simulator};
use serde::Serialize;
use simulator::{Clock, serve};
use tokio::net::TcpListener;

use super::show;

/// Serves a simulated CourseKey on this machine until it is interrupted.
#[derive(Args)]
pub(super) struct SimulateCoursekey {
    /// Serve the campuses, the attendance and the start of this school directory [default: one campus, `main`].
    school_dir: Option<PathBuf>,
    /// The port; 0 for any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Keep what CourseKey holds in this file, and continue with it.
    #[arg(long, value_name = "PATH")]
    store: Option<PathBuf>,
    /// What the clock shows at the beginning, for example 2023-10-30T04:00:00Z [default: the present moment]. The clock is
    /// read with GET /clock and set forward with PUT /clock {"now": INSTANT}.
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
    /// How many times as fast as the machine's clock it goes; 0: it stands still until it is set.
    #[arg(long, value_name = "N", default_value_t = 1)]
    speed: u16,
    /// What the dice are thrown with.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print address and keys as JSON.
    #[arg(long)]
    json: bool,
}

/// The address and the keys, which a client needs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Served {
    base_url: String,
    schools: Vec<ServedSchool>,
}

#[derive(Serialize)]
struct ServedSchool {
    campus: String,
    school: u64,
    key: String,
}

impl SimulateCoursekey {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let directory = self.school_dir.as_deref().map(SchoolDirectory::read).transpose()?;
        let campuses = directory.as_ref().map_or_else(|| vec![main_campus()], |read| read.settings.campuses.clone());
        let clock = Clock::new(Arc::new(|| SystemClock.now()), self.at, self.speed);
        let simulator = simulator(&campuses, directory.as_ref(), self.store.as_deref(), self.seed, clock.now())?;
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        self.announce(listener.local_addr()?, &campuses)?;
        let interrupted = async {
            // If the program cannot listen for interrupts, an interrupt ends the process by itself.
            let _ = tokio::signal::ctrl_c().await;
        };
        Ok(serve(listener, Arc::new(Mutex::new(simulator)), clock, interrupted).await?)
    }

    fn announce(&self, address: SocketAddr, campuses: &[Campus]) -> anyhow::Result<()> {
        let schools = campuses.iter().map(|campus| ServedSchool {
            campus: campus.id.clone(),
            school: campus.coursekey_school_id,
            key: simulated_key(&campus.id).expose().to_owned(),
        });
        let served = Served { base_url: format!("http://{address}/v1"), schools: schools.collect() };
        if self.json {
            return Ok(show::json_line(&served)?);
        }
        show::line(&format!("CourseKey is simulated at {}", served.base_url))?;
        show::table(
            ["Campus", "School", "Key"],
            served.schools.into_iter().map(|school| [school.campus, school.school.to_string(), school.key]),
        )
    }
}

fn main_campus() -> Campus {
    Campus::new("main", "America/New_York", 548_156)
}
