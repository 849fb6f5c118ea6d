//! Random schools and random callers against a model that remembers everything and is in no hurry: whoever is due is
//! taken, nobody is overtaken twice by the same school, no change is forgotten, and nobody runs who may not.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{Fault, HOUR, Wake};
use super::*;

#[derive(Debug, Clone, Copy)]
enum Act {
    Add(u32, First),
    Remove(u32),
    Pause(u32),
    Resume(u32),
    Wake(u32, Wake),
    Take,
    /// The n-th of the ticks that run ends so.
    End(usize, Ends),
    Wait(Millis),
}

#[derive(Debug, Clone, Copy)]
enum Ends {
    Rests(Option<i64>),
    MoreWork,
    Failed(Fault),
    Held(Millis),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let school = || 0_u32..6;
    let first = prop_oneof![
        Just(First::AtUpdate),
        Just(First::Changed),
        (-500_i64..500).prop_map(|seconds| First::Due(NextTurn::At(START / 1_000 + seconds))),
        Just(First::Due(NextTurn::NotBeforeAChange)),
    ];
    let ends = prop_oneof![
        4 => prop::option::of(-100_i64..1_000).prop_map(Ends::Rests),
        4 => Just(Ends::MoreWork),
        1 => prop_oneof![Just(Fault::Own), Just(Fault::Surroundings)].prop_map(Ends::Failed),
        1 => (0_i64..100_000).prop_map(Ends::Held),
    ];
    let act = prop_oneof![
        2 => (school(), first).prop_map(|(school, first)| Act::Add(school, first)),
        1 => school().prop_map(Act::Remove),
        1 => school().prop_map(Act::Pause),
        2 => school().prop_map(Act::Resume),
        3 => (school(), prop_oneof![Just(Wake::Changed), Just(Wake::Asked)]).prop_map(|(school, wake)| Act::Wake(school, wake)),
        10 => Just(Act::Take),
        8 => (0_usize..3, ends).prop_map(|(number, ends)| Act::End(number, ends)),
        6 => prop_oneof![0_i64..10, 0_i64..3_000, 0_i64..400_000].prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 0..200)
}

/// What a caller who remembers everything knows.
#[derive(Default)]
struct Model {
    known: BTreeSet<SchoolId>,
    paused: BTreeSet<SchoolId>,
    running: Vec<SchoolId>,
    /// Schools that were woken after their latest tick began.
    woken: BTreeSet<SchoolId>,
    /// Who overtook each school that is due.
    overtaken: BTreeMap<SchoolId, BTreeSet<SchoolId>>,
}

impl Model {
    fn taken(&mut self, taken: &SchoolId) {
        assert!(self.known.contains(taken) && !self.paused.contains(taken) && !self.running.contains(taken));
        self.woken.remove(taken);
        self.overtaken.remove(taken);
        for (waits, by) in &mut self.overtaken {
            assert!(by.insert(taken.clone()), "{taken} overtook {waits} twice");
        }
        self.running.push(taken.clone());
    }

    /// Notes who is due now, and forgets who is not any more.
    fn look(&mut self, scheduler: &Scheduler, now: Millis) {
        let due =
            |school: &SchoolId| scheduler.school(school).and_then(|view| view.next).is_some_and(|at| at <= moment(now));
        self.overtaken.retain(|school, _| due(school));
        for school in self.known.iter().filter(|school| due(school)) {
            self.overtaken.entry(school.clone()).or_default();
        }
    }
}

fn act(act: Act, scheduler: &mut Scheduler, model: &mut Model, now: &mut Millis) {
    let at = moment(*now);
    match act {
        Act::Add(number, first) => {
            scheduler.add(&school(number), 5, first, at);
            model.known.insert(school(number));
            model.paused.remove(&school(number));
            model.woken.remove(&school(number));
            model.overtaken.remove(&school(number));
        }
        Act::Remove(number) => {
            scheduler.remove(&school(number));
            model.known.remove(&school(number));
            model.paused.remove(&school(number));
            model.woken.remove(&school(number));
        }
        Act::Pause(number) => {
            scheduler.pause(&school(number));
            if model.known.contains(&school(number)) {
                model.paused.insert(school(number));
            }
        }
        Act::Resume(number) => {
            scheduler.resume(&school(number), at);
            model.paused.remove(&school(number));
        }
        Act::Wake(number, wake) => {
            let is_known = scheduler.wake(&school(number), wake, at);
            assert_eq!(is_known, model.known.contains(&school(number)));
            if is_known {
                model.woken.insert(school(number));
            }
        }
        Act::Take => {
            model.look(scheduler, *now);
            let may = model.running.len() < 2 && !model.overtaken.is_empty();
            let taken = scheduler.take(at);
            assert_eq!(taken.is_some(), may, "whoever is due is taken, and nobody else");
            if let Some(ready) = taken {
                model.taken(&ready.school);
            }
        }
        Act::End(number, ends) if number < model.running.len() => {
            let outcome = match ends {
                Ends::Rests(None) => Outcome::Rests(NextTurn::NotBeforeAChange),
                Ends::Rests(Some(seconds)) => Outcome::Rests(NextTurn::At(*now / 1_000 + seconds)),
                Ends::MoreWork => Outcome::MoreWork,
                Ends::Failed(fault) => Outcome::Failed(fault),
                Ends::Held(wait) => Outcome::Held(moment(*now + wait)),
            };
            scheduler.ended(&model.running.remove(number), outcome, at);
        }
        Act::End(..) => {}
        Act::Wait(wait) => *now += wait,
    }
    model.look(scheduler, *now);
    assert_eq!(scheduler.running(), model.running.len());
}

proptest! {
    #[test]
    fn whoever_is_due_is_overtaken_by_each_other_school_once_at_the_most(acts in acts()) {
        let (mut scheduler, mut model, mut now) = (Scheduler::new(Tempo::Spread, 2), Model::default(), START);
        for one in acts {
            act(one, &mut scheduler, &mut model, &mut now);
        }
        // Everybody who was woken and may run is ticked, however the ticks before ended.
        let mut play = Play { scheduler, now, ends: BTreeMap::new(), begun: Vec::new() };
        for school in model.running.drain(..) {
            play.scheduler.ended(&school, Outcome::Rests(NextTurn::NotBeforeAChange), moment(now));
        }
        play.play(2 * HOUR, |_, _| (10, Outcome::Rests(NextTurn::NotBeforeAChange)));
        for school in model.woken.difference(&model.paused) {
            prop_assert!(play.ticks_of(school, now) > 0, "{} was woken and forgotten", school);
        }
        prop_assert_eq!(play.scheduler.next_moment(), None);
    }
}
