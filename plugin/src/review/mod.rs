//! What people use to look before they leap: the calls of the interface `review`. Each is short and uses no network.
//!
//! | Room | Holds |
//! |---|---|
//! | `holds` | what the guard holds, as people see it |
//! | `decide` | a decision about what is held |

pub mod decide;
pub mod holds;

#[cfg(test)]
mod tests;
