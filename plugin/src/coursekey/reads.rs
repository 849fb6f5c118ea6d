//! What the plugin reads of a CourseKey school besides attendance: the connection check, and the accounts with an
//! e-mail address. And the one way to send a single request.

use serde::Deserialize;

use super::answer::{Answer, sort};
use super::{Gate, Heard, request};
use crate::model::ids::{AccountId, Address, SchoolNumber};
use crate::model::time::Instant;
use crate::world::Network;
use crate::world::network::{Exchange, Kind, Method, Reply, Request, Unheard};

/// CourseKey's answer to the connection check.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchoolFacts {
    /// CourseKey's number of the school.
    pub school_id: SchoolNumber,
    /// The school's IANA time zone.
    pub time_zone: String,
}

/// An account that CourseKey holds.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountFacts {
    /// CourseKey's own id.
    pub account_id: AccountId,
    /// GEGI's id of the person who has the account; none: the account has no such id.
    #[serde(default)]
    pub issued_id: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

#[derive(Deserialize)]
struct Accounts {
    items: Vec<AccountFacts>,
}

/// Asks CourseKey for the number and the time zone of the school. None: the gate let no request out.
pub fn connection(
    world: &mut impl Network,
    gate: &mut dyn Gate,
    base: &str,
    address: &Address,
    now: Instant,
) -> Option<Answer<SchoolFacts>> {
    let request = request(base, address, Kind::Connection, Method::Get, "");
    one(world, gate, request, now, |body| serde_json::from_slice(body).map_err(|problem| problem.to_string()))
}

/// Asks CourseKey for the accounts with an e-mail address. None: the gate let no request out.
pub fn accounts_with(
    world: &mut impl Network,
    gate: &mut dyn Gate,
    base: &str,
    address: &Address,
    email: &str,
    now: Instant,
) -> Option<Answer<Vec<AccountFacts>>> {
    let request = request(base, address, Kind::Users, Method::Get, &format!("/users?email={}", escape(email)));
    one(world, gate, request, now, |body| {
        serde_json::from_slice(body).map(|found: Accounts| found.items).map_err(|problem| problem.to_string())
    })
}

/// Percent-encodes a query value (RFC 3986 §2.3: everything but unreserved characters).
pub(super) fn escape(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Sends one request, sorts its answer and tells the gate. None: the gate did not let the request out.
pub(super) fn one<T>(
    world: &mut impl Network,
    gate: &mut dyn Gate,
    request: Request,
    now: Instant,
    read: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Option<Answer<T>> {
    let (address, kind) = (request.address.clone(), request.kind);
    let mut single = Single { gate, answer: None };
    world.exchange(&[request], &mut single);
    let answer = sort(single.answer?, now, read);
    let heard = match &answer {
        // A refused request for a whole list carried no item that could be at fault, so the list itself does not work
        // and is left alone for a while. A refused search for one account says nothing about the other accounts.
        Answer::Refused(failure) if kind != Kind::Users => Heard::Later(failure),
        answer => Heard::from(answer),
    };
    gate.heard(&address, kind, heard);
    Some(answer)
}

struct Single<'g> {
    gate: &'g mut dyn Gate,
    answer: Option<Result<Reply, Unheard>>,
}

impl Exchange for Single<'_> {
    fn may_start(&mut self, request: &Request, now: Instant) -> bool {
        self.gate.may_start(request, now)
    }

    fn take(&mut self, _: usize, answer: Result<Reply, Unheard>) {
        self.answer = Some(answer);
    }
}
