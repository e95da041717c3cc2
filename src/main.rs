//! The program `tagli`: hands the command line to the library and its answer to the operating system.

use std::process::ExitCode;

fn main() -> ExitCode {
    tagliatelle::cli::main()
}
