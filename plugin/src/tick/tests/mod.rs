//! The pipeline, natively: change one thing, see what is sent.

mod attendance;
mod failures;
mod moved;
mod people;
mod rare;
mod roster;
