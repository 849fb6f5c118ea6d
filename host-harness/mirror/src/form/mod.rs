//! The JSON of a school: how courses, campuses and settings are written in files and requests, the check of every value
//! against the JSON Schemas of `schemas/`, and problems that name place and remedy.
//!
//! Not here: where the JSON comes from (the files of a school directory, the service's requests).

mod checks;
mod course;
mod problem;
mod schema;
mod settings;
mod toml_document;

pub use checks::{CourseChecks, campuses as check_campuses};
pub use course::{CourseLine, day_text, instant};
pub use problem::{BadInput, MOST_PROBLEMS, Place, Problem, Problems};
pub use schema::{BrokenSchema, Schema, settings_schema};
pub use settings::{CampusForm, SchoolForm, SettingsChange};
pub use toml_document::{Document, NotToml};
