//! The registry: which schools there are, in the storage that all processes share. A school that is removed and created
//! again gets a new number, and with it other names in the storage, so that nothing of the one is taken for the other's.

use std::sync::Arc;

use host::clock::Clock;
use host::school::Verdict;
use host::store::{SchoolId, Store, StoreError};
use mirror::entries::{Changes, Entries};
use serde::{Deserialize, Serialize};

use crate::alarms::KeptAlarms;
use crate::runner::Seen;

/// Where GEGI's records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Records {
    /// In the service's own book at once; GEGI may read along in the feed.
    #[default]
    Mirror,
    /// In GEGI: the book takes what GEGI acknowledges.
    Feed,
}

/// A school in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Registered {
    /// The number of the school among all that were ever created.
    number: u64,
    /// Where GEGI's records are kept.
    pub records: Records,
    /// Whether the school is paused: nothing is sent and nothing is fetched.
    pub paused: bool,
}

impl Registered {
    /// The school's name in the storage.
    pub fn stored_as(&self, school: &str) -> SchoolId {
        SchoolId::new(format!("{school}.{}", self.number))
    }

    /// The name of the school's book in the storage.
    pub fn book_stored_as(&self, school: &str) -> SchoolId {
        SchoolId::new(format!("{school}.{}.book", self.number))
    }
}

/// The registry. Cheap to clone.
#[derive(Clone)]
pub struct Registry(Entries);

/// The name of the registry in the storage: that of no school, because every school's has a full stop.
const NAME: &str = "registry";
/// The key of the number of the school that was created last.
const LATEST: &str = "latest";
const SCHOOL: &str = "school/";
const TICKS: &str = "ticks/";
const COMPONENT: &str = "component/";
const ALARMS: &str = "alarms/";
/// How much is read at once.
const PAGE: usize = 1_000;

impl Registry {
    /// The registry in a store.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self(Entries::new(store, SchoolId::new(NAME), clock))
    }

    /// Whether an id may be a school's: letters, digits, `-` and `_`, beginning with a letter or digit, at most 64.
    pub fn is_id(school: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        school.len() <= 64 && school.starts_with(|c: char| c.is_ascii_alphanumeric()) && school.chars().all(is_plain)
    }

    /// A school; none: there is none with this id.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn get(&self, school: &str) -> Result<Option<Registered>, StoreError> {
        self.0.get(key_of(school)).await?.as_deref().map(read).transpose()
    }

    /// Schools by id, after the given one, at most `limit`.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, Registered)>, StoreError> {
        let after = after.map(key_of);
        let found = self.0.scan(SCHOOL, after.as_deref(), limit).await?;
        found
            .into_iter()
            .map(|(key, text)| Ok((key.strip_prefix(SCHOOL).unwrap_or_default().to_owned(), read(&text)?)))
            .collect()
    }

    /// Creates a school, or changes where the records of the one that is there are kept. True: it was created.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn put(&self, school: &str, records: Records) -> Result<(Registered, bool), StoreError> {
        let keys = [LATEST.to_owned(), key_of(school)];
        self.0
            .change(&keys, |held| {
                let text = |key: &String| held.get(key).cloned().flatten();
                let [latest, place] = &keys;
                let before = text(place).map(|text| read(&text)).transpose();
                let before = match before {
                    Ok(before) => before,
                    Err(error) => return (Changes::new(), Err(error)),
                };
                let last = text(latest).and_then(|text| serde_json::from_slice::<u64>(&text).ok()).unwrap_or(0);
                let is_new = before.is_none();
                let after = match before {
                    Some(before) => Registered { records, ..before },
                    None => Registered { number: last + 1, records, paused: false },
                };
                let mut changes = Changes::from([(place.clone(), Some(write(&after)))]);
                if is_new {
                    changes.insert(latest.clone(), Some(write(&after.number)));
                }
                (changes, Ok((after, is_new)))
            })
            .await?
    }

    /// Pauses a school or lets it go on; none: there is no such school.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn pause(&self, school: &str, paused: bool) -> Result<Option<Registered>, StoreError> {
        let key = key_of(school);
        self.0
            .change(std::slice::from_ref(&key), |held| {
                let before = held.get(&key).cloned().flatten().map(|text| read(&text)).transpose();
                match before {
                    Ok(Some(before)) => {
                        let after = Registered { paused, ..before };
                        (Changes::from([(key.clone(), Some(write(&after)))]), Ok(Some(after)))
                    }
                    other => (Changes::new(), other),
                }
            })
            .await?
    }

    /// Takes a school out of the registry, with what was said of its ticks and its alarms.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn remove(&self, school: &str, stored_as: &SchoolId) -> Result<(), StoreError> {
        let keys = [key_of(school), key_of_ticks(stored_as), key_of_alarms(stored_as)];
        self.0.change(&[], |_| (keys.iter().map(|key| (key.clone(), None)).collect(), ())).await
    }

    /// Says how a school's ticks are, for the processes that do not make them.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn tell(&self, stored_as: &SchoolId, seen: &Seen) -> Result<(), StoreError> {
        self.0.change(&[], |_| (Changes::from([(key_of_ticks(stored_as), Some(write(seen)))]), ())).await
    }

    /// How a school's ticks are, as the process that makes them said last.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn told(&self, stored_as: &SchoolId) -> Result<Option<Seen>, StoreError> {
        let text = self.0.get(key_of_ticks(stored_as)).await?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// The verdict on the component with this hash; none: none was given.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn verdict(&self, component: &str) -> Result<Option<Verdict>, StoreError> {
        self.0.get(key_of_component(component)).await?.as_deref().map(read_verdict).transpose()
    }

    /// Gives the verdict on a component, unless one was given before. Returns the one that stands, and whether it is this.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn give_verdict(&self, component: &str, verdict: Verdict) -> Result<(Verdict, bool), StoreError> {
        let key = key_of_component(component);
        self.0
            .change(std::slice::from_ref(&key), |held| match held.get(&key).cloned().flatten() {
                Some(text) => (Changes::new(), read_verdict(&text).map(|stands| (stands, false))),
                None => (Changes::from([(key.clone(), Some(word(verdict).into()))]), Ok((verdict, true))),
            })
            .await?
    }

    /// The alarms of a school.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn alarms(&self, stored_as: &SchoolId) -> Result<KeptAlarms, StoreError> {
        Ok(read_alarms(self.0.get(key_of_alarms(stored_as)).await?.as_deref()))
    }

    /// The alarms of all schools that have any, by the school's name in the storage.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn all_alarms(&self) -> Result<Vec<(SchoolId, KeptAlarms)>, StoreError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.0.scan(ALARMS, after.as_deref(), PAGE).await?;
            all.extend(page.iter().map(|(key, text)| {
                (SchoolId::new(key.strip_prefix(ALARMS).unwrap_or_default()), read_alarms(Some(text.as_slice())))
            }));
            after = page.last().map(|(key, _)| key.clone());
            if page.len() < PAGE {
                return Ok(all);
            }
        }
    }

    /// Changes the alarms of a school; returns them as they are then, with what `change` answered. `change` may be called
    /// again, as if for the first time. Of a school that was removed nothing is kept.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn change_alarms<T>(
        &self,
        school: &str,
        stored_as: &SchoolId,
        mut change: impl FnMut(&mut KeptAlarms) -> T,
    ) -> Result<(KeptAlarms, T), StoreError> {
        let keys = [key_of(school), key_of_alarms(stored_as)];
        self.0
            .change(&keys, |held| {
                let [place, at] = &keys;
                let text = |key: &String| held.get(key).and_then(Option::as_deref);
                let registered = text(place).and_then(|text| read(text).ok());
                let is_there = registered.is_some_and(|registered| registered.stored_as(school) == *stored_as);
                let before = read_alarms(text(at));
                let mut after = before.clone();
                let answer = change(&mut after);
                let mut changes = Changes::new();
                if is_there && after != before {
                    changes.insert(at.clone(), (!after.is_empty()).then(|| write(&after)));
                }
                (changes, (after, answer))
            })
            .await
    }
}

fn key_of_component(hash: &str) -> String {
    format!("{COMPONENT}{hash}")
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Works => "works",
        Verdict::Left => "left",
    }
}

fn read_verdict(text: &[u8]) -> Result<Verdict, StoreError> {
    let known = [Verdict::Works, Verdict::Left].into_iter().find(|verdict| word(*verdict).as_bytes() == text);
    known.ok_or(StoreError::Corrupt)
}

fn key_of_alarms(stored_as: &SchoolId) -> String {
    format!("{ALARMS}{stored_as}")
}

/// Alarms in a form of a later version are told anew.
fn read_alarms(text: Option<&[u8]>) -> KeptAlarms {
    text.and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default()
}

fn key_of_ticks(stored_as: &SchoolId) -> String {
    format!("{TICKS}{stored_as}")
}

fn key_of(school: &str) -> String {
    format!("{SCHOOL}{school}")
}

fn read(text: &[u8]) -> Result<Registered, StoreError> {
    serde_json::from_slice(text).map_err(|_| StoreError::Corrupt)
}

fn write(value: &impl Serialize) -> Vec<u8> {
    // The registry's own types always have a JSON form.
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use host::clock::VirtualClock;
    use host::store::MemoryStore;
    use host::watchdog::{Alarm, Stage};

    use super::*;

    #[tokio::test]
    async fn a_school_that_is_created_again_is_another_one() {
        let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
        let registry = Registry::new(Arc::new(MemoryStore::default()), clock);
        let (first, created) = registry.put("a", Records::Mirror).await.unwrap();
        assert!(created);
        registry.put("b", Records::Feed).await.unwrap();
        registry.pause("a", true).await.unwrap();
        let (same, created) = registry.put("a", Records::Feed).await.unwrap();
        assert!(!created && same.paused && same.stored_as("a") == first.stored_as("a"));
        registry.remove("a", &first.stored_as("a")).await.unwrap();
        assert_eq!(registry.pause("a", true).await.unwrap(), None);
        let (again, created) = registry.put("a", Records::Mirror).await.unwrap();
        assert!(created && again.stored_as("a") != first.stored_as("a"));
        let ids = |schools: Vec<(String, Registered)>| schools.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(registry.list(None, 10).await.unwrap()), ["a", "b"]);
        assert_eq!(ids(registry.list(Some("a"), 10).await.unwrap()), ["b"]);
    }

    #[tokio::test]
    async fn the_first_verdict_on_a_component_stands() {
        let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
        let registry = Registry::new(Arc::new(MemoryStore::default()), clock);
        assert_eq!(registry.verdict("a").await.unwrap(), None);
        assert_eq!(registry.give_verdict("a", Verdict::Works).await.unwrap(), (Verdict::Works, true));
        assert_eq!(registry.give_verdict("a", Verdict::Left).await.unwrap(), (Verdict::Works, false));
        assert_eq!(registry.give_verdict("b", Verdict::Left).await.unwrap(), (Verdict::Left, true));
        assert_eq!(registry.verdict("a").await.unwrap(), Some(Verdict::Works));
        assert_eq!(registry.verdict("b").await.unwrap(), Some(Verdict::Left));
    }

    #[tokio::test]
    async fn alarms_are_kept_for_as_long_as_their_school() {
        let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let (one, other) = (Registry::new(Arc::clone(&store), clock.clone()), Registry::new(store, clock));
        let stored_as = one.put("a", Records::Mirror).await.unwrap().0.stored_as("a");
        let alarm = Alarm { stage: Stage::Ticks, since: DateTime::UNIX_EPOCH, sentence: "no tick".to_owned() };
        let raise = async |registry: &Registry| {
            registry.change_alarms("a", &stored_as, |kept| kept.raise(&alarm)).await.unwrap().1
        };
        assert!(raise(&one).await && !raise(&other).await, "one of two processes raises it");
        assert_eq!(other.alarms(&stored_as).await.unwrap().sentence().as_deref(), Some("ticks: no tick"));
        let all = other.all_alarms().await.unwrap();
        assert_eq!(all, [(stored_as.clone(), one.alarms(&stored_as).await.unwrap())]);
        one.remove("a", &stored_as).await.unwrap();
        raise(&other).await;
        assert!(one.alarms(&stored_as).await.unwrap().is_empty());
    }

    #[test]
    fn an_id_is_a_plain_word() {
        let good = ["a", "North-2", "0_1"];
        let bad = ["", "-a", "a.b", "a/b", "é", &"a".repeat(65)];
        assert!(good.into_iter().all(Registry::is_id) && !bad.into_iter().any(Registry::is_id));
    }
}
