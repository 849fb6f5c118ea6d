//! What the engine's tests are built of: a school in a few words, a world of maps, a CourseKey of a few lines.

mod attendance;
mod coursekey;
mod school;
mod world;

pub(crate) use self::attendance::{record, synchronized};
pub(crate) use self::school::{at, course, settings};
pub(crate) use self::world::Fake;
