//! What people use to look before they leap: the calls of the interface `review`. Each is short and uses no network.
//!
//! | Room | Holds |
//! |---|---|
//! | `holds` | what the guard holds, as people see it |
//! | `decide` | a decision about what is held |
//! | `resend` | a course is to be sent again |
//! | `watch` | when each student attended last |

pub mod decide;
pub mod holds;
pub mod resend;
pub mod watch;

#[cfg(test)]
mod tests;
