//! The watch, on a clock that the test moves: what was told is told once, whichever process looks.

use host::clock::Clock as _;
use host::gegi::Receipt;
use host::store::{Acknowledgement, Commit, Record};
use host::watchdog::Stage;
use service::registry::Records;
use service::service::Service;
use service::watch::Watch;

use super::inside::{Inside, create, next_tick, tenure};

/// A moment after which no tick of a school at rest is due for hours.
const AFTERNOON: &str = "2026-03-02T19:00:00Z";

/// A process that starts, takes what is there and looks for the first time.
async fn start(inside: &Inside, name: &str) -> (Service, Watch) {
    let service = inside.ready().await.service().clone();
    tenure(&service, name).look().await.unwrap();
    let mut watch = Watch::default();
    watch.look(&service).await.unwrap();
    (service, watch)
}

/// Looks again and again while time passes.
async fn look_for(inside: &Inside, service: &Service, watch: &mut Watch, minutes: i64) {
    for _ in 0..minutes {
        inside.pass(1);
        watch.look(service).await.unwrap();
    }
}

#[tokio::test]
async fn an_alarm_is_mailed_once_and_its_end_once_whatever_processes_look() {
    let inside = Inside::at(AFTERNOON);
    let before = inside.ready().await.service().clone();
    let school = create(&before, "north", Records::Mirror).await;
    let id = school.school.id().clone();
    // Nobody makes the ticks that are due.
    let (first, mut watch) = start(&inside, "first").await;
    look_for(&inside, &first, &mut watch, 15).await;
    assert_eq!(inside.mails(), Vec::<String>::new());
    look_for(&inside, &first, &mut watch, 5).await;
    let told = inside.mails();
    assert!(told.len() == 1 && told[0].starts_with("School north: ticks is stuck since "), "{told:?}");
    look_for(&inside, &first, &mut watch, 60).await;
    assert_eq!(inside.mails(), Vec::<String>::new());

    // Another process takes over, which every process shows from its start.
    let (second, mut watch) = start(&inside, "second").await;
    let shown = second.registry().alarms(&id).await.unwrap().sentence().unwrap();
    assert!(shown.starts_with("ticks: no tick was made or came to an end since "), "{shown}");
    look_for(&inside, &second, &mut watch, 60).await;
    assert_eq!(inside.mails(), Vec::<String>::new());

    // A third one makes the tick. It has to watch for a while before it knows that ticks are made again.
    let (third, mut watch) = start(&inside, "third").await;
    let (end, ending) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(service::runner::run(third.clone(), ending));
    inside.clock.advance_to(next_tick(&third, &id).unwrap());
    third.looks().notify_one();
    while third.runs().seen(&id).unwrap().last_tick.is_none() {
        tokio::task::yield_now().await;
    }
    end.send(true).unwrap();
    running.await.unwrap();
    look_for(&inside, &third, &mut watch, 60).await;
    assert_eq!(inside.mails(), ["School north: ticks moves again"]);
    assert!(third.registry().alarms(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_process_that_was_stopped_for_an_hour_takes_nothing_for_stuck_at_once() {
    let inside = Inside::at(AFTERNOON);
    create(inside.ready().await.service(), "north", Records::Mirror).await;
    let (service, mut watch) = start(&inside, "first").await;
    inside.pass(60);
    watch.look(&service).await.unwrap();
    look_for(&inside, &service, &mut watch, 10).await;
    assert_eq!(inside.mails(), Vec::<String>::new());
    look_for(&inside, &service, &mut watch, 10).await;
    assert_eq!(inside.mails().len(), 1);
}

#[tokio::test]
async fn what_fails_again_and_again_is_mailed_once_and_its_end_once_whichever_process_hears_of_it() {
    // The process ticks the school, or another does.
    for ticks in [true, false] {
        let inside = Inside::at(AFTERNOON);
        let before = inside.ready().await.service().clone();
        let id = create(&before, "north", Records::Mirror).await.school.id().clone();
        let begin = async |name: &str| {
            if ticks { start(&inside, name).await } else { (inside.ready().await.service().clone(), Watch::default()) }
        };
        let mails = || inside.mails().into_iter().filter(|mail| mail.contains(": pushes ")).collect::<Vec<_>>();

        let (first, mut watch) = begin("first").await;
        for _ in 0..4 {
            first.repeating().failed(&id, Stage::Pushes, first.clock().now());
            look_for(&inside, &first, &mut watch, 15).await;
        }
        let told = mails();
        assert!(told.len() == 1 && told[0].starts_with("School north: pushes is stuck since "), "{ticks}: {told:?}");

        // A process that begins takes over what was told, and ends it when a push is believed.
        let (second, mut watch) = begin("second").await;
        look_for(&inside, &second, &mut watch, 60).await;
        second.repeating().failed(&id, Stage::Pushes, second.clock().now());
        look_for(&inside, &second, &mut watch, 60).await;
        assert_eq!(mails(), Vec::<String>::new(), "{ticks}");
        second.repeating().worked(&id, Stage::Pushes);
        look_for(&inside, &second, &mut watch, 15).await;
        assert_eq!(mails(), ["School north: pushes moves again"], "{ticks}");
        assert!(!second.registry().alarms(&id).await.unwrap().stuck().any(|(stage, _)| stage == Stage::Pushes));
    }
}

#[tokio::test]
async fn an_operation_of_a_later_version_is_left_out_of_the_feed_and_told() {
    for records in [Records::Feed, Records::Mirror] {
        let inside = Inside::at(AFTERNOON);
        let school = create(inside.ready().await.service(), "north", records).await;
        let later = Record { payload: "9 {}".to_owned(), subject: Some("C1-1".to_owned()) };
        let issue = r#"1 {"resolve-issue":{"key":"k","at":0}}"#;
        let commit = Commit { records: vec![later, issue.into()], ..Commit::new(inside.clock.now()) };
        inside.store.commit(school.school.id(), commit).await.unwrap();
        school.deliver_records().await.unwrap();
        let offered: Vec<u64> = match records {
            Records::Feed => {
                school.school.waiting_records(0, 1).await.unwrap().iter().map(|item| item.sequence).collect()
            }
            Records::Mirror => school.book.feed(0, 9).await.unwrap().iter().map(|item| item.sequence).collect(),
        };
        assert_eq!(offered, [2]);

        let (service, mut watch) = start(&inside, "first").await;
        // Nothing else is wrong: GEGI takes what it can read, and the school is ticked.
        let taken = [Acknowledgement { sequence: 2, receipt: Receipt::Applied }];
        school.school.acknowledge_records(&taken).await.unwrap();
        look_for(&inside, &service, &mut watch, 35).await;
        let told = inside.mails();
        assert!(told.iter().any(|subject| subject.starts_with("School north: outbox is stuck since ")), "{told:?}");
    }
}

#[tokio::test]
async fn what_the_service_itself_suffers_from_is_mailed_once_and_its_end_once() {
    let inside = Inside::at(AFTERNOON);
    let (service, mut watch) = start(&inside, "first").await;
    let itself = "service".into();
    for _ in 0..4 {
        service.repeating().failed(&itself, Stage::Leases, service.clock().now());
        look_for(&inside, &service, &mut watch, 15).await;
    }
    let told = inside.mails();
    assert!(told.len() == 1 && told[0].starts_with("The service: leases is stuck since "), "{told:?}");
    look_for(&inside, &service, &mut watch, 90).await;
    assert_eq!(inside.mails(), ["The service: leases moves again"]);
    assert_eq!(service.registry().all_alarms().await.unwrap(), []);
}
