//! Delivery: the items leave the outboxes in order, each item until it is acknowledged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use host::gegi::{Delivery, GegiUnavailable, MailSink, Message, Operation, Receipt, RecordSink, WithdrawMark};
use host::limits::StorageLimits;
use host::store::{Lane, PostgresStore, Record, SqliteStore};
use tests::postgres::Server;

use crate::bench::{Bench, journal, mail, school};

/// A receiver that gives the receipts a test asks for, and remembers its deliveries.
#[derive(Default)]
struct Receiver {
    answers: Mutex<BTreeMap<u64, Result<Receipt, String>>>,
    given: Mutex<Vec<(u64, String)>>,
}

impl Receiver {
    fn answering(sequence: u64, answer: Result<Receipt, &str>) -> Self {
        let answers = BTreeMap::from([(sequence, answer.map_err(str::to_owned))]);
        Self { answers: Mutex::new(answers), given: Mutex::default() }
    }

    fn take(&self, sequence: u64, what: &str) -> Result<Receipt, GegiUnavailable> {
        self.given.lock().unwrap().push((sequence, what.to_owned()));
        let answer = self.answers.lock().unwrap().get(&sequence).cloned();
        answer.unwrap_or(Ok(Receipt::Applied)).map_err(GegiUnavailable)
    }

    fn given(&self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.given.lock().unwrap())
    }
}

#[async_trait]
impl RecordSink for Receiver {
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        match &delivery.payload {
            Operation::Journal(entry) => self.take(delivery.sequence, &entry.what),
            Operation::WithdrawMark(withdrawn) => self.take(delivery.sequence, &withdrawn.student),
            _ => panic!("not staged here"),
        }
    }
}

#[async_trait]
impl MailSink for Receiver {
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        self.take(delivery.sequence, &delivery.payload.template)
    }
}

#[tokio::test]
async fn what_was_committed_is_delivered_in_order_and_once() {
    let bench = Bench::new();
    let many: Vec<Operation> = (1..=600).map(|n| journal(&n.to_string())).collect();
    let mut tick = bench.tick().await;
    tick.stage(many).unwrap();
    tick.queue(mail("issues")).unwrap();
    tick.commit().await.unwrap();
    let (records, mails) = (Receiver::default(), Receiver::default());
    let report = bench.gate().deliver(&records, &mails).await.unwrap();
    assert_eq!((report.records.applied, report.mails.applied), (600, 1));
    assert_eq!(records.given(), (1..=600).map(|n| (n, n.to_string())).collect::<Vec<_>>());
    assert_eq!(mails.given(), [(1, "issues".into())]);
    bench.gate().deliver(&records, &mails).await.unwrap();
    assert_eq!((records.given(), mails.given()), (vec![], vec![]));
}

#[tokio::test]
async fn a_receiver_that_fails_stops_its_own_lane_and_is_asked_again_later() {
    let bench = Bench::new();
    let mut tick = bench.tick().await;
    tick.stage(vec![journal("1"), journal("2"), journal("3")]).unwrap();
    tick.queue(mail("issues")).unwrap();
    tick.commit().await.unwrap();
    let (records, mails) = (Receiver::answering(2, Err("restarting")), Receiver::default());
    let report = bench.gate().deliver(&records, &mails).await.unwrap();
    assert_eq!((report.records.applied, report.mails.applied), (1, 1));
    assert_eq!(report.records.stop.unwrap().0, "restarting");
    assert_eq!(records.given(), [(1, "1".into()), (2, "2".into())]);
    let records = Receiver::answering(2, Ok(Receipt::Refused("no such class".into())));
    let report = bench.gate().deliver(&records, &mails).await.unwrap();
    assert_eq!((report.records.applied, report.records.refused), (1, 1));
    assert_eq!(records.given(), [(2, "2".into()), (3, "3".into())]);
    let refused = bench.store.refused(&school(), Lane::Records, 0, 10).await.unwrap();
    assert_eq!(
        refused.iter().map(|one| (one.item.sequence, one.reason.as_str())).collect::<Vec<_>>(),
        [(2, "no such class")]
    );
}

#[tokio::test]
async fn an_item_of_a_later_version_stays_and_the_items_after_it_are_delivered() {
    an_unreadable_item_stays_alone(Bench::new()).await;
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Arc::new(SqliteStore::open(folder.path().join("store.sqlite")).unwrap());
    an_unreadable_item_stays_alone(Bench::on(sqlite, StorageLimits::default())).await;
    let Some(server) = Server::shared() else { return };
    let postgres = Arc::new(PostgresStore::open(&server.database().await).await.unwrap());
    an_unreadable_item_stays_alone(Bench::on(postgres, StorageLimits::default())).await;
}

async fn an_unreadable_item_stays_alone(bench: Bench) {
    let mut commit = host::store::Commit::new(DateTime::UNIX_EPOCH);
    let payload = r#"{"Promote":"Student 000001"}"#.to_owned();
    commit.records = vec![Record { payload: payload.clone(), subject: Some("class 1".into()) }];
    commit.mails = vec![payload];
    bench.store.commit(&school(), commit).await.unwrap();
    let mut tick = bench.tick().await;
    tick.stage(vec![journal("2")]).unwrap();
    tick.queue(mail("issues")).unwrap();
    tick.commit().await.unwrap();
    let (records, mails) = (Receiver::default(), Receiver::default());
    for applied in [1, 0] {
        let report = bench.gate().deliver(&records, &mails).await.unwrap();
        assert_eq!((report.records.applied, report.records.unreadable, report.is_whole()), (applied, 1, false));
        assert_eq!((report.mails.applied, report.mails.unreadable), (applied, 1));
    }
    assert_eq!((records.given(), mails.given()), (vec![(2, "2".into())], vec![(2, "issues".into())]));
    for lane in Lane::ALL {
        let left = bench.store.outbox(&school(), lane, 0, 10).await.unwrap();
        assert_eq!(left.iter().map(|item| item.sequence).collect::<Vec<_>>(), [1]);
    }
    // A tick that asks for the class needs to know what the item says, so it waits for the version that can read it.
    let failure = bench.tick().await.operations_under_way("class 1").await.map(|all| all.len()).unwrap_err();
    let failure = failure.to_string();
    assert_eq!(bench.tick().await.operations_under_way("class 2").await.unwrap().len(), 0);
    assert_eq!(failure, "read item 1 of the outbox of records; run the version that wrote it, or a later one");
}

/// A mail server that hangs for ever.
struct Hanging;

#[async_trait]
impl MailSink for Hanging {
    async fn send(&self, _: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        std::future::pending().await
    }
}

/// Limits under which a receiver may take this long.
fn patient(delivery: Duration) -> StorageLimits {
    StorageLimits { delivery, ..StorageLimits::default() }
}

#[tokio::test]
async fn a_mail_server_that_hangs_holds_up_no_mark() {
    let bench = Bench::with_limits(patient(Duration::from_millis(20)));
    let mut tick = bench.tick().await;
    tick.stage(vec![journal("1")]).unwrap();
    tick.queue(mail("issues")).unwrap();
    tick.commit().await.unwrap();
    let gate = bench.gate();
    let mails = gate.deliver_mails(&Hanging);
    tokio::pin!(mails);
    // The delivery of mails is under way, and waits.
    tokio::select! { biased; _ = &mut mails => unreachable!(), () = std::future::ready(()) => {} }
    assert_eq!(gate.deliver_records(&Receiver::default()).await.unwrap().applied, 1);
    assert_eq!(mails.await.unwrap().stop.unwrap().0, "no answer to a delivery within 20ms");
    assert_eq!(bench.store.outbox(&school(), Lane::Mails, 0, 10).await.unwrap().len(), 1);
}

/// A receiver that never comes to the end of two operations at once.
#[derive(Default)]
struct Slow(Receiver);

#[async_trait]
impl RecordSink for Slow {
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        self.0.receive(delivery).await
    }

    async fn receive_all(&self, deliveries: &[Delivery<Operation>]) -> (Vec<Receipt>, Option<GegiUnavailable>) {
        match deliveries {
            [one] => (vec![self.receive(one).await.unwrap()], None),
            _ => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn a_receiver_that_is_too_slow_for_a_batch_gets_one_operation() {
    let bench = Bench::with_limits(patient(Duration::from_millis(20)));
    let mut tick = bench.tick().await;
    tick.stage((1..=3).map(|n| journal(&n.to_string())).collect()).unwrap();
    tick.commit().await.unwrap();
    let slow = Slow::default();
    let mut applied = Vec::new();
    for _ in 0..4 {
        applied.push(bench.gate().deliver_records(&slow).await.unwrap().applied);
    }
    assert_eq!(applied, [0, 1, 2, 0]);
    assert_eq!(slow.0.given(), (1..=3).map(|n| (n, n.to_string())).collect::<Vec<_>>());
}

/// Of a school with thousands of waiting operations a tick reads those of the classes that it asks for.
#[tokio::test]
async fn operations_under_way_are_those_of_the_class_first_the_undelivered_and_then_the_staged() {
    let bench = Bench::new();
    let mut tick = bench.tick().await;
    tick.stage((1..=250).map(|n| withdraw("class 1", n)).collect()).unwrap();
    tick.stage((1..=2_000).map(|n| withdraw("class 2", n)).collect()).unwrap();
    tick.stage(vec![journal("mark"), withdraw("class 1", 251)]).unwrap();
    tick.commit().await.unwrap();
    bench.gate().deliver(&Receiver::answering(249, Err("restarting")), &Receiver::default()).await.unwrap();
    let mut tick = bench.tick().await;
    tick.stage(vec![withdraw("class 1", 252), withdraw("class 2", 1), journal("mark")]).unwrap();
    let read = bench.store.outbox_about(&school(), "class 1", 0, 10_000).await.unwrap();
    assert_eq!(read.len(), 3, "of 2,004 waiting items");
    let under_way = tick.operations_under_way("class 1").await.unwrap();
    assert_eq!(under_way, [249, 250, 251, 252].map(|student| withdraw("class 1", student)));
}

fn withdraw(class: &str, student: u32) -> Operation {
    let (class, student) = (class.to_owned(), student.to_string());
    let Operation::Journal(journal) = journal(&student) else { unreachable!() };
    Operation::WithdrawMark(WithdrawMark { class, student, journal })
}
