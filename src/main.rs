//! The program: everything is in the library, and the arguments in [`osprey::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    osprey::cli::main()
}
