//! The host as a service beside GEGI, one sandbox for each school.
//!
//! Reading order: `config` and `secrets` (what an operator states), `registry` and `schools` (which schools there are, and
//! each with its GEGI).

pub mod config;
pub mod problem;
pub mod registry;
pub mod schools;
pub mod secrets;
