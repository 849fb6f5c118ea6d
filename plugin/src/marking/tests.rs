//! Tests of the marking rules, each from one line: `class 09:00-12:00; late 15; early 15; in 09:04; out 11:58`.

mod boundaries;
mod log;
mod presence;
mod properties;
mod rules;
mod timeline;
