//! The stand-in for GEGI, to develop against: holds a school's settings, courses and records in one SQLite file or in
//! memory, answers the host's questions, and takes each delivery of the host once.
//!
//! Everything that was acknowledged survives the end of the process, but not a power cut: the stand-in is a tool for
//! developers. Not here: the storage of the host, which survives a power cut (`store`).

mod lines;
mod receive;
mod source;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use host::clock::Clock;
use host::email::{OwnTexts, Part};
use host::gegi::{Course, CurrentMark, GegiUnavailable, Message, SchoolSettings};

pub use lines::{BasisLine, IssueLine, JournalLine, LogLine, MarkLine, StandingMark, rfc3339};

#[cfg(test)]
mod tests;

/// A stand-in for GEGI, with one school.
pub struct Twin {
    connection: Mutex<Connection>,
    clock: Arc<dyn Clock>,
}

/// Why the stand-in for GEGI fails.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// The file cannot be read or written.
    #[error("use the twin's file: {0}; check its folder and free space, or name another with --store")]
    File(#[from] rusqlite::Error),
    /// The file holds data that this version cannot read.
    #[error("read the twin's file: {0}; it was written by another version, name another file with --store")]
    Form(#[from] serde_json::Error),
    /// The file has no school yet.
    #[error("find a school in the folder: there is none; play a school directory with `run --store` first")]
    NoSchool,
    /// A line of the output cannot be written.
    #[error("write what the twin holds: {0}")]
    Output(#[from] std::io::Error),
}

impl From<TwinError> for GegiUnavailable {
    fn from(error: TwinError) -> Self {
        Self(error.to_string())
    }
}

/// How far a run has played a school in virtual time; whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The time of the virtual clock.
    pub clock: i64,
    /// The instant before which every change has been applied.
    pub changes_from: i64,
}

/// A mail that the host delivered, unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedMail {
    /// The delivery's stable id.
    pub id: String,
    /// When the host delivered the mail, whole seconds since 1970.
    pub at: i64,
    /// The message to write.
    pub message: Message,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS school (one INTEGER PRIMARY KEY CHECK (one = 1), settings TEXT NOT NULL, clock INTEGER, changes_from INTEGER);
    CREATE TABLE IF NOT EXISTS course (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS mark (
        class TEXT, student TEXT, mark TEXT NOT NULL, origin TEXT NOT NULL, basis TEXT, PRIMARY KEY (class, student)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS log_row (
        record TEXT, visit INTEGER, course TEXT NOT NULL, class TEXT NOT NULL, student TEXT NOT NULL,
        checked_in INTEGER NOT NULL, checked_out INTEGER NOT NULL, minutes INTEGER NOT NULL, PRIMARY KEY (record, visit)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS issue (
        key TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, resolved_at INTEGER, issue TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS journal (
        sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL, course TEXT, class TEXT, person TEXT, old TEXT, new TEXT,
        by TEXT NOT NULL, record TEXT
    );
    CREATE TABLE IF NOT EXISTS mail (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, message TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS email_template (template TEXT, part TEXT, text TEXT NOT NULL, PRIMARY KEY (template, part)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS delivered (id TEXT PRIMARY KEY, refused TEXT) WITHOUT ROWID;
";

impl Twin {
    /// Opens or creates a stand-in for GEGI, in a file; without a path in a temporary file that goes away with the
    /// stand-in. `clock` dates the mails.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn open(path: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Self, TwinError> {
        // The empty name: SQLite keeps the database in a temporary file of its own, and what fits of it in memory. Its
        // journal is needed to undo a call and never after the process, so it stays in memory.
        let (file, journal) = path.map_or((Path::new(""), "MEMORY"), |path| (path, "WAL"));
        // SQLite gives the files beside it the same mode.
        let _ = host::private::touch(file);
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", journal)?;
        // A killed process leaves its writes to the operating system, and no more than that has to survive here.
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection), clock })
    }

    /// Opens a stand-in for GEGI that exists already.
    ///
    /// # Errors
    /// The file does not exist or cannot be used.
    pub fn open_existing(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, TwinError> {
        if path.is_file() { Self::open(Some(path), clock) } else { Err(TwinError::NoSchool) }
    }

    /// Replaces the School Settings.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn put_settings(&self, settings: &SchoolSettings) -> Result<(), TwinError> {
        let text = serde_json::to_string(settings)?;
        let sql =
            "INSERT INTO school (one, settings) VALUES (1, ?1) ON CONFLICT DO UPDATE SET settings = excluded.settings";
        self.lock().prepare_cached(sql)?.execute([text])?;
        Ok(())
    }

    /// The School Settings; none before the first [`Twin::put_settings`].
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn settings_if_any(&self) -> Result<Option<SchoolSettings>, TwinError> {
        let text: Option<String> =
            self.lock().prepare_cached("SELECT settings FROM school")?.query_row([], |row| row.get(0)).optional()?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Stores a course as GEGI holds it now, whatever its revision: a restored backup has a lower one.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn put_course(&self, course: &Course) -> Result<(), TwinError> {
        let body = serde_json::to_string(course)?;
        let sql = "INSERT INTO course (id, revision, body) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
            SET revision = excluded.revision, body = excluded.body";
        self.lock().prepare_cached(sql)?.execute(params![course.id, course.revision.cast_signed(), body])?;
        Ok(())
    }

    /// Removes a course.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn remove_course(&self, id: &str) -> Result<(), TwinError> {
        self.lock().prepare_cached("DELETE FROM course WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Writes a mark as GEGI itself does: a mark that a person sets by hand, or a preset. `id` names this act; a
    /// second act with the same id changes nothing.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn write_mark(&self, id: &str, class: &str, mark: &CurrentMark) -> Result<(), TwinError> {
        let connection = self.lock();
        let transaction = connection.unchecked_transaction()?;
        if receive::receipt_of(&transaction, id)?.is_none() {
            let sql = "INSERT OR REPLACE INTO mark (class, student, mark, origin) VALUES (?1, ?2, ?3, ?4)";
            let (letter, origin) = (receive::letter(mark.mark), receive::origin_word(mark.origin));
            transaction.prepare_cached(sql)?.execute([class, &mark.student, letter, origin])?;
            receive::remember(&transaction, id, &host::gegi::Receipt::Applied)?;
        }
        Ok(transaction.commit()?)
    }

    /// How far a run has played the school; none: no run has.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn position(&self) -> Result<Option<Position>, TwinError> {
        let sql = "SELECT clock, changes_from FROM school WHERE clock IS NOT NULL";
        let read = |row: &rusqlite::Row<'_>| Ok(Position { clock: row.get(0)?, changes_from: row.get(1)? });
        Ok(self.lock().prepare_cached(sql)?.query_row([], read).optional()?)
    }

    /// Notes how far a run has played the school.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn set_position(&self, position: Position) -> Result<(), TwinError> {
        let sql = "UPDATE school SET clock = ?1, changes_from = ?2";
        self.lock().prepare_cached(sql)?.execute([position.clock, position.changes_from])?;
        Ok(())
    }

    /// Every mail, in the order of the deliveries.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn mails(&self) -> Result<Vec<ReceivedMail>, TwinError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("SELECT id, at, message FROM mail ORDER BY sequence")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
        rows.map(|row| {
            let (id, at, message) = row?;
            Ok(ReceivedMail { id, at, message: serde_json::from_str(&message)? })
        })
        .collect()
    }

    /// Replaces the school's own texts of Admin → Email Templates; a part that these texts lack is as it ships.
    /// This function does not check the texts.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn put_email_texts(&self, own: &OwnTexts) -> Result<(), TwinError> {
        let connection = self.lock();
        let transaction = connection.unchecked_transaction()?;
        transaction.execute("DELETE FROM email_template", [])?;
        for (template, part, text) in own.parts() {
            let sql = "INSERT INTO email_template (template, part, text) VALUES (?1, ?2, ?3)";
            transaction.prepare_cached(sql)?.execute([template, part.file_name(), text])?;
        }
        Ok(transaction.commit()?)
    }

    /// The school's own texts of Admin → Email Templates.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn email_texts(&self) -> Result<OwnTexts, TwinError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached("SELECT template, part, text FROM email_template")?;
        let mut rows = statement.query([])?;
        let mut own = OwnTexts::default();
        while let Some(row) = rows.next()? {
            let (template, part, text) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?);
            if let Some(part) = Part::of_file(&part) {
                own.set(&template, part, text);
            }
        }
        Ok(own)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock is held leaves at most an open transaction, which is rolled back when its owner is
        // dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
