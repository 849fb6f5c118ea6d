//! Opening a database: what its URL may say, TLS, the pool of connections, and why a database could not be opened. A
//! failure after the opening is a `StoreError`.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use tokio::sync::mpsc;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Notification, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::told;
use super::tls::{self, Roots};
use crate::door::ExtraRootsError;

/// Why the database was not opened. No text names the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is no URL of a database.
    #[error(
        "read the URL of the database: write postgres://USER@HOST/DATABASE, with sslmode=require or sslmode=disable"
    )]
    Url,
    /// The file of authorities is not named by its whole path.
    #[error("read the URL of the database: write the whole path of the file at sslrootcert, or sslrootcert=system")]
    RootsAt,
    /// The file of authorities cannot be used.
    #[error("read the file at sslrootcert in the URL of the database: {0}")]
    Roots(#[from] ExtraRootsError),
    /// The way to the database is not secure.
    #[error("open the database: {reason}")]
    Insecure {
        /// Why, and what to do.
        reason: String,
    },
    /// There is no TLS on this machine.
    #[error("set up TLS for the database: {0}")]
    Tls(rustls::Error),
    /// The database did not answer, or refused.
    #[error("open the database: {reason}; see that it runs and lets this program in, then try again")]
    Unavailable {
        /// What PostgreSQL or the operating system says, without a value of anybody's.
        reason: String,
    },
    /// The database is in another encoding.
    #[error("open the database: its encoding is {0}; create it with ENCODING 'UTF8'")]
    Encoding(String),
    /// The database holds tables of another program.
    #[error("open the database: it holds tables of another program; name another database")]
    Foreign,
    /// The database was written by a later version of this program.
    #[error(
        "open the database: its schema is {found}, this version knows {known}; run the version that wrote it, or a later one"
    )]
    Newer {
        /// The version of the database's schema.
        found: i64,
        /// The latest version of the schema that this program knows.
        known: i64,
    },
}

impl OpenError {
    pub(super) fn from_pool(error: &PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => Self::of(error),
            _ => Self::Unavailable { reason: "PostgreSQL gives no connection".to_owned() },
        }
    }

    fn of(error: &tokio_postgres::Error) -> Self {
        match tls::refusal(error) {
            Some(reason) => Self::Insecure { reason },
            None => Self::Unavailable { reason: told(error) },
        }
    }
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of(&error)
    }
}

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long a call waits for a connection while all of the pool are in use.
const WAITING: Duration = Duration::from_secs(10);
/// After how long without an answer to anything that was sent a connection counts as lost.
const SILENCE: Duration = Duration::from_secs(20);

/// What every connection is told first. A commit has to be on the disk when the store answers, whatever the database
/// does by default. A statement that waits is given up before whoever asked gives up.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '10s'; SET default_transaction_isolation = 'read committed';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// How the database is reached.
pub(super) struct Address {
    config: Config,
    /// None: the way to the database needs no TLS.
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Reads a URL. The way to another machine is always secured, unless the URL says `sslmode=disable`; the way inside this
    /// one is if the URL asks for it, by `sslmode` or by naming whose certificates are believed.
    pub(super) fn read(url: &str) -> Result<Self, OpenError> {
        let (url, roots) = tls::read(url)?;
        let mut config: Config = url.parse().map_err(|_| OpenError::Url)?;
        let is_elsewhere = config.get_hosts().iter().any(is_elsewhere)
            || config.get_hostaddrs().iter().any(|address| !address.is_loopback());
        let mode = config.get_ssl_mode();
        let is_path =
            config.get_hostaddrs().is_empty() && !config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)));
        let asks = mode == SslMode::Require || is_elsewhere || roots.is_some();
        let wants_tls = !is_path && mode != SslMode::Disable && asks;
        config.ssl_mode(if wants_tls { SslMode::Require } else { SslMode::Disable });
        if config.get_application_name().is_none() {
            config.application_name("gegi-host");
        }
        config.connect_timeout(CONNECTING).tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        let roots = roots.unwrap_or(Roots::Platform);
        let client = wants_tls.then(|| tls::client_config(&roots)).transpose().map_err(OpenError::Tls)?;
        let tls = client.map(MakeRustlsConnect::new);
        Ok(Self { config, tls })
    }

    /// A pool that makes up to so many connections as they are needed, and makes a lost one anew.
    pub(super) fn pool(&self, connections: usize) -> Result<Pool, OpenError> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match &self.tls {
            Some(tls) => Manager::from_config(self.config.clone(), tls.clone(), recycling),
            None => Manager::from_config(self.config.clone(), NoTls, recycling),
        };
        let prepared = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager).max_size(connections.max(1)).runtime(Runtime::Tokio1).post_create(prepared);
        let pool = pool.wait_timeout(Some(WAITING)).create_timeout(Some(CONNECTING)).build();
        pool.map_err(|error| OpenError::Unavailable { reason: error.to_string() })
    }

    /// A connection outside of the pool, whose notifications go into a channel that ends with the connection.
    pub(super) async fn connect(
        &self,
    ) -> Result<(Client, mpsc::UnboundedReceiver<Notification>), tokio_postgres::Error> {
        if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await?;
            return Ok((client, notifications(connection)));
        }
        let (client, connection) = self.config.connect(NoTls).await?;
        Ok((client, notifications(connection)))
    }
}

/// Runs a connection until it ends or nobody listens any more.
fn notifications<T>(mut connection: Connection<Socket, T>) -> mpsc::UnboundedReceiver<Notification>
where
    T: TlsStream + Unpin + Send + 'static,
{
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message
                && sender.send(notification).is_err()
            {
                break;
            }
        }
    });
    receiver
}

fn is_elsewhere(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name != "localhost" && !name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => false,
    }
}
