//! Stories of one class, a line each, and what is written because of them.

mod absence;
mod hand;
mod moved;
mod properties;
mod reading;
mod rows;
mod story;
mod versions;
