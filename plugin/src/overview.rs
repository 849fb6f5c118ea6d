//! How a course stands: its status with the reason, its window, its issues. Read from committed state, at any moment.

use chrono_tz::Tz;

use crate::desired;
use crate::ledger::CourseLedger;
use crate::memory::entries::{Held, SyncPage};
use crate::memory::head::Head;
use crate::memory::{COURSE, FETCHED, HEAD, SYNC, decode, newer};
use crate::model::ids::CourseId;
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::option::Resolved;
use crate::people;
use crate::settings::{self, Settings};
use crate::status::{self, Status};
use crate::window::{self, Phase, Window};
use crate::world::{StorageError, World};

/// The most courses one query tells of.
pub const MOST: u32 = 500;

/// How a course stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Its status.
    pub status: Status,
    /// Why.
    pub reason: Option<String>,
    /// Its sync window, if its campus's zone is known.
    pub window: Option<Window>,
}

/// A course with how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseStatus {
    /// The course.
    pub course: CourseId,
    /// How it stands.
    pub overview: Overview,
    /// Since when.
    pub since: Instant,
    /// Send to CourseKey.
    pub send: bool,
    /// The option is locked.
    pub locked: bool,
    /// Open issues.
    pub issues: Vec<Issue>,
}

/// Which courses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusQuery {
    /// These.
    Ids(Vec<CourseId>),
    /// The page after a course.
    Page {
        /// The last course of the page before.
        after: Option<CourseId>,
        /// How many.
        limit: u32,
    },
}

impl Overview {
    /// Of a course nobody told of.
    pub fn unknown() -> Self {
        Self { status: Status::Disabled, reason: Some("GEGI never told of this course".to_owned()), window: None }
    }
}

/// How a course stands at a moment. `stopped`: why its campus is stopped, if it is.
pub fn overview(
    held: &Held,
    page: Option<&SyncPage>,
    settings: &Settings,
    stopped: Option<&str>,
    now: Instant,
) -> Overview {
    let zone = settings.campuses.get(&held.course.campus).and_then(|campus| campus.zone);
    let window = zone.map(|zone| (window::sync_window(&held.course, settings, zone), zone));
    let status::Verdict { status, reason } = status::verdict(&facts(held, page, settings, stopped, window, now));
    Overview { status, reason, window: window.map(|(window, _)| window) }
}

fn facts<'a>(
    held: &Held,
    page: Option<&'a SyncPage>,
    settings: &Settings,
    stopped: Option<&'a str>,
    window: Option<(Window, Tz)>,
    now: Instant,
) -> status::Facts<'a> {
    let ledger = page.and_then(|page| page.ledger.as_ref());
    let campus = settings.campuses.get(&held.course.campus);
    let campus_problem = match campus {
        None => Some("the school has no such campus"),
        Some(campus) if campus.zone.is_none() => Some("the campus's time zone is unknown"),
        Some(campus) if ledger.is_some_and(|ledger| campus.school != ledger.school && ledger.acknowledged()) => {
            Some("the course changed its campus after it was synchronized")
        }
        Some(_) => None,
    };
    let pending =
        page.is_some_and(|page| page.last_failure.is_some()) || !ledger.is_some_and(CourseLedger::acknowledged);
    status::Facts {
        option: held.option,
        enabled: settings.enabled,
        removed: held.removed,
        window,
        // Without a zone there is no telling; whether the course is to be sent does not hang on it.
        phase: window.map_or(Phase::Open, |(window, _)| window.phase(now)),
        instructors: held.course.instructors.len(),
        classes: held.course.classes.len(),
        acknowledged: ledger.is_some_and(CourseLedger::acknowledged),
        campus_problem: campus_problem.or(stopped.filter(|_| pending)),
        troubles: page.map(|page| page.troubles.as_slice()).unwrap_or_default(),
        failed_ticks: page.map_or(0, |page| page.failed_ticks),
        last_failure: page.and_then(|page| page.last_failure.as_deref()),
    }
}

/// Statuses of courses, from committed state; unknown courses are left out.
pub fn get_status(world: &mut impl World, query: StatusQuery) -> Result<Vec<CourseStatus>, StorageError> {
    let ids = match query {
        StatusQuery::Ids(mut ids) => {
            ids.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
            ids
        }
        StatusQuery::Page { after, limit } => page(world, after.as_ref(), limit.min(MOST))?,
    };
    let (settings, _) = settings::check(&world.settings());
    let now = world.now();
    let head: Option<Head> =
        world.get_many(&[HEAD.to_owned()])?.pop().flatten().map(|bytes| decode(HEAD, &bytes)).transpose()?;
    let keys: Vec<String> =
        ids.iter().flat_map(|id| [format!("{COURSE}{id}"), format!("{FETCHED}{id}"), format!("{SYNC}{id}")]).collect();
    let values = world.get_many(&keys)?;
    let mut statuses = Vec::new();
    for (keys, values) in keys.chunks(3).zip(values.chunks(3)) {
        let ([course, fetched, sync], [sent, found, page]) = (keys, values) else { continue };
        let sent: Option<Held> = sent.as_deref().map(|bytes| decode(course, bytes)).transpose()?;
        let found: Option<Held> = found.as_deref().map(|bytes| decode(fetched, bytes)).transpose()?;
        let page: Option<SyncPage> = page.as_deref().map(|bytes| decode(sync, bytes)).transpose()?;
        if let Some(held) = newer(sent.as_ref(), found.as_ref()) {
            let stop = head.as_ref().and_then(|head| head.campuses.get(&held.course.campus)?.stopped.as_ref());
            statuses.extend(course_status(held, page.as_ref(), &settings, stop.map(|stop| stop.reason.as_str()), now));
        }
    }
    Ok(statuses)
}

/// A course that was removed before CourseKey knew it is gone without a trace.
fn course_status(
    held: &Held,
    page: Option<&SyncPage>,
    settings: &Settings,
    stopped: Option<&str>,
    now: Instant,
) -> Option<CourseStatus> {
    let locked = page.is_some_and(|page| page.ledger.is_some());
    if held.removed && !locked {
        return None;
    }
    let overview = overview(held, page, settings, stopped, now);
    let since =
        page.and_then(|page| page.since.as_ref()).filter(|since| since.status == overview.status).map(|since| since.at);
    let bounds = overview.window.map(|window| [window.opens, window.closes]).into_iter().flatten();
    let turned = bounds.filter(|at| *at <= now).max().unwrap_or(held.first_seen).max(held.first_seen);
    Some(CourseStatus {
        course: held.course.id.clone(),
        since: since.unwrap_or(turned),
        send: held.option == Resolved::On,
        locked,
        issues: page.map(|page| page.issues.values().cloned().collect()).unwrap_or_default(),
        overview,
    })
}

/// The ids of a page, from both sightings of courses.
fn page(world: &mut impl World, after: Option<&CourseId>, limit: u32) -> Result<Vec<CourseId>, StorageError> {
    let mut ids = Vec::new();
    for prefix in [COURSE, FETCHED] {
        let start = after.map(|course| format!("{prefix}{course}"));
        let entries = world.scan(prefix, start.as_deref(), limit)?;
        ids.extend(entries.iter().filter_map(|(key, _)| key.strip_prefix(prefix)).map(CourseId::from));
    }
    ids.sort();
    ids.dedup();
    ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(ids)
}

/// What is wrong with a course's data as far as the course itself shows it, whether it is sent now or later.
pub fn issues_in_sight(held: &Held, page: Option<&SyncPage>) -> Vec<Issue> {
    let open = page.map(|page| page.issues.clone()).unwrap_or_default();
    let people = held.course.people().flat_map(|person| {
        people::problems(person)
            .into_iter()
            .map(|(code, sentence)| desired::person_issue(&held.course, code, &person.id, sentence))
    });
    let mut issues: Vec<Issue> = open.into_values().collect();
    for issue in people {
        if !issues.iter().any(|known| known.code == issue.code && known.subject == issue.subject) {
            issues.push(issue);
        }
    }
    issues
}
