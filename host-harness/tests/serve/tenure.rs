//! Tenure: which schools a process ticks, when answers are lost, leases change hands and connections break.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use host::store::SchoolId;
use host::store::lease::{Leases as _, NodeId};
use service::registry::Records;
use service::runner;
use service::schools::OpenSchool;
use service::service::Service;
use service::tenure::Tenure;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::bench::in_minutes;
use super::inside::{Inside, create, next_tick, send_course, tenure};

/// A process with one school, whose course CourseKey does not know yet.
async fn process(inside: &Inside) -> (Service, Arc<OpenSchool>, Tenure) {
    let service = inside.ready().await.service().clone();
    let school = create(&service, "north", Records::Mirror).await;
    send_course(&school).await;
    let tenure = tenure(&service, "one");
    (service, school, tenure)
}

/// The ticks of a service and its line to CourseKey, until the sender says that they end.
fn make_ticks(service: &Service) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (end, ending) = watch::channel(false);
    tokio::spawn(service.pace().clone().keep());
    (end, tokio::spawn(runner::run(service.clone(), ending)))
}

/// Goes on until a tick waits for CourseKey.
async fn until_coursekey_is_asked(inside: &Inside, service: &Service, school: &SchoolId) {
    loop {
        if let Ok(asked) = inside.coursekey.asked.try_acquire() {
            return asked.forget();
        }
        // The first tick locks the option and sends nothing yet.
        if let Some(due) = next_tick(service, school) {
            inside.clock.advance_to(due);
            service.looks().notify_one();
        }
        tokio::task::yield_now().await;
    }
}

/// Lets the tick of a school go that waits for CourseKey, waits until it has ended, and makes no more.
async fn let_go(inside: &Inside, service: &Service, school: &SchoolId, ticks: (watch::Sender<bool>, JoinHandle<()>)) {
    inside.coursekey.let_go.add_permits(1_000);
    while !service.runs().idle(usize::MAX).contains(school) {
        tokio::task::yield_now().await;
    }
    ticks.0.send(true).unwrap();
    ticks.1.await.unwrap();
}

fn now() -> String {
    in_minutes(0)
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_found_by_the_next_look() {
    let inside = Inside::at(&now());
    let (service, school, mut tenure) = process(&inside).await;
    inside.leases.loses_answer.store(true, Ordering::SeqCst);
    tenure.look().await.unwrap_err();
    assert_eq!(service.runs().schools(), []);
    tenure.look().await.unwrap();
    assert_eq!(service.runs().schools(), [school.school.id().clone()]);
    let held = inside.leases.held(&NodeId::new("one")).await.unwrap();
    assert_eq!(held.iter().map(|lease| lease.number).collect::<Vec<_>>(), [1], "it was claimed once");
    // The number is the fence of its ticks.
    school.school.tick(host::school::Budget { items: 1_000, seconds: 30 }).await.unwrap();
}

#[tokio::test]
async fn a_tick_whose_lease_went_and_came_back_commits_nothing_and_the_next_one_does() {
    let inside = Inside::at(&now());
    let (service, school, mut tenure) = process(&inside).await;
    let id = school.school.id().clone();
    tenure.look().await.unwrap();
    let ticks = make_ticks(&service);
    until_coursekey_is_asked(&inside, &service, &id).await;
    let before = inside.store.standing(&id).await.unwrap().commits;
    // It goes to another process and comes back before this one looks.
    let one = NodeId::new("one");
    inside.leases.release(&one, std::slice::from_ref(&id)).await.unwrap();
    assert_eq!(inside.leases.claim(&one, 1).await.unwrap()[0].number, 2);
    let_go(&inside, &service, &id, ticks).await;
    assert_eq!(inside.store.standing(&id).await.unwrap().commits, before);
    let told = service.runs().seen(&id).unwrap().last_error.unwrap();
    assert!(told.contains("another host has taken the school over (fence 2, this one has 1)"), "{told}");

    tenure.look().await.unwrap();
    let ticks = make_ticks(&service);
    until_coursekey_is_asked(&inside, &service, &id).await;
    let_go(&inside, &service, &id, ticks).await;
    assert!(inside.store.standing(&id).await.unwrap().commits > before);
    assert_eq!(service.runs().seen(&id).unwrap().last_error, None);
}

#[tokio::test]
async fn hints_are_listened_to_again_after_their_connection_broke() {
    let inside = Inside::at(&now());
    let (service, school, mut tenure) = process(&inside).await;
    let id = school.school.id().clone();
    tenure.look().await.unwrap();
    let listeners = || inside.leases.listeners.lock().unwrap().len();
    assert_eq!(listeners(), 1);
    inside.leases.listeners.lock().unwrap().clear();
    // The bell is rung, so nothing waits for the time of the next look.
    service.claims().notify_one();
    tenure.until_next_look().await;
    tenure.look().await.unwrap();
    assert_eq!(listeners(), 1);
    let due = next_tick(&service, &id).unwrap();
    inside.leases.notify(&id).await.unwrap();
    service.claims().notify_one();
    tenure.until_next_look().await;
    assert!(next_tick(&service, &id).unwrap() < due, "the hint has woken the school");
}

#[tokio::test]
async fn a_school_beyond_the_share_is_given_back_when_no_tick_of_it_runs() {
    let inside = Inside::at(&now());
    let (service, north, mut tenure) = process(&inside).await;
    let (id, south) = (north.school.id().clone(), create(&service, "south", Records::Mirror).await);
    tenure.look().await.unwrap();
    let ticks = make_ticks(&service);
    until_coursekey_is_asked(&inside, &service, &id).await;
    // The share of each of two processes is one school, and the first in the order of names has a tick.
    inside.leases.processes.store(2, Ordering::SeqCst);
    tenure.look().await.unwrap();
    assert_eq!(inside.leases.given(), [Some(south.school.id().clone())]);
    assert_eq!(service.runs().schools(), std::slice::from_ref(&id));
    let_go(&inside, &service, &id, ticks).await;
    // The other process is not there, so this one takes the school again and has one too many.
    tenure.look().await.unwrap();
    assert_eq!(inside.leases.given().last(), Some(&Some(id)));
}

#[tokio::test]
async fn a_service_that_ends_gives_its_schools_back_after_their_ticks() {
    let inside = Inside::at(&now());
    let ready = inside.ready().await;
    let service = ready.service().clone();
    let school = create(&service, "north", Records::Mirror).await;
    send_course(&school).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(ready.run(async move { _ = stopped.await }));
    until_coursekey_is_asked(&inside, &service, school.school.id()).await;
    stop.send(()).unwrap();
    while !service.is_ending() {
        tokio::task::yield_now().await;
    }
    // Whoever would give the schools back at once has every occasion to.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(inside.leases.given(), []);
    inside.coursekey.let_go.add_permits(1_000);
    running.await.unwrap().unwrap();
    assert_eq!(inside.leases.given(), [None]);
}

#[tokio::test]
async fn what_a_tick_left_of_a_school_that_another_process_removed_is_swept() {
    let inside = Inside::at(&now());
    let (service, school, mut tenure) = process(&inside).await;
    let id = school.school.id().clone();
    tenure.look().await.unwrap();
    let ticks = make_ticks(&service);
    until_coursekey_is_asked(&inside, &service, &id).await;
    // As the API of another process does it, which knows nothing of the tick.
    let other = inside.ready().await.service().clone();
    other.registry().remove("north", &id).await.unwrap();
    other.leases().remove(&id).await.unwrap();
    other.schools().remove("north", &school.registered).await.unwrap();
    let_go(&inside, &service, &id, ticks).await;
    assert_eq!(inside.store.standing(&id).await.unwrap(), host::store::Standing::default());
    let book = school.registered.book_stored_as("north");
    assert_eq!(inside.store.standing(&book).await.unwrap(), host::store::Standing::default());
    tenure.look().await.unwrap();
    assert_eq!(service.runs().schools(), []);
}
