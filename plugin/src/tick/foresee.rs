//! What the next ticks would do to the courses that are due, found by the steps of a tick themselves in a world that is
//! only read: decisions are taken, changed courses absorbed, and each course is looked at and shown to the guard. Not
//! here: sending, reading attendance, judging, and how this is shown (`preview`).

use super::agenda::{self, Agenda, Known};
use super::campus::Campuses;
use super::moment::Moment;
use super::outgoing::Outgoing;
use super::size::Size;
use super::{Budget, Loaded, absorb, compare, facts, guarding, store};
use crate::look::{Facts, Look, look};
use crate::memory::head::Head;
use crate::memory::{Books, Rosters};
use crate::model::ids::{CampusId, CourseId};
use crate::naming;
use crate::settings;
use crate::world::network::Kind;
use crate::world::pretence::Pretence;
use crate::world::{Reads, StorageError};

/// Which courses are foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Every course that is due.
    Due,
    /// This course, whether it is due or not.
    Course(&'a CourseId),
}

/// What the next ticks would do to a course.
#[derive(Debug)]
pub struct Foreseen<'a> {
    /// The facts that were looked at.
    pub facts: &'a Facts<'a>,
    /// The look, after the guard's opinion.
    pub look: &'a Look,
    /// Whether the course is sent for the first time, so that the first tick locks its option and the next sends.
    pub first: bool,
    /// What keeps everything of the course's campus from CourseKey, in a sentence; none: nothing does.
    pub blocked: Option<&'a str>,
}

/// What a tick may take on when nobody waits for CourseKey.
const BUDGET: Budget = Budget { items: u32::MAX, seconds: 0 };

/// Looks at the courses of `scope` as the ticks that begin now would, and shows each to `show`.
pub fn foresee(
    world: &mut impl Reads,
    scope: Scope<'_>,
    show: &mut dyn FnMut(&Foreseen<'_>),
) -> Result<(), StorageError> {
    let (settings, _) = settings::check(&world.settings()?);
    if !settings.enabled {
        return Ok(());
    }
    let now = world.now();
    let mut world = Pretence::of(world);
    loop {
        let (mut agenda, Known { head, followed }) = agenda::read(&mut world, now)?;
        let mut head = head.unwrap_or_else(|| Head::first(now));
        let moment = Moment { now, settings: &settings, budget: BUDGET, size: Size::of(BUDGET, head.caution) };
        let mut campuses = Campuses::open(std::mem::take(&mut head.campuses), moment);
        campuses.notice(&settings);
        let (mut rosters, mut out) = (Rosters::guarded(head.guarded), Outgoing::new(now, false));
        guarding::take_decisions(&mut world, moment, &mut rosters, &mut agenda, &mut out)?;
        compare::walk(&mut world, moment, &mut head, &mut rosters, &mut agenda)?;
        let is_ready = absorb::absorb(&mut world, moment, &mut rosters, &mut agenda)?.all && !agenda.again;
        let mut looks = Looks { moment, campuses: &campuses, rosters: &mut rosters, agenda: &mut agenda, show };
        let is_done = match scope {
            Scope::Due if is_ready => looks.at_due(&mut world)?,
            Scope::Course(course) if is_ready => {
                looks.at(&mut world, std::slice::from_ref(course))?;
                true
            }
            _ => false,
        };
        if is_done {
            return Ok(());
        }
        (head.campuses, head.guarded) = (campuses.into_states(), rosters.guarded);
        let (notes, _) = out.into_parts();
        store(
            &mut world,
            Loaded { head: Some(head), followed, agenda, rosters, books: Books::default(), notes },
            Vec::new(),
        )?;
    }
}

/// Looks at courses, and shows what they find.
struct Looks<'t> {
    moment: Moment<'t>,
    campuses: &'t Campuses,
    rosters: &'t mut Rosters,
    agenda: &'t mut Agenda,
    show: &'t mut dyn FnMut(&Foreseen<'_>),
}

impl Looks<'_> {
    /// Looks at the courses that are due, as many as one tick takes on, and takes them out of the due index. Answers
    /// whether none is left.
    fn at_due(&mut self, world: &mut impl Reads) -> Result<bool, StorageError> {
        let due: Vec<CourseId> = self.agenda.due.iter().map(|(_, course)| course.clone()).collect();
        for courses in due.chunks(self.moment.size.portion()) {
            self.rosters.load_courses(world, courses)?;
            let is_looked_at = |course: &&CourseId| {
                self.rosters.page(course).and_then(|page| page.look).is_some_and(|at| at <= self.moment.now)
            };
            let looked: Vec<CourseId> = courses.iter().filter(is_looked_at).cloned().collect();
            self.at(world, &looked)?;
            for course in courses {
                let page = self.rosters.pages.edit(course.as_str());
                self.agenda.schedule(course, page, None, self.moment.now);
            }
            if self.moment.size.is_used_up(self.rosters) {
                break;
            }
        }
        Ok(due.is_empty() && !self.agenda.more)
    }

    fn at(&mut self, world: &mut impl Reads, courses: &[CourseId]) -> Result<(), StorageError> {
        facts::load(world, self.moment, self.rosters, courses)?;
        absorb::list_anew(world, self.moment, self.rosters, courses)?;
        for course in courses {
            let look = facts::facts(self.rosters, self.moment, course).map(|facts| look(&facts)).unwrap_or_default();
            let look = guarding::guarded(self.rosters, self.moment, course, look);
            let Some(facts) = facts::facts(self.rosters, self.moment, course) else { continue };
            let school = self.moment.settings.campuses.get(&facts.course.campus).map(|campus| campus.school);
            let begun = facts.ledger.is_some_and(|ledger| Some(ledger.school) == school);
            let blocked = self.blocked(&facts.course.campus);
            (self.show)(&Foreseen { facts: &facts, look: &look, first: !begun, blocked: blocked.as_deref() });
        }
        Ok(())
    }

    /// What keeps everything of a campus from CourseKey, in a sentence; none: nothing does.
    fn blocked(&self, campus: &CampusId) -> Option<String> {
        let again = self.campuses.not_before(campus, Kind::Connection)?;
        let zone = self.moment.settings.campuses.get(campus).and_then(|campus| campus.zone);
        let issues = self.campuses.issues(self.moment.settings);
        let issue = issues.into_iter().find(|issue| issue.subject.detail.as_deref() == Some(campus.as_str()));
        let sentence =
            issue.map_or_else(|| format!("campus {campus} gets no answer of CourseKey"), |issue| issue.sentence);
        Some(format!("{sentence}; it is tried again {}", naming::moment(again, zone)))
    }
}
