//! simulator/mod
