//! `--log`: what the program says of its own work, on standard error. What a command shows is on standard output and does
//! not change with it.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Refusals of the door, stops of the plugin, failures of the storage: what errors mean by "the host's log".
const DEFAULT: &str = "warn";
/// Where a filter is looked for without `--log`, in this order.
const VARIABLES: [&str; 2] = ["GEGI_LOG", "RUST_LOG"];

/// Starts the log.
///
/// # Errors
/// The filter cannot be read; the text says which and how to write one.
pub(super) fn start(option: Option<String>) -> Result<(), String> {
    let variables = || VARIABLES.iter().find_map(|name| Some((*name, filled(super::environment(name)?)?)));
    let option = option.map(|filter| ("--log", filter));
    let (from, text) = option.or_else(variables).unwrap_or(("the default", DEFAULT.to_owned()));
    let filter = EnvFilter::builder().parse(&text).map_err(|problem| {
        format!("read the log filter {text:?} of {from}: {problem}; write a level such as `info`, or `warn,host=debug`")
    })?;
    let (writer, colours) = (std::io::stderr, std::io::stderr().is_terminal());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours).init();
    Ok(())
}

fn filled(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}
