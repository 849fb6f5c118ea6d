//! The book as the host and its owner see it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod deliveries;
mod forms;

use chrono::DateTime;

use super::*;
use host::clock::VirtualClock;
use host::gegi::{
    Basis, Delivery, JournalEntry, Mark, Operation, Origin, Receipt, RecordSink, SchoolSource, SetMark, Visit,
    WithdrawMark,
};
use host::store::{MemoryStore, SqliteStore};

/// Nine o'clock of a day.
const NINE: i64 = 1_693_213_200;

fn book(store: &Arc<MemoryStore>) -> Book {
    book_on(Arc::clone(store) as _)
}

fn book_on(store: Arc<dyn Store>) -> Book {
    let clock = Arc::new(VirtualClock::new(DateTime::from_timestamp(NINE, 0).unwrap()));
    Book::new(store, SchoolId::new("school book"), clock, Keeps::Feed)
}

fn delivery(sequence: u64, operation: Operation) -> Delivery<Operation> {
    Delivery { sequence, id: format!("d{sequence}"), payload: operation }
}

fn entry(at: i64, what: &str, new: Option<&str>) -> JournalEntry {
    JournalEntry {
        at,
        what: what.to_owned(),
        course: None,
        class: Some("C1-1".to_owned()),
        person: Some("S000001".to_owned()),
        old: None,
        new: new.map(str::to_owned),
        by: "CourseKey".to_owned(),
        attendance_record: Some("a1".to_owned()),
    }
}

fn basis() -> Basis {
    Basis {
        rule: "came-late".to_owned(),
        starts: NINE,
        ends: NINE + 3_600,
        late_until: NINE + 900,
        early_from: NINE + 2_700,
        longest_gap_seconds: Some(5_400),
        minimum_attended_percent: 80,
        attended_seconds: 3_600,
        visits: vec![Visit { checked_in: NINE, checked_out: Some(NINE + 3_600) }],
        adjustment: None,
        awarded_seconds: None,
        attendance_record: Some("a1".to_owned()),
        version: 2,
        sentence: "A sentence.".to_owned(),
    }
}

fn set(expected: Option<Mark>, mark: Mark) -> Operation {
    let (class, student) = ("C1-1".to_owned(), "S000001".to_owned());
    let journal = entry(NINE, "mark", Some(crate::lines::letter(mark)));
    Operation::SetMark(SetMark { class, student, expected, mark, basis: basis(), journal })
}

fn withdraw() -> Operation {
    let (class, student) = ("C1-1".to_owned(), "S000001".to_owned());
    Operation::WithdrawMark(WithdrawMark { class, student, journal: entry(NINE, "mark-withdrawn", None) })
}

fn own(mark: Mark, origin: Origin) -> CurrentMark {
    CurrentMark { student: "S000001".to_owned(), mark, origin }
}

async fn receive(book: &Book, delivery: &Delivery<Operation>) -> Receipt {
    book.receive(delivery).await.unwrap()
}

async fn marks(book: &Book) -> Vec<(Mark, Origin)> {
    let marks = book.current_marks("C1-1").await.unwrap();
    marks.into_iter().map(|mark| (mark.mark, mark.origin)).collect()
}

/// The lines of the journal: what, the new value and the record.
async fn journal(book: &Book) -> Vec<String> {
    let mut lines = Vec::new();
    book.each_journal_line(|line, record| {
        lines.push(format!("{} {} {}", line.what, line.new.unwrap_or_default(), record.unwrap_or_default()));
        Ok(())
    })
    .await
    .unwrap();
    lines
}

#[tokio::test]
async fn courses_are_listed_in_order_as_they_were_stored_last_whatever_their_revision() {
    let book = book(&Arc::default());
    for (id, revision) in [("b", 2), ("a", 1), ("c", 1), ("b", 1)] {
        book.put_course(&forms::course(id, revision)).await.unwrap();
    }
    book.remove_course("c").await.unwrap();
    assert_eq!(book.courses(None, 10).await.unwrap(), [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    assert_eq!(book.courses(Some("a"), 10).await.unwrap(), [("b".to_owned(), 1)]);
    assert_eq!(book.courses(None, 1).await.unwrap().len(), 1);
    assert_eq!(book.course("b").await.unwrap().unwrap(), forms::course("b", 1));
    assert_eq!((book.course("c").await.unwrap(), book.revision_of("c").await.unwrap()), (None, None));
    let mut ids = Vec::new();
    book.each_course(|course| ids.push(course.id)).await.unwrap();
    assert_eq!(ids, ["a", "b"]);
}

#[tokio::test]
async fn a_book_without_a_school_says_so() {
    let book = book(&Arc::default());
    assert!(book.settings_if_any().await.unwrap().is_none());
    assert!(book.settings().await.is_err());
}

#[tokio::test]
async fn what_a_page_of_the_storage_cannot_hold_is_read_whole() {
    let book = book(&Arc::default());
    let students: Vec<String> = (0..1_000).map(|number| format!("S{number:06}")).collect();
    for student in &students {
        let mark = CurrentMark { student: student.clone(), mark: Mark::Present, origin: Origin::Hand };
        book.set_hand_mark("C1-1", student, Some(&mark)).await.unwrap();
    }
    let read: Vec<String> = book.current_marks("C1-1").await.unwrap().into_iter().map(|mark| mark.student).collect();
    assert_eq!(read, students);
}

#[tokio::test]
async fn the_feed_has_what_was_applied_until_it_is_acknowledged() {
    let book = book(&Arc::default());
    book.receive_all(&[delivery(1, withdraw()), delivery(2, withdraw()), delivery(3, withdraw())]).await;
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
            book.receive(&delivery(number, withdraw())).await.unwrap();
        }
    };
    tokio::join!(change(one.clone(), 1), change(other, 2));
    assert_eq!(one.feed(0, 100).await.unwrap().len(), 40);
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
