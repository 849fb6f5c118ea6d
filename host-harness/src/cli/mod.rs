//! The command line: a file for each subcommand, and here the code that the subcommands share. The libraries do all
//! the work.

mod completions;
mod demo;
mod diagnostics;
mod doctor;
mod engine;
mod explain;
mod holds;
mod issues;
mod journal;
mod log;
mod mail;
mod man;
mod marks;
mod preview;
mod push_attendance;
mod put_course;
mod run;
mod save_component;
mod school;
mod serve;
mod show;
mod simulate_coursekey;
mod status;
mod steer;
mod stored;
mod tick;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use host::door::Secret;
use host::email::{OwnTextsError, TemplateError};
use host::gegi::Campus;
use host::school::{CallError, CallFailure, Decided, TurnFailure};
use lab::directory::DirectoryError;
use lab::run::{CourseKeyError, Keys, RigError, RunError, Unaccounted};
use mirror::book::BookError;
use service::client::ApiError;
use service::config::ConfigError;
use service::secrets::SecretsError;
use service::serve::ServeError;

pub(crate) use demo::DEMO_SCHOOL;
use diagnostics::LogFormat;
use engine::engine;

/// The exit codes, as `--help` shows them.
const EXIT_CODES: &str = "\
Exit codes:
  0  done, whatever the courses' statuses
  1  the machine could not do it: a file, a folder, a port, the sandbox
  2  the input is wrong: arguments, school directory, course file, a folder without a school
  3  the component failed and would fail again; nothing of that call was kept
  4  run came to its end, but a record of CourseKey's is unaccounted for in GEGI";

const MACHINE: u8 = 1;
const INPUT: u8 = 2;
const COMPONENT: u8 = 3;
const UNACCOUNTED: u8 = 4;

/// Runs the GEGI ⇄ CourseKey component on a laptop: with a simulated CourseKey, in virtual time.
#[derive(Parser)]
#[command(version, about, after_help = EXIT_CODES)]
struct Cli {
    /// How much the log on standard error tells: `error`, `warn`, `info`, `debug`, `trace` or `off`, for everything or for
    /// one part, for example `--log warn,host=debug`. Without it `GEGI_LOG` counts, then `RUST_LOG` [default: warn].
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// How a line of the log is written: `text` for people, `json` for programs.
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Doctor(doctor::Doctor),
    Run(run::Run),
    SaveComponent(save_component::SaveComponent),
    School(school::School),
    Serve(serve::Serve),
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
    Preview(preview::Preview),
    Explain(explain::Explain),
    WhyNot(explain::WhyNot),
    Resend(steer::Resend),
    Watch(steer::Watch),
    Check(steer::Check),
    Holds(holds::Holds),
    /// Lets what is held leave CourseKey.
    Approve(holds::Decide),
    /// Keeps what is held in CourseKey.
    Discard(holds::Decide),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the subcommand that the arguments name.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(problem) = diagnostics::start(cli.log, cli.log_format) {
        show::error(&anyhow::Error::msg(problem));
        return ExitCode::from(INPUT);
    }
    match start(cli.command) {
        Ok(code) => code,
        Err(error) => {
            show::error(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

fn start(command: Command) -> anyhow::Result<ExitCode> {
    let runtime = if matches!(command, Command::Serve(_)) {
        // Many schools at once need all processors, and keep no common order.
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?
    } else {
        // One thread, so that everything at one virtual instant happens in the same order in every run.
        tokio::runtime::Builder::new_current_thread().enable_all().build()?
    };
    runtime.block_on(async {
        let done = match command {
            Command::Doctor(doctor) => return doctor.execute().await,
            Command::Demo(demo) => demo.execute().await,
            Command::Run(run) => run.execute().await,
            Command::SaveComponent(save) => save.execute(),
            Command::School(school) => school.execute().await,
            Command::Serve(serve) => Box::pin(serve.execute()).await,
            Command::SimulateCoursekey(simulate) => simulate.execute().await,
            Command::Tick(tick) => tick.execute().await,
            Command::Status(status) => status.execute().await,
            Command::PutCourse(put) => put.execute().await,
            Command::PushAttendance(push) => push.execute().await,
            Command::Marks(marks) => marks.execute().await,
            Command::Log(log) => log.execute().await,
            Command::Issues(issues) => issues.execute().await,
            Command::Journal(journal) => journal.execute().await,
            Command::Mail(mail) => mail.execute().await,
            Command::Preview(preview) => preview.execute().await,
            Command::Explain(explain) => explain.execute().await,
            Command::WhyNot(why_not) => why_not.execute().await,
            Command::Resend(resend) => resend.execute().await,
            Command::Watch(watch) => watch.execute().await,
            Command::Check(check) => check.execute().await,
            Command::Holds(holds) => holds.execute().await,
            Command::Approve(decide) => decide.execute(Decided::Approve).await,
            Command::Discard(decide) => decide.execute(Decided::Discard).await,
            Command::Completions(completions) => completions.execute(),
            Command::Man(man) => man.execute(),
        };
        done.map(|()| ExitCode::SUCCESS)
    })
}

/// The exit code of an error, which says who has to act.
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
    let of_book = |error: &BookError| if matches!(error, BookError::NoSchool) { INPUT } else { MACHINE };
    let of_rig = |error: &RigError| match error {
        RigError::CourseKey(error) => of_coursekey(error),
        RigError::Book(error) => of_book(error),
        RigError::NoSchool | RigError::Earlier(_) => INPUT,
        RigError::Open(_) | RigError::Folder { .. } => MACHINE,
    };
    if let Some(error) = error.downcast_ref::<RunError>() {
        return match error {
            RunError::Rig(error) => of_rig(error),
            RunError::CourseKey(error) => of_coursekey(error),
            RunError::Book(error) => of_book(error),
            RunError::Template(error) => of_template(error),
            RunError::Call(failure) => of_call(failure),
            RunError::Restless { .. } => COMPONENT,
            _ => MACHINE,
        };
    }
    if let Some(error) = error.downcast_ref::<RigError>() {
        return of_rig(error);
    }
    if let Some(error) = error.downcast_ref::<BookError>() {
        return of_book(error);
    }
    if let Some(error) = error.downcast_ref::<TemplateError>() {
        return of_template(error);
    }
    let of_turn = error.downcast_ref::<TurnFailure>().and_then(|failure| match failure {
        TurnFailure::Call(failure) => Some(failure),
        TurnFailure::Restless { .. } => None,
    });
    match of_turn.or_else(|| error.downcast_ref::<CallFailure>()) {
        Some(failure) => of_call(failure),
        None if error.is::<TurnFailure>() => COMPONENT,
        None if error.is::<Unaccounted>() => UNACCOUNTED,
        None if error.downcast_ref::<ServeError>().is_some_and(ServeError::is_input) => INPUT,
        None if error.is::<ApiError>() => MACHINE,
        None if error.is::<SecretsError>()
            || error.is::<ConfigError>()
            || error.is::<DirectoryError>()
            || error.is::<OwnTextsError>() =>
        {
            INPUT
        }
        None => MACHINE,
    }
}

/// The exit code of a call that left no trace: a full disk is not the component's fault.
fn of_call(failure: &CallFailure) -> u8 {
    match failure {
        CallFailure::Push(_) | CallFailure::Refused(CallError::BadInput(_)) => INPUT,
        CallFailure::Storage(_)
        | CallFailure::Gegi(_)
        | CallFailure::NoPlace(_)
        | CallFailure::Full
        | CallFailure::Refused(CallError::Storage(_)) => MACHINE,
        CallFailure::Refused(_) | CallFailure::Trapped(_) | CallFailure::TooLong(_) => COMPONENT,
    }
}

fn cache_folder() -> Option<PathBuf> {
    let named = |name: &str| environment(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME").or_else(|| named("LOCALAPPDATA")).or_else(|| named("HOME").map(|home| home.join(".cache")))
}

/// A variable of the environment. Only the command line reads the environment.
#[allow(clippy::disallowed_methods)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The keys of the campuses, for a CourseKey outside of this process. Such a CourseKey pushes nothing to this
/// program.
fn keys(campuses: &[Campus]) -> Keys {
    let keys = campuses.iter().filter_map(|campus| {
        let key = environment(&format!("COURSEKEY_KEY_{}", shouted(&campus.id)))?;
        Some((campus.id.clone(), Secret::new(key)))
    });
    Keys { requests: keys.collect(), ..Keys::default() }
}

/// A campus's id as part of the name of a variable.
fn shouted(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
