//! The lab: a school to experiment with. School directories, and runs in virtual time with an account of every record,
//! for developers and tests; nothing here serves a real school. GEGI is the book of the crate `mirror`.
//!
//! Reading order: `directory` (a school as files), `in_process` (the simulated CourseKey behind the host's door), `run`
//! (all of these together in virtual time).

pub mod directory;
mod in_process;
pub mod run;

pub use in_process::InProcess;
