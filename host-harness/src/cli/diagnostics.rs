//! `--log`: the log of the program, on standard error. The output of a command is on standard output and does not
//! depend on the log.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// Denials of the door, stops of the plugin, failures of the storage: error messages that name "the host's log" mean
/// these.
const DEFAULT: &str = "warn";
/// The variables that may hold a filter if `--log` is missing, in this order.
const VARIABLES: [&str; 2] = ["GEGI_LOG", "RUST_LOG"];

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// Starts the log.
///
/// # Errors
/// The filter cannot be read; the text names the filter and says how to write one.
pub(super) fn start(option: Option<String>, format: LogFormat) -> Result<(), String> {
    let variables = || VARIABLES.iter().find_map(|name| Some((*name, filled(super::environment(name)?)?)));
    let option = option.map(|filter| ("--log", filter));
    let (from, text) = option.or_else(variables).unwrap_or(("the default", DEFAULT.to_owned()));
    let filter = EnvFilter::builder().parse(&text).map_err(|problem| {
        format!("read the log filter {text:?} of {from}: {problem}; write a level such as `info`, or `warn,host=debug`")
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

fn filled(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}
