//! The host of a process, and what it is told: everything that its schools share, and the traits of each school's GEGI.

use std::sync::Arc;

use super::School;
use super::trial::Trial;
use super::turn::Resting;
use crate::clock::Clock;
use crate::door::{AllowedHosts, CredentialHeader, CredentialSource, Denial, Grant, RequestLog, Transport};
use crate::engine::Engine;
use crate::gegi::{MailSink, RecordSink, SchoolSettings, SchoolSource};
use crate::observer::{NoObserver, Observer};
use crate::store::{SchoolId, Schools, Store};

/// Everything that schools share beside the engine.
#[derive(Clone)]
pub struct HostConfig {
    /// The clock of the host and of the plugin.
    pub clock: Arc<dyn Clock>,
    /// Where schools are stored.
    pub store: Arc<dyn Store>,
    /// The transport that carries requests to CourseKey.
    pub transport: Arc<dyn Transport>,
    /// The observer, which hears every step that a crash could separate from the next step, and every call.
    pub observer: Arc<dyn Observer>,
    /// The header of a request in which CourseKey expects the key.
    pub credential_header: CredentialHeader,
    /// Whether a school's settings may name an address of this machine; for development.
    pub loopback_allowed: bool,
    /// The hosts that a school's settings may name at all, for those who let others write the settings; none: any. With
    /// `loopback_allowed` this machine is named beside them.
    pub allowed_hosts: Option<AllowedHosts>,
    /// The trial of the engine's component; none: it is not on trial.
    pub trial: Option<Arc<Trial>>,
}

impl HostConfig {
    /// A configuration with this clock, storage and transport, and everything else as in production.
    pub fn new(clock: Arc<dyn Clock>, store: Arc<dyn Store>, transport: Arc<dyn Transport>) -> Self {
        Self {
            clock,
            store,
            transport,
            observer: Arc::new(NoObserver),
            credential_header: CredentialHeader::default(),
            loopback_allowed: false,
            allowed_hosts: None,
            trial: None,
        }
    }

    /// What a tick of a school with these settings may reach.
    pub(super) fn grant(&self, settings: &SchoolSettings) -> Result<Grant, Denial> {
        let grant = Grant::new(settings, self.loopback_allowed)?;
        match &self.allowed_hosts {
            Some(allowed) => grant.within(allowed),
            None => Ok(grant),
        }
    }

    /// Whether ticks of a school with these settings may reach CourseKey at all, for whoever takes settings from others.
    ///
    /// # Errors
    /// They may not; the denial names the rule and the setting.
    pub fn check(&self, settings: &SchoolSettings) -> Result<(), Denial> {
        self.grant(settings).map(|_| ())
    }
}

/// The traits with which one school's GEGI supplies and receives data.
#[derive(Clone)]
pub struct Gegi {
    /// Supplies everything GEGI knows.
    pub source: Arc<dyn SchoolSource>,
    /// Receives the plugin's records.
    pub records: Arc<dyn RecordSink>,
    /// Receives the plugin's mails.
    pub mails: Arc<dyn MailSink>,
    /// Supplies the keys of the school's campuses.
    pub credentials: Arc<dyn CredentialSource>,
    /// Receives an entry for each of the school's requests.
    pub request_log: Arc<dyn RequestLog>,
}

/// The engine and everything that schools share. Cheap to clone.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

/// The parts of a host.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) config: HostConfig,
    schools: Schools,
}

impl Host {
    /// A host for schools. Hosts may share an engine. Hosts in several processes may share the storage where the backend
    /// allows it (PostgreSQL): any of them makes short calls, and the one that took a school over last ticks it.
    pub fn new(engine: Engine, config: HostConfig) -> Self {
        let (store, clock) = (Arc::clone(&config.store), Arc::clone(&config.clock));
        let schools = Schools::new(store, clock, engine.limits().storage.clone(), Arc::clone(&config.observer));
        Self(Arc::new(Shared { engine, config, schools }))
    }

    /// What all schools share beside the engine.
    pub fn config(&self) -> &HostConfig {
        &self.0.config
    }

    /// Opens a school. This reads and writes nothing yet.
    pub fn open(&self, id: SchoolId, gegi: Gegi) -> School {
        let gate = self.0.schools.gate(&id);
        School { host: Arc::clone(&self.0), id, gate, gegi, rest: Resting::default() }
    }
}
