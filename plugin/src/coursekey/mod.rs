//! CourseKey's wire: the only room that knows its JSON, paths, paging and answers. What is known of the contract and
//! what is assumed stands in `coursekey.openapi.yaml`; when the true contract arrives, only this room changes.

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

/// Who decides whether a request may be started, and hears how it went.
pub trait Gate {
    /// Whether a request may be started now.
    fn may_start(&mut self, request: &Request, now: Instant) -> bool;
    /// A request was answered, or will not be.
    fn heard(&mut self, address: &Address, kind: Kind, outcome: Heard<'_>);
}

/// How a request went, as far as the campus is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// It was understood, or refused for what it carried: CourseKey is well.
    Well,
    /// It is to be tried again later.
    Later(&'a Failure),
    /// The campus is to be stopped, for this kind of issue.
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

/// A request to a school of CourseKey; `tail` begins with `/` or `?`, or is empty.
fn request(base: &str, address: &Address, kind: Kind, method: Method, tail: &str) -> Request {
    let url = format!("{base}/schools/{}{tail}", address.school);
    Request { address: address.clone(), kind, method, url, items: 0, body: Vec::new() }
}
