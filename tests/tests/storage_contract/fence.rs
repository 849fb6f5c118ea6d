//! Two hosts on one storage: the host that took the school over last commits, the other host leaves no trace.

use host::store::{Lane, StoreError};

use crate::bench::{Bench, journal, mail, pairs, put, school};

#[tokio::test]
async fn a_host_that_another_has_taken_the_school_over_from_commits_nothing() {
    let old = Bench::new();
    let new = old.another_host();
    old.write(vec![put("a", "old")]).await;
    let mut tick = old.tick().await;
    tick.breadcrumb(Some("course 1".into())).await.unwrap();
    tick.apply(vec![put("a", "stale")]).await.unwrap();
    tick.stage(vec![journal("mark")]).unwrap();
    tick.queue(mail("issues")).unwrap();

    assert_eq!(new.gate().take_over().await.unwrap(), 1);
    new.write(vec![put("b", "new")]).await;
    let failure = tick.commit().await.unwrap_err();
    assert!(matches!(failure, StoreError::Fenced { fence: 0, held: 1 }), "{failure}");
    assert_eq!(old.state().await, pairs(&[("a", "old"), ("b", "new")]));
    for lane in Lane::ALL {
        assert_eq!(old.store.outbox(&school(), lane, 0, 10).await.unwrap(), []);
    }
    // The note is left to the new host, because the tick that left it is gone.
    assert_eq!(new.gate().standing().await.unwrap().breadcrumb.map(|left| left.note), Some("course 1".into()));
}

#[tokio::test]
async fn a_call_that_began_before_its_host_took_the_school_back_commits_nothing() {
    let one = Bench::new();
    let other = one.another_host();
    let mut tick = one.tick().await;
    tick.apply(vec![put("a", "stale")]).await.unwrap();
    other.gate().take_over().await.unwrap();
    other.write(vec![put("a", "other")]).await;
    assert_eq!(one.gate().take_over().await.unwrap(), 2);
    assert!(matches!(tick.commit().await.unwrap_err(), StoreError::Fenced { fence: 0, held: 2 }));
    one.write(vec![put("b", "one")]).await;
    assert_eq!(one.state().await, pairs(&[("a", "other"), ("b", "one")]));
}
