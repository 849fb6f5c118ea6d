//! The plugin's side: the real component does everything that it can do at a simulated CourseKey, and every request
//! that left the host, and every answer, is checked against the contract.
//!
//! Not here: which requests the plugin sends when (the plugin's own rooms).

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect;
use host::door::TransportError;
use http::Method;
use serde_json::Value;
use simulator::{Fault, FaultEffect, Kind};

use crate::contract::{Contract, decoded, id};
use crate::recorder::Exchange;
use crate::school::{CALM, CAMPUSES, URL, key, storm};

/// Operations that read whole rosters, page by page: the plugin keeps what CourseKey acknowledged and never reads it
/// back. Of `listUsers` the plugin uses only the look-up by e-mail address.
const NOT_USED: [&str; 3] = ["listCourses", "listEnrollments", "listSessions"];

fn assert_kept(contract: &Contract, exchanges: &[Exchange]) {
    for Exchange { campus, request, answer } in exchanges {
        assert_eq!(contract.faults_of_request(request), [""; 0], "{} {}", request.method(), request.uri());
        let number = CAMPUSES.into_iter().find(|(id, _)| id == campus).unwrap().1;
        let school = format!("{URL}/schools/{number}");
        let rest = request.uri().to_string();
        let rest = rest.strip_prefix(&school).unwrap_or_else(|| panic!("{rest} is not below {school}"));
        assert!(rest.is_empty() || rest.starts_with('/'), "{rest} is not below {school}");
        if let Ok(answer) = answer {
            contract.assert_answer(request, answer);
        }
    }
}

#[test]
fn every_request_of_a_day_and_its_answer_keep_to_the_contract() {
    let contract = Contract::read();
    assert_kept(&contract, &CALM);
    let unheard = CALM.iter().filter(|exchange| exchange.answer.is_err()).count();
    assert_eq!(unheard, 0);
}

#[test]
fn every_request_has_the_key_of_its_campus_and_no_header_but_those_of_its_body() {
    let mut campuses = BTreeSet::new();
    for Exchange { campus, request, .. } in CALM.iter() {
        let mut wanted = BTreeMap::from([
            ("accept", "application/json".to_owned()),
            ("authorization", format!("Bearer {}", key(campus))),
        ]);
        if request.method() == Method::PUT {
            wanted.insert("content-type", "application/json".to_owned());
        }
        let sent: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(sent.len(), wanted.len(), "{:?}", request.headers().keys());
        assert_eq!(sent.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<BTreeMap<_, _>>(), wanted);
        campuses.insert(campus.as_str());
    }
    assert_eq!(campuses, CAMPUSES.iter().map(|(campus, _)| *campus).collect());
}

#[test]
fn every_operation_is_used_but_the_reads_of_whole_rosters() {
    let contract = Contract::read();
    let used: BTreeSet<String> = CALM.iter().map(|exchange| id(contract.operation(&exchange.request))).collect();
    let described: BTreeSet<String> = contract.operations().map(|(_, _, operation)| id(operation)).collect();
    assert_eq!(described.difference(&used).collect::<Vec<_>>(), NOT_USED);
}

#[test]
fn requests_take_every_form_the_contract_has_for_them() {
    let contract = Contract::read();
    let forms: BTreeSet<String> = CALM.iter().flat_map(|exchange| forms(&contract, exchange)).collect();
    expect![[r#"
        getSchool
        listAttendance updatedSince after limit
        listAttendance updatedSince limit
        listUsers email
        putCourses attendanceName endDate externalId instructors name owner revision startDate timeZone title
        putEnrollments courseId dropped=false revision userId
        putEnrollments courseId dropped=true revision userId
        putSessions courseId endsAt externalId revision startsAt
        putSessions courseId externalId removed=true revision
        putUsers accountId email firstName initialPassword issuedId lastName revision teacher=false
        putUsers email firstName initialPassword issuedId lastName revision teacher=false
        putUsers email firstName initialPassword issuedId lastName revision teacher=true
    "#]]
    .assert_eq(&forms.iter().flat_map(|form| [form, "\n"]).collect::<String>());
    for (operation, schema) in [
        ("putUsers", "User"),
        ("putCourses", "Course"),
        ("putSessions", "HeldSession"),
        ("putSessions", "RemovedSession"),
        ("putEnrollments", "Enrollment"),
    ] {
        let own = forms.iter().filter(|form| form.starts_with(operation));
        let words: BTreeSet<&str> = own.flat_map(|form| form.split([' ', '='])).collect();
        for name in contract.document["components"]["schemas"][schema]["properties"].as_object().unwrap().keys() {
            assert!(words.contains(name.as_str()), "{schema}.{name} is never sent");
        }
    }
}

/// The forms of its operation that the request uses: the parameters of a read, or the keys of each item; of a flag
/// its value too.
fn forms(contract: &Contract, exchange: &Exchange) -> Vec<String> {
    let operation = id(contract.operation(&exchange.request));
    if exchange.request.method() == Method::GET {
        let query = exchange.request.uri().query().unwrap_or_default();
        let names = query.split('&').map(|pair| pair.split('=').next().unwrap());
        return vec![names.fold(operation, |form, name| format!("{form} {name}")).trim_end().to_owned()];
    }
    let word = |(name, value): (&String, &Value)| match value {
        Value::Bool(flag) => format!(" {name}={flag}"),
        _ => format!(" {name}"),
    };
    let form = |item: &Value| item.as_object().unwrap().iter().map(word).collect::<String>();
    items(exchange).iter().map(|item| format!("{operation}{}", form(item))).collect()
}

fn items(exchange: &Exchange) -> Vec<Value> {
    let body: Value = serde_json::from_slice(exchange.request.body()).unwrap();
    body["items"].as_array().unwrap().clone()
}

#[test]
fn batches_are_filled_to_a_hundred_items_and_no_more() {
    let mut largest: BTreeMap<&str, usize> = BTreeMap::new();
    for exchange in CALM.iter().filter(|exchange| exchange.request.method() == Method::PUT) {
        let count = items(exchange).len();
        assert!((1..=100).contains(&count), "{}: {count} items", exchange.request.uri());
        let list = exchange.request.uri().path().rsplit('/').next().unwrap();
        let known = largest.entry(list).or_default();
        *known = count.max(*known);
    }
    assert_eq!((largest["users"], largest["enrollments"]), (100, 100));
}

#[test]
fn every_cursor_of_attendance_is_handed_back_unchanged() {
    let contract = Contract::read();
    let polls = CALM.iter().filter(|exchange| id(contract.operation(&exchange.request)) == "listAttendance");
    let mut expected: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut followed = 0;
    for Exchange { campus, request, answer } in polls {
        let query = request.uri().query().unwrap();
        let sent = query.split('&').find_map(|pair| pair.strip_prefix("after=")).and_then(decoded);
        followed += u32::from(sent.is_some());
        assert_eq!(sent, expected.remove(campus.as_str()).flatten());
        let page: Value = serde_json::from_slice(answer.as_ref().unwrap().body()).unwrap();
        expected.insert(campus, page["next"].as_str().map(str::to_owned));
    }
    assert!(followed > 0, "attendance came on one page");
    assert!(expected.values().all(Option::is_none), "a page was left unread");
}

#[test]
fn requests_keep_to_the_contract_whatever_is_answered() {
    let status = |status, retry_after| FaultEffect::Status { status, retry_after };
    let writes = [Kind::Users, Kind::Courses, Kind::Sessions, Kind::Enrollments];
    let too_large = writes.map(|on| Fault { on, effect: status(413, None), times: 1 });
    let anywhere = [
        status(400, None),
        status(401, None),
        status(403, None),
        status(404, None),
        status(429, Some(30)),
        status(500, None),
        FaultEffect::Timeout,
        FaultEffect::Cut,
        FaultEffect::LostAnswer,
    ];
    let kinds = writes.into_iter().chain([Kind::Connection, Kind::Attendance]);
    let faults = kinds.flat_map(|on| anywhere.map(|effect| Fault { on, effect, times: 1 }));
    let exchanges = storm(too_large.into_iter().chain(faults));

    let contract = Contract::read();
    assert_kept(&contract, &exchanges);
    // Which of the requests about users meets a fault depends on the order in which they come.
    let used = |(operation, _): &(String, String)| operation != "listUsers" && !NOT_USED.contains(&operation.as_str());
    let documented: BTreeSet<_> = contract.documented().into_iter().filter(used).collect();
    let missing: Vec<_> = documented.difference(&contract.seen.borrow()).cloned().collect();
    assert_eq!(missing, []);
    let unheard = |wanted: fn(&TransportError) -> bool| {
        exchanges.iter().filter(|exchange| exchange.answer.as_ref().is_err_and(wanted)).count()
    };
    assert_eq!(unheard(|error| matches!(error, TransportError::TimedOut(_))), 12);
    assert_eq!(unheard(|error| *error == TransportError::Cut), 6);
}
