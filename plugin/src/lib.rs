//! Keeps a GEGI school in step with CourseKey.
#[cfg(target_family = "wasm")]
mod component;
