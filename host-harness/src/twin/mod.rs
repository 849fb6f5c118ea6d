//! twin/mod
