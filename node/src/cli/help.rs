//! The command line's help in two languages: the words of [`Args`], and around them what clap
//! would say in English alone.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, CommandFactory as _, FromArgMatches as _};

use super::args::Args;

const TEMPLATE: &str = "{about-with-newline}\n用法 Usage: {usage}\n\n{all-args}{after-help}";
const COMMANDS: &str = "命令 Commands";
const ARGUMENTS: &str = "参数 Arguments";
const OPTIONS: &str = "选项 Options";
const COMMON: &str = "各命令通用 For every command";

/// Reads a command line, the program's name first.
///
/// # Errors
/// When it was not understood, or asks for help or the version.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
    let mut command = command();
    let mut matches = command.try_get_matches_from_mut(asking_for_help(args))?;
    Args::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// `wangge help COMMAND` is `wangge COMMAND --help`.
fn asking_for_help(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|word| word == "help") {
        args.remove(1);
        args.push("--help".into());
    }
    args
}

/// The whole command line.
pub(super) fn command() -> Command {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let version = version.help("显示版本 / print the version");
    bilingual(Args::command().disable_version_flag(true).arg(version))
}

/// A command and those within it.
fn bilingual(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    command
        .help_template(TEMPLATE)
        .subcommand_help_heading(COMMANDS)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .arg(help.help("显示帮助 / print this help"))
        .mut_args(|arg| {
            let heading = match (arg.is_positional(), arg.is_global_set()) {
                (true, _) => ARGUMENTS,
                (false, true) => COMMON,
                (false, false) => OPTIONS,
            };
            arg.help_heading(heading)
        })
        .mut_subcommands(bilingual)
}
