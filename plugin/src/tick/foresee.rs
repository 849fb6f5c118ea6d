//! What the next ticks would do, found by the steps of a tick themselves in a world that is only read: decisions are
//! taken, changed courses absorbed, and then a course is looked at and shown to the guard, or a class is seated to be
//! judged. Not here: sending, reading attendance, and how this is shown (`preview`, `explain`).

use super::agenda::{self, Agenda, Known};
use super::campus::Campuses;
pub use super::judge::Unseated;
use super::judge::{Judging, Written};
use super::moment::Moment;
use super::outgoing::Outgoing;
use super::places::class_course;
use super::records::{Attendance, Intake};
use super::size::Size;
use super::store::{Loaded, store};
use super::{Budget, absorb, compare, facts, guarding, resending};
use crate::attendance::{ClassBook, Sitting};
use crate::look::{Facts, Look, look};
use crate::memory::followed::Followed;
use crate::memory::head::Head;
use crate::memory::{Books, Rosters};
use crate::model::course::Course;
use crate::model::ids::{CampusId, ClassId, CourseId};
use crate::model::sorted::SortedSet;
use crate::model::time::Instant;
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

/// A tick that has absorbed everything that changed, and has done nothing else yet.
struct Begun<'t> {
    moment: Moment<'t>,
    head: &'t mut Head,
    followed: &'t Followed,
    campuses: &'t Campuses,
    rosters: &'t mut Rosters,
    agenda: &'t mut Agenda,
    out: &'t mut Outgoing,
    /// The classes that are judged because their course changed.
    to_judge: &'t SortedSet<ClassId>,
}

/// What is done with a tick that has begun; it answers whether it is done.
type Then<'f, R> = dyn FnMut(&mut Pretence<'_, R>, Begun<'_>) -> Result<bool, StorageError> + 'f;

/// Begins ticks in a world that keeps to itself what they write, until everything that changed is absorbed, and then until
/// `then` says that it is done.
fn begin<R: Reads>(world: &mut R, then: &mut Then<'_, R>) -> Result<(), StorageError> {
    let (settings, _) = settings::check(&world.settings()?);
    if !settings.enabled {
        return Ok(());
    }
    let now = world.now();
    let mut world = Pretence::of(world);
    let mut to_judge = SortedSet::new();
    loop {
        let (mut agenda, Known { head, followed }) = agenda::read(&mut world, now)?;
        let mut head = head.unwrap_or_else(|| Head::first(now));
        let moment = Moment { now, settings: &settings, budget: BUDGET, size: Size::of(BUDGET, head.caution) };
        let mut campuses = Campuses::open(std::mem::take(&mut head.campuses), moment);
        campuses.notice(&settings);
        let (mut rosters, mut out) = (Rosters::guarded(head.guarded), Outgoing::new(now, false));
        guarding::take_decisions(&mut world, moment, &mut rosters, &mut agenda, &mut out)?;
        resending::take(&mut world, moment, &mut rosters, &mut agenda, &mut out)?;
        compare::walk(&mut world, moment, &mut head, &mut rosters, &mut agenda)?;
        let absorbed = absorb::absorb(&mut world, moment, &mut rosters, &mut agenda)?;
        to_judge.extend(absorbed.to_judge);
        if absorbed.all && !agenda.again {
            let begun = Begun {
                moment,
                head: &mut head,
                followed: &followed,
                campuses: &campuses,
                rosters: &mut rosters,
                agenda: &mut agenda,
                out: &mut out,
                to_judge: &to_judge,
            };
            if then(&mut world, begun)? {
                return Ok(());
            }
        }
        (head.campuses, head.guarded) = (campuses.into_states(), rosters.guarded);
        let ((notes, _), books) = (out.into_parts(), Books::default());
        store(&mut world, Loaded { head: Some(head), followed, agenda, rosters, books, notes }, Vec::new())?;
    }
}

/// Looks at the courses of `scope` as the ticks that begin now would, and shows each to `show`.
pub fn foresee(
    world: &mut impl Reads,
    scope: Scope<'_>,
    show: &mut dyn FnMut(&Foreseen<'_>),
) -> Result<(), StorageError> {
    begin(world, &mut |world, Begun { moment, campuses, rosters, agenda, .. }| {
        let mut looks = Looks { moment, campuses, rosters, agenda, show };
        match scope {
            Scope::Due => looks.at_due(world),
            Scope::Course(course) => looks.at(world, std::slice::from_ref(course)).map(|()| true),
        }
    })
}

/// A class as the tick that begins now would judge it.
#[derive(Debug)]
pub enum Seat<'a> {
    /// No course that GEGI told of has the class.
    Unknown,
    /// The class is set aside, because working on it was aborted again and again.
    SetAside(&'a Course),
    /// Why the class of this course is not judged.
    Unseated(&'a Course, Unseated),
    /// The book of the class, everything beside it that counts, and when the class is judged next if no record comes; none:
    /// not any more.
    Seated(&'a ClassBook, Sitting<'a>, Option<Instant>),
}

/// Shows a class as the tick that begins now would judge it. What CourseKey has and no tick has read is not seen.
pub fn seat(world: &mut impl Reads, class: &ClassId, show: &mut dyn FnMut(Seat<'_>)) -> Result<(), StorageError> {
    begin(world, &mut |world, Begun { moment, head, followed, campuses, rosters, agenda, out, to_judge }| {
        let mut attendance = Attendance::begin(head, SortedSet::new());
        let mut intake = Intake { world, moment, rosters, attendance: &mut attendance, out };
        intake.load_classes(&SortedSet::from([class.clone()]))?;
        intake.attendance.books.unplaced.load(intake.world, std::iter::once(class.as_str()))?;
        let Some(course) = class_course(intake.rosters, class).cloned() else {
            show(Seat::Unknown);
            return Ok(true);
        };
        intake.attendance.ask_marks(intake.world, class)?;
        let is_set_aside = intake.rosters.page(&course).is_some_and(|page| page.classes_set_aside.contains(class));
        let mut book = intake.attendance.books.classes.get(class.as_str()).cloned().unwrap_or_default();
        let thresholds = &head.thresholds;
        let judging = Judging { intake, campuses, followed, agenda, thresholds, written: Written::default() };
        let judged_at = judging.judged_at(&course, class, to_judge);
        let held = judging.intake.rosters.held(&course).map(|held| &held.course);
        match held {
            None => show(Seat::Unknown),
            Some(held) if is_set_aside => show(Seat::SetAside(held)),
            Some(held) => {
                let seated = judging
                    .seated(&course, class, &mut book, |book, sitting| show(Seat::Seated(book, sitting, judged_at)));
                if let Err(why) = seated {
                    show(Seat::Unseated(held, why));
                }
            }
        }
        Ok(true)
    })
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
