//! The program: starts the command line (`cli`), which starts the demo of the service (`demo`). Everything else is in the
//! libraries.

mod cli;
mod demo;

fn main() -> std::process::ExitCode {
    cli::main()
}
