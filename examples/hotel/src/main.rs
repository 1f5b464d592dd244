//! The hotel at the shell and in the browser: `hotel --help` lists what it can do.

mod cli;
mod web;

fn main() -> std::process::ExitCode {
    cli::main()
}
