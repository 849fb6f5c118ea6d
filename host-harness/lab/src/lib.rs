//! A school to experiment with: school directories, a stand-in for GEGI, and runs in virtual time with an account of every
//! record. For developers and tests; nothing here serves a real school.
//!
//! Reading order: `directory` (a school as files), `twin` (the stand-in for GEGI), `in_process` (the simulated CourseKey
//! behind the host's door), `run` (all of it together in virtual time).

pub mod directory;
mod in_process;
pub mod run;
pub mod twin;

pub use in_process::InProcess;
