//! The data that CourseKey holds: schools, and in each its accounts, courses, sessions and enrollments.
//!
//! Only storage with its indexes lives here. Not here: the rules that say what may be stored (`rules`), and
//! attendance (`attendance`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::dice::Dice;
use super::items::{Course, Enrollment};

/// One school with all its data.
pub(super) struct School {
    pub(super) number: u64,
    pub(super) zone: String,
    pub(super) auth_key: String,
    pub(super) push_key: Vec<u8>,
    /// Whether the school's key is refused for now.
    pub(super) revoked: bool,
    /// E-mail addresses, in lower case, of staff accounts that may own courses and are no users.
    pub(super) owners: BTreeSet<String>,
    pub(super) accounts: Accounts,
    pub(super) courses: BTreeMap<String, Course>,
    pub(super) sessions: Sessions,
    /// Enrollments by course id and then by user id.
    pub(super) enrollments: BTreeMap<String, BTreeMap<String, Enrollment>>,
}

impl School {
    /// Whether nothing was ever stored.
    pub(super) fn is_empty(&self) -> bool {
        // Enrollments need users, and sessions need courses, so these two lists suffice.
        self.accounts.users.is_empty() && self.courses.is_empty()
    }

    /// Forgets everything that was stored.
    pub(super) fn clear(&mut self) {
        self.accounts = Accounts::default();
        self.courses.clear();
        self.sessions = Sessions::default();
        self.enrollments.clear();
    }

    /// Whether an account, of staff or of a user, has this e-mail address.
    pub(super) fn knows_email(&self, email: &str) -> bool {
        self.owners.contains(&email.to_lowercase()) || self.accounts.by_email(email).is_some()
    }
}

/// An account as held and as listed.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) issued_id: Option<String>,
    pub(super) account_id: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) teacher: bool,
    pub(super) revision: u64,
}

/// Every account of a school, found by account id, issued id or e-mail address.
#[derive(Default)]
pub(super) struct Accounts {
    users: BTreeMap<String, User>,
    by_issued_id: BTreeMap<String, String>,
    by_email: BTreeMap<String, String>,
}

impl Accounts {
    pub(super) fn get(&self, account_id: &str) -> Option<&User> {
        self.users.get(account_id)
    }

    pub(super) fn by_issued_id(&self, issued_id: &str) -> Option<&User> {
        self.by_issued_id.get(issued_id).and_then(|account| self.users.get(account))
    }

    /// The account with this e-mail address, in upper or lower case.
    pub(super) fn by_email(&self, email: &str) -> Option<&User> {
        self.by_email.get(&email.to_lowercase()).and_then(|account| self.users.get(account))
    }

    /// All accounts after `account_id`, ascending.
    pub(super) fn after(&self, account_id: &str) -> impl Iterator<Item = &User> {
        after(&self.users, account_id)
    }

    /// Stores the account in place of the one with its account id, if any.
    pub(super) fn put(&mut self, user: User) {
        if let Some(old) = self.users.get(&user.account_id) {
            self.by_email.remove(&old.email.to_lowercase());
        }
        self.by_email.insert(user.email.to_lowercase(), user.account_id.clone());
        if let Some(issued_id) = &user.issued_id {
            self.by_issued_id.insert(issued_id.clone(), user.account_id.clone());
        }
        self.users.insert(user.account_id.clone(), user);
    }

    /// An unused account id. The id is computed from `origin`, not from the order of arrival, so that parallel
    /// batches end in the same state in whatever order they arrive.
    pub(super) fn fresh_id(&self, school: u64, origin: &str) -> String {
        let mut dice = Dice::new(school).and(origin.as_bytes());
        loop {
            let id = format!("u-{:016x}", dice.number());
            if !self.users.contains_key(&id) {
                return id;
            }
            dice = dice.and(b"again");
        }
    }
}

/// A session as held and as listed.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    pub(super) external_id: String,
    pub(super) course_id: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) revision: u64,
    /// Whether the start has come while the session was held; a session begins once.
    #[serde(skip)]
    pub(super) begun: bool,
}

/// Every session of a school, by id and, until it begins, by its start.
#[derive(Default)]
pub(super) struct Sessions {
    by_id: BTreeMap<String, Session>,
    ahead: BTreeSet<(DateTime<Utc>, String)>,
    /// The ids of the sessions that were removed. A record of such a session stays the school's.
    removed: BTreeSet<String>,
}

impl Sessions {
    pub(super) fn get(&self, id: &str) -> Option<&Session> {
        self.by_id.get(id)
    }

    /// Whether a session is held no more that was held once.
    pub(super) fn was_removed(&self, id: &str) -> bool {
        self.removed.contains(id) && !self.by_id.contains_key(id)
    }

    /// All sessions after `id`, ascending.
    pub(super) fn after(&self, id: &str) -> impl Iterator<Item = &Session> {
        after(&self.by_id, id)
    }

    /// Stores the session in place of the session with its id, if any. The session will begin if it has not begun and
    /// its start is still to come.
    pub(super) fn put(&mut self, session: Session, now: DateTime<Utc>) {
        self.take(&session.external_id);
        if !session.begun && session.starts_at >= now {
            self.ahead.insert((session.starts_at, session.external_id.clone()));
        }
        self.by_id.insert(session.external_id.clone(), session);
    }

    /// Removes the session with this id, if any.
    pub(super) fn remove(&mut self, id: &str) {
        if self.take(id) {
            self.removed.insert(id.to_owned());
        }
    }

    /// Takes the session with this id out of both lists, and answers whether there was one.
    fn take(&mut self, id: &str) -> bool {
        let Some(old) = self.by_id.remove(id) else { return false };
        self.ahead.remove(&(old.starts_at, old.external_id));
        true
    }

    /// Begins the earliest session whose start is before `now`. A start at `now` itself waits, so that every request
    /// of that instant counts, whichever of them comes first.
    pub(super) fn begin_next(&mut self, now: DateTime<Utc>) -> Option<Session> {
        let (start, _) = self.ahead.first()?;
        if *start >= now {
            return None;
        }
        let (_, id) = self.ahead.pop_first()?;
        let session = self.by_id.get_mut(&id)?;
        session.begun = true;
        Some(session.clone())
    }
}

/// The values of a map whose keys come after `key`, ascending by key.
pub(super) fn after<'m, V>(map: &'m BTreeMap<String, V>, key: &str) -> impl Iterator<Item = &'m V> + use<'m, V> {
    use std::ops::Bound::{Excluded, Unbounded};
    map.range::<str, _>((Excluded(key), Unbounded)).map(|(_, value)| value)
}
