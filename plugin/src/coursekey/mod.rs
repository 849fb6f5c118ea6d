//! CourseKey's wire: the only room that knows CourseKey's JSON, paths, paging and answers. `coursekey.openapi.yaml`
//! says which parts of the contract are known and which are assumed; when the true contract arrives, only this room
//! changes. Not here: which actions are sent and when a campus is left alone (`tick`).

pub mod answer;
pub mod attendance;
pub mod codes;
pub mod items;
pub mod reads;
pub mod upsert;

use crate::coursekey::answer::{Answer, Failure};
use crate::model::ids::Address;
use crate::model::issue::Code;
use crate::model::time::Instant;
use crate::world::network::{Kind, Method, Request};

/// Decides whether a request may be started, and hears how the request went. The tick's campuses are the gate.
pub trait Gate {
    /// Whether a request may be started now.
    fn may_start(&mut self, request: &Request, now: Instant) -> bool;
    /// Hears how a request went that was started.
    fn heard(&mut self, address: &Address, kind: Kind, outcome: Heard<'_>);
}

/// What the outcome of a request means for its campus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// CourseKey works: it understood the request, or refused the request for what the request carried.
    Well,
    /// The request failed and is to be sent again later.
    Later(&'a Failure),
    /// The campus is to be stopped, with an issue of this code.
    Stop(Code, &'a Failure),
}

impl<'a> Heard<'a> {
    fn from<T>(answer: &'a Answer<T>) -> Self {
        match answer {
            Answer::Understood(_) | Answer::Refused(_) => Self::Well,
            Answer::Later(failure) => Self::Later(failure),
            Answer::Stop(failure) => Self::Stop(Code::CredentialsRefused, failure),
            Answer::Unknown(failure) => Self::Stop(Code::ConnectionMismatch, failure),
        }
    }
}

/// A request without a body. `tail` follows the school in the path: it begins with `/` or `?`, or is empty.
fn request(base: &str, address: &Address, kind: Kind, method: Method, tail: &str) -> Request {
    let url = format!("{base}/schools/{}{tail}", address.school);
    Request { address: address.clone(), kind, method, url, items: 0, body: Vec::new() }
}
