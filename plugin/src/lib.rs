//! Keeps a GEGI school in step with CourseKey: sends its rosters, takes its attendance back.
//!
//! The rooms are pure functions, compiled and tested natively. `component` alone knows the WIT bindings, and only the
//! WASM component contains this room. The table lists the rooms in reading order; each room may use the rooms above it.
//!
//! | Room | Holds |
//! |---|---|
//! | `model` `naming` | the nouns, and how sentences name them |
//! | `settings` `option` `window` `enrollment` `lines` `people` `status` `marking` `issue` | the rules, one room per heading of the requirement |
//! | `ledger` `desired` `plan` `following` `look` `guard` | the engine for rosters: what CourseKey acknowledged, what CourseKey should hold, the plan that leads from the one to the other, and a second opinion on it |
//! | `world` | what the host supplies, as traits split by what may be done |
//! | `attendance` `digest` | the engine for attendance: the book of a class; and the mail about issues |
//! | `coursekey` | CourseKey's wire: JSON, paths, paging, answers |
//! | `connection` | what CourseKey says of a campus's key, School ID and time zone |
//! | `memory` | every key of the plugin's state, and what is stored under the key |
//! | `review` | what people use to look before they leap |
//! | `tick` `change` `inbox` `overview` | the four calls of GEGI |
//! | `preview` `explain` | what the next ticks would do; why something stands, or is missing |
//! | `component` | the WIT bindings |

pub mod attendance;
pub mod change;
pub mod connection;
pub mod coursekey;
pub mod desired;
pub mod digest;
pub mod enrollment;
pub mod explain;
pub mod following;
pub mod guard;
pub mod inbox;
pub mod issue;
pub mod ledger;
pub mod lines;
pub mod look;
pub mod marking;
pub mod memory;
pub mod model;
pub mod naming;
pub mod option;
pub mod overview;
pub mod people;
pub mod plan;
pub mod preview;
pub mod review;
pub mod settings;
pub mod silence;
pub mod status;
pub mod tick;
pub mod unfit;
pub mod window;
pub mod world;

#[cfg(test)]
mod testing;

#[cfg(target_family = "wasm")]
mod component;
