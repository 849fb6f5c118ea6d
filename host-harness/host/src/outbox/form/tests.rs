//! The text of each kind of item, the way back from the text to the item, and texts that cannot be read.

#![allow(clippy::unwrap_used, clippy::panic)]

use expect_test::expect;
use proptest::prelude::*;

use super::{read_mail, read_operation, write_mail, write_operation};
use crate::gegi::{
    Basis, Issue, JournalEntry, LogRow, Mark, Message, OpenIssue, Operation, Owner, ResolveIssue, SetMark, Value,
    Visit, VoidLogRow, WithdrawMark,
};
use crate::store::{Lane, OutboxItem, StoreError};

fn item(payload: String) -> OutboxItem {
    OutboxItem { sequence: 7, id: String::new(), payload }
}

fn entry(what: &str, class: Option<&str>) -> JournalEntry {
    JournalEntry {
        at: 1_693_238_400,
        what: what.to_owned(),
        course: Some("C1".to_owned()),
        class: class.map(str::to_owned),
        person: Some("S000001".to_owned()),
        old: None,
        new: Some("L".to_owned()),
        by: "record a1 version 2".to_owned(),
        attendance_record: Some("a1".to_owned()),
    }
}

fn each_kind() -> [Operation; 7] {
    let (class, student) = ("C1-1".to_owned(), "S000001".to_owned());
    let basis = Basis {
        rule: "came-late".to_owned(),
        starts: 1_693_231_200,
        ends: 1_693_237_800,
        late_until: 1_693_232_100,
        early_from: 1_693_236_900,
        longest_gap_seconds: Some(5_400),
        minimum_attended_percent: 80,
        attended_seconds: 6_180,
        visits: vec![Visit { checked_in: 1_693_231_620, checked_out: None }],
        adjustment: None,
        awarded_seconds: None,
        attendance_record: Some("a1".to_owned()),
        version: 2,
        sentence: "Came 7 min after the start.".to_owned(),
    };
    let issue = Issue {
        code: "email-missing".to_owned(),
        course: Some("C1".to_owned()),
        class: None,
        person: None,
        sentence: "There is none.".to_owned(),
        owner: Owner::School,
        remedy: "Write one.".to_owned(),
    };
    let row = LogRow {
        course: "C1".to_owned(),
        class: class.clone(),
        student: student.clone(),
        attendance_record: "a1".to_owned(),
        visit: 1,
        checked_in: 1_693_231_200,
        checked_out: 1_693_231_800,
        minutes: 10,
        journal: entry("log-row", Some("C1-1")),
    };
    let journal = || entry("mark", Some("C1-1"));
    [
        Operation::SetMark(SetMark {
            class: class.clone(),
            student: student.clone(),
            expected: Some(Mark::Absent),
            mark: Mark::Late,
            basis,
            journal: journal(),
        }),
        Operation::WithdrawMark(WithdrawMark { class, student, journal: journal() }),
        Operation::PutLogRow(row),
        Operation::VoidLogRow(VoidLogRow { attendance_record: "a1".to_owned(), visit: 1, journal: journal() }),
        Operation::OpenIssue(OpenIssue { key: "k1".to_owned(), at: 1, issue }),
        Operation::ResolveIssue(ResolveIssue { key: "k1".to_owned(), at: 2 }),
        Operation::Journal(entry("account-adopted", None)),
    ]
}

/// The next version must read everything that this version stores: a difference here needs a new version of the form.
#[test]
fn every_kind_of_item_has_its_text() {
    let mut text: String =
        each_kind().into_iter().map(|operation| write_operation(operation).unwrap() + "\n").collect();
    text += &write_mail(Message {
        template: "synchronization-issues".to_owned(),
        recipient: "errors@example.edu".to_owned(),
        variables: vec![
            ("school".to_owned(), Value::Text("Example School".to_owned())),
            ("count".to_owned(), Value::Number(-1)),
            ("issues".to_owned(), Value::Rows(vec![vec![("sentence".to_owned(), "There is none.".to_owned())]])),
        ],
    })
    .unwrap();
    expect![[r#"
        1 {"set-mark":{"class":"C1-1","student":"S000001","expected":"absent","mark":"late","basis":{"rule":"came-late","starts":1693231200,"ends":1693237800,"late-until":1693232100,"early-from":1693236900,"longest-gap-seconds":5400,"minimum-attended-percent":80,"attended-seconds":6180,"visits":[{"checked-in":1693231620,"checked-out":null}],"adjustment":null,"awarded-seconds":null,"attendance-record":"a1","version":2,"sentence":"Came 7 min after the start."},"journal":{"at":1693238400,"what":"mark","course":"C1","class":"C1-1","person":"S000001","old":null,"new":"L","by":"record a1 version 2","attendance-record":"a1"}}}
        1 {"withdraw-mark":{"class":"C1-1","student":"S000001","journal":{"at":1693238400,"what":"mark","course":"C1","class":"C1-1","person":"S000001","old":null,"new":"L","by":"record a1 version 2","attendance-record":"a1"}}}
        1 {"put-log-row":{"course":"C1","class":"C1-1","student":"S000001","attendance-record":"a1","visit":1,"checked-in":1693231200,"checked-out":1693231800,"minutes":10,"journal":{"at":1693238400,"what":"log-row","course":"C1","class":"C1-1","person":"S000001","old":null,"new":"L","by":"record a1 version 2","attendance-record":"a1"}}}
        1 {"void-log-row":{"attendance-record":"a1","visit":1,"journal":{"at":1693238400,"what":"mark","course":"C1","class":"C1-1","person":"S000001","old":null,"new":"L","by":"record a1 version 2","attendance-record":"a1"}}}
        1 {"open-issue":{"key":"k1","at":1,"issue":{"code":"email-missing","course":"C1","class":null,"person":null,"sentence":"There is none.","owner":"school","remedy":"Write one."}}}
        1 {"resolve-issue":{"key":"k1","at":2}}
        1 {"journal":{"at":1693238400,"what":"account-adopted","course":"C1","class":null,"person":"S000001","old":null,"new":"L","by":"record a1 version 2","attendance-record":"a1"}}
        1 {"template":"synchronization-issues","recipient":"errors@example.edu","variables":[["school",{"Text":"Example School"}],["count",{"Number":-1}],["issues",{"Rows":[[["sentence","There is none."]]]}]]}"#]].assert_eq(&text);
}

#[test]
fn another_version_another_kind_and_another_field_are_unreadable() {
    let readable = r#"1 {"resolve-issue":{"key":"k1","at":2}}"#;
    assert!(read_operation(&item(readable.to_owned())).is_ok());
    for text in [
        r#"2 {"resolve-issue":{"key":"k1","at":2}}"#,
        r#"{"resolve-issue":{"key":"k1","at":2}}"#,
        r#"1 {"promote":{"key":"k1","at":2}}"#,
        r#"{"v":1}"#,
        r#"1 {"resolve-issue":{"key":"k1","at":2,"by":"hand"}}"#,
        r#"1 {"resolve-issue":{"key":"k1"}}"#,
        r#"1 {"mail":{"template":"t","recipient":"r","variables":[]}}"#,
        "",
    ] {
        let failure = read_operation(&item(text.to_owned())).unwrap_err();
        assert!(matches!(failure, StoreError::Unreadable { lane: Lane::Records, sequence: 7 }), "{text}: {failure}");
    }
    let failure = read_mail(&item(readable.to_owned())).unwrap_err();
    assert!(matches!(failure, StoreError::Unreadable { lane: Lane::Mails, sequence: 7 }), "{failure}");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9]{0,6}", any::<String>()]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    prop::option::of(text())
}

fn any_entry() -> impl Strategy<Value = JournalEntry> {
    (any::<i64>(), text(), [maybe(), maybe(), maybe(), maybe(), maybe(), maybe()], text()).prop_map(
        |(at, what, [course, class, person, old, new, attendance_record], by)| JournalEntry {
            at,
            what,
            course,
            class,
            person,
            old,
            new,
            by,
            attendance_record,
        },
    )
}

fn any_basis() -> impl Strategy<Value = Basis> {
    let visit = (any::<i64>(), prop::option::of(any::<i64>()))
        .prop_map(|(checked_in, checked_out)| Visit { checked_in, checked_out });
    let numbers = (any::<[i64; 5]>(), any::<Option<u32>>(), any::<u32>(), any::<Option<i64>>(), any::<u64>());
    (text(), numbers, prop::collection::vec(visit, 0..4), maybe(), maybe(), text()).prop_map(
        |(rule, numbers, visits, adjustment, record, sentence)| {
            let (moments, longest_gap_seconds, minimum_attended_percent, awarded_seconds, version) = numbers;
            let [starts, ends, late_until, early_from, attended_seconds] = moments;
            Basis {
                rule,
                starts,
                ends,
                late_until,
                early_from,
                longest_gap_seconds,
                minimum_attended_percent,
                attended_seconds,
                visits,
                adjustment,
                awarded_seconds,
                attendance_record: record,
                version,
                sentence,
            }
        },
    )
}

fn any_issue() -> impl Strategy<Value = Issue> {
    let owner = prop::sample::select(&[Owner::School, Owner::Coursekey, Owner::Gegi][..]);
    (text(), [maybe(), maybe(), maybe()], text(), owner, text()).prop_map(
        |(code, [course, class, person], sentence, owner, remedy)| Issue {
            code,
            course,
            class,
            person,
            sentence,
            owner,
            remedy,
        },
    )
}

fn any_row() -> impl Strategy<Value = LogRow> {
    ([text(), text(), text(), text()], any::<[u32; 2]>(), any::<[i64; 2]>(), any_entry()).prop_map(
        |([course, class, student, attendance_record], [visit, minutes], [checked_in, checked_out], journal)| LogRow {
            course,
            class,
            student,
            attendance_record,
            visit,
            checked_in,
            checked_out,
            minutes,
            journal,
        },
    )
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let mark = || prop::sample::select(&[Mark::Present, Mark::Late, Mark::Absent][..]);
    let set = (text(), text(), prop::option::of(mark()), mark(), any_basis(), any_entry());
    prop_oneof![
        set.prop_map(|(class, student, expected, mark, basis, journal)| Operation::SetMark(SetMark {
            class,
            student,
            expected,
            mark,
            basis,
            journal
        })),
        (text(), text(), any_entry()).prop_map(|(class, student, journal)| Operation::WithdrawMark(WithdrawMark {
            class,
            student,
            journal
        })),
        any_row().prop_map(Operation::PutLogRow),
        (text(), any::<u32>(), any_entry()).prop_map(|(attendance_record, visit, journal)| Operation::VoidLogRow(
            VoidLogRow { attendance_record, visit, journal }
        )),
        (text(), any::<i64>(), any_issue()).prop_map(|(key, at, issue)| Operation::OpenIssue(OpenIssue {
            key,
            at,
            issue
        })),
        (text(), any::<i64>()).prop_map(|(key, at)| Operation::ResolveIssue(ResolveIssue { key, at })),
        any_entry().prop_map(Operation::Journal),
    ]
}

fn any_mail() -> impl Strategy<Value = Message> {
    let row = || prop::collection::vec((text(), text()), 0..3);
    let value = prop_oneof![
        text().prop_map(Value::Text),
        any::<i64>().prop_map(Value::Number),
        prop::collection::vec(row(), 0..3).prop_map(Value::Rows),
    ];
    (text(), text(), prop::collection::vec((text(), value), 0..4))
        .prop_map(|(template, recipient, variables)| Message { template, recipient, variables })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_comes_back_as_it_went_in(operation in any_operation()) {
        let stored = item(write_operation(operation.clone()).unwrap());
        prop_assert_eq!(read_operation(&stored).unwrap(), operation);
    }

    #[test]
    fn every_mail_comes_back_as_it_went_in(message in any_mail()) {
        let stored = item(write_mail(message.clone()).unwrap());
        prop_assert_eq!(read_mail(&stored).unwrap(), message);
    }
}

#[test]
fn an_id_follows_from_what_is_said_and_not_from_the_version_of_the_form() {
    let id = |payload: &str| OutboxItem::new(&"school".into(), Lane::Mails, 7, payload.to_owned()).id;
    let content = r#"{"template":"synchronization-issues"}"#;
    assert_eq!(id(&format!("1 {content}")), id(&format!("2 {content}")));
    assert_ne!(id(&format!("1 {content}")), id(r#"1 {"template":"another"}"#));
}
