//! The service as its API and its runner share it. Cheap to clone.

use std::sync::Arc;

use host::clock::Clock;
use host::engine::Engine;
use host::gegi::Instant;
use host::schedule::Wake;
use host::school::StatusQuery;
use host::store::lease::Leases;
use host::store::{Store, StoreError};
use mirror::form::Schema;
use tokio::sync::watch;

use crate::api::Listed;
use crate::config::Config;
use crate::mailing::Mailing;
use crate::pace::Paced;
use crate::problem::Problem;
use crate::recent::Recent;
use crate::registry::Registry;
use crate::repeating::Repeating;
use crate::runner::{Bell, Runs, Seen};
use crate::schools::{OpenSchool, OpenSchools};
use crate::telemetry::Metrics;
use crate::trial::LeftComponent;

/// The service.
#[derive(Clone)]
pub struct Service(Arc<Parts>);

/// What a service is made of.
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The storage.
    pub store: Arc<dyn Store>,
    /// The engine.
    pub engine: Engine,
    /// Which component was left, if one was.
    pub left_component: LeftComponent,
    /// Which schools there are.
    pub registry: Registry,
    /// The schools of this process.
    pub schools: OpenSchools,
    /// Which process ticks which school.
    pub leases: Arc<dyn Leases>,
    /// Whether other processes may share the storage.
    pub is_shared: bool,
    /// What this process knows of its schools.
    pub runs: Runs,
    /// The pace of requests.
    pub pace: Paced,
    /// Rung when the runner should look for ticks to make.
    pub looks: Bell,
    /// Rung when there may be schools to claim.
    pub claims: Bell,
    /// What fails again and again.
    pub repeating: Repeating,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What happened lately.
    pub recent: Recent,
    /// The courses of the schools that were looked at last.
    pub listed: Listed,
    /// The way out for mails.
    pub mailing: Arc<Mailing>,
    /// The schemas of what GEGI states.
    pub schemas: Schemas,
    /// Cancelled when the service is to end.
    pub ending: watch::Receiver<bool>,
}

/// The schemas of requests, compiled once.
pub struct Schemas {
    /// A school.
    pub school: Schema,
    /// A course.
    pub course: Schema,
    /// The other bodies.
    pub bodies: Bodies,
}

/// The schemas of the API's own bodies.
pub struct Bodies {
    /// Credentials of a campus.
    pub credentials: Schema,
    /// GEGI's whole list of courses.
    pub courses: Schema,
    /// A mark set by hand.
    pub mark: Schema,
    /// Acknowledgements of the feed.
    pub acknowledgements: Schema,
    /// The texts of a template.
    pub template: Schema,
    /// A decision about what is held.
    pub decision: Schema,
    /// Settings to change.
    pub settings: Schema,
}

impl Schemas {
    /// Compiles the schemas.
    ///
    /// # Errors
    /// A schema that ships is wrong.
    pub fn new() -> Result<Self, mirror::form::BrokenSchema> {
        let bodies = Bodies {
            credentials: Schema::of("credentials", include_str!("../schemas/credentials.schema.json"))?,
            courses: Schema::of("course-list", include_str!("../schemas/course-list.schema.json"))?,
            mark: Schema::of("hand-mark", include_str!("../schemas/hand-mark.schema.json"))?,
            acknowledgements: Schema::of("acknowledgements", include_str!("../schemas/acknowledgements.schema.json"))?,
            template: Schema::of("email-template", include_str!("../schemas/email-template.schema.json"))?,
            decision: Schema::of("decision", include_str!("../schemas/decision.schema.json"))?,
            settings: Schema::of("settings", include_str!("../schemas/settings.schema.json"))?,
        };
        Ok(Self { school: Schema::named("school-request")?, course: Schema::named("courses")?, bodies })
    }
}

impl Service {
    /// A service of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The storage.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Which component was left, if one was.
    pub fn left_component(&self) -> &LeftComponent {
        &self.0.left_component
    }

    /// Which schools there are.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The schools of this process.
    pub fn schools(&self) -> &OpenSchools {
        &self.0.schools
    }

    /// What the runner knows of the schools.
    pub fn runs(&self) -> &Runs {
        &self.0.runs
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// The way out for mails.
    pub fn mailing(&self) -> &Mailing {
        &self.0.mailing
    }

    /// The schemas of requests.
    pub fn schemas(&self) -> &Schemas {
        &self.0.schemas
    }

    /// Whether the service is ending.
    pub fn is_ending(&self) -> bool {
        *self.0.ending.borrow()
    }

    /// Changes when the service is ending.
    pub fn ending(&self) -> watch::Receiver<bool> {
        self.0.ending.clone()
    }

    /// What happened lately.
    pub fn recent(&self) -> &Recent {
        &self.0.recent
    }

    /// The courses of the schools that were looked at last.
    pub(crate) fn listed(&self) -> &Listed {
        &self.0.listed
    }

    /// The present moment, whole seconds since 1970.
    pub fn now(&self) -> Instant {
        self.0.clock.now().timestamp()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    /// A school that GEGI created.
    ///
    /// # Errors
    /// There is none with this id, or the storage failed.
    pub async fn school(&self, id: &str) -> Result<Arc<OpenSchool>, Problem> {
        self.school_if_any(id)
            .await?
            .ok_or_else(|| Problem::not_found("there is no such school; create it with PUT /v1/schools/{school}"))
    }

    /// A school that GEGI created; none: there is none with this id.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn school_if_any(&self, id: &str) -> Result<Option<Arc<OpenSchool>>, StoreError> {
        if !Registry::is_id(id) {
            return Ok(None);
        }
        let registered = self.0.registry.get(id).await?;
        Ok(registered.map(|registered| self.0.schools.open(id, &registered)))
    }

    /// Tells whoever ticks the school that something of it changed, or that somebody asks for a tick.
    pub async fn wake(&self, school: &OpenSchool, why: Wake) {
        let id = school.school.id();
        self.0.runs.wake(id, why, self);
        // The process that ticks the school may be another. A hint that is lost costs a few seconds.
        if let Err(error) = self.0.leases.notify(id).await {
            tracing::warn!(%error, "a hint to the process that ticks the school was lost");
        }
    }

    /// Which process ticks which school.
    pub fn leases(&self) -> &Arc<dyn Leases> {
        &self.0.leases
    }

    /// Whether other processes may share the storage.
    pub fn is_shared(&self) -> bool {
        self.0.is_shared
    }

    /// How a school's ticks are, whichever process makes them.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn seen(&self, school: &OpenSchool) -> Result<Seen, StoreError> {
        let id = school.school.id();
        match self.0.runs.seen(id) {
            Some(seen) => Ok(seen),
            None => Ok(self.0.registry.told(id).await?.unwrap_or_default()),
        }
    }

    /// The pace of requests.
    pub fn pace(&self) -> &Paced {
        &self.0.pace
    }

    /// Rung when the runner should look for ticks to make.
    pub fn looks(&self) -> &Bell {
        &self.0.looks
    }

    /// Rung when there may be schools to claim.
    pub fn claims(&self) -> &Bell {
        &self.0.claims
    }

    /// What fails again and again.
    pub fn repeating(&self) -> &Repeating {
        &self.0.repeating
    }
}

/// The status query of one course.
pub fn of_course(id: &str) -> StatusQuery {
    StatusQuery::Ids(vec![id.to_owned()])
}
