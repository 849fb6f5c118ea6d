//! The parts from which the engine's tests are built: a small school (`school`), a world made of maps (`world`), a
//! CourseKey of a few lines (`coursekey`), and attendance records (`attendance`). Compiled for tests alone.

mod attendance;
mod coursekey;
mod dice;
pub(crate) mod restless;
mod school;
mod world;

pub(crate) use self::attendance::{broken, nameless, push, push_from, record, synchronized, two_campuses};
pub(crate) use self::dice::{Dice, seeds};
pub(crate) use self::school::{at, course, settings, student};
pub(crate) use self::world::Fake;
