//! Breadcrumbs: the note that a tick left of what it was working on.

use host::store::Aborted;

use crate::bench::{Bench, put};

#[tokio::test]
async fn a_note_counts_the_ticks_in_a_row_that_did_not_return_with_it() {
    let bench = Bench::new();
    let aborted = |note: &str, times| Some(Aborted { note: note.into(), times });
    for (note, before) in [("a", None), ("a", aborted("a", 1)), ("a", aborted("a", 2)), ("b", aborted("a", 3))] {
        let mut tick = bench.tick().await;
        assert_eq!(tick.last_aborted(), before);
        tick.breadcrumb(Some("passing".into())).await.unwrap();
        tick.breadcrumb(Some(note.into())).await.unwrap();
        if before.is_none() { drop(tick) } else { tick.abort().await.unwrap() }
    }
    bench.short().await.commit().await.unwrap();
    assert_eq!(bench.short().await.last_aborted(), None);
    let mut tick = bench.tick().await;
    assert_eq!(tick.last_aborted(), aborted("b", 1));
    tick.breadcrumb(Some("b".into())).await.unwrap();
    tick.commit().await.unwrap();
    assert!(!bench.tick().await.follows_aborted_tick(), "the tick returned");
}

#[tokio::test]
async fn a_note_that_is_taken_back_or_was_left_by_a_call_that_returned_an_error_is_gone() {
    let bench = Bench::new();
    let mut tick = bench.tick().await;
    tick.breadcrumb(Some("a".into())).await.unwrap();
    tick.breadcrumb(None).await.unwrap();
    drop(tick);
    assert!(!bench.tick().await.follows_aborted_tick());
    let mut tick = bench.tick().await;
    tick.breadcrumb(Some("a".into())).await.unwrap();
    tick.discard().await.unwrap();
    assert!(!bench.tick().await.follows_aborted_tick());
    let mut short = bench.short().await;
    short.breadcrumb(Some("a".into())).await.unwrap();
    short.abort().await.unwrap();
    assert!(!bench.tick().await.follows_aborted_tick(), "short calls leave no notes");
}

#[tokio::test]
async fn a_tick_that_was_stopped_without_a_note_is_known_as_such() {
    let bench = Bench::new();
    bench.tick().await.abort().await.unwrap();
    let tick = bench.tick().await;
    assert!(tick.follows_aborted_tick());
    assert_eq!(tick.last_aborted(), Some(Aborted { note: String::new(), times: 1 }), "it had left no note");
}

#[tokio::test]
async fn a_tick_that_returned_and_could_not_be_committed_is_not_held_against_its_note() {
    let bench = Bench::new();
    let mut tick = bench.tick().await;
    tick.breadcrumb(Some("a".into())).await.unwrap();
    tick.apply(vec![put("course/1", "tick")]).await.unwrap();
    bench.write(vec![put("course/1", "short")]).await;
    tick.commit().await.unwrap_err();
    assert!(!bench.tick().await.follows_aborted_tick());
}
