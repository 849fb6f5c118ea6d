//! A placeholder.

pub mod mail;
