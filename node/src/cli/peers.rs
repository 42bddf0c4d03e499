//! The neighbours and how they are, as the running node sees them.

use std::process::ExitCode;

use serde_json::Value;

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::local::Local;

pub(super) async fn peers(config: &Config, json: bool) -> Result<ExitCode, Failure> {
    let local = Local::find(&Folder::new(&config.data))?;
    let answer = local.get("/v1/peers").await?;
    if json {
        print::line(&answer.to_string());
    } else {
        print::line(&table(&answer));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(answer: &Value) -> String {
    answer.to_string()
}
