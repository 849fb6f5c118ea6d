//! The pipeline, natively: change one thing, see what is sent.

mod attack;
mod attendance;
mod failures;
mod people;
mod roster;
