//! Runs the GEGI ⇄ CourseKey component inside an ERP.

mod bindings;
pub mod clock;
pub mod door;
pub mod email;
pub mod engine;
pub mod gegi;
pub mod limits;
pub mod outbox;
pub mod push;
pub mod school;
pub mod store;
