//! Sends actions of one kind in full batches, several batches in flight, and answers the fate of each action. Not here:
//! which actions are sent (`plan`, `tick::send`).

use super::answer::{Answer, Failure, sort};
use super::{Gate, Heard, items, request};
use crate::ledger::{Refusal, RefusalCode};
use crate::model::ids::Address;
use crate::model::settings::Password;
use crate::model::time::Instant;
use crate::plan::Action;
use crate::world::Network;
use crate::world::network::{Exchange, Kind, Method, Reply, Request, Unheard};

/// The most items in a batch.
const BATCH: usize = 100;

/// An action with the campus and the School ID to which it goes.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The campus and the School ID.
    pub address: &'a Address,
    /// The action.
    pub action: &'a Action<String>,
}

/// What became of an action that was to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// CourseKey took the item.
    Accepted,
    /// CourseKey refused the item.
    Rejected(Refusal),
    /// The request failed; a later tick sends the item again.
    Failed(Failure),
    /// The campus was stopped because of the answer.
    Stopped(Failure),
    /// The item was not sent.
    Unsent,
}

impl Fate {
    /// Whether CourseKey refused the item for certain, so that it holds nothing of it because of the request; none: no
    /// request was made.
    pub fn refused_for_certain(&self) -> Option<bool> {
        match self {
            Self::Rejected(_) | Self::Stopped(_) => Some(true),
            Self::Accepted | Self::Failed(_) => Some(false),
            Self::Unsent => None,
        }
    }
}

/// Everything that all batches have in common.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// CourseKey's base URL.
    pub base: &'a str,
    /// Initial User Password; none: the password is too weak, so that no new account is sent.
    pub password: Option<&'a Password>,
    /// The revision of everything that is sent: a number that never becomes lower, whatever GEGI's revisions do.
    pub revision: u64,
    /// The present moment.
    pub now: Instant,
}

struct Batch {
    kind: Kind,
    places: Vec<usize>,
    request: Request,
}

/// Sends the letters and answers the fate of each. The letters must be of one kind, and letters to one address must lie
/// together.
///
/// A batch that is refused as a whole (HTTP 400, 413) is split in halves until the culprit is alone.
pub fn upsert(world: &mut impl Network, gate: &mut dyn Gate, post: Post<'_>, letters: &[Letter<'_>]) -> Vec<Fate> {
    let mut fates = vec![Fate::Unsent; letters.len()];
    let mut waiting: Vec<Vec<usize>> = by_address(letters)
        .into_iter()
        .flat_map(|places| places.chunks(BATCH).map(<[usize]>::to_vec).collect::<Vec<_>>())
        .collect();
    while !waiting.is_empty() {
        let batches: Vec<Batch> =
            waiting.drain(..).filter_map(|places| batch(post, letters, places, &mut fates)).collect();
        let requests: Vec<Request> = batches.iter().map(|batch| batch.request.clone()).collect();
        let mut round =
            Round { gate, letters, batches: &batches, now: post.now, fates: &mut fates, halves: Vec::new() };
        world.exchange(&requests, &mut round);
        waiting = round.halves;
    }
    fates
}

fn by_address(letters: &[Letter<'_>]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (place, letter) in letters.iter().enumerate() {
        let same = |run: &Vec<usize>| {
            run.last().and_then(|last| letters.get(*last)).is_some_and(|last| last.address == letter.address)
        };
        match runs.last_mut().filter(|run| same(run)) {
            Some(run) => run.push(place),
            None => runs.push(vec![place]),
        }
    }
    runs
}

fn batch(post: Post<'_>, letters: &[Letter<'_>], places: Vec<usize>, fates: &mut [Fate]) -> Option<Batch> {
    let actions = actions(letters, &places);
    let first = letters.get(*places.first()?)?;
    let kind = items::kind(&first.action.write);
    let list = match kind {
        Kind::Users => "/users",
        Kind::Courses => "/courses",
        Kind::Sessions => "/sessions",
        _ => "/enrollments",
    };
    let mut request = request(post.base, first.address, kind, Method::Put, list);
    request.items = u32::try_from(places.len()).unwrap_or(u32::MAX);
    match items::body(&actions, post.password, post.revision) {
        Ok(body) => request.body = body,
        Err(problem) => {
            let failure =
                Failure { reason: format!("the batch cannot be written: {problem}"), not_before: None, all: false };
            settle(fates, &places, &Fate::Failed(failure));
            return None;
        }
    }
    Some(Batch { kind, places, request })
}

fn actions<'a>(letters: &[Letter<'a>], places: &[usize]) -> Vec<&'a Action<String>> {
    places.iter().filter_map(|place| letters.get(*place)).map(|letter| letter.action).collect()
}

fn settle(fates: &mut [Fate], places: &[usize], fate: &Fate) {
    for place in places {
        if let Some(slot) = fates.get_mut(*place) {
            *slot = fate.clone();
        }
    }
}

struct Round<'a, 'g> {
    gate: &'g mut dyn Gate,
    letters: &'a [Letter<'a>],
    batches: &'a [Batch],
    now: Instant,
    fates: &'a mut Vec<Fate>,
    halves: Vec<Vec<usize>>,
}

impl Exchange for Round<'_, '_> {
    fn may_start(&mut self, request: &Request, now: Instant) -> bool {
        self.gate.may_start(request, now)
    }

    fn take(&mut self, place: usize, answer: Result<Reply, Unheard>) {
        let Some(batch) = self.batches.get(place) else { return };
        let actions = actions(self.letters, &batch.places);
        let answer = sort(answer, self.now, |body| items::results(&actions, body));
        self.gate.heard(&batch.request.address, batch.kind, Heard::from(&answer));
        match answer {
            Answer::Understood(results) => {
                for (place, result) in batch.places.iter().zip(results) {
                    settle(self.fates, &[*place], &result.map_or_else(Fate::Rejected, |()| Fate::Accepted));
                }
            }
            Answer::Later(failure) => settle(self.fates, &batch.places, &Fate::Failed(failure)),
            Answer::Stop(failure) | Answer::Unknown(failure) => {
                settle(self.fates, &batch.places, &Fate::Stopped(failure));
            }
            Answer::Refused(failure) => self.split(&batch.places, failure),
        }
    }
}

impl Round<'_, '_> {
    fn split(&mut self, places: &[usize], failure: Failure) {
        if places.len() > 1 {
            let (left, right) = places.split_at(places.len() / 2);
            self.halves.extend([left.to_vec(), right.to_vec()]);
        } else {
            let code = RefusalCode::RequestRefused;
            let refusal = Refusal { code, field: None, message: failure.reason };
            settle(self.fates, places, &Fate::Rejected(refusal));
        }
    }
}
