//! The command line of the engine; everything is in `extentscope_core::cli`.

fn main() -> std::process::ExitCode {
    extentscope_core::cli::main()
}
