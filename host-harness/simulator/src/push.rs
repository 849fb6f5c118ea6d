//! Pushes: CourseKey sends attendance records as they are now, signed in the manner of Standard Webhooks.
//!
//! Not here: when CourseKey pushes, who receives the pushes, and which pushes are lost on the way (whoever drives the
//! simulator).

use std::collections::BTreeMap;
use std::io::BufRead;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;

use super::attendance::Record;
use super::dice::Dice;
use super::listing::{RecordBody, record_body, school_of};
use super::state::School;
use super::{LineError, Simulator, attendance_file};

/// The most records of one push, as many as on a page of the listing.
const RECORDS: usize = 500;

/// A push as CourseKey sends it.
#[derive(Clone, PartialEq, Eq)]
pub struct Pushed {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// The body.
    pub body: Bytes,
}

#[derive(Serialize)]
struct PushBody<'a> {
    records: Vec<RecordBody<'a>>,
}

impl Simulator {
    /// Pushes the records with these ids as they are at `now`, in the order of `ids`. Returns the number of each
    /// school that has any of these records, with the school's pushes. Records that are not listed yet are left out.
    pub fn push(&mut self, now: DateTime<Utc>, ids: &[String]) -> Vec<(u64, Vec<Pushed>)> {
        self.advance(now);
        self.push_records(now, ids.iter().filter_map(|id| self.attendance.newest(id)))
    }

    /// Pushes these records (lines of `attendance.jsonl`) and no others, whatever is listed.
    ///
    /// # Errors
    /// The first line that is not of that form.
    pub fn push_lines(&self, now: DateTime<Utc>, reader: impl BufRead) -> Result<Vec<(u64, Vec<Pushed>)>, LineError> {
        Ok(self.push_records(now, attendance_file::records(reader)?.iter()))
    }

    /// Pushes a body that the caller has made, from this school; none: no school has this number.
    pub fn push_body(&self, now: DateTime<Utc>, number: u64, body: Bytes) -> Option<Pushed> {
        let school = self.schools.get(&number)?;
        let dice = self.push_dice(now).and(&body);
        Some(sign(&school.push_key, &push_id(dice), now, body))
    }

    fn push_records<'a>(
        &self,
        now: DateTime<Utc>,
        records: impl Iterator<Item = &'a Record>,
    ) -> Vec<(u64, Vec<Pushed>)> {
        let mut by_school: BTreeMap<u64, Vec<&Record>> = BTreeMap::new();
        for record in records {
            if let Some(number) = school_of(record, &self.schools) {
                by_school.entry(number).or_default().push(record);
            }
        }
        let pushes = |(number, records): (u64, Vec<&Record>)| {
            let school = self.schools.get(&number)?;
            Some((number, records.chunks(RECORDS).map(|records| self.push_of(now, school, records)).collect()))
        };
        by_school.into_iter().filter_map(pushes).collect()
    }

    fn push_of(&self, now: DateTime<Utc>, school: &School, records: &[&Record]) -> Pushed {
        let name = |dice: Dice, record: &&Record| dice.and(record.id.as_bytes()).and(&record.version.to_le_bytes());
        let dice = records.iter().fold(self.push_dice(now), name);
        let body = PushBody { records: records.iter().map(|record| record_body(record)).collect() };
        // Writing a record as JSON cannot fail.
        let body = serde_json::to_string(&body).unwrap_or_default();
        sign(&school.push_key, &push_id(dice), now, body)
    }

    /// The dice from which the id of a push is thrown, once the caller has added the push's content. A run that is
    /// played again therefore makes the same pushes.
    fn push_dice(&self, now: DateTime<Utc>) -> Dice {
        Dice::new(self.seed).and(&now.timestamp_micros().to_le_bytes())
    }
}

fn push_id(dice: Dice) -> String {
    format!("msg_{:016x}", dice.number())
}

/// Signs a push of any body, as the owner of the key would.
pub fn sign(key: &[u8], id: &str, now: DateTime<Utc>, body: impl Into<Bytes>) -> Pushed {
    let body = body.into();
    let timestamp = now.timestamp().to_string();
    // HMAC takes keys of every length, so the default is never used.
    let signature = Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| String::new(),
        |mac| {
            let mac = mac.chain_update(format!("{id}.{timestamp}.")).chain_update(&body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        },
    );
    Pushed { id: id.to_owned(), timestamp, signature, body }
}
