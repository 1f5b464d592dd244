//! The shop at the shell: `shop --help` lists what it can do.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
