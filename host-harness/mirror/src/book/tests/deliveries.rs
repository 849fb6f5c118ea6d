//! What becomes of the host's deliveries: each is taken once, whole or not at all.

use expect_test::expect;

use super::*;
use host::gegi::{Issue, LogRow, MailSink, Message, OpenIssue, Owner, ResolveIssue, Value, VoidLogRow};

/// The lines as they stand in a file.
macro_rules! lines {
    ($each:ident of $book:expr) => {{
        let mut all = String::new();
        let add = |line| {
            all += &serde_json::to_string(&line).unwrap();
            all += "\n";
            Ok(())
        };
        $book.$each(add).await.unwrap();
        all
    }};
}

#[tokio::test]
async fn a_mark_is_set_only_if_it_is_what_the_plugin_took_it_for() {
    let book = book(&Arc::default());
    assert_eq!(receive(&book, &delivery(1, set(None, Mark::Absent))).await, Receipt::Applied);
    let refused = Receipt::Refused("the mark is A by now".to_owned());
    assert_eq!(receive(&book, &delivery(2, set(None, Mark::Late))).await, refused);
    assert_eq!(receive(&book, &delivery(3, set(Some(Mark::Absent), Mark::Late))).await, Receipt::Applied);
    assert_eq!(receive(&book, &delivery(4, set(None, Mark::Late))).await, Receipt::Applied);
    assert_eq!(marks(&book).await, [(Mark::Late, Origin::Coursekey)]);
    expect![[r#"
        {"class":"C1-1","student":"S000001","mark":"L","basis":{"rule":"came-late","check-in":"2023-08-28T09:00:00Z","check-out":"2023-08-28T10:00:00Z","starts":"2023-08-28T09:00:00Z","ends":"2023-08-28T10:00:00Z","late-until":"2023-08-28T09:15:00Z","early-from":"2023-08-28T09:45:00Z","longest-gap-seconds":5400,"minimum-attended-percent":80,"attended-seconds":3600,"visits":[{"in":"2023-08-28T09:00:00Z","out":"2023-08-28T10:00:00Z"}],"adjustment":null,"awarded-seconds":null,"attendance-record":"a1","version":2,"sentence":"A sentence."}}
    "#]].assert_eq(&lines!(each_mark of book));
    let (line, origin) = book.mark_of("C1-1", "S000001").await.unwrap().unwrap();
    let visits: Vec<_> = line.basis.visits().collect();
    assert_eq!(visits, [("2023-08-28T09:00:00Z", Some("2023-08-28T10:00:00Z"))]);
    assert_eq!((origin, line.basis.attendance_record()), (Origin::Coursekey, Some("a1")));
}

#[tokio::test]
async fn a_repeated_delivery_changes_nothing_and_is_answered_as_before_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || book_on(Arc::new(SqliteStore::scratch(folder.path().join("host.sqlite")).unwrap()));
    let first = delivery(1, set(None, Mark::Absent));
    let refused = delivery(2, set(None, Mark::Late));
    {
        let book = open();
        receive(&book, &first).await;
        receive(&book, &refused).await;
        book.write_mark("change 7", "C1-1", &own(Mark::Present, Origin::Hand)).await.unwrap();
    }
    let book = open();
    assert_eq!(receive(&book, &first).await, Receipt::Applied);
    assert_eq!(receive(&book, &refused).await, Receipt::Refused("the mark is A by now".to_owned()));
    book.write_mark("change 7", "C1-1", &own(Mark::Late, Origin::Preset)).await.unwrap();
    assert_eq!(marks(&book).await, [(Mark::Present, Origin::Hand)]);
    assert_eq!(journal(&book).await, ["mark A a1"]);
}

#[tokio::test]
async fn a_restored_host_gives_its_numbers_to_other_items() {
    let book = book(&Arc::default());
    receive(&book, &delivery(1, set(None, Mark::Absent))).await;
    let other = Delivery { id: "another".to_owned(), ..delivery(1, withdraw()) };
    assert_eq!(receive(&book, &other).await, Receipt::Applied);
    assert_eq!(marks(&book).await, []);
}

#[tokio::test]
async fn a_mark_of_gegi_s_own_is_not_withdrawn() {
    let book = book(&Arc::default());
    receive(&book, &delivery(1, set(None, Mark::Late))).await;
    assert_eq!(receive(&book, &delivery(2, withdraw())).await, Receipt::Applied);
    assert_eq!(marks(&book).await, []);
    book.write_mark("change 1", "C1-1", &own(Mark::Absent, Origin::Preset)).await.unwrap();
    let refused = Receipt::Refused("the mark is GEGI's own by now".to_owned());
    assert_eq!(receive(&book, &delivery(3, withdraw())).await, refused);
    expect![[r#"
        {"class":"C1-1","student":"S000001","mark":"A","basis":{"rule":"preset","check-in":null,"check-out":null,"sentence":"written in GEGI (preset)"}}
    "#]].assert_eq(&lines!(each_mark of book));
    let (line, origin) = book.mark_of("C1-1", "S000001").await.unwrap().unwrap();
    assert_eq!((origin, line.basis.visits().count(), line.basis.attendance_record()), (Origin::Preset, 0, None));
}

#[tokio::test]
async fn log_rows_are_corrected_and_voided_by_record_and_visit() {
    let book = book(&Arc::default());
    let row = |visit, minutes: u32| {
        Operation::PutLogRow(LogRow {
            course: "C1".to_owned(),
            class: "C1-1".to_owned(),
            student: "S000001".to_owned(),
            attendance_record: "a1".to_owned(),
            visit,
            checked_in: NINE,
            checked_out: NINE + i64::from(minutes) * 60,
            minutes,
            journal: entry(NINE, "log-row", Some(&minutes.to_string())),
        })
    };
    let journal = entry(NINE, "log-row-voided", None);
    let void = Operation::VoidLogRow(VoidLogRow { attendance_record: "a1".to_owned(), visit: 1, journal });
    for (sequence, operation) in (1..).zip([row(1, 10), row(2, 20), row(2, 30), void]) {
        receive(&book, &delivery(sequence, operation)).await;
    }
    expect![[r#"
        {"course":"C1","class":"C1-1","student":"S000001","record":"a1","visit":2,"in":"2023-08-28T09:00:00Z","out":"2023-08-28T09:30:00Z","minutes":30}
    "#]].assert_eq(&lines!(each_log_row of book));
    let visits = |rows: Vec<crate::lines::LogLine>| rows.iter().map(|row| row.visit).collect::<Vec<_>>();
    assert_eq!(visits(book.log_rows_of("a1").await.unwrap()), [2]);
    assert!(book.log_rows_of("a").await.unwrap().is_empty());
}

#[tokio::test]
async fn an_issue_is_open_until_it_is_resolved_and_opens_again_under_its_key() {
    let book = book(&Arc::default());
    let open = |key: &str, at, sentence: &str| {
        let issue = Issue {
            code: "email-missing".to_owned(),
            course: Some("C1".to_owned()),
            class: None,
            person: Some("S000001".to_owned()),
            sentence: sentence.to_owned(),
            owner: Owner::School,
            remedy: "Write one.".to_owned(),
        };
        Operation::OpenIssue(OpenIssue { key: key.to_owned(), at, issue })
    };
    let resolve = |key: &str, at| Operation::ResolveIssue(ResolveIssue { key: key.to_owned(), at });
    let operations = [
        open("k2", NINE, "Second."),
        open("k1", NINE, "First."),
        resolve("k1", NINE + 60),
        resolve("k1", NINE + 90),
        resolve("k2", NINE + 60),
        open("k2", NINE + 120, "Second again."),
    ];
    for (sequence, operation) in (1..).zip(operations) {
        receive(&book, &delivery(sequence, operation)).await;
    }
    let lines = book.issues().await.unwrap();
    expect![[r#"
        {"code":"email-missing","course":"C1","class":null,"student":"S000001","sentence":"First.","owner":"school","remedy":"Write one.","first-seen":"2023-08-28T09:00:00Z","resolved-at":"2023-08-28T09:01:00Z"}
        {"code":"email-missing","course":"C1","class":null,"student":"S000001","sentence":"Second again.","owner":"school","remedy":"Write one.","first-seen":"2023-08-28T09:02:00Z","resolved-at":null}
    "#]].assert_eq(&lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect::<String>());
}

#[tokio::test]
async fn the_journal_is_in_order_of_time() {
    let book = book(&Arc::default());
    for (sequence, at) in [(1, NINE + 60), (2, NINE), (3, NINE + 60)] {
        let entry = entry(at, "mark", Some(&sequence.to_string()));
        receive(&book, &delivery(sequence, Operation::Journal(entry))).await;
    }
    let mut lines = String::new();
    let add = |line, _: Option<&str>| {
        lines += &serde_json::to_string(&line).unwrap();
        lines += "\n";
        Ok(())
    };
    book.each_journal_line(add).await.unwrap();
    expect![[r#"
        {"at":"2023-08-28T09:00:00Z","what":"mark","course":null,"class":"C1-1","student":"S000001","old":null,"new":"2","by":"CourseKey"}
        {"at":"2023-08-28T09:01:00Z","what":"mark","course":null,"class":"C1-1","student":"S000001","old":null,"new":"1","by":"CourseKey"}
        {"at":"2023-08-28T09:01:00Z","what":"mark","course":null,"class":"C1-1","student":"S000001","old":null,"new":"3","by":"CourseKey"}
    "#]].assert_eq(&lines);
}

#[tokio::test]
async fn a_mark_or_a_row_and_its_line_of_the_journal_are_taken_together_or_refused_together() {
    let book = book(&Arc::default());
    receive(&book, &delivery(1, set(None, Mark::Absent))).await;
    assert!(matches!(receive(&book, &delivery(2, set(None, Mark::Late))).await, Receipt::Refused(_)));
    assert_eq!(journal(&book).await, ["mark A a1"]);
    receive(&book, &delivery(1, set(None, Mark::Absent))).await;
    receive(&book, &delivery(3, withdraw())).await;
    book.write_mark("change 1", "C1-1", &own(Mark::Present, Origin::Hand)).await.unwrap();
    assert!(matches!(receive(&book, &delivery(4, withdraw())).await, Receipt::Refused(_)));
    assert_eq!(journal(&book).await, ["mark A a1", "withdrawn  a1"]);
}

#[tokio::test]
async fn mails_are_kept_once_with_the_moment_they_came() {
    let book = book(&Arc::default());
    let message = Message {
        template: "synchronization-issues".to_owned(),
        recipient: "errors@example.edu".to_owned(),
        variables: vec![("school".to_owned(), Value::Text("Example School".to_owned()))],
    };
    let mail = Delivery { sequence: 1, id: "m1".to_owned(), payload: message.clone() };
    assert_eq!(book.send(&mail).await.unwrap(), Receipt::Applied);
    assert_eq!(book.send(&mail).await.unwrap(), Receipt::Applied);
    assert_eq!(book.mails().await.unwrap(), [ReceivedMail { id: "m1".to_owned(), at: NINE, message }]);
}
