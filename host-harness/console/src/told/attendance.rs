//! Marks, rows of the attendance log, and everything behind them, as the API answers.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mark {
    pub(crate) student: String,
    pub(crate) mark: String,
    pub(crate) basis: Basis,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Basis {
    pub(crate) sentence: String,
    pub(crate) late_until: Option<String>,
    pub(crate) early_from: Option<String>,
    #[serde(default)]
    pub(crate) visits: Vec<Visit>,
    pub(crate) adjustment: Option<String>,
    pub(crate) awarded_seconds: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Visit {
    pub(crate) r#in: String,
    pub(crate) out: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LogRow {
    pub(crate) class: String,
    pub(crate) student: String,
    pub(crate) record: String,
    pub(crate) visit: u32,
    pub(crate) r#in: String,
    pub(crate) out: String,
    pub(crate) minutes: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Explanation {
    pub(crate) student_name: String,
    pub(crate) hours_type: String,
    pub(crate) limits: Limits,
    pub(crate) sentence: String,
    pub(crate) mark: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) next: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) overruled: Option<String>,
    pub(crate) versions: Vec<Version>,
    pub(crate) rows: Vec<ExplainedRow>,
    pub(crate) issues: Vec<String>,
    pub(crate) missing: Option<Obstacle>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Limits {
    pub(crate) late_until: String,
    pub(crate) early_from: String,
    pub(crate) longest_gap_seconds: Option<i64>,
    pub(crate) minimum_attended_percent: u32,
    pub(crate) settled_at: String,
    pub(crate) follow_until: String,
    pub(crate) read_until: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) updated_at: String,
    pub(crate) visits: Vec<Visit>,
    pub(crate) adjustment: Option<String>,
    pub(crate) awarded_seconds: Option<i64>,
    pub(crate) r#use: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExplainedRow {
    pub(crate) visit: u32,
    pub(crate) r#in: String,
    pub(crate) out: String,
    pub(crate) minutes: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) there: bool,
    pub(crate) sentence: String,
    pub(crate) missing: Option<Obstacle>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Obstacle {
    pub(crate) remedy: String,
    pub(crate) owner: Option<String>,
    pub(crate) until: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Watched {
    pub(crate) course: String,
    pub(crate) name: String,
    pub(crate) students: Vec<Seen>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Seen {
    pub(crate) student: String,
    pub(crate) name: String,
    pub(crate) last_attended: Option<String>,
    pub(crate) unseen: bool,
}
