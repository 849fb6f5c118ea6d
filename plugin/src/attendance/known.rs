//! Which versions of records the book of a class holds, read without the rest of the book. The daily pass lists every record
//! of the follow-up days again; nearly all of them are known, and nothing else of their books is needed to see that.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{PersonId, RecordId};

/// The versions that a book holds. A partial view of the stored form of [`ClassBook`](super::ClassBook).
#[derive(Debug, Deserialize)]
pub struct KnownVersions {
    students: BTreeMap<PersonId, KnownEntry>,
}

#[derive(Debug, Deserialize)]
struct KnownEntry {
    #[serde(default)]
    records: Vec<KnownRecord>,
}

#[derive(Debug, Deserialize)]
struct KnownRecord {
    #[serde(default)]
    counts: Option<KnownVersion>,
    #[serde(default)]
    late: Option<KnownVersion>,
}

#[derive(Debug, Deserialize)]
struct KnownVersion {
    id: RecordId,
    version: u64,
}

impl KnownVersions {
    /// Whether the book holds this very version of the record, as [`ClassBook::knows`](super::ClassBook::knows) says.
    pub fn has(&self, record: &AttendanceRecord) -> bool {
        let records = self.students.get(&record.student).into_iter().flat_map(|entry| &entry.records);
        let mut versions = records.flat_map(|held| held.counts.iter().chain(&held.late));
        versions.any(|held| held.version == record.version && held.id == record.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attendance::{ClassBook, Limits};
    use crate::model::time::Instant;

    #[test]
    fn the_view_knows_what_the_book_knows() {
        let record = |id: &str, version, at| AttendanceRecord {
            id: id.into(),
            version,
            class: "C1-1".into(),
            student: "S1".into(),
            updated_at: Instant(at),
            visits: Vec::new(),
            adjustment: None,
        };
        let (mut book, limits) = (ClassBook::default(), Limits { adjustment: Instant(10), first: Instant(20) });
        let entered = [record("r1", 1, 5), record("r1", 2, 15), record("r2", 1, 6)];
        for record in &entered {
            book.enter(record, limits, &BTreeMap::new());
        }
        let known: KnownVersions = serde_json::from_slice(&serde_json::to_vec(&book).unwrap()).unwrap();
        let mut asked = entered.to_vec();
        asked.extend([record("r1", 3, 16), record("r3", 1, 6)]);
        for record in &asked {
            assert_eq!(known.has(record), book.knows(record), "{} {}", record.id, record.version);
        }
        assert!(entered.iter().all(|record| known.has(record)));
    }
}
