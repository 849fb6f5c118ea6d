//! `school.toml`: the school, its campuses and settings, and the span to play.

use serde::Deserialize;

use host::gegi::SchoolSettings;
use mirror::form::{CampusForm, SchoolForm, SettingsChange, instant};

/// The span to play: from the first instant on, up to but without the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first moment, whole seconds since 1970.
    #[serde(deserialize_with = "instant")]
    pub from: i64,
    /// The first moment after the span, whole seconds since 1970.
    #[serde(deserialize_with = "instant")]
    pub until: i64,
}

/// The whole of `school.toml`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SchoolFile {
    name: String,
    #[serde(default = "yes")]
    enabled: bool,
    pub(super) run: Span,
    base_url: Option<String>,
    campus: Vec<CampusForm>,
    #[serde(default)]
    settings: SettingsChange,
}

fn yes() -> bool {
    true
}

impl SchoolFile {
    /// The settings at the start: the defaults, changed by the values in the file.
    pub(super) fn school_settings(self) -> SchoolSettings {
        let Self { name, enabled, run: _, base_url: coursekey_url, campus: campuses, settings } = self;
        SchoolForm { name, enabled, coursekey_url, campuses, settings }.into_settings()
    }
}
