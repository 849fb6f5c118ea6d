//! GEGI as a program without an ERP beside it knows it: the form in which a school is stated, and the book that keeps the
//! school. The service and the laboratory use both.
//!
//! Reading order: `form` (the JSON of files and requests), `lines` and `operation` (the JSON of GEGI's records), `holds`, `preview`, `explain`, `watch` and `check` (what people look at before they leap), `entries`
//! (what lies in the host's storage beside the plugin's state), `book` (the school as GEGI holds it).

pub mod book;
pub mod check;
pub mod entries;
pub mod explain;
pub mod form;
pub mod holds;
pub mod lines;
pub mod operation;
pub mod preview;
pub mod watch;
