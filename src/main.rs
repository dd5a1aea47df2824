//! The command `loss`.

fn main() -> std::process::ExitCode {
    loss::cli::main()
}
