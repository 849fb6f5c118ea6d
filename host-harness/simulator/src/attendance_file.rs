//! A school directory's `attendance.jsonl`: the records that CourseKey serves, with GEGI's ids of class and student.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::attendance::{Adjustment, AdjustmentKind, Attendance, Record, Visit};
use super::lines::{self, LineError};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Line {
    id: String,
    version: u32,
    class: String,
    student: String,
    updated_at: DateTime<Utc>,
    visits: Box<[Visit]>,
    #[serde(default)]
    adjustment: Option<AdjustmentLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AdjustmentLine {
    kind: AdjustmentKind,
    by: String,
    #[serde(default)]
    awarded_seconds: Option<u32>,
}

/// Every record of the file; each is listed from its time on.
pub(super) fn read(reader: impl BufRead) -> Result<Attendance, LineError> {
    let mut attendance = Attendance::default();
    records(reader)?.into_iter().for_each(|record| attendance.add(record));
    Ok(attendance)
}

/// Every record of the file, in the order of the file. The file may hold a version of a record only once.
pub(super) fn records(reader: impl BufRead) -> Result<Vec<Record>, LineError> {
    let mut records = Vec::new();
    let mut seen = BTreeSet::new();
    for line in lines::numbered(reader) {
        let (number, text) = line?;
        let line: Line = lines::parse(number, &text)?;
        if !seen.insert((line.id.clone(), line.version)) {
            return Err(LineError::new(number, "version", "this version of the record stands in an earlier line"));
        }
        let adjust = |adjustment: AdjustmentLine| {
            Arc::new(Adjustment {
                kind: adjustment.kind,
                by: adjustment.by,
                awarded_seconds: adjustment.awarded_seconds,
            })
        };
        records.push(Record {
            id: line.id.into(),
            version: line.version,
            school: None,
            session: line.class.into(),
            user: line.student.into(),
            updated_at: line.updated_at,
            visits: line.visits,
            adjustment: line.adjustment.map(adjust),
        });
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const GOOD: &str = r#"{"id":"a1","version":1,"class":"C1-1","student":"S000001","updated-at":"2023-08-28T14:00:00Z","visits":[{"in":"2023-08-28T13:58:00Z","out":null}],"adjustment":null}"#;

    fn check(text: &str, expect: &Expect) {
        let said = match read(text.as_bytes()) {
            Ok(mut attendance) => {
                attendance.advance(DateTime::<Utc>::MAX_UTC);
                format!("{} records", attendance.since(DateTime::<Utc>::MIN_UTC, None).count())
            }
            Err(error) => error.to_string(),
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn a_good_file_is_read_and_a_bad_line_is_named_with_its_field() {
        check("", &expect!["0 records"]);
        check(&format!("{GOOD}\n\n"), &expect!["1 records"]);
        check(
            &format!("{GOOD}\n{GOOD}"),
            &expect!["read line 2, field version: this version of the record stands in an earlier line"],
        );
        check("{\"id\":", &expect!["read line 1, field id: not a JSON object (column 6)"]);
        check(
            &GOOD.replace("13:58", "25:58"),
            &expect!["read line 1, field visits[0].in: not of the type or form this field has"],
        );
        check(&GOOD.replace("\"version\":1,", ""), &expect!["read line 1: missing field `version`"]);
        check(
            &GOOD.replace("\"class\"", "\"klass\""),
            &expect![
                "read line 1, field klass: unknown field `klass`, expected one of `id`, `version`, `class`, `student`, `updated-at`, `visits`, `adjustment`"
            ],
        );
        check(&format!("{GOOD} {GOOD}"), &expect!["read line 1: more than one JSON object"]);
    }
}
