//! A world that keeps to itself what is written: reads find it, and nothing of it leaves. Whoever is given a world that
//! can only be read may so find out what a call that writes would do.

use super::records::{CurrentMark, Message, Operation};
use super::{Aborted, Change, Reads, StorageError, Usage, Writes};
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId};
use crate::model::settings::SchoolSettings;
use crate::model::sorted::SortedMap;
use crate::model::time::Instant;

/// A world that is only read, and what was written as if it could be written.
#[derive(Debug)]
pub struct Pretence<'w, R> {
    world: &'w mut R,
    /// The values of the keys that were written; none: the key was removed.
    written: SortedMap<String, Option<Vec<u8>>>,
}

impl<'w, R: Reads> Pretence<'w, R> {
    /// Nothing is written yet.
    pub fn of(world: &'w mut R) -> Self {
        Self { world, written: SortedMap::new() }
    }

    /// The keys in a range that were written, ascending, up to a key; none: up to the last.
    fn written<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
        up_to: Option<&'a str>,
    ) -> impl Iterator<Item = (String, Vec<u8>)> + 'a {
        let is_wanted = move |key: &str| {
            key.starts_with(prefix) && after.is_none_or(|after| key > after) && up_to.is_none_or(|last| key <= last)
        };
        let wanted = self.written.iter().filter(move |(key, _)| is_wanted(key));
        wanted.filter_map(|(key, value)| Some((key.clone(), value.clone()?)))
    }
}

impl<R: Reads> Reads for Pretence<'_, R> {
    fn now(&self) -> Instant {
        self.world.now()
    }

    fn settings(&mut self) -> Result<SchoolSettings, StorageError> {
        self.world.settings()
    }

    fn gegi_courses(&mut self, after: Option<&CourseId>, limit: u32) -> Result<Vec<(CourseId, u64)>, StorageError> {
        self.world.gegi_courses(after, limit)
    }

    fn gegi_course(&mut self, id: &CourseId) -> Result<Option<Course>, StorageError> {
        self.world.gegi_course(id)
    }

    fn current_marks(&mut self, class: &ClassId) -> Result<Vec<CurrentMark>, StorageError> {
        self.world.current_marks(class)
    }

    fn get_many(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let unwritten: Vec<String> = keys.iter().filter(|key| !self.written.contains_key(*key)).cloned().collect();
        let mut read = if unwritten.is_empty() { Vec::new() } else { self.world.get_many(&unwritten)? }.into_iter();
        let value = |key| self.written.get(key).cloned().unwrap_or_else(|| read.next().flatten());
        Ok(keys.iter().map(value).collect())
    }

    fn scan(&mut self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        let mut last = after.map(str::to_owned);
        loop {
            let entries = self.world.scan(prefix, last.as_deref(), limit)?;
            let is_full = entries.len() >= most;
            last = entries.last().map(|(key, _)| key.clone()).or(last);
            found.extend(entries.into_iter().filter(|(key, _)| !self.written.contains_key(key)));
            // What was written behind the last key that was read may not be given before what lies between.
            let up_to = last.as_deref().filter(|_| is_full);
            let own: Vec<_> = self.written(prefix, after, up_to).collect();
            if !is_full || found.len() + own.len() >= most {
                let mut all: SortedMap<String, Vec<u8>> = found.into_iter().collect();
                all.extend(own);
                return Ok(all.into_iter().take(most).collect());
            }
        }
    }

    fn usage(&mut self) -> Usage {
        self.world.usage()
    }

    fn last_aborted(&mut self) -> Option<Aborted> {
        self.world.last_aborted()
    }
}

impl<R: Reads> Writes for Pretence<'_, R> {
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StorageError> {
        self.written.extend(changes.into_iter().map(|change| match change {
            Change::Put(key, value) => (key, Some(value)),
            Change::Delete(key) => (key, None),
        }));
        Ok(())
    }

    fn stage(&mut self, _: Vec<Operation>) -> Result<(), StorageError> {
        Ok(())
    }

    fn queue(&mut self, _: Message) -> Result<(), String> {
        Ok(())
    }

    fn breadcrumb(&mut self, _: Option<&str>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fake;

    fn keys(world: &mut impl Reads, after: Option<&str>, limit: u32) -> String {
        let found = world.scan("k/", after, limit).unwrap();
        let entries = found.into_iter().map(|(key, value)| format!("{key}={}", value[0]));
        entries.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_written_is_found_and_does_not_leave() {
        let mut world = Fake::new("2023-09-05T12:00:00Z");
        let put = |key: &str, value: u8| Change::Put(key.to_owned(), vec![value]);
        world.apply(vec![put("k/b", 1), put("k/d", 1), put("k/f", 1), put("other", 1)]).unwrap();
        let mut pretence = Pretence::of(&mut world);
        pretence.apply(vec![put("k/a", 2), put("k/d", 2), put("k/z", 2), Change::Delete("k/b".to_owned())]).unwrap();
        assert_eq!(keys(&mut pretence, None, 10), "k/a=2 k/d=2 k/f=1 k/z=2");
        assert_eq!(keys(&mut pretence, None, 2), "k/a=2 k/d=2");
        assert_eq!(keys(&mut pretence, Some("k/d"), 1), "k/f=1", "a page of one key behind keys that were written");
        assert_eq!(keys(&mut pretence, Some("k/f"), 1), "k/z=2");
        let read = pretence.get_many(&["k/b", "k/d", "k/f", "no"].map(str::to_owned)).unwrap();
        assert_eq!(read, [None, Some(vec![2]), Some(vec![1]), None]);
        assert_eq!(keys(&mut world, None, 10), "k/b=1 k/d=1 k/f=1");
    }
}
