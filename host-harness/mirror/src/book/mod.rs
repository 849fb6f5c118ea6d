//! The book: a school as GEGI holds it, for whoever has no ERP beside the host. The book answers the host's questions,
//! takes each delivery of the host once, and lies in the host's own storage under a name of its own, so that every backend
//! keeps it and a backup of the storage has both.
//!
//! `keys` names every key, `stored` the form of every value; `receive` takes deliveries, `source` answers the host,
//! `records` is what people and programs read. Not here: the plugin's state and the outboxes, which the host stores.

mod feed;
mod keys;
mod receive;
mod records;
mod source;
mod stored;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use host::clock::Clock;
use host::gegi::{Course, CurrentMark, GegiUnavailable, SchoolSettings};
use host::store::{SchoolId, Store, StoreError};

pub use feed::FeedItem;
pub use records::{IssueEntry, JournalSpan, Page, ReceivedMail};
pub use stored::CourseHead;

use crate::entries::{Changes, Entries};
use crate::lines::{JournalLine, rfc3339};
use keys::key;
use stored::{Listed, StoredCourse, StoredMark, StoredSettings};

/// The book of one school. Cheap to clone; clones are the same book.
#[derive(Clone)]
pub struct Book {
    entries: Entries,
    clock: Arc<dyn Clock>,
    keeps: Keeps,
}

/// Something that a person did, for the System Journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonAct<'a> {
    /// The kind of act: `hand-mark`, `settings`.
    pub what: &'static str,
    /// The class, if any.
    pub class: Option<&'a str>,
    /// The student, if any.
    pub student: Option<&'a str>,
    /// What holds from now on; none: nothing any more.
    pub new: Option<&'a str>,
    /// Who did it.
    pub by: &'a str,
}

/// What the book keeps beside GEGI's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// The records alone.
    Records,
    /// Also a feed of the operations, for a GEGI that takes them from there.
    Feed,
}

/// Why the book fails.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// An entry is in a form that this version cannot read. The text says which kind of entry, and nothing of its content.
    #[error("read the school's book: its {0} is in another form; run the version that wrote it, or a later one")]
    Form(String),
    /// The book holds no school yet.
    #[error("find a school: there is none under this name; create it first")]
    NoSchool,
    /// The reader of the entries failed.
    #[error("write what the book holds: {0}")]
    Output(#[from] std::io::Error),
}

impl BookError {
    /// Whether the same call may succeed when it is made again later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_passing())
    }
}

impl From<BookError> for GegiUnavailable {
    fn from(error: BookError) -> Self {
        Self(error.to_string())
    }
}

impl Book {
    /// The book of a school in a store, under this name, which no school of the host's has. `clock` dates the mails and the
    /// changes.
    pub fn new(store: Arc<dyn Store>, name: SchoolId, clock: Arc<dyn Clock>, keeps: Keeps) -> Self {
        Self { entries: Entries::new(store, name, Arc::clone(&clock)), clock, keeps }
    }

    /// Replaces the School Settings.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn put_settings(&self, settings: &SchoolSettings) -> Result<(), BookError> {
        self.put(vec![(key("settings", &[]), StoredSettings::of(settings).text()?)]).await
    }

    /// The School Settings; none before the first [`Book::put_settings`].
    ///
    /// # Errors
    /// The storage failed.
    pub async fn settings_if_any(&self) -> Result<Option<SchoolSettings>, BookError> {
        let text = self.get(key("settings", &[])).await?;
        text.map(|text| Ok(StoredSettings::read(&text)?.into_settings())).transpose()
    }

    /// Stores a course as GEGI holds it now, whatever its revision: a restored backup has a lower one.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn put_course(&self, course: &Course) -> Result<(), BookError> {
        let revision = stored::write(&Listed::of(course), "revision")?;
        let body = StoredCourse::of(course.clone()).text()?;
        self.put(vec![(key("course", &[&course.id]), body), (key("revision", &[&course.id]), revision)]).await
    }

    /// Stores a course unless the book holds a later revision of it, in one step. True: it was stored.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn save_course(&self, course: &Course) -> Result<bool, BookError> {
        let listed = stored::write(&Listed::of(course), "revision")?;
        let body = StoredCourse::of(course.clone()).text()?;
        let places = [key("revision", &[&course.id]), key("course", &[&course.id])];
        self.change(places.get(..1).unwrap_or_default(), |held| {
            let held = held.values().flatten().next().and_then(|text| stored::read::<Listed>(text, "revision").ok());
            if held.is_some_and(|held| held.revision > course.revision) {
                return (Changes::new(), false);
            }
            (places.iter().cloned().zip([Some(listed.clone()), Some(body.clone())]).collect(), true)
        })
        .await
    }

    /// Removes a course.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn remove_course(&self, id: &str) -> Result<(), BookError> {
        let gone = [key("course", &[id]), key("revision", &[id])];
        self.change(&[], |_| (gone.iter().map(|key| (key.clone(), None)).collect(), ())).await
    }

    /// Writes a mark as GEGI itself does: a mark that a person sets by hand, or a preset. `act` names this act; a second act
    /// with the same name changes nothing.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn write_mark(&self, act: &str, class: &str, mark: &CurrentMark) -> Result<(), BookError> {
        let done = key("note", &["mark", act]);
        let text = StoredMark::of_gegi(class, mark).text()?;
        let place = key("mark", &[class, &mark.student]);
        self.change(std::slice::from_ref(&done), |held| {
            let is_done = held.values().any(Option::is_some);
            let changes = [(done.clone(), Some(Vec::new())), (place.clone(), Some(text.clone()))];
            (if is_done { Changes::new() } else { changes.into() }, ())
        })
        .await
    }

    /// Sets a mark by hand, or with none takes away whatever mark stands.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn set_hand_mark(&self, class: &str, student: &str, mark: Option<&CurrentMark>) -> Result<(), BookError> {
        let text = mark.map(|mark| StoredMark::of_gegi(class, mark).text()).transpose()?;
        let place = key("mark", &[class, student]);
        self.change(&[], |_| (Changes::from([(place.clone(), text.clone())]), ())).await
    }

    /// Remembers something for the book's owner under a name; an earlier text under the name is replaced.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn put_note(&self, name: &str, text: &str) -> Result<(), BookError> {
        self.put(vec![(key("note", &[name]), text.as_bytes().to_vec())]).await
    }

    /// What the book's owner remembered under a name.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn note(&self, name: &str) -> Result<Option<String>, BookError> {
        let text = self.get(key("note", &[name])).await?;
        text.map(|text| String::from_utf8(text).map_err(|_| BookError::Form("note".to_owned()))).transpose()
    }

    /// Writes what a person did beside GEGI into the System Journal, dated by the book's clock.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn write_journal(&self, act: PersonAct<'_>) -> Result<(), BookError> {
        let at = self.clock.now();
        let PersonAct { what, class, student, new, by } = act;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let line = JournalLine {
            at: rfc3339(at.timestamp()),
            what: what.to_owned(),
            course: None,
            class: owned(class),
            student: owned(student),
            old: None,
            new: owned(new),
            by: by.to_owned(),
        };
        let text = stored::write(&line, "journal")?;
        // Deliveries of a moment are numbered from 1; microseconds of a person's act lie behind all of them.
        let behind = u64::MAX / 2 + u64::from(at.timestamp_subsec_micros());
        let place = key("journal", &[&keys::number(at.timestamp().max(0).unsigned_abs()), &keys::number(behind)]);
        let step = |place: &str| format!("{place}\0");
        self.change(std::slice::from_ref(&place), |held| {
            let is_taken = held.values().any(Option::is_some);
            let place = if is_taken { step(&place) } else { place.clone() };
            (Changes::from([(place, Some(text.clone()))]), ())
        })
        .await
    }

    /// How often the book was changed: another number, and something of it is another.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn commits(&self) -> Result<u64, BookError> {
        Ok(self.entries.commits().await?)
    }

    /// Forgets the school with everything of it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn remove(&self) -> Result<(), BookError> {
        Ok(self.entries.remove().await?)
    }

    async fn put(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), BookError> {
        let changes: Changes = entries.into_iter().map(|(key, text)| (key, Some(text))).collect();
        self.change(&[], |_| (changes.clone(), ())).await
    }

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, BookError> {
        Ok(self.entries.get(key).await?)
    }

    async fn change<T>(&self, keys: &[String], decide: impl FnMut(&Changes) -> (Changes, T)) -> Result<T, BookError> {
        Ok(self.entries.change(keys, decide).await?)
    }
}
