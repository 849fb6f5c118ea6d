//! The program: starts the command line (`cli`). Everything else is in the libraries.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
