//! The nouns of GEGI and CourseKey: course, class, person, attendance record, mark, issue, settings, time. Nothing here
//! decides anything, and nothing here imports another room.

pub mod attendance;
pub mod course;
pub mod fingerprint;
pub mod ids;
pub mod issue;
pub mod person;
pub mod settings;
pub mod sorted;
pub mod time;
pub mod zone;
