//! Shared by the test files of this crate.

pub mod discretion;
