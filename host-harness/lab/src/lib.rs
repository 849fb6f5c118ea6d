//! The lab: a school to experiment with. School directories, a stand-in for GEGI, and runs in virtual time with an
//! account of every record, for developers and tests; nothing here serves a real school.
//!
//! Reading order: `directory` (a school as files), `twin` (the stand-in for GEGI), `in_process` (the simulated
//! CourseKey behind the host's door), `run` (all of these together in virtual time).

pub mod directory;
mod in_process;
pub mod run;
pub mod twin;

pub use in_process::InProcess;
