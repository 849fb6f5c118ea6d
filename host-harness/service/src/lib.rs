//! The host as a service beside GEGI, one sandbox for each school.
//!
//! Reading order: `config` and `secrets` (what an operator states), `registry` and `schools` (which schools there are, and
//! each with its GEGI), `trial` (which component runs), `service` (all of it together), `api` (what GEGI and operators
//! ask), `tenure` and `runner` (whose schools, and their ticks), `watch`, `repeating` and `alarms` (what is stuck), `mail`
//! and `mailing` (the way out for mails), `telemetry`, `otlp` and `recent` (what is counted, traced, and shown of late), `serve` (start and end).

pub mod alarms;
pub mod api;
pub mod client;
pub mod config;
pub mod doctor;
pub mod mail;
pub mod mailing;
pub mod otlp;
pub mod pace;
pub mod problem;
pub mod recent;
pub mod registry;
pub mod repeating;
pub mod runner;
pub mod schools;
pub mod secrets;
pub mod serve;
pub mod service;
pub mod telemetry;
pub mod tenure;
pub mod trial;
pub mod watch;
