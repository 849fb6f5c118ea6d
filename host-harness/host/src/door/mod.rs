//! The door: the only way out of the sandbox. Deny by default ([`Grant`]), credentials added here ([`CredentialSource`]),
//! carried by a [`Transport`]: the network ([`Sender`]) or a simulated CourseKey in this process. What is sent and what
//! an answer means is the plugin's business.

mod address;
mod credentials;
mod gate;
mod hook;
mod log;
mod sender;
mod transport;

pub use address::{Resolve, SystemResolver};
pub use credentials::{CredentialHeader, CredentialSource, Secret};
pub use gate::{CAMPUS_HEADER, Denial, Grant, ITEMS_HEADER, Pass};
pub(crate) use hook::{Door, DoorParts};
pub use log::{NoRequestLog, RequestEntry, RequestLog};
pub use sender::Sender;
pub use transport::{Answer, Outgoing, Transport, TransportError};
