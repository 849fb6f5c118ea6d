//! Tests of the book of a class: stories of one class, an event a line, with the operations that each judgement writes.

mod absence;
mod cases;
mod hand;
mod moved;
mod properties;
mod reading;
mod rows;
mod story;
mod versions;
