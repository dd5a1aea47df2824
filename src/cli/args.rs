//! The command line's shape. Arguments enter, [`Args`] leaves; nothing is done here.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A declarative research language for losses, quantization grids, coreset queries and optimization experiments.
///
/// Without a command: the prompt, or a program from standard input where that is not a terminal.
#[derive(Parser, Debug)]
#[command(name = "loss", version, after_help = STATUS)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
}

const STATUS: &str = "Exit status: 0 all expectations held, 1 an expectation failed, 2 the program or the command line \
                      has errors, 3 it failed while running.";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run programs
    Run {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Check programs without running them
    Check {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Explain an error code, such as E0301; without one, list them
    Explain { code: Option<String> },
    /// Describe an operation or a function of the standard library; without a name, list the operations
    Doc { name: Option<String> },
}

#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// Print every value, expectation and diagnostic as one JSON object a line, with full precision
    #[arg(long, global = true)]
    pub json: bool,
    /// How wide a `real` is, whatever the program says
    #[arg(long, global = true, value_name = "P")]
    pub precision: Option<Width>,
    /// Worker threads [default: one per core]; results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Seed of all random draws
    #[arg(long, global = true, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Folder for plots and tables [default: out/NAME beside the program]
    #[arg(long, global = true, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq)]
pub enum Width {
    F32,
    F64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound_and_options_go_anywhere() {
        Args::command().debug_assert();
        let args =
            Args::try_parse_from(["loss", "--json", "run", "a.loss", "b.loss", "--seed", "7", "--precision", "f32"]);
        let args = args.expect("valid");
        assert!(args.options.json && args.options.seed == 7 && args.options.precision == Some(Width::F32));
        assert!(matches!(args.command, Some(Command::Run { files }) if files.len() == 2));
        for bad in [vec!["loss", "run"], vec!["loss", "--threads", "0"], vec!["loss", "walk"]] {
            assert!(Args::try_parse_from(bad).is_err());
        }
    }
}
