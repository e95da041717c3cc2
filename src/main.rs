//! The program `tagli`.
//! It hands the command line to the library, and the library's answer to the operating system.

use std::process::ExitCode;

fn main() -> ExitCode {
    tagliatelle::cli::main()
}
