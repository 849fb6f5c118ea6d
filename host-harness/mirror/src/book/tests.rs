//! The book as the host and its owner see it.

#![allow(clippy::unwrap_used)]

use chrono::DateTime;

use super::*;
use host::clock::VirtualClock;
use host::gegi::{Delivery, JournalEntry, Mark, Operation, Origin, Receipt, RecordSink, SchoolSource, WithdrawMark};
use host::store::MemoryStore;

fn book(store: &Arc<MemoryStore>) -> Book {
    let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
    Book::new(Arc::clone(store) as _, SchoolId::new("school book"), clock, Keeps::Feed)
}

fn withdraw(sequence: u64, id: &str) -> Delivery<Operation> {
    let journal = JournalEntry {
        at: 9,
        what: "mark-withdrawn".to_owned(),
        course: None,
        class: Some("C1".to_owned()),
        person: Some("S1".to_owned()),
        old: Some("P".to_owned()),
        new: None,
        by: "CourseKey".to_owned(),
        attendance_record: Some("a1".to_owned()),
    };
    let (class, student) = ("C1".to_owned(), "S1".to_owned());
    Delivery { sequence, id: id.to_owned(), payload: Operation::WithdrawMark(WithdrawMark { class, student, journal }) }
}

async fn journal(book: &Book) -> Vec<String> {
    let mut lines = Vec::new();
    book.each_journal_line(|line, record| {
        lines.push(format!("{} {} {record:?}", line.at, line.what));
        Ok(())
    })
    .await
    .unwrap();
    lines
}

#[tokio::test]
async fn a_delivery_is_taken_once_and_a_restored_host_gives_its_numbers_again() {
    let book = book(&Arc::default());
    for _ in 0..2 {
        assert_eq!(book.receive(&withdraw(1, "a")).await.unwrap(), Receipt::Applied);
    }
    assert_eq!(journal(&book).await, ["1970-01-01T00:00:09Z withdrawn Some(\"a1\")"]);
    // The same number with another id is another item.
    let hand = CurrentMark { student: "S1".to_owned(), mark: Mark::Late, origin: Origin::Hand };
    book.set_hand_mark("C1", "S1", Some(&hand)).await.unwrap();
    let refused = Receipt::Refused("the mark is GEGI's own by now".to_owned());
    assert_eq!(book.receive(&withdraw(1, "b")).await.unwrap(), refused);
    assert_eq!(book.current_marks("C1").await.unwrap(), [hand]);
}

#[tokio::test]
async fn the_feed_has_what_was_applied_until_it_is_acknowledged() {
    let book = book(&Arc::default());
    book.receive_all(&[withdraw(1, "a"), withdraw(2, "b"), withdraw(3, "c")]).await;
    let sequences = |items: Vec<FeedItem>| items.into_iter().map(|item| item.sequence).collect::<Vec<_>>();
    assert_eq!(sequences(book.feed(1, 10).await.unwrap()), [2, 3]);
    book.acknowledge(&[2, 17]).await.unwrap();
    let left = book.feed(0, 10).await.unwrap();
    assert_eq!(left.first().unwrap().operation.pointer("/withdraw-mark/journal/what").unwrap(), "withdrawn");
    assert_eq!(sequences(left), [1, 3]);
}

#[tokio::test]
async fn two_processes_change_one_book_and_neither_change_is_lost() {
    let store = Arc::default();
    let (one, other) = (book(&store), book(&store));
    let change = |book: Book, from: u64| async move {
        for number in (from..from + 40).step_by(2) {
            book.receive(&withdraw(number, &number.to_string())).await.unwrap();
        }
    };
    tokio::join!(change(one.clone(), 1), change(other, 2));
    assert_eq!(one.feed(0, 100).await.unwrap().len(), 40);
}

#[tokio::test]
async fn settings_come_back_as_they_were() {
    let book = book(&Arc::default());
    let campus = host::gegi::Campus { credentials_generation: 7, ..host::gegi::Campus::new("main", "UTC", 5) };
    let settings = SchoolSettings {
        error_email: Some("errors@example.edu".to_owned()),
        initial_user_password: "Welcome1".to_owned(),
        minimum_attended_percent: 80,
        saved_at: Some(3),
        ..SchoolSettings::with_defaults("School", "https://api.example.com/v1", vec![campus])
    };
    book.put_settings(&settings).await.unwrap();
    assert_eq!(book.settings().await.unwrap(), settings);
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let book = book(&Arc::default());
    for student in ["S1", "S2", "S3"] {
        let mark = CurrentMark { student: student.to_owned(), mark: Mark::Present, origin: Origin::Hand };
        book.set_hand_mark("C1", student, Some(&mark)).await.unwrap();
    }
    let first = book.marks_page("C1", None, 2).await.unwrap();
    let second = book.marks_page("C1", first.next.as_deref(), 2).await.unwrap();
    let students = |page: &Page<crate::lines::MarkLine>| {
        page.items.iter().map(|line| line.student.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((students(&first), students(&second), second.next), ("S1 S2".into(), "S3".into(), None));
}
