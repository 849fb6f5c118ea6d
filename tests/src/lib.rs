//! Code that the test files of this crate share.

pub mod discretion;
pub mod guests;
#[cfg(unix)]
pub mod postgres;
