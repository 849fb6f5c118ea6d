//! Starting and ending: opens what the configuration names, serves the API and runs the ticks until the service is told to
//! end. Then no new call begins, and those that run end or are aborted within ten seconds.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use host::clock::{Clock, SystemClock};
use host::door::{BadAllowedHost, ExtraRoots, ExtraRootsError, Sender, Transport};
use host::limits::HttpLimits;
use host::observer::Observer;
use host::school::{Host, HostConfig};
use host::store::lease::{Alone, DEAD_AFTER, Leases, Node, NodeId};
use host::store::{PostgresStore, SqliteStore, Store};
use mirror::book::Book;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{Config, ConfigError, StoreAt};
use crate::mail::MailProblem;
use crate::mailing::Mailing;
use crate::otlp::{self, Exporter};
use crate::pace::Paced;
use crate::recent::Recent;
use crate::registry::Registry;
use crate::repeating::Repeating;
use crate::runner::{self, Bell, Runs};
use crate::schools::{Ahead, OpenSchools, Outside};
use crate::secrets::{Environment, Secrets, SecretsError};
use crate::service::{Parts, Schemas, Service};
use crate::telemetry::Metrics;
use crate::trial::{self, ComponentError, Components, Running};
use crate::{api, tenure};

/// How long requests may take to end when the service ends.
const ENDING: Duration = Duration::from_secs(8);

/// How long the last spans may take to leave.
const LAST_SPANS: Duration = Duration::from_secs(1);

/// Why the service cannot start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The secrets cannot be used.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The way out for mails cannot be used.
    #[error(transparent)]
    Mail(#[from] MailProblem),
    /// The storage cannot be opened.
    #[error(transparent)]
    Sqlite(#[from] host::store::sqlite::OpenError),
    /// The address cannot be listened at.
    #[error("listen at {address}: {error}; end what listens there, or write another address at `listen`")]
    Listen {
        /// The address.
        address: String,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// A folder cannot be created.
    #[error("create the folder {folder}: {error}; name another at `store`")]
    Folder {
        /// The folder.
        folder: String,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// PostgreSQL cannot be used.
    #[error(transparent)]
    Postgres(#[from] host::store::postgres::OpenError),
    /// The file of further certificates cannot be used.
    #[error(transparent)]
    Roots(#[from] ExtraRootsError),
    /// A component cannot be used.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// An allowed host is not a host with its port.
    #[error(transparent)]
    AllowedHosts(#[from] BadAllowedHost),
    /// The platform's certificates cannot be used for the way to the collector.
    #[error("use the platform's certificates for the collector: {0}; install them, or remove otlp-endpoint")]
    Certificates(std::io::Error),
    /// The server failed.
    #[error("serve the API: {0}")]
    Server(std::io::Error),
}

impl ServeError {
    /// Whether what the operator stated is wrong, and not the machine.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Config(_) | Self::Secrets(_) | Self::Mail(_) | Self::Roots(_) | Self::AllowedHosts(_) => true,
            Self::Component(error) => error.is_input(),
            _ => false,
        }
    }
}

/// What a service stands in: its time, its network, and addresses beside those of the API.
pub struct Surroundings {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The way to CourseKey.
    pub network: Arc<dyn Transport>,
    /// Further addresses, for which the operator's token is needed unless the API says otherwise of their paths.
    pub routes: Router<Service>,
    /// What stands in front of the API.
    pub front: Front,
}

/// Makes what people see at the service's address of the whole API, to which it hands everything that is not its own.
pub type Front = fn(&Service, Router) -> Router;

impl Surroundings {
    /// The machine's clock, the network, and no further address.
    ///
    /// # Errors
    /// The file of further certificates cannot be used.
    pub fn real(config: &Config, limits: &HttpLimits) -> Result<Self, ServeError> {
        let mut sender = Sender::new(limits, config.loopback_allowed);
        if let Some(ca) = &config.coursekey.ca {
            sender = sender.with_extra_roots(&ExtraRoots::read(ca)?);
        }
        let network = Arc::new(sender);
        Ok(Self { clock: Arc::new(SystemClock), network, routes: Router::new(), front: |_, api| api })
    }
}

/// A service that is ready: its address is bound.
pub struct Ready {
    listener: TcpListener,
    service: Service,
    routes: Router<Service>,
    front: Front,
    end: watch::Sender<bool>,
    /// Carries spans to the collector, if there is one.
    exporter: Option<Exporter>,
}

/// What a service stands on, beside its engine.
pub struct Ground {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The storage.
    pub store: Arc<dyn Store>,
    /// Which process ticks which school.
    pub leases: Arc<dyn Leases>,
    /// The way to CourseKey, which keeps to no rate by itself.
    pub transport: Arc<dyn Transport>,
}

/// Opens everything that the configuration names.
///
/// # Errors
/// Something cannot be opened; nothing runs.
pub async fn prepare(
    config: Config,
    components: Components,
    environment: Environment,
    surroundings: Surroundings,
) -> Result<Ready, ServeError> {
    let Surroundings { clock, network: transport, routes, front } = surroundings;
    // What the operator has to correct is told before a file is created.
    let secrets = Secrets::open(&config.secrets, config.secrets_mounted, environment)?;
    let (store, leases) = open_store(&config).await?;
    let ground = Ground { clock, store, leases, transport };
    Ok(Ready { routes, front, ..prepare_on(ground, config, components, secrets).await? })
}

/// The same as `prepare`, on a ground that the caller has laid.
///
/// # Errors
/// Something cannot be opened; nothing runs.
pub async fn prepare_on(
    ground: Ground,
    config: Config,
    components: Components,
    secrets: Secrets,
) -> Result<Ready, ServeError> {
    let Ground { clock, store, leases, transport } = ground;
    let registry = Registry::new(Arc::clone(&store), Arc::clone(&clock));
    let Running { engine, trial, left } = components.run(&registry).await?;
    let is_on_trial = trial.is_some();
    let metrics = Arc::new(Metrics::default());
    let paced = Paced::new(transport, Arc::clone(&clock), config.coursekey.requests_per_second);
    let (observer, exporter) = observer(&config, &clock, &metrics)?;
    let recent = Recent::new(Arc::clone(&clock));
    let observer = recent.beside(observer);
    let of_all = HostConfig {
        observer,
        loopback_allowed: config.loopback_allowed,
        allowed_hosts: Some(config.allowed_hosts()?),
        trial,
        ..HostConfig::new(Arc::clone(&clock), Arc::clone(&store), Arc::new(paced.clone()))
    };
    let ahead = components.compile_ahead()?.map(|engine| Ahead {
        host: Host::new(engine, HostConfig { trial: None, ..of_all.clone() }),
        schools: config.schools_ahead.clone(),
    });
    let host = Host::new(engine.clone(), of_all);
    let mailing =
        Arc::new(Mailing::new(&config.mail, config.operator_email.as_ref(), secrets.clone(), Arc::clone(&clock))?);
    let of_school = Arc::clone(&mailing);
    let mails = Box::new(move |id: &str, book: &Book| of_school.of_school(id, book));
    let outside = Outside { secrets, mails, recent: recent.clone() };
    let schools = OpenSchools::new((host, ahead), Arc::clone(&store), Arc::clone(&clock), outside);
    let (end, ending) = watch::channel(false);
    let address = config.listen.clone();
    let listening = TcpListener::bind(&address).await;
    let listener = listening.map_err(|error| ServeError::Listen { address, error })?;
    let schemas = Schemas::new().map_err(ConfigError::from)?;
    let runs = Runs::new(usize::try_from(config.concurrent_ticks).unwrap_or(1));
    if is_on_trial {
        components.check(&registry, &schools).await?;
    }
    let is_shared = matches!(config.store(), StoreAt::Postgres(_));
    let (looks, claims) = (Bell::default(), Bell::default());
    let parts = Parts {
        config,
        clock,
        store,
        engine,
        left_component: left,
        registry,
        schools,
        leases,
        is_shared,
        runs,
        pace: paced,
        looks,
        claims,
        repeating: Repeating::default(),
        metrics,
        recent,
        listed: api::Listed::default(),
        mailing,
        schemas,
        ending,
    };
    Ok(Ready { listener, service: Service::new(parts), routes: Router::new(), front: |_, api| api, end, exporter })
}

/// Who hears of the calls: what is counted, and the way to the collector if one is configured.
fn observer(
    config: &Config,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<Metrics>,
) -> Result<(Arc<dyn Observer>, Option<Exporter>), ServeError> {
    let Some(endpoint) = &config.telemetry.otlp_endpoint else {
        return Ok((Arc::clone(metrics) as _, None));
    };
    let way = otlp::way_to(endpoint, Arc::clone(clock), Arc::clone(metrics));
    let (spans, exporter) = way.map_err(ServeError::Certificates)?;
    Ok((Arc::new(spans), Some(exporter)))
}

/// Waits until the last spans have left, but not for long: the service is ending.
async fn last_spans(exporting: Option<JoinHandle<()>>) {
    if let Some(exporting) = exporting {
        let _ = tokio::time::timeout(LAST_SPANS, exporting).await;
    }
}

async fn open_store(config: &Config) -> Result<(Arc<dyn Store>, Arc<dyn Leases>), ServeError> {
    match config.store() {
        StoreAt::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
                let fail = |error| ServeError::Folder { folder: folder.display().to_string(), error };
                host::private::create_folder(folder).map_err(fail)?;
            }
            let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path)?);
            Ok((Arc::clone(&store), Arc::new(Alone::new(store))))
        }
        StoreAt::Postgres(url) => {
            let store = PostgresStore::open(&url).await?;
            let leases = Arc::new(store.leases(DEAD_AFTER));
            Ok((Arc::new(store), leases))
        }
    }
}

/// A name that no other start of a process has.
fn node_name(service: &Service) -> String {
    format!("{}-{}", std::process::id(), service.clock().now().timestamp_micros())
}

impl Ready {
    /// The address that is listened at.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Serves until `stop` comes to its end.
    ///
    /// # Errors
    /// The server failed.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let Self { listener, service, routes, front, end, exporter } = self;
        let pacing = tokio::spawn(service.pace().clone().keep());
        let ending = end.subscribe();
        let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
        let node = Node { id: NodeId::new(node_name(&service)), address };
        let (ticks_ended, no_ticks) = watch::channel(false);
        let running = tokio::spawn(runner::run(service.clone(), end.subscribe()));
        let holding = tokio::spawn(tenure::hold(service.clone(), node, no_ticks));
        let watching = tokio::spawn(crate::watch::keep(service.clone(), end.subscribe()));
        let telling = tokio::spawn(trial::tell(service.clone()));
        let mailing = Arc::clone(service.mailing().transport());
        let exporting = exporter.map(|exporter| tokio::spawn(exporter.keep(ticks_ended.subscribe())));
        let api = api::router(service.clone(), routes);
        let app = front(&service, api).into_make_service_with_connect_info::<SocketAddr>();
        let mut asked = ending.clone();
        let server = axum::serve(listener, app).with_graceful_shutdown(async move { _ = asked.changed().await });
        let server = tokio::spawn(async move { server.await });
        stop.await;
        tracing::info!("ending: no new calls; those that run may end");
        let _ = end.send(true);
        let ended = tokio::time::timeout(ENDING, server).await;
        let _ = running.await;
        pacing.abort();
        telling.abort();
        let _ = ticks_ended.send(true);
        // Schools are given back when no tick of them runs any more.
        let _ = tokio::join!(holding, watching, mailing.close(), last_spans(exporting));
        match ended {
            Ok(Ok(Err(error))) => Err(ServeError::Server(error)),
            // A request that did not end in time is dropped with its connection.
            _ => Ok(()),
        }
    }
}
