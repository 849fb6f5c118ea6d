//! Checks of a school's standing: usage, counters, breadcrumb.

use chrono::DateTime;

use super::{Place, at, change, delete, put, school, standing};
use crate::store::{Breadcrumb, Change, Commit, FailedTicks, SchoolId};

pub(super) async fn usage_is_exact(place: &impl Place) {
    let steps: [(Vec<Change>, u64, u64); 6] = [
        (vec![put("a", "12345"), put("é", "")], 2, 8),
        (vec![put("a", "1"), put("a", "123")], 2, 6),
        (vec![put("b", "1"), delete("b"), delete("missing")], 2, 6),
        (vec![delete("é"), delete("é"), put("c/1", "\0\0")], 2, 9),
        (vec![delete("a"), put("a", "12")], 2, 8),
        (vec![delete("a"), delete("c/1")], 0, 0),
    ];
    for (step, (changes, keys, bytes)) in (1..).zip(steps) {
        let store = place.open();
        change(&*store, changes).await;
        let now = standing(&*store).await;
        assert_eq!((now.keys, now.bytes), (keys, bytes), "after step {step}");
    }
}

pub(super) async fn commits_are_numbered_and_dated(place: &impl Place) {
    for (number, seconds) in (1..=3).zip([1_700_000_000, 1_700_000_060, -5]) {
        let store = place.open();
        assert_eq!(store.commit(&school(), at(seconds)).await.unwrap(), number);
        let now = standing(&*store).await;
        assert_eq!((now.commits, now.last_commit_at), (number, DateTime::from_timestamp(seconds, 0)));
    }
    let other = place.open().commit(&SchoolId::from("school-2"), at(0)).await.unwrap();
    assert_eq!(other, 1, "each school counts its own commits");
}

pub(super) async fn mails_are_counted_by_the_hour(place: &impl Place) {
    let hour = 3_600;
    let steps = [(hour, 2, 2), (hour + 10, 0, 2), (2 * hour - 1, 1, 3), (2 * hour, 1, 1), (5 * hour, 0, 0)];
    for (seconds, mails, expected) in steps {
        let store = place.open();
        let commit = Commit { mails: vec!["{}".into(); mails], ..at(seconds) };
        let now = commit.at;
        store.commit(&school(), commit).await.unwrap();
        assert_eq!(standing(&*store).await.mails_in_hour(now), expected, "at {seconds}");
    }
    let later = DateTime::from_timestamp(6 * hour, 0).unwrap();
    assert_eq!(standing(&*place.open()).await.mails_in_hour(later), 0, "an hour without a commit");
}

pub(super) async fn a_breadcrumb_is_durable_at_once(place: &impl Place) {
    let note = |note: &str, times| Breadcrumb { note: note.into(), times };
    for left in [Some(note("a", 1)), Some(note("é/b", 7)), None, Some(note("", 2))] {
        place.open().leave_breadcrumb(&school(), left.as_ref()).await.unwrap();
        assert_eq!(standing(&*place.open()).await.breadcrumb, left);
    }
    // A breadcrumb belongs to no transaction: neither a failed commit nor the commit of another call removes it.
    let store = place.open();
    store.commit(&school(), Commit { changes: vec![put("", "")], ..at(0) }).await.unwrap_err();
    change(&*store, vec![put("a", "1")]).await;
    let now = standing(&*store).await;
    assert_eq!((now.breadcrumb, now.commits, now.keys), (Some(note("", 2)), 1, 1));
}

pub(super) async fn a_commit_may_clear_the_breadcrumb(place: &impl Place) {
    let note = Breadcrumb { note: "a".into(), times: 1 };
    let commit = |key: &str| Commit { changes: vec![put(key, "")], clears_breadcrumb: true, ..at(0) };
    place.open().leave_breadcrumb(&school(), Some(&note)).await.unwrap();
    place.open().commit(&school(), commit("")).await.unwrap_err();
    assert_eq!(standing(&*place.open()).await.breadcrumb, Some(note), "the commit failed");
    place.open().commit(&school(), commit("a")).await.unwrap();
    assert_eq!(standing(&*place.open()).await.breadcrumb, None);
}

pub(super) async fn failed_ticks_are_as_the_last_commit_left_them(place: &impl Place) {
    let failed = |ticks, told| Some(FailedTicks { since: at(60).at, ticks, told });
    for failed_ticks in [failed(1, false), failed(3, true), None, failed(7, false)] {
        place.open().commit(&school(), Commit { failed_ticks, ..at(0) }).await.unwrap();
        place.open().commit(&school(), Commit { changes: vec![put("", "")], ..at(0) }).await.unwrap_err();
        assert_eq!(standing(&*place.open()).await.failed_ticks, failed_ticks);
    }
}
