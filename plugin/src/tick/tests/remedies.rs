//! Every issue ends when its own remedy was followed: for each code of the catalogue what opens the issue, and each of
//! the remedies that the catalogue names.
//!
//! DOMAIN §4 "Issues": "An issue ends when its own remedy was followed, tested for each code".

mod attendance;
mod rosters;

use crate::issue::CATALOGUE;
use crate::model::course::{Course, Student};
use crate::model::ids::CourseId;
use crate::model::issue::Code;
use crate::model::sorted::SortedSet;
use crate::model::time::Seconds;
use crate::testing::{Fake, course, synchronized};
use crate::world::records::Operation;

/// Something that GEGI, CourseKey or a person does.
type Deed = fn(&mut Fake);

/// What opens an issue, and what ends it, each with its name.
struct Story {
    opens: Deed,
    remedies: Vec<(&'static str, Deed)>,
}

const HOUR: Seconds = Seconds(3_600);
/// How long after its remedy an issue is looked for: what is tried once a day has been tried.
const WAITED: i64 = 50;

/// GEGI changes course C1.
fn change(world: &mut Fake, change: impl FnOnce(&mut Course)) {
    let mut course = world.gegi.get(&CourseId::from("C1")).cloned().unwrap_or_else(|| course("C1"));
    change(&mut course);
    course.revision += 1;
    world.save(course);
}

/// GEGI changes the course's student S1.
fn change_s1(world: &mut Fake, with: impl FnOnce(&mut Student)) {
    change(world, |course| {
        let student = course.students.iter_mut().find(|student| student.person.id.as_str() == "S1").unwrap();
        student.person.revision += 1;
        with(student);
    });
}

/// The keys of the issues that are open.
fn open(world: &Fake) -> SortedSet<String> {
    let mut open = SortedSet::new();
    for operation in &world.operations {
        match operation {
            Operation::OpenIssue { key, .. } => _ = open.insert(key.clone()),
            Operation::ResolveIssue { key, .. } => _ = open.remove(key),
            _ => {}
        }
    }
    open
}

fn has(world: &Fake, code: Code) -> bool {
    let name = crate::issue::row(code).code;
    open(world).iter().any(|key| key.split('/').next() == Some(name))
}

/// Lets hours pass, with the ticks of each, until the issue is open or not; answers whether it came to that.
fn comes_to(world: &mut Fake, code: Code, is_open: bool, hours: i64) -> bool {
    (0..hours).any(|_| {
        for _ in 0..4 {
            world.later(Seconds(HOUR.0 / 4));
        }
        has(world, code) == is_open
    })
}

#[test]
fn every_issue_ends_when_its_remedy_was_followed() {
    let mut wrong = Vec::new();
    for (code, _) in CATALOGUE {
        let Story { opens, remedies } = rosters::story(*code);
        assert!(!remedies.is_empty(), "{code:?}");
        for (remedy, follow) in remedies {
            let mut world = synchronized();
            opens(&mut world);
            world.settle();
            if !has(&world, *code) && !comes_to(&mut world, *code, true, 12) {
                wrong.push(format!("{code:?} does not open: {:?}", open(&world)));
                continue;
            }
            // It stays as long as nobody does anything, but for what ends by itself.
            follow(&mut world);
            if !comes_to(&mut world, *code, false, WAITED) {
                wrong.push(format!("{code:?}, {remedy}: {:?}", open(&world)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
