//! The rules: CourseKey stores an item, or rejects the item with a code of the table in `codes`.
//!
//! The rules are asked in the order in which they stand here, and the first rule that objects decides. Nothing here
//! knows HTTP, and nothing is stored before every rule has agreed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attendance::Attendance;
use super::codes::RejectionCode;
use super::items::{Course, Enrollment, ItemError, ItemKey, ItemResult, Outcome, SessionItem, SessionWish, UserItem};
use super::kind::Kind;
use super::state::{School, Session, User};

#[cfg(test)]
mod tests;

/// The longest id, in characters.
const MAX_ID: usize = 100;
/// The longest first or last name.
const MAX_NAME: usize = 100;
/// The longest course name or title.
const MAX_TITLE: usize = 250;
/// The longest e-mail address (RFC 5321).
const MAX_EMAIL: usize = 254;
/// The most instructors of one course.
const MAX_INSTRUCTORS: usize = 100;

/// Everything that the rules look at besides the item.
pub(super) struct Desk<'a> {
    pub(super) school: &'a mut School,
    /// People whom CourseKey always rejects, by issued id.
    pub(super) rejects: &'a BTreeMap<String, RejectionCode>,
    pub(super) attendance: &'a Attendance,
    pub(super) now: DateTime<Utc>,
    /// Whether the item was taken before and is now read back from the log. Rules about more than the roster (orders
    /// to reject, the password, the configured owners, attendance) decided then, and may be set up otherwise now.
    pub(super) replaying: bool,
}

/// Why CourseKey rejects an item.
pub(super) struct Rejection {
    pub(super) code: RejectionCode,
    /// The field at fault.
    pub(super) field: &'static str,
}

/// The result of storing an item.
pub(super) struct Stored {
    /// The outcome that the answer names; a higher revision alone is no update.
    pub(super) outcome: Outcome,
    /// Whether any held data has changed, the revision included.
    pub(super) changed: bool,
}

type Verdict = Result<Stored, Rejection>;

/// An item that can be upserted.
pub(super) trait Item: Clone + Serialize + DeserializeOwned {
    /// The list to which the item belongs.
    const KIND: Kind;
    /// The key of the item, which the result repeats.
    fn key(&self) -> ItemKey;
    /// Stores the item unless a rule objects.
    fn upsert(self, desk: &mut Desk<'_>) -> Verdict;
}

/// Upserts one item; returns the item's result and whether any held data changed.
pub(super) fn apply<T: Item>(item: T, desk: &mut Desk<'_>) -> (ItemResult, bool) {
    let key = item.key();
    match item.upsert(desk) {
        Ok(stored) => (ItemResult { key, outcome: stored.outcome, error: None }, stored.changed),
        Err(Rejection { code, field }) => {
            let error = ItemError { code, field, message: code.message() };
            (ItemResult { key, outcome: Outcome::Rejected, error: Some(error) }, false)
        }
    }
}

impl Item for UserItem {
    const KIND: Kind = Kind::Users;

    fn key(&self) -> ItemKey {
        ItemKey::Issued { issued_id: self.issued_id.clone() }
    }

    fn upsert(self, desk: &mut Desk<'_>) -> Verdict {
        if let Some(code) = desk.rejects.get(&self.issued_id).filter(|_| !desk.replaying) {
            return reject(*code, "issuedId");
        }
        within(&self.issued_id, 1..=MAX_ID, "issuedId")?;
        within(&self.first_name, 0..=MAX_NAME, "firstName")?;
        within(&self.last_name, 0..=MAX_NAME, "lastName")?;
        ensure(is_email(&self.email), RejectionCode::EmailInvalid, "email")?;
        let accounts = &mut desk.school.accounts;
        let held = held_account(accounts, &self)?.cloned();
        let holder = accounts.by_email(&self.email).map(|user| &user.account_id);
        let is_free = holder.is_none() || holder == held.as_ref().map(|user| &user.account_id);
        ensure(is_free, RejectionCode::EmailTaken, "email")?;
        let needs_password = held.is_none() && !desk.replaying;
        let is_strong = self.initial_password.as_deref().is_some_and(is_strong);
        ensure(is_strong || !needs_password, RejectionCode::PasswordWeak, "initialPassword")?;
        not_stale(held.as_ref().map(|user| user.revision), self.revision)?;
        let account_id = match &held {
            Some(user) => user.account_id.clone(),
            None => accounts.fresh_id(desk.school.number, &self.issued_id),
        };
        let user = User {
            issued_id: Some(self.issued_id),
            account_id,
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            teacher: self.teacher,
            revision: self.revision,
        };
        let stored = compare(held.as_ref(), &user, |user| &mut user.revision);
        accounts.put(user);
        Ok(stored)
    }
}

/// The account that an item is about: the account that the item adopts, else the account with the item's issued id,
/// if any.
fn held_account<'a>(accounts: &'a super::state::Accounts, item: &UserItem) -> Result<Option<&'a User>, Rejection> {
    let issued = accounts.by_issued_id(&item.issued_id);
    let Some(account_id) = &item.account_id else {
        return Ok(issued);
    };
    let Some(adopted) = accounts.get(account_id) else {
        return reject(RejectionCode::UnknownUser, "accountId");
    };
    let is_own = adopted.issued_id.as_ref() == Some(&item.issued_id);
    let is_free = adopted.issued_id.is_none() && issued.is_none();
    ensure(is_own || is_free, RejectionCode::AccountMismatch, "accountId")?;
    Ok(Some(adopted))
}

impl Item for Course {
    const KIND: Kind = Kind::Courses;

    fn key(&self) -> ItemKey {
        ItemKey::External { external_id: self.external_id.clone() }
    }

    fn upsert(self, desk: &mut Desk<'_>) -> Verdict {
        let school = &mut *desk.school;
        within(&self.external_id, 1..=MAX_ID, "externalId")?;
        within(&self.name, 1..=MAX_TITLE, "name")?;
        within(&self.title, 0..=MAX_TITLE, "title")?;
        ensure(self.start_date <= self.end_date, RejectionCode::Invalid, "endDate")?;
        ensure(self.time_zone.parse::<chrono_tz::Tz>().is_ok(), RejectionCode::Invalid, "timeZone")?;
        ensure(desk.replaying || school.knows_email(&self.owner), RejectionCode::UnknownOwner, "owner")?;
        ensure(self.instructors.len() <= MAX_INSTRUCTORS, RejectionCode::Invalid, "instructors")?;
        let known = |id: &String| school.accounts.by_issued_id(id).is_some();
        ensure(self.instructors.iter().all(known), RejectionCode::UnknownUser, "instructors")?;
        let held = school.courses.get(&self.external_id);
        not_stale(held.map(|course| course.revision), self.revision)?;
        let stored = compare(held, &self, |course| &mut course.revision);
        school.courses.insert(self.external_id.clone(), self);
        Ok(stored)
    }
}

impl Item for SessionItem {
    const KIND: Kind = Kind::Sessions;

    fn key(&self) -> ItemKey {
        ItemKey::External { external_id: self.external_id.clone() }
    }

    fn upsert(self, desk: &mut Desk<'_>) -> Verdict {
        let school = &mut *desk.school;
        let held = school.sessions.get(&self.external_id);
        not_stale(held.map(|session| session.revision), self.revision)?;
        let SessionWish::Held { starts_at, ends_at } = self.wish else {
            if held.is_none() {
                return Ok(Stored { outcome: Outcome::Unchanged, changed: false });
            }
            let is_bare = !desk.attendance.has_records_of(&self.external_id);
            ensure(desk.replaying || is_bare, RejectionCode::HasAttendance, "removed")?;
            school.sessions.remove(&self.external_id);
            return Ok(Stored { outcome: Outcome::Updated, changed: true });
        };
        within(&self.external_id, 1..=MAX_ID, "externalId")?;
        ensure(school.courses.contains_key(&self.course_id), RejectionCode::UnknownCourse, "courseId")?;
        ensure(starts_at < ends_at, RejectionCode::Invalid, "endsAt")?;
        let session = Session {
            external_id: self.external_id,
            course_id: self.course_id,
            starts_at,
            ends_at,
            revision: self.revision,
            begun: held.is_some_and(|session| session.begun),
        };
        let stored = compare(held, &session, |session| &mut session.revision);
        school.sessions.put(session, desk.now);
        Ok(stored)
    }
}

impl Item for Enrollment {
    const KIND: Kind = Kind::Enrollments;

    fn key(&self) -> ItemKey {
        ItemKey::Enrollment { course_id: self.course_id.clone(), user_id: self.user_id.clone() }
    }

    fn upsert(self, desk: &mut Desk<'_>) -> Verdict {
        let school = &mut *desk.school;
        ensure(school.courses.contains_key(&self.course_id), RejectionCode::UnknownCourse, "courseId")?;
        ensure(school.accounts.by_issued_id(&self.user_id).is_some(), RejectionCode::UnknownUser, "userId")?;
        let roster = school.enrollments.entry(self.course_id.clone()).or_default();
        let held = roster.get(&self.user_id);
        not_stale(held.map(|enrollment| enrollment.revision), self.revision)?;
        let stored = compare(held, &self, |enrollment| &mut enrollment.revision);
        roster.insert(self.user_id.clone(), self);
        Ok(stored)
    }
}

fn reject<T>(code: RejectionCode, field: &'static str) -> Result<T, Rejection> {
    Err(Rejection { code, field })
}

fn ensure(holds: bool, code: RejectionCode, field: &'static str) -> Result<(), Rejection> {
    if holds { Ok(()) } else { reject(code, field) }
}

/// Refuses a text whose number of characters is outside the range.
fn within(text: &str, limits: std::ops::RangeInclusive<usize>, field: &'static str) -> Result<(), Rejection> {
    ensure(limits.contains(&text.chars().count()), RejectionCode::Invalid, field)
}

/// Refuses a revision lower than the held revision; an equal revision may be a repetition.
fn not_stale(held: Option<u64>, offered: u64) -> Result<(), Rejection> {
    ensure(held.is_none_or(|held| held <= offered), RejectionCode::StaleRevision, "revision")
}

/// The result of storing `new` in place of `old`.
fn compare<T: Clone + PartialEq>(old: Option<&T>, new: &T, revision: fn(&mut T) -> &mut u64) -> Stored {
    let Some(old) = old else {
        return Stored { outcome: Outcome::Created, changed: true };
    };
    let mut same_revision = old.clone();
    *revision(&mut same_revision) = *revision(&mut new.clone());
    let outcome = if same_revision == *new { Outcome::Unchanged } else { Outcome::Updated };
    Stored { outcome, changed: old != new }
}

/// Whether the text can be an address: one `@`, a domain with a dot, and no character of the notes that people write
/// beside an address.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_plain = |c: char| c.is_ascii_graphic() && !"@,;:<>()[]\\\"".contains(c);
    text.len() <= MAX_EMAIL
        && !local.is_empty()
        && text.chars().filter(|c| *c != '@').all(is_plain)
        && !domain.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
}

/// CourseKey's password rule.
fn is_strong(password: &str) -> bool {
    password.chars().count() >= 6
        && password.chars().any(char::is_lowercase)
        && password.chars().any(char::is_uppercase)
        && password.chars().any(|c| c.is_ascii_digit())
}
