//! Runs the GEGI ⇄ CourseKey component: the engine that sandboxes it, the door through which it reaches CourseKey, the
//! storage it commits to, and what a developer needs around it (a simulated CourseKey, a twin of GEGI, virtual time).
//!
//! A library first: GEGI embeds it in-process (see `examples/embed.rs`); the binary is a thin command line over it.

pub mod bindings;
pub mod clock;
pub mod directory;
pub mod door;
pub mod email;
pub mod engine;
pub mod gegi;
pub mod limits;
pub mod push;
pub mod run;
pub mod school;
pub mod simulator;
pub mod store;
pub mod twin;
