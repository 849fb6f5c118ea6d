//! The promises of [`Store`], as checks that every backend runs; a new backend is done when it passes all of them. No
//! check measures speed, which differs by machine, and no check kills a process; `tests/tests/storage_contract/`
//! does.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // The checks are tests, which other crates run.

mod fence;
mod outbox;
mod pushes;
mod removal;
mod shared;
mod standing;
mod state;
mod versions;

use std::sync::Arc;

use chrono::DateTime;

use super::{Change, Commit, Entry, SchoolId, Standing, Store};

/// A place where a store lies, for example a folder. Each opening finds everything that was committed before. The
/// checks of [`verify`] drop the store that they opened before they open the place again.
pub trait Place {
    /// Opens the store.
    fn open(&self) -> Arc<dyn Store>;
}

impl<F: Fn() -> Arc<dyn Store>> Place for F {
    fn open(&self) -> Arc<dyn Store> {
        self()
    }
}

/// Runs every check, each in an empty place of its own.
///
/// # Panics
/// The backend breaks a promise.
pub async fn verify<P: Place>(make: impl Fn() -> P) {
    state::a_school_nobody_committed_for_is_empty(&make()).await;
    state::a_commit_is_there_after_opening_anew(&make()).await;
    state::the_last_change_of_a_key_holds(&make()).await;
    state::values_may_be_empty_or_large(&make()).await;
    state::values_come_in_the_order_asked_for(&make()).await;
    state::keys_are_ordered_by_bytes(&make()).await;
    state::a_prefix_takes_its_own_keys_alone(&make()).await;
    state::pages_join_without_gap_or_repeat(&make()).await;
    state::many_keys_fit_into_one_commit(&make()).await;
    state::schools_are_apart(&make()).await;
    state::a_commit_that_fails_leaves_nothing(&make()).await;
    removal::a_removed_school_is_like_one_without_a_commit(&make()).await;
    removal::a_removal_leaves_the_other_schools(&make()).await;
    standing::usage_is_exact(&make()).await;
    standing::commits_are_numbered_and_dated(&make()).await;
    standing::mails_are_counted_by_the_hour(&make()).await;
    outbox::outboxes_keep_their_order(&make()).await;
    outbox::sequences_are_never_given_twice(&make()).await;
    outbox::an_id_belongs_to_one_item(&make()).await;
    outbox::an_acknowledgement_is_final(&make()).await;
    outbox::refused_items_are_kept_with_their_reason(&make()).await;
    outbox::the_newest_refused_items_are_kept(&make()).await;
    outbox::what_waits_and_what_was_refused_is_counted(&make()).await;
    pushes::a_push_is_remembered_by_the_commit_that_takes_it(&make()).await;
    pushes::pushes_are_forgotten_when_a_later_one_says_so(&make()).await;
    standing::a_breadcrumb_is_durable_at_once(&make()).await;
    standing::a_commit_may_clear_the_breadcrumb(&make()).await;
    standing::failed_ticks_are_as_the_last_commit_left_them(&make()).await;
    fence::a_stale_commit_is_refused_and_leaves_no_trace(&make()).await;
    fence::a_commit_that_was_overtaken_is_refused_and_leaves_no_trace(&make()).await;
    fence::a_fence_only_rises_and_belongs_to_one_school(&make()).await;
    versions::every_state_since_a_tick_can_be_read(&make()).await;
    versions::a_state_before_a_tick_is_not_read_any_more(&make()).await;
    versions::a_tick_gives_way_to_short_calls(&make()).await;
    versions::a_tick_that_another_tick_overtook_is_refused(&make()).await;
    outbox::what_is_about_a_subject_is_read_alone(&make()).await;
    state::readers_never_see_a_part_of_a_commit(&make()).await;
}

/// Runs the checks of a backend that several processes may open at once, each in an empty place of its own. A check
/// opens its place twice and keeps both stores.
///
/// # Panics
/// The backend breaks a promise.
pub async fn verify_shared<P: Place>(make: impl Fn() -> P) {
    shared::a_tick_sees_nothing_of_short_calls_at_another_host(&make()).await;
    shared::a_tick_that_would_overwrite_a_short_call_of_another_host_is_refused(&make()).await;
    shared::a_short_call_that_another_host_overtakes_leaves_no_trace(&make()).await;
    shared::a_call_that_a_tick_of_another_host_overtakes_is_told(&make()).await;
    shared::the_host_that_took_the_school_over_ticks_it_and_all_make_short_calls(&make()).await;
    shared::what_both_hosts_count_is_counted_once_each(&make()).await;
    shared::one_push_is_taken_by_one_host(&make()).await;
}

fn school() -> SchoolId {
    SchoolId::from("school-1")
}

fn at(seconds: i64) -> Commit {
    Commit::new(DateTime::from_timestamp(seconds, 0).unwrap())
}

fn put(key: impl Into<String>, value: impl AsRef<[u8]>) -> Change {
    Change { key: key.into(), value: Some(value.as_ref().to_vec()) }
}

fn delete(key: &str) -> Change {
    Change { key: key.into(), value: None }
}

async fn change(store: &dyn Store, changes: Vec<Change>) {
    store.commit(&school(), Commit { changes, ..at(0) }).await.unwrap();
}

async fn get(store: &dyn Store, key: &str) -> Option<Vec<u8>> {
    store.get_many(&school(), &[key.to_owned()]).await.unwrap().remove(0)
}

async fn scan(store: &dyn Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Entry> {
    store.scan(&school(), prefix, after, limit).await.unwrap()
}

async fn keys(store: &dyn Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    scan(store, prefix, after, limit).await.into_iter().map(|(key, _)| key).collect()
}

async fn standing(store: &dyn Store) -> Standing {
    store.standing(&school()).await.unwrap()
}
