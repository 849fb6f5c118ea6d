//! The door: the only way out of the sandbox.

mod transport;

pub use transport::{Answer, Outgoing, Transport, TransportError};
