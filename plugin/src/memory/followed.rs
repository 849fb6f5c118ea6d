//! The courses that are followed, by the School ID under which CourseKey holds them, each with the moment until which it
//! is read with every tick; after that it is read once a day. The attendance of a School ID is read if and only if one
//! of its courses is followed. Not here: which courses should be followed (`following`).

use super::{FOLLOWED, decode, encode};
use crate::model::ids::{CourseId, SchoolNumber};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::world::{Change, StorageError};

/// The courses that are followed, by School ID.
#[derive(Debug, Default)]
pub struct Followed {
    schools: SortedMap<SchoolNumber, SortedMap<CourseId, Instant>>,
    /// The School IDs whose courses differ from those that are stored.
    changed: SortedSet<SchoolNumber>,
}

impl Followed {
    /// Takes an entry that was read from the state.
    pub fn keep(&mut self, key: &str, value: &[u8]) -> Result<(), StorageError> {
        if let Some(school) = key.strip_prefix(FOLLOWED).and_then(|number| number.parse().ok()) {
            self.schools.insert(SchoolNumber(school), decode(key, value)?);
        }
        Ok(())
    }

    /// Whether any course of a School ID is followed.
    pub fn any(&self, school: SchoolNumber) -> bool {
        self.schools.contains_key(&school)
    }

    /// Whether any course of a School ID is read with every tick, because not everything up to the moment until which it
    /// is has been read.
    pub fn closely(&self, school: SchoolNumber, read_up_to: Instant) -> bool {
        self.schools.get(&school).is_some_and(|courses| courses.values().any(|until| read_up_to < *until))
    }

    /// Whether a course, which CourseKey holds under a School ID, is followed.
    pub fn has(&self, school: SchoolNumber, course: &CourseId) -> bool {
        self.schools.get(&school).is_some_and(|courses| courses.contains_key(course))
    }

    /// Follows a course from now on, with every tick until a moment, or stops following the course.
    pub fn set(&mut self, school: SchoolNumber, course: &CourseId, closely_until: Option<Instant>) {
        let held = self.schools.get(&school).and_then(|courses| courses.get(course)).copied();
        if held == closely_until {
            return;
        }
        self.changed.insert(school);
        let courses = self.schools.entry(school).or_default();
        match closely_until {
            Some(until) => _ = courses.insert(course.clone(), until),
            None => _ = courses.remove(course),
        }
        if courses.is_empty() {
            self.schools.remove(&school);
        }
    }

    /// Adds to `changes` a change of the state for every School ID whose courses changed.
    pub fn collect(&self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        for school in &self.changed {
            let key = format!("{FOLLOWED}{school}");
            changes.push(match self.schools.get(school) {
                Some(courses) => Change::Put(key.clone(), encode(&key, courses)?),
                None => Change::Delete(key),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_is_read_as_long_as_one_of_its_courses_is_followed() {
        let (mut followed, school) = (Followed::default(), SchoolNumber(100));
        let [one, two] = ["C1", "C2"].map(CourseId::from);
        let until = Some(Instant(10));
        followed.set(school, &one, until);
        followed.set(school, &two, until);
        followed.set(school, &one, until);
        followed.set(school, &one, None);
        assert!(followed.closely(school, Instant(9)) && !followed.closely(school, Instant(10)));
        assert!(followed.any(school) && !followed.has(school, &one) && followed.has(school, &two));
        let mut changes = Vec::new();
        followed.collect(&mut changes).unwrap();
        assert_eq!(changes, [Change::Put("hot/0/followed/100".to_owned(), b"\x01\x02C2\x14".to_vec())]);
        followed.set(school, &two, None);
        assert!(!followed.any(school));
        changes.clear();
        followed.collect(&mut changes).unwrap();
        assert_eq!(changes, [Change::Delete("hot/0/followed/100".to_owned())]);
    }
}
