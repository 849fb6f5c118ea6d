//! The nouns of GEGI and CourseKey, and nothing that decides. Imports no other room.

pub mod attendance;
pub mod course;
pub mod ids;
pub mod issue;
pub mod person;
pub mod settings;
pub mod time;
