//! Runs the GEGI ⇄ CourseKey component inside an ERP, in one sandbox for each school. The component holds the rules.
//! This crate gives the component HTTP, storage, e-mail and a clock, and commits the writes of a call if and only if
//! the call succeeded.
//!
//! # What an embedding program implements
//!
//! | Trait | What the host asks for or hands over |
//! |---|---|
//! | [`SchoolSource`](gegi::SchoolSource) | School Settings; courses by id and revision; the marks of a class |
//! | [`RecordSink`](gegi::RecordSink) | marks and log rows with their journal lines; issues; each with a stable id |
//! | [`MailSink`](gegi::MailSink) | mails to be written from a template ([`email`] writes them) and sent |
//! | [`CredentialSource`](door::CredentialSource) | the keys of each campus; the component never sees a key |
//! | [`RequestLog`](door::RequestLog) | an entry for each request; [`NoRequestLog`](door::NoRequestLog) keeps none |
//!
//! The types in the signatures of these traits are in [`gegi`]: `Course`, `Student`, `SetMark` and all others.
//!
//! # What an embedding program calls, and when
//!
//! A process has one [`Host`](school::Host), and one [`School`](school::School) for each of GEGI's schools.
//!
//! | When | Call |
//! |---|---|
//! | a course was saved or removed in GEGI | [`School::course_changed`](school::School::course_changed) |
//! | the update frequency has passed, or the last [`Turn`](school::Turn)'s `next` is reached | [`School::turn`](school::School::turn) |
//! | CourseKey pushes attendance | [`School::attendance_received`](school::School::attendance_received) |
//! | a call has committed and no turn follows soon | [`School::deliver`](school::School::deliver) |
//! | somebody opens the page with the statuses | [`School::statuses`](school::School::statuses) |
//!
//! A program with many schools asks a [`Scheduler`](schedule::Scheduler) whose turn it is, and makes the turns in single
//! steps, by [`School::step`](school::School::step); the [`watchdog`] says which school is stuck, and where.
//!
//! A call that fails leaves no trace; [`CallFailure::next`](school::CallFailure::next) says what to do next.
//!
//! # A school in production
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # mod example {
//! use std::error::Error;
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use host::clock::SystemClock;
//! use host::door::Sender;
//! use host::engine::Engine;
//! use host::gegi::Course;
//! use host::limits::Limits;
//! use host::school::{Budget, CourseChange, Gegi, Host, HostConfig, StatusQuery};
//! use host::store::{SchoolId, SqliteStore};
//!
//! /// `component` holds the bytes of `plugin.wasm`, `gegi` the program's five traits.
//! async fn synchronize(component: &[u8], gegi: Gegi, saved: Course) -> Result<(), Box<dyn Error>> {
//!     let limits = Limits::default();
//!     let network = Arc::new(Sender::new(&limits.http, false));
//!     let store = Arc::new(SqliteStore::open(Path::new("schools.sqlite"))?);
//!     let engine = Engine::new(component, limits, Some(Path::new("compiled-code")))?;
//!     let host = Host::new(engine, HostConfig::new(Arc::new(SystemClock), store, network));
//!     let school = host.open(SchoolId::new("example-school"), gegi);
//!
//!     let course = saved.id.clone();
//!     school.course_changed(CourseChange::Saved(saved)).await?;
//!     let turn = school.turn(Budget { items: 1_000, seconds: 60 }).await?;
//!     println!("the next turn is due: {:?}", turn.next);
//!     println!("{:?}", school.statuses(StatusQuery::Ids(vec![course])).await?);
//!     Ok(())
//! }
//! # }
//! ```
//!
//! An [`Observer`](observer::Observer) hears every step and every call, for measurements and crash tests.
//!
//! The repository has `examples/embed.rs`, a program that implements these traits and runs by itself.
//!
//! # Features
//!
//! `sqlite` (default): storage in a file, for one process. `postgres`: storage in a database that many processes share,
//! with leases of schools ([`store::lease`]). Without these features a program brings a [`Store`](store::Store) of its
//! own and checks it with [`store::contract`], or forgets everything at its end with
//! [`MemoryStore`](store::MemoryStore).
//!
//! This crate has no command line, no simulated CourseKey and no component, and imports no other crate of its
//! workspace.

mod bindings;
pub mod clock;
pub mod door;
pub mod email;
pub mod engine;
pub mod gegi;
pub mod limits;
mod meter;
pub mod observer;
pub mod outbox;
pub mod private;
pub mod push;
pub mod schedule;
pub mod school;
pub mod store;
pub mod visible;
pub mod watchdog;
