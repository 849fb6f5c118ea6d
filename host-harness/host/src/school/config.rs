//! What a host is made of beside its engine. Not here: how many calls and bytes one school may have (`limits`).

use std::sync::Arc;

use crate::clock::Clock;
use crate::door::{AllowedHosts, CredentialHeader, Transport};
use crate::observer::{NoObserver, Observer};
use crate::store::Store;

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
    /// The hosts that a school's settings may name at all, for those who let others write the settings; none: any.
    pub allowed_hosts: Option<AllowedHosts>,
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
        }
    }
}
