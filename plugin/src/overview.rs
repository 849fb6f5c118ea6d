//! The overview of a course: its status with the reason, its sync window, its issues. `get-status` reads overviews from
//! committed state; `on-course-changed` and the tick make them of the same view. Not here: the rules of the status
//! (`status`).

use crate::desired;
use crate::following;
use crate::ledger::CourseLedger;
use crate::lines;
use crate::memory::entries::Over;
use crate::memory::view::{self, CourseView};
use crate::memory::{COURSE, FETCHED, PAGE, UNFIT, parts};
use crate::model::ids::{CampusId, CourseId};
use crate::model::issue::Issue;
use crate::model::sorted::{SortedSet, arrange};
use crate::model::time::Instant;
use crate::model::zone::Zone;
use crate::option::Resolved;
use crate::people;
use crate::settings::{self, Settings};
use crate::silence::Silence;
use crate::status::{self, Status};
use crate::unfit::{self, UnfitCourse};
use crate::window::{self, Phase, Window};
use crate::world::network::Kind;
use crate::world::{Reads, StorageError};

/// The most courses that one query answers for.
pub const MOST: usize = 500;

/// The status of a course and its sync window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The course's status.
    pub status: Status,
    /// Why the course has this status; none: there is nothing to say.
    pub reason: Option<String>,
    /// The course's sync window; none: the campus or its time zone is unknown.
    pub window: Option<Window>,
    /// Since when the course is Failed because something cannot be sent or read; none: that is not why.
    pub failing_since: Option<Instant>,
}

/// The answer of `get-status` about one course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseStatus {
    /// The course.
    pub course: CourseId,
    /// The course's status and window.
    pub overview: Overview,
    /// Since when the course has this status.
    pub since: Instant,
    /// Send to CourseKey, resolved.
    pub send: bool,
    /// Whether Send to CourseKey is locked.
    pub locked: bool,
    /// Up to when the course's attendance was read whole; none: its attendance was never read.
    pub complete_until: Option<Instant>,
    /// Open issues.
    pub issues: Vec<Issue>,
}

/// Which courses `get-status` answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusQuery {
    /// The courses with these ids.
    Ids(Vec<CourseId>),
    /// The page after a course.
    Page {
        /// The last course of the page before.
        after: Option<CourseId>,
        /// The most courses on the page.
        limit: u32,
    },
}

impl Overview {
    /// The overview of a course that GEGI never told of.
    pub fn unknown() -> Self {
        Self {
            status: Status::Disabled,
            reason: Some("GEGI never told of this course".to_owned()),
            window: None,
            failing_since: None,
        }
    }
}

impl Overview {
    /// The overview of a course whose id cannot be taken.
    pub fn of_unfit(course: &UnfitCourse) -> Self {
        Self { status: Status::Failed, reason: Some(course.reason()), window: None, failing_since: None }
    }
}

/// The overview of a course at a moment.
pub fn overview(view: CourseView<'_>, settings: &Settings, now: Instant) -> Overview {
    let course = &view.held.course;
    let zone = settings.campuses.get(&course.campus).and_then(|campus| campus.zone);
    let window = zone.map(|zone| (window::sync_window(course, settings, zone), zone));
    let silences = silences(view, settings, now);
    let status::Verdict { status, reason } = status::verdict(&facts(view, settings, window, &silences, now));
    let told_from = silences.iter().map(|silence| silence.told_from).min();
    let failing_since = told_from.filter(|_| status == Status::Failed);
    Overview { status, reason, window: window.map(|(window, _)| window), failing_since }
}

/// What the course waits for in vain. A course that CourseKey never acknowledged waits to be sent, whatever the last
/// look at the course found.
fn silences(view: CourseView<'_>, settings: &Settings, now: Instant) -> Vec<Silence> {
    let CourseView { held, page, ledger, campuses } = view;
    let (mut sending, reading): (SortedSet<Kind>, SortedSet<Kind>) =
        page.into_iter().flat_map(|page| page.needs.iter().copied()).partition(|kind| *kind != Kind::Attendance);
    if !ledger.is_some_and(CourseLedger::acknowledged) {
        sending.insert(Kind::Courses);
    }
    // Attendance is read through the first campus of the School ID under which CourseKey holds the course.
    let reader = ledger.and_then(|ledger| settings.campus_of(ledger.school)).map(|campus| &campus.id);
    let found = |campus: Option<&CampusId>, needs: &SortedSet<Kind>| {
        let state = campus.and_then(|campus| campuses.get(campus));
        state.map(|state| state.silences(needs, now)).unwrap_or_default()
    };
    let mut silences = found(Some(&held.course.campus), &sending);
    silences.extend(found(reader, &reading));
    silences
}

fn facts<'a>(
    view: CourseView<'a>,
    settings: &Settings,
    window: Option<(Window, Zone)>,
    silences: &'a [Silence],
    now: Instant,
) -> status::Facts<'a> {
    let CourseView { held, page, ledger, .. } = view;
    let acknowledged = ledger.is_some_and(CourseLedger::acknowledged);
    let campus_problem = match settings.campuses.get(&held.course.campus) {
        None => Some("the school has no such campus"),
        Some(campus) if campus.zone.is_none() => Some("the campus's time zone is unknown"),
        Some(campus) if ledger.is_some_and(|ledger| campus.school != ledger.school && ledger.acknowledged()) => {
            Some("the course changed its campus after it was synchronized")
        }
        Some(_) => None,
    };
    status::Facts {
        option: held.option,
        enabled: settings.enabled,
        removed: held.removed,
        window,
        // Without a time zone nobody can say where the moment lies; the campus's problem, not the phase, then decides.
        phase: window.map_or(Phase::Open, |(window, _)| window.phase(now)),
        instructors: held.course.instructors.len(),
        classes: held.course.classes.len(),
        acknowledged,
        campus_problem,
        troubles: page.map(|page| page.troubles.as_slice()).unwrap_or_default(),
        silences,
        set_aside: page.and_then(|page| page.set_aside.as_deref()),
    }
}

/// How many courses are loaded at a time.
const AT_ONCE: usize = 16;

/// The statuses of courses, read from committed state. Courses that the plugin does not know are left out. A page with fewer
/// courses than were asked for is the last one.
pub fn get_status(world: &mut impl Reads, query: StatusQuery) -> Result<Vec<CourseStatus>, StorageError> {
    let (settings, _) = settings::check(&world.settings()?);
    let (mut after, limit) = match query {
        StatusQuery::Ids(ids) => return statuses(world, &ids, &settings),
        StatusQuery::Page { after, limit } => (after, usize::try_from(limit).map_or(MOST, |limit| limit.min(MOST))),
    };
    let mut found = Vec::new();
    while found.len() < limit {
        let wanted = limit - found.len();
        let ids = page(world, after.as_ref(), wanted)?;
        // A course that is gone takes a place among the ids, and has no status.
        found.extend(statuses(world, &ids, &settings)?);
        if ids.len() < wanted {
            break;
        }
        after = ids.into_iter().last();
    }
    Ok(found)
}

fn statuses(world: &mut impl Reads, ids: &[CourseId], settings: &Settings) -> Result<Vec<CourseStatus>, StorageError> {
    let now = world.now();
    let mut statuses = Vec::new();
    for ids in ids.chunks(AT_ONCE) {
        let fit: Vec<CourseId> = ids.iter().filter(|id| lines::is_fit(id.as_str())).cloned().collect();
        let stored = view::read(world, &fit)?;
        let mut courses = stored.courses();
        for id in ids {
            let course = if lines::is_fit(id.as_str()) { courses.next() } else { None };
            statuses.extend(match course.map(|course| (stored.view(course), course.over())) {
                Some((Some(view), _)) => course_status(view, settings, now),
                Some((None, over)) => over.map(|over| over_status(id, over, settings)),
                None => view::read_unfit(world, &unfit::name(id))?.map(unfit_status),
            });
        }
    }
    Ok(statuses)
}

fn unfit_status(course: UnfitCourse) -> CourseStatus {
    CourseStatus {
        since: course.since,
        send: false,
        locked: false,
        complete_until: None,
        issues: vec![course.issue()],
        overview: Overview::of_unfit(&course),
        course: course.id,
    }
}

/// The overview of a course that is long over.
pub fn over(over: &Over, settings: &Settings) -> Overview {
    let zone = settings.campuses.get(&over.campus).and_then(|campus| campus.zone);
    let status::Verdict { status, reason } = status::verdict(&status::Facts {
        option: over.option,
        enabled: settings.enabled,
        removed: false,
        window: zone.map(|zone| (over.window, zone)),
        phase: Phase::Over,
        instructors: 0,
        classes: 0,
        acknowledged: false,
        campus_problem: None,
        troubles: &[],
        silences: &[],
        set_aside: None,
    });
    Overview { status, reason, window: Some(over.window), failing_since: None }
}

fn over_status(id: &CourseId, left: &Over, settings: &Settings) -> CourseStatus {
    CourseStatus {
        course: id.clone(),
        since: left.since,
        send: left.option == Resolved::On,
        locked: left.locked_at.is_some(),
        complete_until: left.complete_until,
        issues: Vec::new(),
        overview: over(left, settings),
    }
}

/// What is left of a course once it is freed; none: the course has no sync window.
pub fn left_of(view: CourseView<'_>, settings: &Settings, now: Instant) -> Option<Over> {
    let CourseView { held, ledger, .. } = view;
    let status = course_status(view, settings, now)?;
    Some(Over {
        revision: held.course.revision,
        sighting: held.sighting,
        first_seen: held.first_seen,
        campus: held.course.campus.clone(),
        option: held.option,
        locked_at: ledger.filter(|ledger| ledger.locks()).map(|ledger| ledger.school),
        window: status.overview.window?,
        since: status.since,
        complete_until: status.complete_until,
    })
}

/// The status of a course. None: GEGI removed the course before its first send was started, so the course is gone.
fn course_status(view: CourseView<'_>, settings: &Settings, now: Instant) -> Option<CourseStatus> {
    let CourseView { held, page, ledger, .. } = view;
    let locked = ledger.is_some_and(CourseLedger::locks);
    if held.removed && ledger.is_none() {
        return None;
    }
    let overview = overview(view, settings, now);
    let since =
        page.and_then(|page| page.since.as_ref()).filter(|since| since.status == overview.status).map(|since| since.at);
    let bounds = overview.window.map(|window| [window.opens, window.closes]).into_iter().flatten();
    let turned = bounds.filter(|at| *at <= now).max().unwrap_or(held.first_seen).max(held.first_seen);
    Some(CourseStatus {
        course: held.course.id.clone(),
        since: since.or(overview.failing_since).unwrap_or(turned),
        send: held.option == Resolved::On,
        locked,
        complete_until: complete_until(view, settings, now),
        issues: page.map(|page| page.issues.values().cloned().collect()).unwrap_or_default(),
        overview,
    })
}

/// Up to when the course's attendance was read whole, at most up to the last moment at which it is read. None: the
/// course was never followed, or nothing was read under its School ID.
fn complete_until(view: CourseView<'_>, settings: &Settings, now: Instant) -> Option<Instant> {
    let page = view.page.filter(|page| page.judged_until.is_some())?;
    let until = following::until(&view.held.course, settings)?;
    if now >= until && !page.needs.contains(&Kind::Attendance) {
        // The course is let go only after everything up to that moment was read.
        return Some(until);
    }
    let reader = settings.campus_of(view.ledger?.school)?;
    Some(view.campuses.get(&reader.id)?.read_until?.min(until))
}

/// The ids of one page: of the courses that GEGI sent, of those that the nightly comparison fetched, and of those of which
/// only a page is left.
fn page(world: &mut impl Reads, after: Option<&CourseId>, limit: usize) -> Result<Vec<CourseId>, StorageError> {
    let mut ids = Vec::new();
    for prefix in [COURSE, FETCHED, PAGE] {
        let start = after.map(|course| format!("{prefix}{course}"));
        let keys = parts::keys(world, prefix, start.as_deref(), limit)?;
        ids.extend(keys.iter().filter_map(|key| key.strip_prefix(prefix)).map(CourseId::from));
    }
    for name in parts::keys(world, UNFIT, None, limit)?.iter().filter_map(|key| key.strip_prefix(UNFIT)) {
        let unfit = view::read_unfit(world, &CourseId::from(name))?.map(|course| course.id);
        ids.extend(unfit.filter(|id| after.is_none_or(|after| after < id)));
    }
    arrange(&mut ids, Ord::cmp);
    ids.dedup();
    ids.truncate(limit);
    Ok(ids)
}

/// The course's open issues, and the issues about people's e-mails that the course's own data show, whether the course
/// is sent now or later.
pub fn issues_in_sight(view: CourseView<'_>) -> Vec<Issue> {
    let CourseView { held, page, .. } = view;
    let open = page.map(|page| page.issues.clone()).unwrap_or_default();
    let people = held.course.people().flat_map(|person| {
        people::problems(person)
            .into_iter()
            .map(|problem| desired::person_issue(&held.course, problem.code, &person.id, &problem.said))
    });
    let at_once = desired::issues_at_once(&held.course);
    let mut issues: Vec<Issue> = open.into_values().collect();
    for issue in people.chain(at_once) {
        if !issues.iter().any(|known| known.code == issue.code && known.subject == issue.subject) {
            issues.push(issue);
        }
    }
    issues
}
