//! The stand-in for GEGI as the host and the driver see it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::needless_raw_string_hashes)]

use expect_test::expect;

use super::*;
use host::clock::VirtualClock;
use host::gegi::{
    Basis, CourseKind, Delivery, HoursType, Issue, JournalEntry, LocalDate, LogRow, MailSink, Mark, Named, OpenIssue,
    Operation, Origin, Owner, Receipt, RecordSink, ResolveIssue, SchoolSource, SendOption, SetMark, Value, Visit,
    VoidLogRow, WithdrawMark,
};

const NINE: i64 = 1_693_213_200;

fn twin_at(path: Option<&Path>) -> Twin {
    let start = chrono::DateTime::from_timestamp(NINE, 0).unwrap();
    Twin::open(path, Arc::new(VirtualClock::new(start))).unwrap()
}

fn course(id: &str, revision: u64) -> Course {
    let named = || Named { id: "N1".to_owned(), name: "Name".to_owned() };
    let date = LocalDate { year: 2023, month: 8, day: 28 };
    Course {
        id: id.to_owned(),
        revision,
        kind: CourseKind::GroupCourse,
        campus: "main".to_owned(),
        program: named(),
        group: named(),
        groups: Vec::new(),
        number: format!("revision {revision}"),
        title: String::new(),
        start_date: date,
        end_date: date,
        completed_date: None,
        hours_type: HoursType::ClassSchedule,
        send_to_coursekey: SendOption::On,
        program_send_to_coursekey: SendOption::On,
        instructors: Vec::new(),
        students: Vec::new(),
        classes: Vec::new(),
    }
}

fn delivery(sequence: u64, operation: Operation) -> Delivery<Operation> {
    Delivery { sequence, id: format!("d{sequence}"), payload: operation }
}

fn set(expected: Option<Mark>, mark: Mark) -> Operation {
    let visit = Visit { checked_in: NINE, checked_out: Some(NINE + 3_600) };
    let basis = Basis {
        rule: "came-late".to_owned(),
        starts: NINE,
        ends: NINE + 3_600,
        late_until: NINE + 900,
        early_from: NINE + 2_700,
        longest_gap_seconds: Some(5_400),
        minimum_attended_percent: 80,
        attended_seconds: 3_600,
        visits: vec![visit],
        adjustment: None,
        awarded_seconds: None,
        attendance_record: Some("a1".to_owned()),
        version: 2,
        sentence: "A sentence.".to_owned(),
    };
    let (class, student) = ("C1-1".to_owned(), "S000001".to_owned());
    let journal = entry(NINE, "mark", format!("{mark:?}"));
    Operation::SetMark(SetMark { class, student, expected, mark, basis, journal })
}

fn withdraw() -> Operation {
    let (class, student) = ("C1-1".to_owned(), "S000001".to_owned());
    Operation::WithdrawMark(WithdrawMark { class, student, journal: entry(NINE, "mark-withdrawn", String::new()) })
}

fn entry(at: i64, what: &str, new: String) -> JournalEntry {
    JournalEntry {
        at,
        what: what.to_owned(),
        course: None,
        class: Some("C1-1".to_owned()),
        person: Some("S000001".to_owned()),
        old: None,
        new: Some(new),
        by: "CourseKey".to_owned(),
        attendance_record: Some("a1".to_owned()),
    }
}

fn own(mark: Mark, origin: Origin) -> CurrentMark {
    CurrentMark { student: "S000001".to_owned(), mark, origin }
}

async fn receive(twin: &Twin, delivery: &Delivery<Operation>) -> Receipt {
    twin.receive(delivery).await.unwrap()
}

async fn marks(twin: &Twin) -> Vec<(Mark, Origin)> {
    let marks = twin.current_marks("C1-1").await.unwrap();
    marks.into_iter().map(|mark| (mark.mark, mark.origin)).collect()
}

fn lines<T: serde::Serialize>(each: impl FnOnce(&mut dyn FnMut(T) -> std::io::Result<()>)) -> String {
    let mut all = String::new();
    each(&mut |line| {
        all += &serde_json::to_string(&line).unwrap();
        all += "\n";
        Ok(())
    });
    all
}

#[tokio::test]
async fn courses_are_listed_in_order_as_they_were_stored_last_whatever_their_revision() {
    let twin = twin_at(None);
    for (id, revision) in [("b", 2), ("a", 1), ("c", 1), ("b", 1)] {
        twin.put_course(&course(id, revision)).unwrap();
    }
    twin.remove_course("c").unwrap();
    assert_eq!(twin.courses(None, 10).await.unwrap(), [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    assert_eq!(twin.courses(Some("a"), 10).await.unwrap(), [("b".to_owned(), 1)]);
    assert_eq!(twin.courses(None, 1).await.unwrap().len(), 1);
    assert_eq!(twin.course("b").await.unwrap().unwrap(), course("b", 1));
    assert_eq!(twin.course("c").await.unwrap(), None);
}

#[tokio::test]
async fn a_mark_is_set_only_if_it_is_what_the_plugin_took_it_for() {
    let twin = twin_at(None);
    assert_eq!(receive(&twin, &delivery(1, set(None, Mark::Absent))).await, Receipt::Applied);
    let refused = Receipt::Refused("the mark is A by now".to_owned());
    assert_eq!(receive(&twin, &delivery(2, set(None, Mark::Late))).await, refused);
    assert_eq!(receive(&twin, &delivery(3, set(Some(Mark::Absent), Mark::Late))).await, Receipt::Applied);
    assert_eq!(receive(&twin, &delivery(4, set(None, Mark::Late))).await, Receipt::Applied);
    assert_eq!(marks(&twin).await, [(Mark::Late, Origin::Coursekey)]);
    expect![[r#"
        {"class":"C1-1","student":"S000001","mark":"L","basis":{"rule":"came-late","check-in":"2023-08-28T09:00:00Z","check-out":"2023-08-28T10:00:00Z","starts":"2023-08-28T09:00:00Z","ends":"2023-08-28T10:00:00Z","late-until":"2023-08-28T09:15:00Z","early-from":"2023-08-28T09:45:00Z","longest-gap-seconds":5400,"minimum-attended-percent":80,"attended-seconds":3600,"visits":[{"in":"2023-08-28T09:00:00Z","out":"2023-08-28T10:00:00Z"}],"adjustment":null,"awarded-seconds":null,"attendance-record":"a1","version":2,"sentence":"A sentence."}}
    "#]].assert_eq(&lines(|take| twin.each_mark(take).unwrap()));
}

#[tokio::test]
async fn a_repeated_delivery_changes_nothing_and_is_answered_as_before_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twin.sqlite");
    let first = delivery(1, set(None, Mark::Absent));
    let refused = delivery(2, set(None, Mark::Late));
    {
        let twin = twin_at(Some(&path));
        receive(&twin, &first).await;
        receive(&twin, &refused).await;
        twin.write_mark("change 7", "C1-1", &own(Mark::Present, Origin::Hand)).unwrap();
    }
    let twin = twin_at(Some(&path));
    assert_eq!(receive(&twin, &first).await, Receipt::Applied);
    assert_eq!(receive(&twin, &refused).await, Receipt::Refused("the mark is A by now".to_owned()));
    twin.write_mark("change 7", "C1-1", &own(Mark::Late, Origin::Preset)).unwrap();
    assert_eq!(marks(&twin).await, [(Mark::Present, Origin::Hand)]);
}

#[tokio::test]
async fn a_mark_of_gegi_s_own_is_not_withdrawn() {
    let twin = twin_at(None);
    receive(&twin, &delivery(1, set(None, Mark::Late))).await;
    assert_eq!(receive(&twin, &delivery(2, withdraw())).await, Receipt::Applied);
    assert_eq!(marks(&twin).await, []);
    twin.write_mark("change 1", "C1-1", &own(Mark::Absent, Origin::Preset)).unwrap();
    let refused = Receipt::Refused("the mark is GEGI's own by now".to_owned());
    assert_eq!(receive(&twin, &delivery(3, withdraw())).await, refused);
    expect![[r#"
        {"class":"C1-1","student":"S000001","mark":"A","basis":{"rule":"preset","check-in":null,"check-out":null,"sentence":"written in GEGI (preset)"}}
    "#]].assert_eq(&lines(|take| twin.each_mark(take).unwrap()));
}

#[tokio::test]
async fn log_rows_are_corrected_and_voided_by_record_and_visit() {
    let twin = twin_at(None);
    let row = |visit, minutes| {
        Operation::PutLogRow(LogRow {
            course: "C1".to_owned(),
            class: "C1-1".to_owned(),
            student: "S000001".to_owned(),
            attendance_record: "a1".to_owned(),
            visit,
            checked_in: NINE,
            checked_out: NINE + i64::from(minutes) * 60,
            minutes,
            journal: entry(NINE, "log-row", minutes.to_string()),
        })
    };
    let journal = entry(NINE, "log-row-voided", String::new());
    let void = Operation::VoidLogRow(VoidLogRow { attendance_record: "a1".to_owned(), visit: 1, journal });
    for (sequence, operation) in (1..).zip([row(1, 10), row(2, 20), row(2, 30), void]) {
        receive(&twin, &delivery(sequence, operation)).await;
    }
    expect![[r#"
        {"course":"C1","class":"C1-1","student":"S000001","record":"a1","visit":2,"in":"2023-08-28T09:00:00Z","out":"2023-08-28T09:30:00Z","minutes":30}
    "#]].assert_eq(&lines(|take| twin.each_log_row(take).unwrap()));
}

#[tokio::test]
async fn an_issue_is_open_until_it_is_resolved_and_opens_again_under_its_key() {
    let twin = twin_at(None);
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
        resolve("k2", NINE + 60),
        open("k2", NINE + 120, "Second again."),
    ];
    for (sequence, operation) in (1..).zip(operations) {
        receive(&twin, &delivery(sequence, operation)).await;
    }
    let issues = twin.issues().unwrap();
    expect![[r#"
        {"code":"email-missing","course":"C1","class":null,"student":"S000001","sentence":"First.","owner":"school","remedy":"Write one.","first-seen":"2023-08-28T09:00:00Z","resolved-at":"2023-08-28T09:01:00Z"}
        {"code":"email-missing","course":"C1","class":null,"student":"S000001","sentence":"Second again.","owner":"school","remedy":"Write one.","first-seen":"2023-08-28T09:02:00Z","resolved-at":null}
    "#]].assert_eq(&lines(|take| {
        issues.into_iter().try_for_each(take).unwrap();
    }));
}

#[tokio::test]
async fn the_journal_is_in_order_of_time() {
    let twin = twin_at(None);
    for (sequence, at) in [(1, NINE + 60), (2, NINE), (3, NINE + 60)] {
        let entry = entry(at, "mark", sequence.to_string());
        receive(&twin, &delivery(sequence, Operation::Journal(entry))).await;
    }
    expect![[r#"
        {"at":"2023-08-28T09:00:00Z","what":"mark","course":null,"class":"C1-1","student":"S000001","old":null,"new":"2","by":"CourseKey"}
        {"at":"2023-08-28T09:01:00Z","what":"mark","course":null,"class":"C1-1","student":"S000001","old":null,"new":"1","by":"CourseKey"}
        {"at":"2023-08-28T09:01:00Z","what":"mark","course":null,"class":"C1-1","student":"S000001","old":null,"new":"3","by":"CourseKey"}
    "#]].assert_eq(&lines(|take| twin.each_journal_line(take).unwrap()));
}

#[tokio::test]
async fn a_mark_or_a_row_and_its_line_of_the_journal_are_taken_together_or_refused_together() {
    let twin = twin_at(None);
    let journal = |twin: &Twin| {
        let mut lines = Vec::new();
        twin.each_journal_line(|line| {
            lines.push((line.what, line.new.unwrap_or_default(), line.attendance_record));
            Ok(())
        })
        .unwrap();
        lines
    };
    let line = |what: &str, new: &str| (what.to_owned(), new.to_owned(), Some("a1".to_owned()));
    receive(&twin, &delivery(1, set(None, Mark::Absent))).await;
    assert!(matches!(receive(&twin, &delivery(2, set(None, Mark::Late))).await, Receipt::Refused(_)));
    assert_eq!(journal(&twin), [line("mark", "Absent")]);
    receive(&twin, &delivery(1, set(None, Mark::Absent))).await;
    receive(&twin, &delivery(3, withdraw())).await;
    twin.write_mark("change 1", "C1-1", &own(Mark::Present, Origin::Hand)).unwrap();
    assert!(matches!(receive(&twin, &delivery(4, withdraw())).await, Receipt::Refused(_)));
    assert_eq!(journal(&twin), [line("mark", "Absent"), line("withdrawn", "")]);
}

#[tokio::test]
async fn mails_are_kept_once_with_the_moment_they_came() {
    let twin = twin_at(None);
    let message = Message {
        template: "synchronization-issues".to_owned(),
        recipient: "errors@example.edu".to_owned(),
        variables: vec![("school".to_owned(), Value::Text("Example School".to_owned()))],
    };
    let mail = Delivery { sequence: 1, id: "m1".to_owned(), payload: message.clone() };
    assert_eq!(twin.send(&mail).await.unwrap(), Receipt::Applied);
    assert_eq!(twin.send(&mail).await.unwrap(), Receipt::Applied);
    assert_eq!(twin.mails().unwrap(), [ReceivedMail { id: "m1".to_owned(), at: NINE, message }]);
}

#[tokio::test]
async fn settings_and_position_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twin.sqlite");
    let fresh = twin_at(Some(&path));
    assert!(fresh.settings_if_any().unwrap().is_none());
    assert!(fresh.settings().await.is_err());
    assert_eq!(fresh.position().unwrap(), None);
    let settings = SchoolSettings::with_defaults("Example School", "https://coursekey.example/v1", Vec::new());
    fresh.put_settings(&settings).unwrap();
    let position = Position { clock: NINE, changes_from: NINE + 1 };
    fresh.set_position(position).unwrap();
    fresh.put_settings(&settings).unwrap();
    drop(fresh);
    let again = twin_at(Some(&path));
    assert_eq!(again.settings().await.unwrap(), settings);
    assert_eq!(again.position().unwrap(), Some(position));
}
