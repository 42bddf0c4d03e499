//! What was wrong with a command line, in Chinese; clap says it in English.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// A sentence on an error: what was written, what is wrong with it, what would be right.
pub(super) fn zh(error: &clap::Error) -> String {
    let said = |kind| error.get(kind).map(words).filter(|words| !words.is_empty());
    let arg = || said(ContextKind::InvalidArg).unwrap_or_else(|| "某个参数".to_owned());
    let value = || said(ContextKind::InvalidValue).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::InvalidValue if value().is_empty() => format!("{} 后面要写一个值", arg()),
        ErrorKind::InvalidValue => format!("{} 不能是“{}”", arg(), value()),
        ErrorKind::ValueValidation => format!("{} 的值“{}”不可用，原因见下", arg(), value()),
        ErrorKind::UnknownArgument => format!("不认识 {}", arg()),
        ErrorKind::InvalidSubcommand => {
            format!("没有“{}”这个命令", said(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("还缺 {}", arg()),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "还缺一个命令".to_owned()
        }
        ErrorKind::ArgumentConflict => {
            let other = said(ContextKind::PriorArg).unwrap_or_default();
            format!("{} 不能与 {other} 同用，也不能重复", arg())
        }
        ErrorKind::NoEquals => format!("{} 与它的值之间要写 =", arg()),
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{} 的值的个数不对", arg())
        }
        ErrorKind::InvalidUtf8 => "命令行里有不是 UTF-8 的字符".to_owned(),
        // The enum may grow; clap's own words follow in any case.
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::Io
        | ErrorKind::Format
        | _ => "命令行有误".to_owned(),
    };
    let choice = said(ContextKind::ValidValue).map(|values| format!("；可以写：{values}"));
    let meant =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let meant = meant.into_iter().find_map(said).map(|meant| format!("；是不是要写 {meant}？"));
    format!("{what}{}{}", choice.unwrap_or_default(), meant.unwrap_or_default())
}

fn words(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join("、"),
        ContextValue::Number(number) => number.to_string(),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::Bool(_) | ContextValue::None | ContextValue::StyledStrs(_) => String::new(),
        // The enum may grow.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help;

    fn said(words: &[&str]) -> String {
        let words = std::iter::once(&"wangge").chain(words).map(Into::into);
        help::parse(words).err().map(|error| zh(&error)).expect("it is a mistake")
    }

    #[test]
    fn a_mistake_is_named_in_chinese_with_what_would_be_right() {
        for (words, told) in [
            (&["fly"][..], "没有“fly”这个命令"),
            (&["srve"], "没有“srve”这个命令；是不是要写 prove、serve？"),
            (&["init", "--fund"], "不认识 --fund；是不是要写 --found？"),
            (&["verify"], "还缺 <DIR>"),
            (&["join"], "还缺 <TOKEN>"),
            (&[], "还缺一个命令"),
            (&["serve", "--http"], "--http <ADDRESS> 后面要写一个值"),
            (&["serve", "--http", "abc"], "--http <ADDRESS> 的值“abc”不可用，原因见下"),
            (
                &["--log-format", "xml", "serve"],
                "--log-format <FORMAT> 不能是“xml”；可以写：human、json",
            ),
            (&["peers", "--json", "--json"], "--json 不能与 --json 同用，也不能重复"),
        ] {
            assert_eq!(said(words), told);
        }
    }
}
