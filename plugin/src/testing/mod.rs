//! What the engine's tests are built of: a school in a few words, a world of maps, a CourseKey of a few lines.

mod attendance;
mod coursekey;
mod school;
mod world;

pub(crate) use self::attendance::{broken, nameless, push, record, synchronized, two_campuses};
pub(crate) use self::school::{at, course, settings};
pub(crate) use self::world::Fake;
