//! Keeps a GEGI school in step with CourseKey: sends its rosters, takes its attendance back.
//!
//! Pure functions, compiled and tested natively; `component` alone knows the bindings and exists only in the component.
//! In reading order, each room may use those above it:
//!
//! | Room | Holds |
//! |---|---|
//! | `model` | the nouns |
//! | `settings` `option` `window` `enrollment` `people` `status` `marking` `issue` | the rules, one room per heading of the requirement |
//! | `ledger` `desired` `plan` `attendance` `digest` | the engine: what CourseKey holds, should hold, and what separates the two |
//! | `world` | what the host supplies, as one trait |
//! | `coursekey` | the wire |
//! | `memory` | what is stored, under which key |
//! | `tick` `change` `inbox` `overview` | the four calls |
//! | `component` | the bindings |

pub mod attendance;
pub mod change;
pub mod coursekey;
pub mod desired;
pub mod digest;
pub mod enrollment;
pub mod following;
pub mod inbox;
pub mod issue;
pub mod ledger;
pub mod look;
pub mod marking;
pub mod memory;
pub mod model;
pub mod option;
pub mod overview;
pub mod people;
pub mod plan;
pub mod settings;
pub mod status;
pub mod tick;
pub mod window;
pub mod world;

#[cfg(test)]
mod testing;

#[cfg(target_family = "wasm")]
mod component;
