//! Leases: each school is handed out once, spread fairly over the processes that live, with a number that fences off
//! whoever had it before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use host::store::lease::{Alone, DEAD_AFTER, Lease, Leases, Node, NodeId, Share};
use host::store::{Commit, MemoryStore, PostgresStore, SchoolId, Store, StoreError};
use tests::postgres::{Server, execute};

struct Place {
    url: String,
    store: Arc<PostgresStore>,
}

impl Place {
    async fn with_schools(server: &Server, schools: u32) -> Self {
        let url = server.database().await;
        let store = Arc::new(PostgresStore::open(&url).await.unwrap());
        execute(&url, &format!("INSERT INTO lease SELECT 'school-' || n FROM generate_series(1, {schools}) n")).await;
        Self { url, store }
    }

    fn leases(&self) -> Arc<dyn Leases> {
        Arc::new(self.store.leases(DEAD_AFTER))
    }

    async fn node(&self, name: &str) -> NodeId {
        register(&*self.leases(), name).await
    }

    /// Makes a process one that was silent for this long.
    async fn silence(&self, node: &NodeId, seconds: u32) {
        let sql = "UPDATE node SET seen_at = seen_at - interval";
        execute(&self.url, &format!("{sql} '{seconds} seconds' WHERE id = '{}'", node.as_str())).await;
    }
}

async fn register(leases: &dyn Leases, name: &str) -> NodeId {
    let id = NodeId::new(name);
    leases.register(&Node { id: id.clone(), address: format!("http://{name}:8080") }).await.unwrap();
    id
}

async fn claim_all(leases: &dyn Leases, node: &NodeId, batch: usize) -> Vec<Lease> {
    let mut all = Vec::new();
    loop {
        let claimed = leases.claim(node, batch).await.unwrap();
        if claimed.is_empty() {
            return all;
        }
        all.extend(claimed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_school_is_handed_out_once_and_each_process_gets_its_share() {
    const SCHOOLS: u32 = 1_000;
    let Some(server) = Server::shared() else { return };
    let place = Place::with_schools(server, SCHOOLS).await;
    let lost = place.node("lost").await;
    assert_eq!(claim_all(&*place.leases(), &lost, 500).await.len(), 1_000);
    place.silence(&lost, 60).await;
    let mut names = Vec::new();
    for name in ["a", "b", "c"] {
        names.push(place.node(name).await);
    }
    let claims = names.into_iter().map(|node| {
        let leases = place.leases();
        tokio::spawn(async move { claim_all(&*leases, &node, 50).await })
    });
    let mut all = Vec::new();
    for claimed in claims.collect::<Vec<_>>() {
        let claimed = claimed.await.unwrap();
        assert!(claimed.len() <= 334, "{} are more than a third", claimed.len());
        assert!(claimed.iter().all(|lease| lease.number == 2), "each is the second lease of its school");
        all.extend(claimed.into_iter().map(|lease| lease.school));
    }
    let distinct: BTreeSet<&SchoolId> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (1_000, 1_000), "handed out, distinct");
}

#[tokio::test]
async fn schools_of_a_dead_process_are_claimed_and_what_it_still_does_is_refused() {
    let Some(server) = Server::shared() else { return };
    let place = Place::with_schools(server, 1).await;
    let (leases, school) = (place.leases(), SchoolId::from("school-1"));
    let old = place.node("old").await;
    let lease = leases.claim(&old, 10).await.unwrap().remove(0);
    assert_eq!(lease, Lease { school: school.clone(), number: 1 });
    let new = place.node("new").await;
    place.silence(&old, 20).await;
    assert_eq!(leases.claim(&new, 10).await.unwrap(), []);
    assert!(leases.renew(&old).await.unwrap(), "it is not dead yet");
    place.silence(&old, 26).await;
    assert_eq!(leases.holder(&school).await.unwrap(), None);
    assert_eq!(leases.held(&old).await.unwrap(), [lease]);
    assert_eq!(leases.claim(&new, 10).await.unwrap(), [Lease { school: school.clone(), number: 2 }]);
    assert!(!leases.renew(&old).await.unwrap());
    assert_eq!(leases.claim(&old, 10).await.unwrap(), [], "the dead claim nothing");
    let tick = |fence| Commit { fence, tick_after: Some(0), ..Commit::new(DateTime::UNIX_EPOCH) };
    let stale = place.store.commit(&school, tick(1)).await.unwrap_err();
    assert!(matches!(stale, StoreError::Fenced { fence: 1, held: 2 }), "{stale}");
    assert_eq!(place.store.commit(&school, tick(2)).await.unwrap(), 1);
    assert_eq!(leases.holder(&school).await.unwrap().map(|node| node.address), Some("http://new:8080".into()));
    // Once it is back it has nothing left.
    let old = place.node("old").await;
    assert_eq!(leases.held(&old).await.unwrap(), []);
}

#[tokio::test]
async fn a_new_process_gets_what_the_others_give_up() {
    let Some(server) = Server::shared() else { return };
    let place = Place::with_schools(server, 10).await;
    let leases = place.leases();
    let first = place.node("first").await;
    assert_eq!(claim_all(&*leases, &first, 4).await.len(), 10);
    let second = place.node("second").await;
    assert_eq!(leases.claim(&second, 10).await.unwrap(), []);
    let share = leases.share(&first).await.unwrap();
    assert_eq!(share, Share { schools: 10, nodes: 2, held: 10 });
    assert_eq!((share.most(), share.surplus()), (5, 5));
    let given: Vec<SchoolId> = leases.held(&first).await.unwrap().into_iter().map(|lease| lease.school).collect();
    leases.release(&first, &given[..5]).await.unwrap();
    leases.release(&second, &given[5..]).await.unwrap();
    let claimed = claim_all(&*leases, &second, 10).await;
    assert_eq!(claimed.iter().map(|lease| lease.number).collect::<Vec<_>>(), [2; 5]);
    leases.leave(&second).await.unwrap();
    assert_eq!(claim_all(&*leases, &first, 100).await.len(), 5);
}

#[tokio::test]
async fn a_school_is_ticked_from_when_it_is_added_until_it_is_removed() {
    let Some(server) = Server::shared() else { return };
    let place = Place::with_schools(server, 0).await;
    let leases = place.leases();
    let (node, school) = (place.node("a").await, SchoolId::from("school-1"));
    leases.add(&school).await.unwrap();
    leases.add(&school).await.unwrap();
    assert_eq!((leases.schools().await.unwrap().first(), leases.schools().await.unwrap().len()), (Some(&school), 1));
    let lease = leases.claim(&node, 1).await.unwrap().remove(0);
    leases.remove(&school).await.unwrap();
    assert_eq!((leases.schools().await.unwrap(), leases.held(&node).await.unwrap()), (vec![], vec![]));
    let tick = Commit { fence: lease.number, tick_after: Some(0), ..Commit::new(DateTime::UNIX_EPOCH) };
    assert!(matches!(place.store.commit(&school, tick).await, Err(StoreError::Fenced { .. })));
}

#[tokio::test]
async fn whoever_listens_hears_of_a_school() {
    let Some(server) = Server::shared() else { return };
    let place = Place::with_schools(server, 0).await;
    let mut hints = place.leases().hints().await.unwrap();
    place.leases().notify(&SchoolId::from("school-1")).await.unwrap();
    place.leases().notify(&SchoolId::from("school 'two'")).await.unwrap();
    let heard = async { (hints.next().await, hints.next().await) };
    let heard = tokio::time::timeout(Duration::from_secs(10), heard).await.unwrap();
    assert_eq!(heard, (Some(SchoolId::from("school-1")), Some(SchoolId::from("school 'two'"))));
}

#[tokio::test]
async fn the_standings_of_many_schools_are_read_at_once() {
    let Some(server) = Server::shared() else { return };
    let place = Place::with_schools(server, 0).await;
    let schools = ["b", "never seen", "a"].map(SchoolId::from);
    for (school, commits) in schools.iter().zip([2, 0, 1]) {
        for _ in 0..commits {
            place.store.commit(school, Commit::new(DateTime::UNIX_EPOCH)).await.unwrap();
        }
    }
    let standings = place.store.standings(&schools).await.unwrap();
    assert_eq!(standings.iter().map(|standing| standing.commits).collect::<Vec<_>>(), [2, 0, 1]);
    for (school, standing) in schools.iter().zip(standings) {
        assert_eq!(place.store.standing(school).await.unwrap(), standing);
    }
}

#[tokio::test]
async fn a_process_alone_holds_every_school_once() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let leases = Alone::new(Arc::clone(&store));
    for school in ["a", "b", "c"].map(SchoolId::from) {
        leases.add(&school).await.unwrap();
    }
    assert_eq!(leases.claim(&NodeId::new("unknown"), 9).await.unwrap(), []);
    let node = register(&leases, "alone").await;
    assert_eq!(claim_all(&leases, &node, 2).await.len(), 3);
    assert_eq!(leases.share(&node).await.unwrap(), Share { schools: 3, nodes: 1, held: 3 });
    assert_eq!(store.standing(&SchoolId::from("a")).await.unwrap().fence, 1);
    leases.release(&node, &[SchoolId::from("b")]).await.unwrap();
    assert_eq!(leases.claim(&node, 9).await.unwrap(), [Lease { school: SchoolId::from("b"), number: 2 }]);
    let mut hints = leases.hints().await.unwrap();
    leases.notify(&SchoolId::from("c")).await.unwrap();
    assert_eq!(hints.next().await, Some(SchoolId::from("c")));
    assert!(leases.renew(&node).await.unwrap());
    leases.leave(&node).await.unwrap();
    assert_eq!(leases.held(&node).await.unwrap(), []);
}
