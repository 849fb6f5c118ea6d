//! The command line: one file a subcommand, what they share here. Everything it does is in the library.

mod demo;
mod engine;
mod issues;
mod journal;
mod log;
mod mail;
mod marks;
mod push_attendance;
mod put_course;
mod run;
mod show;
mod simulate_coursekey;
mod status;
mod stored;
mod tick;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use host::door::Secret;
use host::email::{OwnTextsError, TemplateError};
use host::gegi::Campus;
use host::school::{CallError, CallFailure};
use lab::directory::DirectoryError;
use lab::run::{CourseKeyError, Keys, RigError, RunError};
use lab::twin::TwinError;

use engine::engine;

/// Exit codes, as `--help` shows them.
const EXIT_CODES: &str = "\
Exit codes:
  0  done, whatever the courses' statuses
  1  the machine could not do it: a file, a folder, a port, the sandbox
  2  the input is wrong: arguments, school directory, course file, a folder without a school
  3  the component failed and would fail again; nothing of that call was kept";

const MACHINE: u8 = 1;
const INPUT: u8 = 2;
const COMPONENT: u8 = 3;

/// Runs the GEGI ⇄ CourseKey component on a laptop: with a simulated CourseKey, in virtual time.
#[derive(Parser)]
#[command(version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    SimulateCoursekey(simulate_coursekey::SimulateCoursekey),
    Tick(tick::Tick),
    Status(status::Status),
    PutCourse(put_course::PutCourse),
    PushAttendance(push_attendance::PushAttendance),
    Marks(marks::Marks),
    Log(log::Log),
    Issues(issues::Issues),
    Journal(journal::Journal),
    Mail(mail::Mail),
}

/// Does what the arguments say.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show::error(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

fn start(command: Command) -> anyhow::Result<()> {
    // One thread, so that what happens at one virtual instant happens in the same order in every run.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Demo(demo) => demo.execute().await,
            Command::Run(run) => run.execute().await,
            Command::SimulateCoursekey(simulate) => simulate.execute().await,
            Command::Tick(tick) => tick.execute().await,
            Command::Status(status) => status.execute().await,
            Command::PutCourse(put) => put.execute().await,
            Command::PushAttendance(push) => push.execute().await,
            Command::Marks(marks) => marks.execute(),
            Command::Log(log) => log.execute(),
            Command::Issues(issues) => issues.execute(),
            Command::Journal(journal) => journal.execute(),
            Command::Mail(mail) => mail.execute(),
        }
    })
}

/// Who has to do something about the error.
fn exit_code(error: &anyhow::Error) -> u8 {
    let of_coursekey = |error: &CourseKeyError| match error {
        CourseKeyError::Line { .. }
        | CourseKeyError::Start(_)
        | CourseKeyError::UnknownCampus(_)
        | CourseKeyError::NotSimulated(_) => INPUT,
        CourseKeyError::Directory(_) | CourseKeyError::Log(_) => MACHINE,
    };
    let of_template =
        |error: &TemplateError| if matches!(error, TemplateError::Documentation(_)) { MACHINE } else { INPUT };
    let of_twin = |error: &TwinError| if matches!(error, TwinError::NoSchool) { INPUT } else { MACHINE };
    let of_rig = |error: &RigError| match error {
        RigError::CourseKey(error) => of_coursekey(error),
        RigError::Twin(error) => of_twin(error),
        RigError::Store(_) | RigError::Folder { .. } => MACHINE,
    };
    if let Some(error) = error.downcast_ref::<RunError>() {
        return match error {
            RunError::Rig(error) => of_rig(error),
            RunError::CourseKey(error) => of_coursekey(error),
            RunError::Twin(error) => of_twin(error),
            RunError::Template(error) => of_template(error),
            RunError::Call(_) | RunError::Restless { .. } => COMPONENT,
            _ => MACHINE,
        };
    }
    if let Some(error) = error.downcast_ref::<RigError>() {
        return of_rig(error);
    }
    if let Some(error) = error.downcast_ref::<TwinError>() {
        return of_twin(error);
    }
    if let Some(error) = error.downcast_ref::<TemplateError>() {
        return of_template(error);
    }
    match error.downcast_ref::<CallFailure>() {
        Some(CallFailure::Push(_) | CallFailure::Refused(CallError::BadInput(_))) => INPUT,
        Some(_) => COMPONENT,
        None if error.is::<DirectoryError>() || error.is::<OwnTextsError>() => INPUT,
        None => MACHINE,
    }
}

fn cache_folder() -> Option<PathBuf> {
    let named = |name: &str| environment(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME").or_else(|| named("LOCALAPPDATA")).or_else(|| named("HOME").map(|home| home.join(".cache")))
}

/// A variable of the environment; the command line is the only one to read them.
#[allow(clippy::disallowed_methods)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The keys of the campuses, for a CourseKey outside of this process. Nothing is pushed to this program from there.
fn keys(campuses: &[Campus]) -> Keys {
    let keys = campuses.iter().filter_map(|campus| {
        let key = environment(&format!("COURSEKEY_KEY_{}", shouted(&campus.id)))?;
        Some((campus.id.clone(), Secret::new(key)))
    });
    Keys { requests: keys.collect(), ..Keys::default() }
}

/// A campus's id as part of a variable's name.
fn shouted(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
