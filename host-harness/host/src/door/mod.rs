//! The door: the only way out of the sandbox. The door denies every request that the school's [`Grant`] does not
//! allow, adds the credentials ([`CredentialSource`]), and hands the request to a [`Transport`]: the network
//! ([`Sender`]) or a simulated CourseKey in this process. Not here: which requests are sent, and what an answer means
//! (the plugin).

mod address;
mod allowed;
mod certificate;
mod connections;
mod credentials;
mod denial;
mod gate;
mod hook;
mod log;
mod sender;
mod special;
mod transport;

pub use address::{Resolve, SystemResolver};
pub use allowed::{AllowedHosts, BadAllowedHost};
pub use certificate::{ExtraRoots, ExtraRootsError};
pub use credentials::{CredentialHeader, CredentialSource, Secret};
pub use denial::Denial;
pub use gate::{CAMPUS_HEADER, Grant, ITEMS_HEADER, Pass};
pub(crate) use hook::{Door, DoorParts};
pub use log::{NoRequestLog, RequestEntry, RequestLog};
pub use sender::Sender;
pub use transport::{Answer, Outgoing, Transport, TransportError};
